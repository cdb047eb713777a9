"""What is told of the machine, the source and the command beside the numbers."""
import os
import platform
import subprocess
import sys
from pathlib import Path


def first(path, default="unknown"):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return default


def cpu():
    """The processor's name, and which of the instruction sets that matter here it has."""
    name, flags = "unknown", set()
    for line in first("/proc/cpuinfo", "").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            name = value.strip()
        if key.strip() == "flags":
            flags = set(value.split())
    return name, [flag for flag in ("avx", "avx2", "fma", "avx512f", "amx_tile") if flag in flags]


def caches():
    found = []
    for index in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        kind = {"Data": "d", "Instruction": "i"}.get(first(index / "type"), "")
        found.append(f"L{first(index / 'level')}{kind} {first(index / 'size')}")
    return found


def memory_gib():
    for line in first("/proc/meminfo", "").splitlines():
        if line.startswith("MemTotal:"):
            return round(int(line.split()[1]) / 1024**2, 1)
    return 0.0


def said(*command):
    """What a command prints."""
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip() or "unknown"
    except OSError:
        return "unknown"


def told(root):
    """The machine and the source."""
    name, instructions = cpu()
    commit = said("git", "-C", str(root), "describe", "--always", "--dirty")
    return {
        "cpu": name,
        "instructions": instructions,
        "caches": caches(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": memory_gib(),
        "kernel": platform.release().partition("-")[0],
        "commit": commit,
        "rustc": said("rustc", "--version").partition("(")[0].strip(),
    }


def asked():
    """The command that bench/run.sh was called with."""
    return os.environ.get("BENCH_COMMAND") or " ".join(["python", *sys.argv])
