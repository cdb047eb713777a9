"""Writes benchmarks.md and its pictures from the lines of JSON that bench/drive.py wrote.

    python bench/report.py docs/benchmarks.jsonl        writes docs/benchmarks.md and docs/benchmarks/*.svg
"""
import json
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median

import svg
import workloads

NAMES = {
    "ours": "steadygrad", "jax": "JAX, scan", "torch": "PyTorch", "torch_best": "PyTorch, compiled", "keras_jax": "Keras on JAX",
    "keras_tf": "Keras on TensorFlow", "burn": "Burn", "candle": "candle",
}  # fmt: skip
FORMS = {
    "ours": "built for any processor, `Learner::fit` and `Learner::predict`, which takes 256 samples at a time",
    "jax": "all steps of a round in one compiled `lax.scan`, donated buffers, optimizers by hand, convolutions as products with windows",
    "torch": "eager, ordinary optimizers, batches picked by index, contiguous",
    "torch_best": "`torch.compile`, optimizers with `fused=True`, convolutions in `channels_last`",
    "keras_jax": "`fit`; inference by the compiled call or `predict_on_batch`, whichever is faster",
    "keras_tf": "`fit`; inference by the compiled call or `predict_on_batch`, whichever is faster",
    "burn": "backend Flex with SIMD and rayon, built for this processor",
    "candle": "built for this processor; Adam is its AdamW without decay, momentum is written with its tensors",
}
DATA_MIB = 60_000 * 784 * 4 / 2**20
LATENCY = ("F_B1", "F_E1")
TOLERANCE = 0.05


class Measured:
    """The lines, by what is asked of them."""

    def __init__(self, lines):
        self.lines = lines
        self.rounds = defaultdict(list)
        for line in lines:
            if line["kind"] == "round":
                self.rounds[line["workload"], line["threads"], line["runner"]].append(line)
        self.threads = sorted({threads for _, threads, _ in self.rounds})

    def of(self, kind, **words):
        return [x for x in self.lines if x["kind"] == kind and all(x[key] == value for key, value in words.items())]

    def runners(self, names):
        """In the order of the tables: those that did any of these workloads."""
        return [runner for runner in NAMES if any((name, t, runner) in self.rounds for name in names for t in self.threads)]

    def values(self, name, threads, runner):
        """One number for each round: samples a second, or the microseconds of a call."""
        rounds = self.rounds.get((name, threads, runner), [])
        if name in LATENCY:
            return [x["median_us"] for x in rounds]
        return [x["samples"] / x["seconds"] for x in rounds]

    def speed(self, name, threads, runner):
        """The median, as something of which more is better; None if it was not measured."""
        values = self.values(name, threads, runner)
        if not values:
            return None
        return 1 / median(values) if name in LATENCY else median(values)

    def ratio(self, name, threads):
        """Ours over the fastest peer, and who that is."""
        ours = self.speed(name, threads, "ours")
        speeds = {r: self.speed(name, threads, r) for r in NAMES if r != "ours"}
        speeds = {r: speed for r, speed in speeds.items() if speed}
        if not ours or not speeds:
            return None
        best = max(speeds, key=speeds.get)
        return ours / speeds[best], best


def table(head, rows):
    head = [str(cell) for cell in head]
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if i == 0 else "--:" for i in range(len(head))) + "|"]
    return [*lines, *("| " + " | ".join(map(str, row)) + " |" for row in rows), ""]


def figure(value):
    """Three significant digits, thousands apart."""
    if value >= 1000:
        digits = 3 - len(str(int(value)))
        return f"{round(value, digits):,.0f}"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def span(seconds):
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def cell(values, best):
    if not values:
        return "–"
    middle = median(values)
    words = figure(middle)
    spread = 100 * (max(values) - min(values)) / 2 / middle
    return f"{'**' + words + '**' if best else words} ±{spread:.0f} %"


def speeds(measured, threads):
    """The main table of a number of threads, and its picture's rows."""
    names = [name for name in workloads.MAIN if any((name, threads, r) in measured.rounds for r in NAMES)]
    if not names:
        return [], []
    runners = measured.runners(names)
    rows, bars = [], []
    for name in names:
        fastest = max((measured.speed(name, threads, r) or 0 for r in runners))
        cells = []
        for runner in runners:
            speed = measured.speed(name, threads, runner)
            cells.append(cell(measured.values(name, threads, runner), speed == fastest))
        ratio = measured.ratio(name, threads)
        if ratio:
            bars.append((name, ratio[0], NAMES[ratio[1]]))
        label = f"{name} (µs)" if name in LATENCY else name
        rows.append([label, *cells, f"{ratio[0]:.2f} × {NAMES[ratio[1]]}" if ratio else "–"])
    return table(["", *(NAMES[r] for r in runners), "ours against the fastest peer"], rows), bars


def verdict(bars):
    """What is won and what is lost, in words."""
    won = [name for name, ratio, _ in bars if ratio >= 1.03]
    lost = [f"{name} ({ratio:.2f} of {peer})" for name, ratio, peer in bars if ratio <= 1 / 1.03]
    even = [name for name, ratio, _ in bars if 1 / 1.03 < ratio < 1.03]
    said = []
    for words, names in (("Faster than every peer", won), ("within 3 % of the fastest", even), ("slower", lost)):
        if names:
            said.append(f"{words}: {', '.join(names)}")
    return ["; ".join(said) + ".", ""]


def losses(measured):
    names = [name for name in workloads.MAIN if name not in ("F_B1", "F_E1", "F_B1024", "F_E1024")]
    runners = measured.runners(names)
    rows = []
    for name in names:
        for threads in measured.threads[:1]:
            found = {}
            for runner in runners:
                rounds = measured.rounds.get((name, threads, runner), [])
                if rounds:
                    # None: a loss that was not a finite number.
                    found[runner] = rounds[-1]["loss"]
            finite = [loss for loss in found.values() if loss is not None]
            if not finite:
                continue
            middle = median(finite)
            cells = []
            for runner in runners:
                loss = found.get(runner, "–")
                off = loss is None or (loss != "–" and abs(loss / middle - 1) > TOLERANCE)
                cells.append("–" if loss == "–" else ("not finite" if loss is None else f"{loss:.4f}") + (" ⚠" if off else ""))
            rounds = max(len(measured.rounds.get((name, threads, r), [])) for r in runners)
            steps = next(iter(measured.rounds[name, threads, r] for r in runners if r in found))[0]["steps"]
            first = next((x["first"] for x in measured.of("runner", workload=name, threads=threads) if "first" in x), steps)
            rows.append([name, f"{first + rounds * steps + 1:,}", *cells])
    if not rows:
        return []
    return [
        "## Losses",
        "",
        "The mean training loss over the last round, after the same number of steps everywhere. Every runner draws its own weights of the",
        f"same distribution and its own order of samples. ⚠: more than {TOLERANCE:.0%} from the median of all.",
        "",
        *table(["", "steps", *(NAMES[r] for r in runners)], rows),
    ]


def start_and_memory(measured):
    rows = []
    for runner in NAMES:
        times = [x["seconds"] - x["read_seconds"] for x in measured.of("start", runner=runner)]
        rounds = measured.rounds.get(("A", 1, runner), [])
        if times and rounds:
            peak = rounds[-1]["peak_mib"] - DATA_MIB
            spread = f"{span(min(times))} … {span(max(times))}"
            rows.append([NAMES[runner], span(median(times)), spread, f"{figure(max(peak, 0))} MiB"])
    if not rows:
        return []
    return [
        "## Start and memory",
        "",
        "A, one thread: from the start of the process to the first finished batch, less the reading of the data (imports, compiling and",
        f"planning are in it); and the most memory that the process held while it trained, less the {DATA_MIB:.0f} MiB of the data.",
        "",
        *table(["", "first batch", "least and most", "memory"], rows),
    ]


def watching(measured):
    rows = []
    for threads in measured.threads:
        for name, what in (("H_every", "every step"), ("H_default", "our default schedule")):
            for runner in NAMES:
                plain, watched = (measured.rounds.get((n, threads, runner)) for n in ("C", name))
                if plain and watched:
                    # Round by round, as a machine that is busy is busy for both.
                    more = [w["seconds"] / p["seconds"] - 1 for p, w in zip(plain, watched)]
                    least, middle, most = (100 * part for part in (min(more), median(more), max(more)))
                    rows.append([NAMES[runner], what, threads, f"{middle:+.1f} %", f"{least:+.1f} … {most:+.1f} %"])
    if not rows:
        return []
    return [
        "## What watching gradients costs",
        "",
        "C with, for every layer, mean, deviation, root mean square, share of zeros and of saturated values of outputs, and the root mean",
        "square of the gradients of outputs and parameters: time of a round against that of C without, in the same run. In JAX the numbers",
        "are computed in the compiled step; in PyTorch by hooks, eager. Ours collects more than these, and draws its charts from it.",
        "",
        *table(["", "looked at", "threads", "more time", "least and most"], rows),
    ]


def scaling(measured, folder):
    words = []
    axes = {
        "depth": "hidden layers (100 units, ReLU, Adam, batch 32)",
        "width": "units of each of 3 hidden layers (ReLU, Adam, batch 64)",
        "batch": "samples of a batch (784-300-100-10, ReLU, Adam)",
    }
    for threads in measured.threads:
        for axis, across in axes.items():
            series = []
            for runner, kind in (("ours", "ours"), ("jax", "peer")):
                points = []
                for name in workloads.SCALING:
                    speed = measured.speed(name, threads, runner)
                    if name.startswith(axis + ":") and speed:
                        points.append((int(name.split(":")[1]), speed))
                if points:
                    series.append((NAMES[runner], kind, points))
            if series:
                file = f"{axis}-{threads}.svg"
                title = f"Samples a second over {axis}, {threads} thread{'s' if threads > 1 else ''}"
                (folder / file).write_text(svg.curves(title, across, "samples a second", series))
                columns = [dict(points) for _, _, points in series]
                rows = [[f"{x:,}", *(figure(c[x]) if x in c else "–" for c in columns)] for x in columns[0]]
                words += [f"![{title}]({folder.name}/{file})", "", *table([axis, *(name for name, _, _ in series)], rows)]
    return ["## Over depth, width and batch", "", "Training, ours beside JAX.", "", *words] if words else []


def runs(measured):
    """The runs of which there still are results: a later one may have measured all of an earlier one again."""
    owner = {}
    for run in measured.of("run"):
        for name in run["workloads"]:
            for threads in run["threads_asked"]:
                owner[name, threads] = run["started"], run["command"]
    kept = [run for run in measured.of("run") if (run["started"], run["command"]) in owner.values()]
    return kept or measured.of("run")[-1:]


def page(measured, folder):
    kept = runs(measured)
    run = kept[-1]
    words = ["# Benchmarks", ""]
    scale, rounds, load = (min(r["scale"] for r in kept), min(r["rounds"] for r in kept), max(r["load"] for r in kept))
    if scale < 1 or rounds < 5 or load > 0.5:
        words += [
            f"**Not figures to quote: rounds of down to {scale:g} times the steps, {rounds} of them, on a machine with a load of up to "
            f"{load:.1f} beside.** They show that all runs, and roughly where it stands.",
            "",
        ]
    words += [
        "Training and inference side by side on one machine, in one run: all runners of a workload are prepared, pinned to the same cores,",
        "and asked in turn (A B C, C B A, …), so that what else the machine does hits all alike. Data (60,000 × 784, f32) lie in memory and are",
        "shuffled anew in every pass; accuracy is measured nowhere; what is timed is steady training, after compiling. Figures are",
        "**samples a second, medians over rounds** (± half of what lies between the slowest and the fastest round, in percent); for single",
        "samples, microseconds of a call. The fastest is bold. Every round stands in [benchmarks.jsonl](benchmarks.jsonl).",
        "",
        f"{run['cpu']}, {run['cores']} cores, {', '.join(run['instructions'])}; {', '.join(run['caches'])}; {run['memory_gib']} GiB, Linux "
        f"{run['kernel']}, {run['rustc']}. When each command began, at which commit, with how many rounds of how many times the steps, and what",
        "else the machine did then (0 is a quiet one):",
        "",
    ]
    words += table(
        ["command", "began", "commit", "rounds", "steps", "load"],
        [[f"`{r['command']}`", r["started"], r["commit"], r["rounds"], f"{r['scale']:g} ×", f"{r['load']:.2f}"] for r in kept],
    )
    for threads in measured.threads:
        rows, bars = speeds(measured, threads)
        if rows:
            title = f"steadygrad against the fastest peer, {threads} thread{'s' if threads > 1 else ''}"
            words += [f"## {threads} thread{'s' if threads > 1 else ''}", ""]
            if bars:
                (folder / f"ratios-{threads}.svg").write_text(svg.ratios(title, bars))
                words += [*verdict(bars), f"![{title}]({folder.name}/ratios-{threads}.svg)", ""]
            words += rows
    words += ["| | workload |", "|---|---|", *(f"| {name} | {what} |" for name, what in workloads.WHAT.items()), ""]
    words += losses(measured) + start_and_memory(measured) + watching(measured) + scaling(measured, folder)
    return words + runners(measured) + how_to_repeat()


def runners(measured):
    words = ["## Who ran, and how", ""]
    rows = []
    for runner, form in FORMS.items():
        told = {}
        for x in measured.of("runner", runner=runner):
            told.update(x["about"])
        flushes = told.pop("flushes", None)
        if flushes:
            rows.append([NAMES[runner], ", ".join(f"{key} {value}" for key, value in told.items()), form, flushes])
    words += ["| | versions | form | flushes denormals |", "|---|---|---|---|", *("| " + " | ".join(row) + " |" for row in rows), ""]
    words += [
        "The last column was tried by every peer itself: 1e-37 · 1e-3 is 0 where denormal numbers are flushed. Ours flushes while a plan",
        "runs; PyTorch, Burn and candle were told to, JAX and TensorFlow do so. In Keras on TensorFlow a pass over the data costs something",
        "to begin, which is in A's rounds (each is a pass where",
        "it has all its steps) and, in other workloads, in few rounds or none. Keras has its softmax in the loss",
        "(`from_logits=True`): behind a softmax, Keras on JAX clips the loss, and E stays at a loss of 11, where the clip has no slope.",
        "",
    ]
    waits = "spin for some milliseconds (`--spin`)" if measured.of("run")[-1].get("spin") else "sleep at once when they wait"
    words += [f"Threads of OpenMP, which PyTorch has, {waits}.", ""]
    lost = [f"{NAMES[x['runner']]} in {x['workload']} on {x['threads']} thread(s): {x['why']}" for x in measured.of("lost")]
    return words + (["Left out: " + "; ".join(lost) + ".", ""] if lost else [])


def how_to_repeat():
    return [
        "## How to repeat it",
        "",
        "    bench/run.sh --threads 1,2 --spin                    all workloads, in environments that it makes in target/bench (some 9 GB)",
        "    bench/run.sh --threads 1,2 --spin --scaling --add    then the curves",
        "    bench/run.sh --workloads A,C --add                   some again; whatever else is in the results stays",
        "    bench/run.sh --quick --only-ours                     in a minute: does everything run",
        "",
        "On a machine that does nothing else. `--spin` lets the threads of OpenMP wait as they like, which is to spin between operations: that",
        "is meant for a quiet machine. On one with a load of 5 it made PyTorch's D on two threads five times slower than without, where they",
        "sleep at once. `--python-jax PATH --python-torch PATH` take interpreters that are there already. The",
        "page is written by `bench/report.py`; workloads stand in `bench/workloads.py`, peers in `bench/peers`, `bench/burn`, `bench/candle`.",
        "",
    ]


if __name__ == "__main__":
    source = Path(sys.argv[1])
    pictures = source.parent / "benchmarks"
    pictures.mkdir(parents=True, exist_ok=True)
    found = Measured([json.loads(line) for line in source.read_text().splitlines()])
    source.with_suffix(".md").write_text("\n".join(page(found, pictures)))
    print(source.with_suffix(".md"))
