"""``verify``, ``check`` and ``convert`` for many models: in a pool of processes, or on a dask scheduler."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydl4j_bridge.bridge import check_files
from pydl4j_bridge.compare import Report
from pydl4j_bridge.compare.report import entry
from pydl4j_bridge.errors import MissingExtra
from pydl4j_bridge.jvm.worker import Worker
from pydl4j_bridge.pool import TRIES, ModelResult, in_processes, in_worker, memory_of
from pydl4j_bridge.results import Results

#: Everything about a run that a worker needs to know, as plain JSON values.
Options = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run is done.

    Attributes:
        workers: how many processes of this machine.
        time_limit: seconds that one request of a worker may take.
        memory: gigabytes that one process may have; None: see ``pool.memory_of``.
        dask: address of a dask scheduler whose workers do the work instead; they see the same paths, and have this
            package.
    """

    workers: int = 2
    time_limit: float = 120.0
    memory: float | None = None
    dask: str | None = None


def check_in_processes(
    paths: Sequence[str],
    *,
    workers: int,
    time_limit: float,
    memory: float | None = None,
    results: str | os.PathLike[str] | None = None,
    dask: str | None = None,
) -> Iterator[dict[str, Any]]:
    """``check`` for many files; yields for each what ``check --json`` says of it, in the order in which they are done.

    Args:
        paths: the files.
        workers, memory, results, dask: as in :func:`verify_many`.
        time_limit: seconds that one native import may take.

    Raises:
        InvalidConfig: the results are those of another run.
        JvmError: the environment: no Java, no jars.
    """
    places = Places(workers, time_limit, memory, dask)
    yield from _run("check", paths, {}, {"check": True, "time_limit": time_limit}, places, results)


def convert_in_processes(
    paths: Mapping[str, str],
    *,
    workers: int,
    time_limit: float,
    memory: float | None = None,
    results: str | os.PathLike[str] | None = None,
    dask: str | None = None,
    **options: Any,
) -> Iterator[ModelResult]:
    """Import many models and write each where ``paths`` says; ``differs`` where what is read back is not the same.

    Args:
        paths: model → where to write it.
        workers, time_limit, memory, results, dask: as in :func:`verify_many`.
        options: of ``import_model`` that JSON can carry, and ``verify``: read each back.

    Raises:
        JvmError: the environment: no Java, no jars.
    """
    run = {"convert": dict(paths), **options}
    places = Places(workers, time_limit, memory, dask)
    asked = {path: {"out": out, **options} for path, out in paths.items()}
    for value in _run("convert", list(paths), asked, run, places, results):
        yield ModelResult(**value)


def _check_in(worker: Worker, path: str) -> dict[str, Any]:
    ((_, result),) = check_files([path], worker)
    return result.to_dict() if isinstance(result, Report) else entry(path, error=result)


def _convert_in(worker: Worker, path: str, **options: Any) -> dict[str, Any]:
    return in_worker(worker, path, "convert", _converted, **options).to_dict()


def _converted(said: Mapping[str, Any]) -> tuple[str, str]:
    verified = said["verified"]
    same = verified is None or verified["equal"]
    return ("same", "") if same else ("differs", "what DL4J reads back is not the same")


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
    options["expected"] = expected_of(path, expected)
    return in_worker(worker, path, "verify", _verified, **options)


def _verified(report: Mapping[str, Any]) -> tuple[str, str]:
    if report["equal"]:
        return "same", ""
    first = next((layer for layer in report["layers"] if layer["layer"] == report["first"]), None)
    return "differs", f"{first['class_name']} differs" if first else f"{report['verdict']} differ"


def verify_many(
    paths: Iterable[str],
    *,
    expected: str | None = None,
    workers: int = 2,
    time_limit: float = 120.0,
    memory: float | None = None,
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
        memory: gigabytes that one process may have; None: half of the machine's, divided by the processes.
        results: a file to which each outcome is added as one line of JSON; what is in it already, of the same models
            and options, is not done again. So a run that was interrupted goes on.
        dask: address of a dask scheduler whose workers do the work; they see the same paths and have this package.
        options: of ``verify`` that JSON can carry.

    Raises:
        InvalidConfig: the results are those of another run.
        JvmError: the environment: no Java, no jars.
    """

    wanted = list(dict.fromkeys(paths))
    asked = {path: {"expected": expected, **options} for path in wanted}
    run = {"expected": expected, **options}
    for value in _run("verify", wanted, asked, run, Places(workers, time_limit, memory, dask), results):
        yield ModelResult(**value)


def _verify_in(worker: Worker, path: str, **options: Any) -> dict[str, Any]:
    return verify_in(worker, path, **options).to_dict()


#: What a worker process does with one file.
_VERBS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "check": _check_in,
    "convert": _convert_in,
    "verify": _verify_in,
}


def _run(
    verb: str,
    paths: Iterable[str],
    options: Mapping[str, Options],
    run: Options,
    places: Places,
    results: str | os.PathLike[str] | None,
) -> Iterator[dict[str, Any]]:
    """What becomes of each path, as plain JSON values: first what is in the file of results, then the others.

    Args:
        verb: of ``_VERBS``.
        paths: what there is to do.
        options: path → the verb's; none where it is not there.
        run: what another run must have in common to go on with the same file of results.
        places: where it is done.
        results: a file to which each outcome is added as it comes.
    """
    wanted = list(dict.fromkeys(paths))
    kept = Results(Path(results), run) if results is not None else None
    known = kept.known if kept is not None else {}
    yield from (known[path] for path in wanted if path in known)
    left = [path for path in wanted if path not in known]
    for outcome in (_on_dask if places.dask else _here)(verb, left, options, places):
        if kept is not None:
            kept.add(outcome)
        yield outcome


def _here(verb: str, paths: Sequence[str], options: Mapping[str, Options], places: Places) -> Iterator[dict[str, Any]]:
    def one(worker: Worker, path: str) -> dict[str, Any]:
        return _VERBS[verb](worker, path, **options.get(path, {}))

    return in_processes(paths, one, workers=places.workers, time_limit=places.time_limit, memory=places.memory)


#: The worker process of each thread of a process of dask's: it is kept from one file to the next.
_of_thread = threading.local()


def _on_a_dask_worker(verb: str, path: str, options: Options, places: Places) -> dict[str, Any]:
    """One file in a process of dask's, in a worker process of its own: what kills it does not kill dask's."""
    if not hasattr(_of_thread, "worker"):
        memory = None if places.memory is None else memory_of(places.memory, 1)
        _of_thread.worker = Worker(places.time_limit, threads=1, memory=memory)
    worker: Worker = _of_thread.worker
    worker.time_limit = places.time_limit
    return _VERBS[verb](worker, path, **options)


def _on_dask(
    verb: str, paths: Sequence[str], options: Mapping[str, Options], places: Places
) -> Iterator[dict[str, Any]]:
    """Each path is one task: where a worker of dask's dies, its tasks go to another one."""
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise MissingExtra.of("distributed", "dask") from error
    with Client(places.dask, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        futures = [
            client.submit(_on_a_dask_worker, verb, path, dict(options.get(path, {})), places, pure=False, retries=TRIES)
            for path in paths
        ]
        for future in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            yield future.result()
