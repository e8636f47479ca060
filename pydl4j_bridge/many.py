"""``verify``, ``check`` and ``convert`` for many models: in a pool of processes, or on a dask scheduler."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydl4j_bridge.bridge import check_files
from pydl4j_bridge.compare import Report
from pydl4j_bridge.compare.report import entry
from pydl4j_bridge.errors import MissingExtra
from pydl4j_bridge.jvm.worker import Worker
from pydl4j_bridge.pool import TRIES, ModelResult, Result, in_processes, in_worker
from pydl4j_bridge.results import Results


def check_in_processes(
    paths: Sequence[str], *, workers: int, time_limit: float, results: str | os.PathLike[str] | None = None
) -> Iterator[dict[str, Any]]:
    """``check`` for many files; yields for each what ``check --json`` says of it, in the order in which they are done.

    Args:
        paths: the files.
        workers, results: as in :func:`verify_many`.
        time_limit: seconds that one native import may take.

    Raises:
        InvalidConfig: the results are those of another run.
        JvmError: the environment: no Java, no jars.
    """

    def one(worker: Worker, path: str) -> dict[str, Any]:
        ((_, result),) = check_files([path], worker)
        return result.to_dict() if isinstance(result, Report) else entry(path, error=result)

    def work(left: list[str]) -> Iterator[dict[str, Any]]:
        return in_processes(left, one, workers=workers, time_limit=time_limit)

    yield from _kept(paths, results, {"check": True, "time_limit": time_limit}, work, _same, _same)


def convert_in_processes(
    paths: Mapping[str, str],
    *,
    workers: int,
    time_limit: float,
    results: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Iterator[ModelResult]:
    """Import many models and write each where ``paths`` says; ``differs`` where what is read back is not the same.

    Args:
        paths: model → where to write it.
        workers, time_limit, results: as in :func:`verify_many`.
        options: of ``import_model`` that JSON can carry, and ``verify``: read each back.

    Raises:
        JvmError: the environment: no Java, no jars.
    """

    def one(worker: Worker, path: str) -> ModelResult:
        return in_worker(worker, path, "convert", _converted, out=paths[path], **options)

    def work(left: list[str]) -> Iterator[ModelResult]:
        return in_processes(left, one, workers=workers, time_limit=time_limit)

    run = {"convert": dict(paths), **options}
    yield from _kept(paths, results, run, work, ModelResult.to_dict, lambda value: ModelResult(**value))


def _same(entry: dict[str, Any]) -> dict[str, Any]:
    return entry


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

    def work(left: list[str]) -> Iterator[ModelResult]:
        if dask:
            return _on_dask(left, expected, options, time_limit, dask)
        one = partial(verify_in, expected=expected, **options)
        return in_processes(left, one, workers=workers, time_limit=time_limit)

    run = {"expected": expected, **options}
    yield from _kept(paths, results, run, work, ModelResult.to_dict, lambda value: ModelResult(**value))


def _kept(
    paths: Iterable[str],
    results: str | os.PathLike[str] | None,
    run: Mapping[str, Any],
    work: Callable[[list[str]], Iterator[Result]],
    to_dict: Callable[[Result], Mapping[str, Any]],
    from_dict: Callable[[dict[str, Any]], Result],
) -> Iterator[Result]:
    """What ``work`` makes of the paths that are not in the file of results, behind what is in it; it is added to it."""
    wanted = list(dict.fromkeys(paths))
    done = Results(Path(results), run) if results is not None else None
    known = done.known if done is not None else {}
    yield from (from_dict(known[path]) for path in wanted if path in known)
    for outcome in work([path for path in wanted if path not in known]):
        if done is not None:
            done.add(to_dict(outcome))
        yield outcome


#: The worker process of a process of dask's: it is kept from one file to the next.
_worker: list[Worker] = []


def _on_a_dask_worker(path: str, expected: str | None, options: Mapping[str, Any], time_limit: float) -> dict[str, Any]:
    """One file in a process of dask's, in a worker process of its own: what kills it does not kill dask's."""
    if not _worker:
        _worker.append(Worker(time_limit, threads=1))
    return verify_in(_worker[0], path, expected, **options).to_dict()


def _on_dask(
    paths: Sequence[str], expected: str | None, options: Mapping[str, Any], time_limit: float, address: Any
) -> Iterator[ModelResult]:
    """Each path is one task: where a worker of dask's dies, its tasks go to another one."""
    try:
        from distributed import Client, as_completed
    except ImportError as error:
        raise MissingExtra.of("distributed", "dask") from error
    with Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        futures = [
            client.submit(_on_a_dask_worker, path, expected, dict(options), time_limit, pure=False, retries=TRIES)
            for path in paths
        ]
        for future in as_completed(futures, loop=client.loop):  # type: ignore[no-untyped-call]
            yield ModelResult(**future.result())
