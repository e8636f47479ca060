"""Many models: a pool of worker processes, results that are kept as they come, and runs that go on where they ended.

Each worker process has one JVM. One that dies or does not answer within the time limit is replaced, and the file that
it was at is tried again, so that a process that was killed loses nothing; a file that kills every process that tries it
is a result like any other. Where the machine is not enough, the same run goes to a dask scheduler.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pydl4j_bridge.errors import (
    BridgeError,
    InvalidConfig,
    JavaError,
    JvmError,
    MissingExtra,
    WorkerCrashed,
    WorkerTimeout,
)
from pydl4j_bridge.jvm.worker import Worker

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


def expected_of(path: str, pattern: str | None) -> str | None:
    """The record that belongs to a model: ``{}`` in the pattern is its path, ``{stem}`` its path without the suffix."""
    if pattern is None:
        return None
    return pattern.replace("{stem}", os.path.splitext(path)[0]).replace("{}", path)


def verify_in(worker: Worker, path: str, expected: str | None, **options: Any) -> ModelResult:
    """Verify one model in a worker process; what goes wrong with it is its outcome.

    Raises:
        JvmError: the environment: no Java, no jars.
    """
    began = time.monotonic()
    for tried in range(1, TRIES + 1):
        try:
            _ready(worker)
            report = worker.request("verify", path=path, expected=expected_of(path, expected), **options)
            status, cause, error = "same" if report["equal"] else "differs", _cause(report), None
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


def _cause(report: Mapping[str, Any]) -> str:
    if report["equal"]:
        return ""
    first = next((layer for layer in report["layers"] if layer["layer"] == report["first"]), None)
    return f"{first['class_name']} differs" if first else f"{report['verdict']} differ"


def verify_many(
    paths: Iterable[str],
    *,
    expected: str | None = None,
    workers: int = 2,
    time_limit: float = 120.0,
    results: str | os.PathLike[str] | None = None,
    dask: str | None = None,
    **options: Any,
) -> Iterator[ModelResult]:
    """``verify`` for many models; yields each outcome when it is there, those that are in ``results`` first.

    Args:
        paths: the models.
        expected: where the record of each is, see :func:`expected_of`; None: Keras is asked.
        workers: how many processes work at once.
        time_limit: seconds for one model.
        results: a file to which each outcome is added as one line of JSON; what is in it already, of the same models
            and options, is not done again. So a run that was interrupted goes on.
        dask: address of a dask scheduler whose workers do the work; they see the same paths and have this package.
        options: of ``verify`` that JSON can carry.

    Raises:
        InvalidConfig: the results are those of another run.
        JvmError: the environment: no Java, no jars.
    """
    wanted = list(dict.fromkeys(paths))
    run = {"expected": expected, **options}
    done = _Results(Path(results), run) if results is not None else None
    known = done.known if done is not None else {}
    yield from (known[path] for path in wanted if path in known)
    left = [path for path in wanted if path not in known]
    work = _on_dask if dask else _in_processes
    for outcome in work(left, expected, options, time_limit, dask if dask else workers):
        if done is not None:
            done.add(outcome)
        yield outcome


def _in_processes(
    paths: Sequence[str], expected: str | None, options: Mapping[str, Any], time_limit: float, workers: Any
) -> Iterator[ModelResult]:
    """One thread for each worker process; they are ended with the iterator, whatever ends it."""
    count = max(1, min(workers, len(paths)))
    threads = None if count == 1 else max(1, (os.cpu_count() or 1) // count)
    free: SimpleQueue[Worker] = SimpleQueue()
    used: Counter[int] = Counter()
    with ExitStack() as ending:
        all_of_them = [ending.enter_context(Worker(time_limit, threads)) for _ in range(count)]
        for worker in all_of_them:
            free.put(worker)

        def one(path: str) -> ModelResult:
            worker = free.get()
            try:
                used[id(worker)] += 1
                if used[id(worker)] % _FILES_OF_A_PROCESS == 0:
                    worker.close()
                return verify_in(worker, path, expected, **options)
            finally:
                free.put(worker)

        pool = ThreadPoolExecutor(count)
        pending: set[Future[ModelResult]] = {pool.submit(one, path) for path in paths}
        try:
            while pending:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


#: The worker process of a process of dask's: it is kept from one file to the next.
_kept: list[Worker] = []


def _on_a_dask_worker(path: str, expected: str | None, options: Mapping[str, Any], time_limit: float) -> dict[str, Any]:
    """One file in a process of dask's, in a worker process of its own: what kills it does not kill dask's."""
    if not _kept:
        _kept.append(Worker(time_limit, threads=1))
    return verify_in(_kept[0], path, expected, **options).to_dict()


def _on_dask(
    paths: Sequence[str], expected: str | None, options: Mapping[str, Any], time_limit: float, address: Any
) -> Iterator[ModelResult]:
    """Each path is one task: where a worker of dask's dies, its tasks go to another one."""
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise MissingExtra("distributed", "dask") from error
    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        futures = [
            client.submit(_on_a_dask_worker, path, expected, dict(options), time_limit, pure=False, retries=TRIES)
            for path in paths
        ]
        for future in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            yield ModelResult(**future.result())


class _Results:
    """A file of outcomes, one line of JSON each, behind a first line that says which run it is."""

    def __init__(self, path: Path, run: Mapping[str, Any]) -> None:
        self.known: dict[str, ModelResult] = {}
        self._path = path
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        whole = [line for line in lines if line.endswith(b"\n")]  # the last one may have been cut off
        try:
            values = [json.loads(line) for line in whole]
            if values and values[0] != {"run": dict(run)}:
                raise InvalidConfig(
                    "the results are of a run with other options",
                    because=f"that had {values[0].get('run')}, this one has {dict(run)}",
                    file=path,
                    fix="Name another file for the results, or delete this one",
                )
            self.known = {value["path"]: ModelResult(**value) for value in values[1:]}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidConfig("these are no results of verify", because=repr(error), file=path) from error
        if whole:
            with path.open("r+b") as file:
                file.truncate(sum(map(len, whole)))
        else:
            path.write_text(json.dumps({"run": dict(run)}) + "\n", encoding="utf-8")

    def add(self, outcome: ModelResult) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(outcome.to_dict()) + "\n")
            file.flush()
            os.fsync(file.fileno())


def causes(outcomes: Iterable[ModelResult]) -> list[tuple[str, str, list[str]]]:
    """What is not the same, grouped: status, cause, and the models, the largest group first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.status != "same":
            groups.setdefault((outcome.status, outcome.cause), []).append(outcome.path)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return [(status, cause, models) for (status, cause), models in ordered]


def changes(before: Iterable[ModelResult], after: Iterable[ModelResult]) -> list[tuple[str, str, str]]:
    """What a run says otherwise than an earlier one: path, what it was, what it is.

    A model changed where its status or cause did, or where its outputs are more than ten times as far off and not just
    by rounding (1e-6).
    """
    old = {outcome.path: outcome for outcome in before}
    found: list[tuple[str, str, str]] = []
    for outcome in after:
        was = old.pop(outcome.path, None)
        if was is None:
            found.append((outcome.path, "not there", _said(outcome)))
        elif (was.status, was.cause) != (outcome.status, outcome.cause) or _worse(was, outcome):
            found.append((outcome.path, _said(was), _said(outcome)))
    return [*found, *((path, _said(was), "not there") for path, was in old.items())]


def read_results(path: str | os.PathLike[str]) -> list[ModelResult]:
    """The outcomes that an earlier run has kept.

    Raises:
        InvalidConfig: they are none.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        return [ModelResult(**json.loads(line)) for line in lines[1:]]
    except (OSError, ValueError, TypeError) as error:
        raise InvalidConfig("these are no results of verify", because=str(error), file=os.fspath(path)) from error


def _worse(was: ModelResult, now: ModelResult) -> bool:
    one, other = ((outcome.report or {}).get("worst", 0.0) for outcome in (was, now))
    return bool(other > max(10 * one, 1e-6))


def _said(outcome: ModelResult) -> str:
    worst = f" ({outcome.report['worst']:.0e})" if outcome.report else ""
    return f"{outcome.status}{worst}{': ' + outcome.cause if outcome.cause else ''}"
