#!/usr/bin/env bash
# Counts the instructions of one step of training, and compares them with what was recorded. They differ by less than 0.02 % from run to
# run, however busy the machine is: what times cannot tell in a test, this does. The program is made to use AVX2 wherever it runs, so
# that machines can be compared.
#
#   bench/counts.sh             compares with bench/counts.json; ends with 1 where a step takes over 3 % more
#   bench/counts.sh --record    writes bench/counts.json
#   bench/counts.sh A           one workload alone (A or C, those of crates/engine/examples/steps.rs)
#
# A run of N steps is taken from one of 2N, so that what goes before the first step does not count.
set -euo pipefail
cd "$(dirname "$0")/.."

recorded=bench/counts.json
tolerance=3
record="" workloads=()
for word in "$@"; do
  case $word in
    --record) record=1 ;;
    A | C) workloads+=("$word") ;;
    *) echo "usage: bench/counts.sh [--record] [A] [C]" >&2; exit 2 ;;
  esac
done
[ ${#workloads[@]} -gt 0 ] || workloads=(A C)
if [ -n "$record" ] && [ ${#workloads[@]} -lt 2 ]; then
  echo "bench/counts.sh: --record takes both workloads, as both stand in one file" >&2
  exit 2
fi

skip() { echo "skipped: counts of instructions ($1)"; exit 0; }
if ! command -v valgrind >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  (apt-get update -qq && apt-get install -y -qq valgrind) >/dev/null 2>&1 || true
fi
command -v valgrind >/dev/null || skip "there is no valgrind here"
command -v callgrind_annotate >/dev/null || skip "valgrind is here without callgrind_annotate"

# As it is for any machine: flags for the one at hand would change the counts, and might be of instructions that Valgrind does not know.
# The Python package is named for its features of shared crates alone: what its wheel was built from is taken as it is.
RUSTFLAGS="" cargo build --locked --quiet --release -p steadygrad-py -p steadygrad-engine --example steps
steps=${CARGO_TARGET_DIR:-target}/release/examples/steps
code=0
"$steps" A 1 >/dev/null || code=$?
case $code in
  0) ;;
  3) skip "only those with AVX2 are comparable" ;;
  *) exit "$code" ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Profile of a workload over so many steps, with the callers of each function: loops are copies of one function for each instruction
# set, and say only by who called them what they do.
count() {
  valgrind --tool=callgrind --separate-callers=6 --callgrind-out-file="$work/$1.$2" "$steps" "$1" "$2" >"$work/$1.$2.log" 2>&1 ||
    { cat "$work/$1.$2.log" >&2; return 1; }
}

total() { awk '$1 == "totals:" { print $2 }' "$work/$1.$2"; }

# Instructions of each function, without what differs from build to build: files and hashes. Copies for an instruction set, and
# what only hands on, count as the function that called them.
functions() {
  callgrind_annotate --show-percs=no --threshold=100 "$work/$1.$2" | awk '
    BEGIN { between = "::run_avx2$|::run_wide$|::cpu::Cpu::|::crew::|^(std|core|alloc)::|^[0-9]+$" }
    /^ *[0-9][0-9,]*  / && !/PROGRAM TOTALS/ {
      count = $1; gsub(",", "", count)
      sub(/^ *[0-9,]+ +/, ""); sub(/ \[[^]]*\]$/, ""); gsub(/::h[0-9a-f]+/, "")
      parts = split($0, chain, "\047")
      sub(/^[^:]*:/, "", chain[1])
      for (i = 1; i < parts && chain[i] ~ between; i++);
      gsub(/::\{\{closure\}\}/, "", chain[i])
      sum[chain[i]] += count
    }
    END { for (name in sum) printf "%.0f\t%s\n", sum[name], name }'
}

# The five functions with the most instructions in a step.
most() {
  local name=$1 few=$2 many=$3
  functions "$name" "$few" >"$work/few"
  functions "$name" "$many" >"$work/many"
  awk -F '\t' -v steps="$((many - few))" '
    NR == FNR { before[$2] = $1; next }
    { printf "%.0f\t%s\n", ($1 - before[$2]) / steps, $2 }' "$work/few" "$work/many" | sort -rn | sed -n 1,5p
}

grouped() { printf "%d" "$1" | sed -E ':more; s/([0-9])([0-9]{3})($|,)/\1,\2\3/; t more'; }
recorded_value() { sed -nE "s/^ *\"$1\": \"?([^\",]*)\"?,?\$/\1/p" "$recorded" 2>/dev/null || true; }

rustc=$(rustc --version)
declare -A counts
failed="" better=""
for name in "${workloads[@]}"; do
  case $name in
    A) few=20 ;;
    C) few=4 ;;
  esac
  many=$((2 * few))
  count "$name" "$few" &
  other=$!
  count "$name" "$many"
  wait "$other"
  counts[$name]=$((($(total "$name" "$many") - $(total "$name" "$few")) / few))
  before=$(recorded_value "$name")
  line="workload $name: $(grouped "${counts[$name]}") instructions a step"
  if [ -z "$record" ] && [ -n "$before" ]; then
    line+=", recorded $(grouped "$before") ($(awk -v a="${counts[$name]}" -v b="$before" 'BEGIN { printf "%+.1f %%", 100 * (a / b - 1) }'))"
    [ $((counts[$name] * 100)) -le $((before * (100 + tolerance))) ] || failed+=" $name"
    [ $((counts[$name] * 100)) -ge $((before * (100 - tolerance))) ] || better+=" $name"
  fi
  echo "$line"
  most "$name" "$few" "$many" | while IFS=$'\t' read -r ir function; do
    printf '  %14s  %5.1f %%  %s\n' "$(grouped "$ir")" "$(awk -v a="$ir" -v b="${counts[$name]}" 'BEGIN { print 100 * a / b }')" "$function"
  done
done

if [ -n "$record" ]; then
  printf '{\n  "rustc": "%s",\n  "A": %d,\n  "C": %d\n}\n' "$rustc" "${counts[A]}" "${counts[C]}" >"$recorded"
  echo "written to $recorded"
  exit 0
fi
if [ ! -e "$recorded" ]; then
  echo "there is no $recorded to compare with: bench/counts.sh --record writes it" >&2
  exit 1
fi
if [ -n "$better" ]; then
  echo "fewer instructions than recorded (workloads$better): bench/counts.sh --record keeps it that way"
fi
if [ -n "$failed" ]; then
  if [ "$(recorded_value rustc)" != "$rustc" ]; then
    echo "warning: more than $tolerance % above what was recorded (workloads$failed), but that was with $(recorded_value rustc), and this is $rustc"
    exit 0
  fi
  {
    echo "A step takes over $tolerance % more instructions than recorded (workloads$failed)."
    echo "Look at the functions above, and at those of the commit before (bench/counts.sh there). If it is meant: bench/counts.sh --record"
  } >&2
  exit 1
fi
if [ "$(recorded_value rustc)" != "$rustc" ]; then
  echo "recorded with $(recorded_value rustc), this is $rustc"
fi
