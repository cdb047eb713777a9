"""The conversation of a runner in Python with the driver, the data, and what is told of this process.

A runner has a function `go(steps)` that returns samples, seconds, the mean loss (None in inference) and the median time of a call in
microseconds (None in training).
"""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import workloads


def hold_to(threads):
    """Environment by which libraries hold to that many threads; before any import of them."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", JAX_PLATFORMS="cpu")
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def peak_mib():
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def forget_peak():
    """The peak is counted from here on: reading a file takes memory that training does not."""
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def say(**words):
    print(json.dumps(words), flush=True)


def arguments():
    """The workload as `workloads.parse` reads it, the number of threads, and the folder of the data."""
    line, threads, folder = sys.argv[1:4]
    return workloads.parse(line), int(threads), folder


def load(folder):
    """The samples, the labels, and how many seconds it took to read them."""
    import numpy as np

    start = time.perf_counter()
    x, y = np.load(folder + "/x.npy"), np.load(folder + "/y.npy")
    read = time.perf_counter() - start
    forget_peak()
    return x, y, read


def asked():
    """The numbers of steps that the driver asks for, one after another, until its input ends."""
    for line in sys.stdin:
        yield int(line.split()[1])


def answer(samples, seconds, loss=None, median_us=None):
    words = {} if median_us is None else {"median_us": median_us}
    loss = None if loss is None or loss != loss else float(loss)
    say(samples=samples, seconds=seconds, loss=loss, peak_mib=peak_mib(), **words)


def timed_calls(calls, call):
    """Times every call: the seconds of all, and the median in microseconds."""
    clock, times = time.perf_counter, []
    begin = clock()
    for i in range(calls):
        start = clock()
        call(i)
        times.append(clock() - start)
    return clock() - begin, 1e6 * sorted(times)[calls // 2]
