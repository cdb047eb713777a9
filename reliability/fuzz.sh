#!/usr/bin/env bash
# Fuzzes every reader with AddressSanitizer for so many minutes each (1 if nothing is said), from the seeds of the list of readers.
# What is found lies in reliability/fuzz/artifacts; `cargo +nightly fuzz run TARGET FILE` in reliability/ repeats it.
#
#   reliability/fuzz.sh [minutes] [target …]
set -euo pipefail
cd "$(dirname "$0")"

if ! rustc +nightly --version >/dev/null 2>&1; then
  echo "fuzzing needs a nightly toolchain, which is not here: rustup toolchain install nightly" >&2
  exit 2
fi
if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
  echo "fuzzing needs cargo-fuzz, which is not here: cargo install cargo-fuzz --locked" >&2
  exit 2
fi

minutes=${1:-1}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  mapfile -t targets < <(sed -n 's/^name = "\([a-z0-9_]*\)"$/\1/p' fuzz/Cargo.toml)
fi

cargo run --locked --quiet -p steadygrad-reliability -- seeds fuzz/corpus
cargo +nightly fuzz build

# A request for memory that is too large gets a no, as from the system, and who asked has to take it.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0
failed=0
for target in "${targets[@]}"; do
  log=$(mktemp)
  begun=$SECONDS
  if cargo +nightly fuzz run "$target" -- -max_total_time=$((minutes * 60)) -timeout=20 -rss_limit_mb=2048 \
      -malloc_limit_mb=2048 -max_len=262144 >"$log" 2>&1; then
    finds=0
  else
    finds=1
    failed=1
    tail -n 40 "$log" >&2
  fi
  runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log" | tail -n 1)
  echo "{\"target\": \"$target\", \"seconds\": $((SECONDS - begun)), \"runs\": ${runs:-0}, \"finds\": $finds}"
  rm -f "$log"
done
exit $failed
