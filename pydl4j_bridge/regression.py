"""What an imported model computes, stored beside a test and compared with what it computes later."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge import __version__
from pydl4j_bridge.bridge import import_model
from pydl4j_bridge.compare.html import regression_html
from pydl4j_bridge.imported import ImportedModel
from pydl4j_bridge.jvm.activations import activations
from pydl4j_bridge.plain import finite
from pydl4j_bridge.translate.samples import relative_difference, sample_inputs

#: Numbers of one array that are kept; of larger ones so many, evenly chosen.
_KEPT = 4096
_FOLDER = "dl4j_expected"


@dataclass(frozen=True, slots=True)
class Regression:
    """The fixture ``dl4j_regression``.

    Attributes:
        test: name of the test.
        file: the test's file; expectations lie in the folder ``dl4j_expected`` beside it.
        regenerate: store instead of comparing.
        tolerance: relative, for every array that has none of its own.
        results: where each comparison is added as plain JSON values.
        fail: ends the test with a text.
    """

    test: str
    file: Path
    regenerate: bool
    tolerance: float
    results: list[dict[str, Any]]
    fail: Callable[[str], Any]

    def check(
        self,
        path: str | os.PathLike[str],
        inputs: Sequence[ArrayLike] | None = None,
        *,
        steps: int = 3,
        tolerance: float | None = None,
        tolerances: Mapping[str, float] | None = None,
        **options: Any,
    ) -> ImportedModel:
        """Import a model and compare what it computes with what was stored.

        Compared are the outputs, what each layer gives, the updater of each layer, and, where the model has a loss and
        an optimizer, the losses of some steps on made-up labels and the weights after them.

        Args:
            path: the Keras file, from the folder of the test.
            inputs: one array for each input; None: made-up ones, the same in every run.
            steps: of training.
            tolerance: for all arrays of this test; None: the ini setting ``dl4j_tolerance``.
            tolerances: for single arrays, by the names that a failure shows: ``{"output 0": 1e-3}``.
            options: of ``import_model``; the default is ``fidelity="exact"``.

        Returns:
            The model, after the steps.
        """
        model = import_model(self.file.parent / path, **{"fidelity": "exact", "on_loss": "ignore", **options})
        arrays, said = _computed(model, inputs, steps)
        stored = (
            self.file.parent / _FOLDER / self.file.stem / re.sub(r"[^\w.-]+", "-", f"{self.test}-{Path(path).name}")
        )
        result: dict[str, Any] = {"test": f"{self.file.name}::{self.test}", "model": os.fspath(path), "arrays": []}
        self.results.append(result)
        if self.regenerate:
            _store(stored, arrays, said)
            result["status"] = "stored"
            return model
        result["status"] = "failed"
        npz, text = stored.with_name(f"{stored.name}.npz"), stored.with_name(f"{stored.name}.json")
        if not npz.is_file() or not text.is_file():
            result["why"] = "nothing is stored"
            self.fail(
                f"nothing is stored for {path} in {npz.parent}\nRun: pytest --dl4j-regen, and look at what it stores"
            )
        with np.load(npz, allow_pickle=False) as found:
            expected = dict(found)
        limit = self.tolerance if tolerance is None else tolerance
        rows = list(_rows(arrays, expected, limit, tolerances or {}))
        result["arrays"] = rows
        differing = [row for row in rows if row["why"] or not row["relative"] <= row["tolerance"]]
        before = json.loads(text.read_text(encoding="utf-8"))
        changed = [key for key in ("updaters",) if before.get(key) != said[key]]
        if differing or changed:
            result["why"] = f"{len(differing)} arrays differ" if differing else "the updaters differ"
            self.fail(_table(os.fspath(path), differing, before, said, changed))
        result["status"] = "passed"
        return model


def _computed(
    model: ImportedModel, inputs: Sequence[ArrayLike] | None, steps: int
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Name → numbers of all that is compared, and what is compared as text."""
    given = sample_inputs(model.translated) if inputs is None else [np.asarray(one) for one in inputs]
    x: Any = given if len(given) > 1 else given[0]
    made = model.inputs_of(x)
    predicted = model.predict(x)
    outputs = predicted if isinstance(predicted, list) else [predicted]
    found = {f"output {at}": array for at, array in enumerate(outputs)}
    found.update({f"layer {name}": array for name, array in activations(model.java, made)})
    if steps and model.updater is not None and (model.translated.losses or model.translated.own_losses):
        y = [_labels(model, at, array) for at, array in enumerate(outputs)]
        losses = [model.train_on_batch(x, y if len(y) > 1 else y[0]) for _ in range(steps)]
        found["losses"] = np.array(losses)
        found.update({f"after {steps} steps {name}": array for name, array in model.weights().items()})
    said = {
        "pydl4j_bridge": __version__,
        "updaters": {name: spec.to_dict() for name, spec in sorted(model.updaters().items())},
    }
    return {name: _some(array) for name, array in found.items()}, json.loads(json.dumps(said))


def _labels(model: ImportedModel, at: int, output: NDArray[Any]) -> NDArray[Any]:
    """Labels that any loss takes: classes where it wants them, otherwise numbers that add up to 1."""
    random = np.random.default_rng(at)
    if model.translated.own_losses and model.translated.own_losses[at].classes:
        return random.integers(0, output.shape[-1], output.shape[:-1])
    values = random.random(output.shape)
    return np.asarray(values / values.sum(axis=-1, keepdims=True))


def _some(array: NDArray[Any]) -> NDArray[Any]:
    flat = np.asarray(array).ravel()
    return flat if flat.size <= _KEPT else flat[np.linspace(0, flat.size - 1, _KEPT).astype(np.int64)]


def _store(stored: Path, arrays: Mapping[str, NDArray[Any]], said: Mapping[str, Any]) -> None:
    """Both files, each of which appears when it is whole."""
    stored.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stored.parent) as folder:
        npz, text = Path(folder) / "npz", Path(folder) / "json"
        with npz.open("wb") as file:
            np.savez_compressed(file, **dict(arrays))  # type: ignore[arg-type]
        text.write_text(json.dumps(said, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(npz, stored.with_name(f"{stored.name}.npz"))
        os.replace(text, stored.with_name(f"{stored.name}.json"))


def _rows(
    ours: Mapping[str, NDArray[Any]],
    expected: Mapping[str, NDArray[Any]],
    tolerance: float,
    tolerances: Mapping[str, float],
) -> Iterator[dict[str, Any]]:
    for name in dict.fromkeys((*expected, *ours)):
        row = {"name": name, "relative": 0.0, "tolerance": tolerances.get(name, tolerance), "why": ""}
        if name not in ours or name not in expected:
            row["why"] = "it is new" if name not in expected else "it is not there any more"
        elif ours[name].shape != expected[name].shape:
            row["why"] = f"{ours[name].size} numbers, and {expected[name].size} are stored"
        else:
            row["relative"] = relative_difference([expected[name]], [ours[name]])
        yield row


def _table(
    path: str, rows: Sequence[Mapping[str, Any]], before: Mapping[str, Any], now: Mapping[str, Any], changed: list[str]
) -> str:
    """What a failure shows."""
    width = max((len(row["name"]) for row in rows), default=0)
    lines = [f"{path} does not compute what was stored"]
    for row in rows:
        what = row["why"] or f"{row['relative']:.1e} off, tolerance {row['tolerance']:.0e}"
        lines.append(f"  {row['name']:{width}}  {what}")
    for key in changed:
        for name in sorted({*before.get(key, {}), *now[key]}):
            was, is_now = before.get(key, {}).get(name), now[key].get(name)
            if was != is_now:
                lines.append(f"  updater of {name}: stored {was}, now {is_now}")
    return "\n".join((*lines, "If that is as it should be: pytest --dl4j-regen"))


def write_report(path: Path, results: Sequence[Mapping[str, Any]]) -> None:
    """What was compared, as ``path.json`` and ``path.html``."""
    ordered = sorted(results, key=lambda result: (result["test"], result["model"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(finite({"models": ordered}), indent=1, allow_nan=False)
    path.with_name(f"{path.name}.json").write_text(text + "\n", encoding="utf-8")
    path.with_name(f"{path.name}.html").write_text(regression_html(ordered), encoding="utf-8")
