"""Results of runs over many models: kept as they come, grouped by their causes, held against an earlier run's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.plain import finite
from pydl4j_bridge.pool import ModelResult


class Results:
    """A file of outcomes, one line of JSON each, behind a first line that says which run it is.

    Attributes:
        known: path of a model → its outcome, of those that an earlier run has done.
    """

    def __init__(self, path: Path, run: Mapping[str, Any]) -> None:
        self.known: dict[str, dict[str, Any]] = {}
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
            self.known = {value["path"]: value for value in values[1:]}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise InvalidConfig("these are no results of an earlier run", because=repr(error), file=path) from error
        if whole:
            with path.open("r+b") as file:
                file.truncate(sum(map(len, whole)))
        else:
            path.write_text(json.dumps({"run": dict(run)}) + "\n", encoding="utf-8")

    def add(self, outcome: Mapping[str, Any]) -> None:
        """Write one outcome, so that it is there whatever comes next."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(finite(outcome), allow_nan=False) + "\n")
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
    one, other = (float((outcome.report or {}).get("worst", 0.0)) for outcome in (was, now))
    return bool(other > max(10 * one, 1e-6))


def _said(outcome: ModelResult) -> str:
    worst = f" ({float(outcome.report['worst']):.0e})" if outcome.report else ""
    return f"{outcome.status}{worst}{': ' + outcome.cause if outcome.cause else ''}"


def read_checks(path: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The files that ``pydl4j-bridge check --json`` has printed.

    Raises:
        InvalidConfig: it has not printed this.
    """
    try:
        entries: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="utf-8"))["files"]
        return [{"path": str(entry["path"]), **entry} for entry in entries]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InvalidConfig(
            "this is not what check --json prints", because=repr(error), file=os.fspath(path)
        ) from error


def report_changes(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> list[tuple[str, str, str]]:
    """What a check says otherwise than an earlier one: path, what it was, what it is."""
    old, new = ({str(entry["path"]): _checked(entry) for entry in entries} for entries in (before, after))
    return [
        (path, old.get(path, "not there"), new.get(path, "not there"))
        for path in dict.fromkeys((*new, *old))
        if old.get(path) != new.get(path)
    ]


def _checked(entry: Mapping[str, Any]) -> str:
    """What a check has found out about a file, in one line: only what another DL4J or Keras could change."""
    if entry.get("error"):
        return f"{entry['error']['type']}: {entry['error']['what']}"
    quirks = sorted({str(difference["quirk"]) for difference in entry["differences"]})
    updater = (entry["updater"] or {}).get("class", "no updater").rpartition(".")[2]
    native = entry["native"]["quirk"] or entry["native"]["status"]
    said = f"{entry['verdict']}, {updater}, native: {native}, predictions: {entry['predictions']['status']}"
    return f"{said}, {', '.join(quirks)}" if quirks else said
