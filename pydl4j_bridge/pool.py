"""A pool of worker processes, each with one JVM, and what becomes of one model in one of them.

A process that dies or does not answer within the time limit is replaced, and the file that it was at is tried again, so
that a process that was killed loses nothing; a file that kills every process that tries it is a result like any other.
Each process may have so much memory and no more: what does not fit is an error of that file, and a process that keeps
more than half of it is replaced before the next one.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from pydl4j_bridge.errors import BridgeError, JavaError, JvmError, WorkerCrashed, WorkerTimeout
from pydl4j_bridge.jvm.worker import Worker

Result = TypeVar("Result")

#: How often a file is tried whose process dies.
TRIES = 5
#: How often a process is started that dies before it has a file.
_STARTS = 10
#: A process is replaced after so many files: whatever they have left in memory goes with it.
_FILES_OF_A_PROCESS = 100


@dataclass(frozen=True, slots=True)
class ModelResult:
    """What became of one model.

    Attributes:
        path: the model.
        status: ``same``, ``differs``, ``refused``, ``crashed`` or ``hung``.
        cause: the first layer that differs and its class, or the error and its reason; empty where all is well.
        report: as ``LayersReport.to_dict()`` has it; None where there is none.
        error: as ``BridgeError.to_dict()`` has it; None where there is none.
        seconds: how long it took, the tries that failed among it.
        tries: how many processes it took.
    """

    path: str
    status: str
    cause: str = ""
    report: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    seconds: float = 0.0
    tries: int = 1

    def to_dict(self) -> dict[str, Any]:
        """The outcome as plain JSON values."""
        return asdict(self)


def in_worker(
    worker: Worker, path: str, operation: str, judge: Callable[[Mapping[str, Any]], tuple[str, str]], **options: Any
) -> ModelResult:
    """One model in a worker process, which is replaced where it dies.

    Args:
        worker: nobody else uses it meanwhile.
        path: the model.
        operation: of ``worker_main``.
        judge: makes a status and its cause of the answer.
        options: of the operation.

    Raises:
        JvmError: the environment: no Java, no jars.
    """
    began = time.monotonic()
    for tried in range(1, TRIES + 1):
        try:
            _ready(worker)
            report, error = worker.request(operation, path=path, **options), None
            status, cause = judge(report)
        except BridgeError as raised:
            if isinstance(raised, WorkerCrashed) and tried < TRIES:
                continue
            # A Java exception is about this file, and so is a process that dies of it; the rest is about all of them.
            if isinstance(raised, JvmError) and not isinstance(raised, (JavaError, WorkerCrashed, WorkerTimeout)):
                raise
            report, error = None, raised.to_dict()
            kinds = {WorkerCrashed: "crashed", WorkerTimeout: "hung"}
            status = next((kind for of, kind in kinds.items() if isinstance(raised, of)), "refused")
            cause = f"{type(raised).__name__}: {(raised.because or raised.what).splitlines()[0][:200]}"
            cause = cause if status == "refused" else status
        return ModelResult(path, status, cause, report, error, round(time.monotonic() - began, 3), tried)
    raise AssertionError("the last try returns or raises")


def _ready(worker: Worker) -> None:
    """A process that runs: one that dies before it is asked for a file says nothing about the file."""
    for left in reversed(range(_STARTS)):
        try:
            worker.ready()
            return
        except WorkerCrashed:
            if not left:
                raise


def memory_of(gigabytes: float | None, workers: int) -> int:
    """Bytes that each of so many processes may have; None: half of the machine's or container's, divided by them."""
    if gigabytes is not None:
        return int(gigabytes * 2**30)
    try:
        have = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        have = 8 * 2**30  # Windows does not say it
    with suppress(OSError, ValueError):  # no container, or one without a limit
        have = min(have, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return have // 2 // workers


def in_processes(
    paths: Sequence[str],
    work: Callable[[Worker, str], Result],
    *,
    workers: int,
    time_limit: float,
    memory: float | None = None,
) -> Iterator[Result]:
    """What ``work`` makes of each path, in the order in which they are done.

    One thread for each worker process; they are ended with the iterator, whatever ends it.

    Args:
        paths: what there is to do.
        work: given a worker process that nobody else uses meanwhile, and a path.
        workers: how many processes work at once.
        time_limit: seconds that one request of a worker may take.
        memory: gigabytes that one process may have, see :func:`memory_of`.
    """
    count = max(1, min(workers, len(paths)))
    threads = None if count == 1 else max(1, (os.cpu_count() or 1) // count)
    free: SimpleQueue[Worker] = SimpleQueue()
    used: Counter[int] = Counter()

    def one(path: str) -> Result:
        worker = free.get()
        try:
            used[id(worker)] += 1
            if used[id(worker)] % _FILES_OF_A_PROCESS == 0:
                worker.close()
            done = work(worker, path)
            with suppress(WorkerCrashed, WorkerTimeout):  # the next file gets a new process
                worker.shrink()
            return done
        finally:
            free.put(worker)

    with ExitStack() as ending:
        for _ in range(count):
            free.put(ending.enter_context(Worker(time_limit, threads, memory_of(memory, count))))
        pool = ThreadPoolExecutor(count)
        pending = {pool.submit(one, path) for path in paths}
        try:
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
