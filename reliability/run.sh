#!/usr/bin/env bash
# Everything that docs/reliability.md tells, at length, and the page itself.
#
#   reliability/run.sh [minutes]     so many minutes for mutated inputs, and as many for each fuzz target together (10 if nothing is said)
#
# The bounded form of the same suites, but for fuzzing, is a part of ./test.sh.
# What was measured is kept in docs/reliability.jsonl, one line each; reliability/report.py makes the page of it. Where a suite fails, neither
# is written.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-10}
record=$(mktemp)
trap 'rm -f "$record"' EXIT
failed=0

# Runs a suite and keeps its lines.
suite() {
  printf '\n== %s\n' "$1"
  shift
  "$@" 2>&1 | tee >(sed -n 's/^reliability: //p' >>"$record") || failed=1
  # The lines are in the record before the next suite begins.
  sleep 1
}

readers() {
  cargo run --release --locked --quiet -p steadygrad-reliability -- readers --minutes "$minutes" | sed -u 's/^{/reliability: {/'
}

fuzz() {
  local targets
  if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    echo 'reliability: {"skipped":"Fuzzing","why":"it needs a nightly toolchain and cargo-fuzz"}'
    return
  fi
  targets=$(sed -n 's/^name = "\([a-z0-9_]*\)"$/\1/p' reliability/fuzz/Cargo.toml | grep -c . || true)
  reliability/fuzz.sh "$(awk -v m="$minutes" -v t="$targets" 'BEGIN { n = int(m / t); print n < 1 ? 1 : n }')" | sed -u 's/^{/reliability: {/'
}

suite "killed, asked to end, damaged, without room, locked out" \
  cargo test --locked -p steadygrad-cli --test crash -- --include-ignored --nocapture
suite "gone on with from every step" cargo test --locked -p steadygrad-engine --test checkpoints -- --nocapture
suite "memory over 10,000 steps" cargo test --locked -p steadygrad-engine --test memory_over_time -- --nocapture
suite "files that are broken on purpose" cargo test --locked -p steadygrad-reliability --test corpus --test paths -- --nocapture
suite "mutated inputs" readers
suite "fuzzing" fuzz
suite "AddressSanitizer, Miri" reliability/sanitize.sh --at-length
suite "what lies under the crates" reliability/supply.sh

if [ "$failed" != 0 ]; then
  echo
  echo "a suite failed: docs/reliability.md and docs/reliability.jsonl are not written" >&2
  exit 1
fi

{
  printf '{"machine":"%s","date":"%s","rustc":"%s","minutes":%s}\n' \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1), $(nproc) processors" \
    "$(date -u +%Y-%m-%d)" "$(rustc --version)" "$minutes"
  cat "$record"
} >docs/reliability.jsonl
python3 reliability/report.py docs/reliability.jsonl >docs/reliability.md
echo
echo "docs/reliability.md is written"
