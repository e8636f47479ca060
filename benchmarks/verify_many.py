"""Times ``pydl4j-bridge verify`` of a folder with records, against its alternatives, and kills its processes at random.

    python benchmarks/verify_many.py FOLDER [--expected '{}.keras-output.npz'] [-n RUNS] [--kills 10] [--sample 30]

Times are those of whole processes in turn, medians of the runs: the command with 2 worker processes, the command with
one, a loop over all files in one process, and one process for each file, which is measured on a sample of the files and
counted up. Then the command runs once more while its worker processes are killed (SIGKILL) at random times: what is
lost, done twice, or other than in the runs before is printed, and the exit code is 1 where there is any. Last comes the
largest resident memory that one worker process had.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from pydl4j_bridge.kerasfile import find_models

LOOP = """
import sys
import pydl4j_bridge
from pydl4j_bridge.kerasfile import find_models
from pydl4j_bridge.many import expected_of
for path, _ in find_models([sys.argv[1]]):
    try:
        pydl4j_bridge.verify(path, expected=expected_of(path, sys.argv[2]))
    except pydl4j_bridge.BridgeError:
        pass
"""
SEED = 20240229


def command(folder: str, expected: str, *more: str) -> list[str]:
    """``pydl4j-bridge verify`` as a user calls it."""
    return [sys.executable, "-m", "pydl4j_bridge", "verify", folder, "--expected", expected, *more]


def seconds(arguments: list[str]) -> float:
    """How long a whole process takes."""
    began = time.perf_counter()
    done = subprocess.run(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1, 2):
        raise click.ClickException(done.stderr[-2000:])
    return time.perf_counter() - began


def workers_of(parent: int) -> list[int]:
    """The worker processes of a process, by /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
        except OSError:
            continue  # it has ended
    return found


def resident(pid: int) -> int:
    """The resident memory of a process in MB, 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
    except OSError:
        return 0


def watched(arguments: list[str], at: Callable[[list[int], float], None]) -> int:
    """Run a command and look at its worker processes every 20 ms; the largest resident memory that one had, in MB."""
    largest, began = 0, time.perf_counter()
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            pids = workers_of(running.pid)
            largest = max([largest, *map(resident, pids)])
            at(pids, time.perf_counter() - began)
            time.sleep(0.02)
    return largest


def outcomes(results: Path) -> Iterator[dict[str, Any]]:
    """What a file of results holds."""
    for line in results.read_text().splitlines()[1:]:
        yield json.loads(line)


@click.command()
@click.argument("folder")
@click.option("--expected", default="{}.keras-output.npz", show_default=True)
@click.option("-n", "runs", default=3, show_default=True)
@click.option("--kills", default=10, show_default=True)
@click.option("--sample", default=30, show_default=True, help="Files for which one process each is measured.")
def main(folder: str, expected: str, runs: int, kills: int, sample: int) -> None:
    """Measure, and kill."""
    files = [path for path, _ in find_models([folder])]
    chosen = files[:: max(1, len(files) // sample)]
    ways = {
        "2 processes": command(folder, expected, "--workers", "2"),
        "1 process": command(folder, expected, "--workers", "1"),
        "a loop": [sys.executable, "-c", LOOP, folder, expected],
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        for way, arguments in ways.items():
            times[way].append(seconds(arguments))
    each = [seconds(command(path, expected)) for path in chosen]
    print(f"{len(files)} files; median seconds of {runs} runs, and all runs")
    for way, found in times.items():
        print(f"{way:14} {statistics.median(found):8.1f}  {' '.join(f'{one:.1f}' for one in found)}")
    whole = statistics.fmean(each) * len(files)
    print(f"a process each {whole:8.1f}  counted up from {len(chosen)} files")

    with tempfile.TemporaryDirectory() as name:
        quiet, disturbed = Path(name) / "quiet.jsonl", Path(name) / "disturbed.jsonl"
        largest = watched(command(folder, expected, "--workers", "2", "--results", str(quiet)), lambda *_: None)
        dice = random.Random(SEED)
        last = statistics.median(times["2 processes"])
        due = sorted(dice.uniform(0.5, last) for _ in range(kills))
        killed: list[int] = []

        def kill(pids: list[int], now: float) -> None:
            if due and now > due[0] and pids:
                victim = dice.choice(pids)
                os.kill(victim, signal.SIGKILL)
                killed.append(victim)
                due.pop(0)

        watched(command(folder, expected, "--workers", "2", "--results", str(disturbed)), kill)
        before = {one["path"]: (one["status"], one["cause"]) for one in outcomes(quiet)}
        after = list(outcomes(disturbed))
    counted = Counter(one["path"] for one in after)
    lost = [path for path in files if path not in counted]
    twice = [path for path, count in counted.items() if count > 1]
    other = [one["path"] for one in after if (one["status"], one["cause"]) != before[one["path"]]]
    tries = sum(one["tries"] > 1 for one in after)
    print(
        f"killed {len(killed)} processes: {len(lost)} lost, {len(twice)} twice, {len(other)} other; {tries} tried again"
    )
    print(f"statuses: {dict(Counter(status for status, _ in before.values()))}")
    print(f"largest resident memory of a worker process: {largest} MB")
    sys.exit(bool(lost or twice or other or len(killed) < kills))


if __name__ == "__main__":
    main()
