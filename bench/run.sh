#!/usr/bin/env bash
# Builds all runners of the benchmarks, each in its own environment, runs them side by side, and writes docs/benchmarks.md.
#
#   bench/run.sh                        everything, on one thread: long, and some 9 GB in target/bench
#   bench/run.sh --threads 1,2          on one thread and on two
#   bench/run.sh --workloads A,C --add  these alone; what else stands in the results stays
#   bench/run.sh --scaling --add        over depth, width and batch
#   bench/run.sh --quick --only-ours    ours alone, a few steps of each: whether it runs, not how fast; writes nothing into docs/
#   bench/run.sh --only-report          the page from the results that there are
#   bench/run.sh --out FILE.jsonl       results there, and the page beside them
#
# --python-jax PATH and --python-torch PATH take interpreters that have jax, keras and tensorflow, or torch. All other options are
# those of bench/drive.py (--help).
set -euo pipefail

# In a function, which is read whole: a run takes hours, and somebody may edit this file meanwhile.
main() {
  cd "$(dirname "$0")/.."
  work=$PWD/target/bench

  python_jax="" python_torch="" quick="" only_ours="" only_report="" runners="" profile=release out=docs/benchmarks.jsonl options=() asked=(bench/run.sh)
  while [ $# -gt 0 ]; do
    # Where interpreters lie is nobody's business: the page has the command without it.
    case $1 in
      --python-*) ;;
      *) asked+=("$1") ;;
    esac
    case $1 in
      --quick) quick=1 ;;
      --only-ours) only_ours=1 ;;
      --only-report) only_report=1 ;;
      --dev) profile=dev ;; # Our runner in the profile of the tests: less to build, for seeing whether it runs.
      --python-jax) python_jax=$2; shift ;;
      --python-torch) python_torch=$2; shift ;;
      --scaling) runners=${runners:-ours,jax}; options+=("$1") ;; # The others are not asked there.
      --runners) runners=$2; asked+=("$2"); shift ;;
      --out) out=$2; asked+=("$2"); shift ;;
      *) options+=("$1") ;;
    esac
    shift
  done
  export BENCH_COMMAND="${asked[*]}"
  if [ -n "$quick" ]; then out=$work/quick/benchmarks.jsonl; fi
  [ -z "$only_report" ] || exec python3 bench/report.py "$out"
  [ -z "$only_ours" ] || runners=ours
  runners=${runners:-ours,jax,torch,torch_best,keras_jax,keras_tf,burn,candle}
  mkdir -p "$work"

  wants() { case ,$runners, in *,"$1",*) return 0 ;; *) return 1 ;; esac; }

  # An environment with these packages, made once.
  environment() {
    local where=$work/$1
    shift
    if [ ! -e "$where/made" ]; then
      python3 -m venv "$where"
      "$where/bin/python" -m pip install --quiet "$@" >&2
      touch "$where/made"
    fi
    echo "$where/bin/python"
  }

  if wants jax || wants keras_jax || wants keras_tf; then
    python_jax=${python_jax:-$(environment python-jax numpy jax keras tensorflow-cpu)}
  fi
  if wants torch || wants torch_best; then
    python_torch=${python_torch:-$(environment python-torch numpy torch)}
  fi

  cargo build --locked --quiet --profile "$profile" -p steadygrad-bench
  target=${CARGO_TARGET_DIR:-target}
  ours=$target/$([ "$profile" = dev ] && echo debug || echo release)/steadygrad-bench
  for peer in burn candle; do
    if wants "$peer"; then
      # As a user who wants speed would: for the processor at hand. Ours is built for any.
      (cd "bench/$peer" && CARGO_TARGET_DIR=$work/$peer RUSTFLAGS="-C target-cpu=native" cargo build --quiet --release)
    fi
  done

  if [ -n "$quick" ]; then
    # No NumPy is asked for: small data of the same form, made with the standard library.
    python3 bench/data.py --small "$work/small"
    options+=(--data "$work/small" --scale 0.02 --rounds 2 --starts 1)
  else
    python=${python_jax:-${python_torch:-$(environment python-data numpy)}}
    "$python" bench/data.py "$work/data"
  fi

  python3 bench/drive.py --runners "$runners" --ours "$ours" --burn "$work/burn/release/peer-burn" \
    --candle "$work/candle/release/peer-candle" --python-jax "$python_jax" --python-torch "$python_torch" --out "$out" "${options[@]}"
  python3 bench/report.py "$out"
}

main "$@"
