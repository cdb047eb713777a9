#!/usr/bin/env bash
# What lies under the crates: how many they are, under which licences, from where, and whether anything is known against them.
#
#   reliability/supply.sh
#
# Numbers, licences and sources are looked at with cargo alone. cargo-deny looks closer (deny.toml): it is built once, in about 200 seconds
# of one core, and kept in target/tools. What needs a network and has none is skipped, and said to be.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.20.2
tools=${CARGO_TARGET_DIR:-target}/tools
failed=""
fail() { echo "FAILED: $1" >&2; failed=1; }

# All that Cargo.lock names is needed to see what other systems would build; where that is not here and cannot be had, this one is seen.
targets=all
if ! cargo metadata --format-version 1 --locked --offline >/dev/null 2>&1 && ! cargo fetch --locked --quiet 2>/dev/null; then
  targets=$(rustc -vV | sed -n 's/^host: //p')
  echo "only what $targets builds is here, and no more can be loaded: other systems are not looked at"
fi

# The crates below one, itself included: of its normal dependencies on this system.
below() { cargo tree --locked --offline --package "$1" --edges normal --prefix none --format '{p}' | sed -E 's/ \((\*|proc-macro|\/[^)]*)\)//g' | sort -u; }

for limit in steadygrad-engine:45 steadygrad:80; do
  crate=${limit%:*} most=${limit#*:}
  count=$(below "$crate" | wc -l)
  echo "$crate: $count crates, of $most at most"
  [ "$count" -le "$most" ] || fail "$crate has too many crates below it"
done
net=$(below steadygrad | grep -E '^(ureq|rustls|ring|native-tls|openssl|hyper|reqwest|curl)(-[a-z-]+)? v' || true)
if [ -n "$net" ]; then fail "the library reaches for a network: $net"; else echo "steadygrad: no TLS, no HTTP"; fi
members=$(cargo metadata --format-version 1 --no-deps --locked --offline | grep -oE '"workspace_default_members":\[[^]]*\]')
case $members in
  *,* | *[!/]steadygrad@*) fail "the workspace builds more by default than the command: $members" ;;
  *crates/cli#*) echo "default-members: the command alone" ;;
  *) fail "the workspace does not build the command by default: $members" ;;
esac

# Of a licence with AND every part must be allowed, of one with OR any. A "/" is an old OR.
allowed=$(sed -n '/^allow = \[/,/^\]/s/^ *"\(.*\)",$/\1/p' deny.toml)
licences=$(cargo tree --locked --offline --workspace --target "$targets" --edges normal,build,dev --prefix none --format '{l}|{p}' |
  grep -v '(\*)$' | sort -u | awk -F '|' -v allowed="$allowed" '
    BEGIN { n = split(allowed, names, "\n"); for (i = 1; i <= n; i++) good[names[i]] = 1 }
    $2 == "" { next }
    {
      total++; text = $1; gsub(/[()]/, "", text); gsub("/", " OR ", text)
      parts = split(text, all, " AND "); bad = (text == "")
      for (i = 1; i <= parts; i++) {
        some = split(all[i], any, " OR "); found = 0
        for (j = 1; j <= some; j++) if (any[j] in good) found = 1
        if (!found) bad = 1
      }
      if (bad) print "not allowed: " $1 ", the licence of " $2
    }
    END { print total " crates of all kinds, tests and benchmarks included" }')
echo "$licences"
case $licences in *"not allowed"*) fail "a licence that deny.toml does not allow" ;; esac
sources=$(sed -n 's/^source = //p' Cargo.lock | sort -u)
if [ "$(grep -c . <<<"$sources")" != 1 ] || [[ $sources != *'/crates.io-index"' ]]; then
  fail "a crate from elsewhere than cargo's own registry: $sources"
fi
missing=$(awk '/^source = "registry/ { open = 1 } /^checksum = / { open = 0 } /^$/ { if (open) n++; open = 0 } END { print n + open + 0 }' Cargo.lock)
[ "$missing" = 0 ] || fail "$missing crates of Cargo.lock have no checksum"

deny=$tools/bin/cargo-deny
if [ "$("$deny" --version 2>/dev/null || true)" != "cargo-deny $version" ]; then
  echo "cargo-deny $version is built, once"
  began=$SECONDS
  # Built without optimization, it takes seconds all the same.
  if cargo install cargo-deny --version "=$version" --locked --debug --quiet --root "$tools" --target-dir "$tools/build" \
    --config 'profile.dev.debug=false' 2>"$tools.log"; then
    echo "built in $((SECONDS - began)) s"
  else
    tail -n 3 "$tools.log"
    echo "cargo-deny: skipped, it cannot be had here"
  fi
  rm -rf "$tools/build" "$tools.log"
fi
if [ -x "$deny" ]; then
  # An exception that nothing needs any more is an error, where all can be seen.
  only=() strict=(-D warnings)
  if [ "$targets" != all ]; then only=(--target "$targets") strict=(); fi
  "$deny" --locked --offline ${only[@]+"${only[@]}"} check ${strict[@]+"${strict[@]}"} licenses bans sources || fail "cargo-deny: licenses, bans or sources"
  limit=()
  if command -v timeout >/dev/null; then limit=(timeout 120); fi
  if GIT_TERMINAL_PROMPT=0 ${limit[@]+"${limit[@]}"} "$deny" --locked fetch db >/dev/null 2>&1; then
    "$deny" --locked check --disable-fetch advisories || fail "cargo-deny: advisories"
  else
    echo "advisories: skipped, the database cannot be reached"
  fi
fi
[ -z "$failed" ]
