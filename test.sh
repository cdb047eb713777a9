#!/usr/bin/env bash
# Everything that must hold: formatting, lints, unit, law, doc and fixture tests, and the examples.
# Installs what it needs beside a Rust toolchain; needs no network once the crates are there, and no GPU.
#
#   ./test.sh              says what it skips
#   ./test.sh frameworks   also the doctor beside PyTorch and Keras on JAX, which are installed for it (6 GB, kept in target/python)
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$1"; }

if ! command -v cargo >/dev/null; then
  echo "cargo is missing. Install Rust from your distribution or with rustup, then run this again." >&2
  exit 2
fi
for part in rustfmt clippy; do
  if ! cargo "${part/rustfmt/fmt}" --version >/dev/null 2>&1; then
    rustup component add "$part"
  fi
done

step "formatting"
cargo fmt --all -- --check

step "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings

step "what lies under the crates"
reliability/supply.sh

step "the page of what it survives says what was measured"
if command -v python3 >/dev/null; then
  python3 reliability/report.py docs/reliability.jsonl | cmp - docs/reliability.md
else
  echo "skipped: there is no python3 here"
fi

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet

step "unit, law, fixture and doc tests"
log=$(mktemp)
out=$(mktemp -d)
trap 'rm -rf "$log" "$out"' EXIT
cargo test --workspace --locked --no-fail-fast -- --show-output | tee "$log"

step "code that is unsafe, under AddressSanitizer and Miri"
reliability/sanitize.sh

step "how many of the reference cases hold"
# Where the reference data are not beside the checkout, the families say that they are skipped.
grep -E "^keras/[a-z_]+: ([0-9]+ of [0-9]+ cases hold|skipped)" "$log"

step "examples"
for example in deep_digits functional_residual custom_activation regression_waves doctor dense_he leaky elu bn_before bn_after; do
  echo "-- $example"
  cargo run --locked --quiet -p steadygrad --example "$example" >/dev/null
done
echo "-- gradient_picture"
cargo run --locked --quiet -p steadygrad --example gradient_picture >"$out/gradient-flow.svg"
grep -q "</svg>" "$out/gradient-flow.svg"
echo "-- unstable_gradients --quick"
cargo run --locked --quiet -p steadygrad --example unstable_gradients -- --quick >/dev/null

step "the command, from nothing to a verdict on paper"
cargo run --locked --quiet -- train --set let.depth=4 --set fit.epochs=2 --out "$out/run" --json
cargo run --locked --quiet -- evaluate "$out/run"

cargo run --locked --quiet -- report "$out/run"
cargo run --locked --quiet -- forecast --json >/dev/null
cargo run --locked --quiet -- explain vanishing_gradient >/dev/null
cargo run --locked --quiet -- lab examples/todays_defaults.toml --set lab.seeds=1 --set fit.epochs=1 --html "$out/lab.html"
cargo run --locked --quiet -- demo --epochs 2 --html "$out/demo.html"

step "benches of the kernels, each once"
# As a part of the workspace, or features of shared crates would be others, and all be built again.
cargo test --workspace --locked --quiet --bench kernels --bench convolution --bench activations --bench updates >/dev/null

step "benchmarks, short form"
# In the profile of the tests, where it is built already: whether it runs, not how fast.
bench/run.sh --quick --only-ours --dev

step "the Python package"
python/test.sh "$@"

step "instructions of a step of training"
# After the Python package, whose wheel is built from the same crates in the same profile.
bench/counts.sh

step "all is well"
