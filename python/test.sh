#!/usr/bin/env bash
# The tests of the Python package: the wheel is built, installed in environments of its own, and used.
#
#   python/test.sh              with numpy, and what reads our files: onnx, onnxruntime, safetensors
#   python/test.sh frameworks   also beside PyTorch and Keras on JAX: some 6 GB, kept in target/python between runs
set -euo pipefail
cd "$(dirname "$0")"
root=$PWD/../target/python
mkdir -p "$root"
root=$(cd "$root" && pwd)

skip() { echo "skipped: the Python package ($1)"; exit 0; }
command -v python3 >/dev/null || skip "there is no python3 here"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || skip "it needs Python 3.10, this is $(python3 --version)"
python3 -c 'import venv, ensurepip' 2>/dev/null || skip "python3 has no venv; install python3-venv"

# An environment with these packages; an older one is taken as it is.
environment() {
  local name=$1
  shift
  if ! [ -f "$root/$name/done" ] || [ "$(cat "$root/$name/done")" != "$*" ]; then
    rm -rf "${root:?}/$name"
    python3 -m venv "$root/$name"
    "$root/$name/bin/pip" install --quiet --disable-pip-version-check "$@" || return 1
    echo "$*" >"$root/$name/done"
  fi
}

environment build "maturin>=1.10,<2" || skip "maturin cannot be installed: no network?"
rm -rf "$root/wheels"
"$root/build/bin/maturin" build --release --quiet --out "$root/wheels" 2>&1 | grep -v "^[📦🔗🐍📡🍹]" || true
wheel=$(ls "$root"/wheels/*.whl)
echo "built $(basename "$wheel")"

# Tests run in a folder that has nothing in it: a folder called as a package would be taken for one.
mkdir -p "$root/here"

# Each file in a process of its own: PyTorch and JAX do not live well in one.
run() {
  local name=$1
  shift
  "$root/$name/bin/pip" install --quiet --disable-pip-version-check --force-reinstall --no-deps "$wheel"
  for name_of_test in "$@"; do
    local file=tests/test_$name_of_test.py
    (cd "$root/here" && CUDA_VISIBLE_DEVICES="" "$root/$name/bin/python" -m pytest -q --no-header -p no:cacheprovider -rs -s -W ignore::DeprecationWarning "$OLDPWD/$file")
  done
}

tests=(recorder words messages models training trouble backup non_finite snippets doctor readme notebook)
if environment plain numpy pytest mypy nbclient ipykernel onnx onnxruntime safetensors; then
  tests+=(onnx safetensors)
elif environment plain numpy pytest mypy nbclient ipykernel; then
  echo "skipped: ONNX and safetensors files (onnx, onnxruntime and safetensors cannot be installed here)"
else
  skip "numpy and pytest cannot be installed: no network?"
fi
# None is forgotten: every file is of one of the environments.
for file in tests/test_*.py; do
  name=${file#tests/test_}
  case " ${tests[*]} onnx safetensors keras_doctor keras_files watch " in
    *" ${name%.py} "*) ;;
    *) echo "error: $file is run by no environment of this script" >&2; exit 1 ;;
  esac
done
run plain "${tests[@]}"
# What is said of types holds: of the native half beside its stub, and within the package.
(cd "$root/here" && "$root/plain/bin/python" -m mypy.stubtest steadygrad._native && "$root/plain/bin/python" -m mypy --ignore-missing-imports -p steadygrad)
if [ "${1:-}" != frameworks ]; then
  echo "skipped: the doctor beside PyTorch and Keras (python/test.sh frameworks)"
  exit 0
fi
if environment keras numpy pytest keras "jax[cpu]"; then
  run keras keras_doctor keras_files
else
  echo "skipped: the doctor beside Keras (it cannot be installed here)"
fi
if environment torch numpy pytest torch; then
  run torch watch readme
else
  echo "skipped: the doctor beside PyTorch (it cannot be installed here)"
fi
