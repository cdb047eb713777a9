#!/usr/bin/env bash
# The code that is `unsafe` (crates/kernels), and the engine that runs on it, under AddressSanitizer; under Miri, where that is there.
#
#   reliability/sanitize.sh              the kernels' own tests
#   reliability/sanitize.sh --at-length  the engine's tests as well
#
# AddressSanitizer sees every instruction set of this machine; Miri only the portable path. Its runtime comes with the stable
# toolchain, and RUSTC_BOOTSTRAP lets that use it. What was run is printed as lines of JSON behind `reliability: `.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'reliability: {"sanitizer":"%s","what":"%s","tests":%s,"finds":%s}\n' "$@"; }
skip() { printf 'reliability: {"skipped":"%s","why":"%s"}\n' "$@"; }

host=$(rustc -vV | sed -n 's/^host: //p')
if ! ls "$(rustc --print sysroot)/lib/rustlib/$host/lib/"*_rt.asan.* >/dev/null 2>&1; then
  skip AddressSanitizer "this toolchain has no runtime for it on $host"
else
  what=(-p steadygrad-kernels)
  [ "${1:-}" = --at-length ] && what+=(-p steadygrad-engine)
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # Fully optimized, the kernels take very long to compile with all these checks in them.
  # What is freed is not given back to the system for a while: the test that measures the process with checkpoints would see that.
  # Its own target folder: flags of the compiler are others. With `--target`, build scripts and macros are built without it.
  if ! RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_TARGET_DIR=target/asan ASAN_OPTIONS=detect_stack_use_after_return=1 \
    cargo test --locked --target "$host" --config 'profile.dev.package.steadygrad-kernels.opt-level=1' \
    "${what[@]}" --lib --tests --no-fail-fast -- --skip with_checkpoints 2>&1 | tee "$log"; then
    grep -A12 "ERROR: \(AddressSanitizer\|LeakSanitizer\)" "$log" || true
    exit 1
  fi
  tests=$(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
  say "AddressSanitizer" "$(echo "${what[@]}" | sed 's/-p //g')" "$tests" "$(grep -c 'ERROR: .*Sanitizer' "$log" || true)"
fi

if cargo +nightly miri --version >/dev/null 2>&1; then
  # Miri is slow: the memory that is given out in parts, and random numbers, without the test that draws very many.
  some=(arena random)
  log_miri=$(mktemp)
  trap 'rm -f "${log:-}" "$log_miri"' EXIT
  if ! CARGO_TARGET_DIR=target/miri cargo +nightly miri test -p steadygrad-kernels --lib -- \
    "${some[@]}" --skip moments_of_the_streams 2>&1 | tee "$log_miri"; then
    exit 1
  fi
  tests=$(sed -n 's/^test result: ok. \([0-9]*\) passed.*/\1/p' "$log_miri" | awk '{ n += $1 } END { print n + 0 }')
  if [ "$tests" = 0 ]; then
    echo "Miri: no test has such a name: ${some[*]}" >&2
    exit 1
  fi
  say "Miri" "steadygrad-kernels (${some[*]})" "$tests" 0
else
  skip Miri "the component is not there (rustup +nightly component add miri)"
fi
