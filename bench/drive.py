"""Runs the workloads in all runners side by side, in turn, and writes every round as a line of JSON.

Called by bench/run.sh, which builds the runners. All runners of a workload are started and prepared, one after another; then they are
asked in turn, A B C, C B A, A B C …, so that what else the machine does hits all alike. A runner that is not asked waits for its input.
"""
import argparse
import json
import os
import select
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import machine
import workloads

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
RUNNERS = ["ours", "jax", "torch", "torch_best", "keras_jax", "keras_tf", "burn", "candle"]
# Who has the statistics of gradients at every step. PyTorch is compiled for C alone: hooks hold it from compiling.
WATCHING = {"H_every": ["ours", "jax", "torch"], "H_default": ["ours"]}
SCALING = ["ours", "jax"]
# Seconds in which OpenMP's threads go to sleep.
REST = 0.4


def command(runner, options):
    python = {"jax": options.python_jax, "keras_jax": options.python_jax, "keras_tf": options.python_jax}
    peers = BENCH / "peers"
    return {
        "ours": [options.ours],
        "jax": [python.get("jax"), peers / "jax_scan.py"],
        "torch": [options.python_torch, peers / "torch_train.py"],
        "torch_best": [options.python_torch, peers / "torch_train.py", "--best"],
        "keras_jax": [python.get("keras_jax"), peers / "keras_fit.py"],
        "keras_tf": [python.get("keras_tf"), peers / "keras_fit.py"],
        "burn": [options.burn],
        "candle": [options.candle],
    }[runner]


def environment(runner, threads, options):
    words = dict(os.environ, RAYON_NUM_THREADS=str(threads), PYTHONWARNINGS="ignore")
    words["KERAS_BACKEND"] = "tensorflow" if runner == "keras_tf" else "jax"
    if not options.spin:
        words.update(OMP_WAIT_POLICY="PASSIVE", KMP_BLOCKTIME="0")
    words["TORCHINDUCTOR_CACHE_DIR"] = str(options.work / "inductor")
    return words


class Lost(Exception):
    """A runner that ended, said something else, or said nothing in time."""


class Process:
    """A runner at work."""

    def __init__(self, runner, workload, threads, options):
        self.runner, self.workload = runner, workload
        logs = options.work / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        name = f"{runner}-{workload.replace(':', '_')}-{threads}.log"
        self.log, self.log_name = open(logs / name, "wb"), f"target/bench/logs/{name}"
        parts = [str(part) for part in command(runner, options)]
        arguments = [*parts, workloads.line(workload), str(threads), str(options.data)]
        cores = set(options.cores[:threads])
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=environment(runner, threads, options),
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        self.rest = b""

    def prepare(self, patience):
        """Waits until its first batch is done, then until all is ready; the first is what starting took."""
        first = self.answer(patience)
        self.first_seconds = time.perf_counter() - self.started
        self.read_seconds = first["read_seconds"]
        self.about = self.answer(patience)["about"]

    def go(self, steps, patience):
        self.process.stdin.write(f"go {steps}\n".encode())
        self.process.stdin.flush()
        return self.answer(patience)

    def answer(self, patience):
        """The next line that is JSON; libraries print other things, too."""
        end = time.monotonic() + patience
        while True:
            line, found, rest = self.rest.partition(b"\n")
            if found:
                self.rest = rest
                if line.startswith(b"{"):
                    return json.loads(line)
                continue
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise Lost(f"said nothing for {patience} s")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                raise Lost(f"ended with {self.process.wait()}; see {self.log_name}")
            self.rest += more

    def end(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.log.close()


class Results:
    """Lines of JSON, on disk as soon as they are known."""

    def __init__(self, path, add):
        self.path, self.lines = path, []
        if add and path.exists():
            self.lines = [json.loads(line) for line in path.read_text().splitlines()]

    def forget(self, workload, threads):
        of = lambda line: (line.get("workload"), line.get("threads")) == (workload, threads)
        self.lines = [line for line in self.lines if not of(line)]

    def add(self, kind, **words):
        self.lines.append({"kind": kind, **words})
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(json.dumps(line) + "\n" for line in self.lines))


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def started(entries, threads, options, results):
    """The runners that could be started and prepared."""
    ready = []
    for runner, workload in entries:
        process = Process(runner, workload, threads, options)
        try:
            process.prepare(options.patience)
            # The first rounds are not counted: they compile, fill caches, and go so far that losses can be compared.
            wanted = max(1, round(workloads.SETTLE.get(workload, 0) * min(1, options.scale)))
            first, many = 0, steps(workload, options)
            while first < wanted:
                process.go(many, options.patience)
                first += many
        except (Lost, BrokenPipeError) as lost:
            drop(process, threads, lost, results)
            continue
        results.add("runner", workload=workload, threads=threads, runner=runner, about=process.about, first=first)
        ready.append(process)
    return ready


def drop(process, threads, why, results):
    process.process.kill()
    process.end()
    say(f"  {process.runner} is left out: {why}")
    results.add("lost", workload=process.workload, threads=threads, runner=process.runner, why=str(why))


def steps(workload, options):
    return max(2, round(workloads.steps(workload) * options.scale))


def compare(entries, threads, options, results):
    """Rounds of all these runners, in turn."""
    ready = started(entries, threads, options, results)
    for turn in range(options.rounds):
        for process in list(ready if turn % 2 == 0 else reversed(ready)):
            many = steps(process.workload, options)
            try:
                answer = process.go(many, options.patience)
            except (Lost, BrokenPipeError) as lost:
                ready.remove(process)
                drop(process, threads, lost, results)
                continue
            words = {"workload": process.workload, "runner": process.runner, "threads": threads}
            results.add("round", **words, round=turn, steps=many, **answer)
            if options.spin and threads > 1:
                # Threads that still spin would take a core from the next one.
                time.sleep(REST)
    for process in ready:
        process.end()
        last = [x for x in results.lines if x["kind"] == "round" and x["runner"] == process.runner]
        last = [x for x in last if x["workload"] == process.workload and x["threads"] == threads]
        speeds = sorted(x["samples"] / x["seconds"] for x in last)
        loss = last[-1]["loss"]
        name = process.workload if process.workload in WATCHING else ""
        say(
            f"  {process.runner:<11}{name:<10}{speeds[len(speeds) // 2]:>12,.0f} samples a second"
            + ("" if loss is None else f", loss {loss:.4f}")
            + (f", {last[-1]['median_us']:.0f} µs" if "median_us" in last[-1] else "")
        )


def starts(runners, options, results):
    """From the start of the process to the first finished batch of A, several times, in turn; one thread."""
    results.forget("start", 1)
    for turn in range(options.starts):
        for runner in runners:
            process = Process(runner, "A", 1, options)
            try:
                process.prepare(options.patience)
            except (Lost, BrokenPipeError) as lost:
                process.process.kill()
                say(f"  {runner} is left out: {lost}")
            else:
                seconds = {"seconds": process.first_seconds, "read_seconds": process.read_seconds}
                results.add("start", workload="start", threads=1, runner=runner, round=turn, **seconds)
            process.end()


def groups(names, runners):
    """What is measured side by side: a workload in all runners; C with what watching it costs."""
    for name in names:
        if name in WATCHING and "C" in names:
            continue
        entries = []
        for part in [name, *(WATCHING if name == "C" else [])]:
            if part in names:
                allowed = WATCHING.get(part, SCALING if ":" in part else RUNNERS)
                entries += [(runner, part) for runner in runners if runner in allowed]
        yield name, entries


def arguments():
    parser = argparse.ArgumentParser(description="The benchmarks, side by side; bench/run.sh builds what this needs.")
    parser.add_argument("--runners", default=",".join(RUNNERS), help="which, by commas")
    parser.add_argument("--workloads", help="which, by commas (default: all but those of --scaling)")
    parser.add_argument("--scaling", action="store_true", help="over depth, width and batch, ours beside JAX")
    parser.add_argument("--threads", default="1", help="numbers of threads, by commas")
    parser.add_argument("--cores", help="cores to pin runners to, by commas (default: the first ones allowed)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--starts", type=int, default=3, help="how often starting is timed")
    parser.add_argument("--scale", type=float, default=1.0, help="steps of a round, times this")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds after which a silent runner is ended")
    parser.add_argument(
        "--spin",
        action="store_true",
        help="OpenMP's threads wait as they like, which is to spin for some milliseconds: for quiet machines only",
    )
    parser.add_argument("--add", action="store_true", help="keep what is in the results of other workloads")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "benchmarks.jsonl")
    parser.add_argument("--work", type=Path, default=ROOT / "target" / "bench")
    parser.add_argument("--data", type=Path, default=ROOT / "target" / "bench" / "data")
    for name in ("ours", "burn", "candle", "python-jax", "python-torch"):
        parser.add_argument(f"--{name}", help="where it is")
    options = parser.parse_args()
    allowed = sorted(os.sched_getaffinity(0))
    options.cores = [int(n) for n in options.cores.split(",")] if options.cores else allowed
    options.threads = [int(n) for n in options.threads.split(",")]
    return options


def main():
    options = arguments()
    runners = options.runners.split(",")
    names = options.workloads.split(",") if options.workloads else []
    names = names or (workloads.SCALING if options.scaling else workloads.MAIN + workloads.WATCHED)
    unknown = [runner for runner in runners if runner not in RUNNERS]
    if unknown:
        raise SystemExit(f"no runner {unknown[0]}; there are {', '.join(RUNNERS)}")
    results = Results(options.out, options.add)
    started_at = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    about = {"started": started_at, "command": machine.asked(), "load": os.getloadavg()[0], "rounds": options.rounds}
    results.add("run", workloads=names, threads_asked=options.threads, scale=options.scale, spin=options.spin, **about, **machine.told(ROOT))
    if "A" in names and options.starts:
        say("starting, A, 1 thread")
        starts(runners, options, results)
    for threads in options.threads:
        if threads > len(options.cores):
            raise SystemExit(f"{threads} threads need as many cores; there are {len(options.cores)}")
        for name, entries in groups(names, runners):
            for workload in {workload for _, workload in entries}:
                results.forget(workload, threads)
            say(f"{name}, {threads} thread(s)")
            compare(entries, threads, options, results)
    results.add("end", load=os.getloadavg()[0])
    if any(x["kind"] == "lost" and x["runner"] == "ours" for x in results.lines):
        raise SystemExit("ours did not get through")


if __name__ == "__main__":
    main()
