"""Makes docs/reliability.md of what reliability/run.sh measured."""

from __future__ import annotations

import json
import sys
from typing import Any

HEAD = """# What it survives

`reliability/run.sh` runs these suites at length and writes this page; `./test.sh` runs them in a bounded form, but for fuzzing. {machine}, {rustc},
{date}. The promises about files from strangers stand in [SECURITY.md](../SECURITY.md).
"""

CRASHES = """
## Trainings that are interrupted

A small network (batch normalization, dropout, Adam with a moving average of the weights, two callbacks) is trained by the command, with a
checkpoint after every four steps. It is ended again and again, goes on with `steadygrad train --resume`, and when it is done, its weights,
history, chart and log are compared byte by byte with those of a training that nothing happened to. After every end all checkpoints are
read: those that were not damaged on purpose hold, and none is older than what was there before. "Survived" are ends after which all of
that was so.

| what happened | times | survived | after a new checkpoint | trainings to the end | most ends of one training |
|---|---|---|---|---|---|
"""

STEPS = """
Within a process, {tests} trainings with other optimizers, metrics and callbacks are stopped after every one of their steps and after every
epoch, {resumes} times in all, and each is gone on with to the same bits of weights, history, chart and log.
"""

MEMORY = """
## Memory over time

Bytes that are allocated, and that the process holds, after 100 and after 10,000 steps of one training. What comes is the history (losses and
metrics of every epoch) and, where a training is watched, rare samples in its chart.

| training | allocated after 100 | after 10,000 | process after 100 | after 10,000 |
|---|---|---|---|---|
"""

READERS = """
## Broken files

Every reader gets mutated inputs: bits, bytes, numbers and pieces of valid files changed, cut, doubled and put into each other, archives and
checkpoints packed again so that their checksums are right. A fault would be a panic, an abort, a hang, an error
without words, or memory beyond 64 MiB and 8 bytes for each decoded number. "Read" are those that are still valid after the change.

| reader | inputs | read | refused | faults | longest, s | most memory, MB |
|---|---|---|---|---|---|---|
"""

FUZZ = """
## Fuzzing

The same readers with cargo-fuzz (libFuzzer, AddressSanitizer), which looks for inputs that reach new code.

| target | minutes | inputs | finds |
|---|---|---|---|
"""

SANITIZERS = """
## Code that is `unsafe`

`crates/kernels` is the only crate with `unsafe` code of ours (beside the Python package's bindings).

| tool | tests of | tests | finds |
|---|---|---|---|
"""


def row(*cells: Any) -> str:
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |\n"


def page(lines: list[dict[str, Any]]) -> str:
    def having(key: str) -> list[dict[str, Any]]:
        return [line for line in lines if key in line]

    out = HEAD.format(**lines[0])
    # The bounded form of a suite tells less than the same at length.
    crashes = {}
    for line in having("crash"):
        best = crashes.get(line["crash"])
        if best is None or line["tried"] > best["tried"]:
            crashes[line["crash"]] = line
    out += CRASHES
    for what, line in crashes.items():
        out += row(what, line["tried"], line["survived"], line.get("further", ""), line.get("trainings", ""), line.get("longest_chain", ""))
    resumed = having("resumed")
    if resumed:
        out += STEPS.format(tests=len(resumed), resumes=f"{sum(line['resumed'] for line in resumed):,}")
    out += MEMORY
    for line in having("after_100"):
        out += row(line["memory"], line["after_100"], line["after_10000"], line["process_after_100"], line["process_after_10000"])
    faults = ("panics", "hangs", "aborts", "memory", "silent_errors")
    out += READERS
    readers = having("reader")
    for line in readers:
        found = sum(line[fault] for fault in faults)
        out += row(line["reader"], line["inputs"], line["accepted"], line["refused"], found, f"{line['longest_seconds']:.2f}", f"{line['peak_bytes'] / 1e6:.0f}")
    if readers:
        out += row("all", *(sum(line[key] for line in readers) for key in ("inputs", "accepted", "refused")), sum(line[f] for line in readers for f in faults), "", "")
    corpus = having("corpus")
    if corpus:
        out += f"\nBeside them, {sum(line['corpus'] for line in corpus)} files that are broken on purpose, each with the words that its error must have.\n"
    fuzz = having("target")
    if fuzz:
        out += FUZZ
        for line in fuzz:
            out += row(line["target"], f"{line['seconds'] / 60:.1f}", line["runs"], line["finds"])
        out += row("all", f"{sum(line['seconds'] for line in fuzz) / 60:.0f}", sum(line["runs"] for line in fuzz), sum(line["finds"] for line in fuzz))
    out += SANITIZERS
    for line in having("sanitizer"):
        out += row(line["sanitizer"], line["what"], line["tests"], line["finds"])
    for line in having("skipped"):
        out += f"\n{line['skipped']} was not run: {line['why']}. The mutated inputs above, which are the same for the same seed, stand in.\n"
    return out


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        lines = [json.loads(line) for line in file if line.strip()]
    print(page(lines), end="")


main()
