"""How good predictions are, by DL4J's own measures, as values for a terminal, a notebook and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge import tables
from pydl4j_bridge.errors import InvalidArgument
from pydl4j_bridge.jvm.evaluations import Counts, count_classes, measure_columns


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Of a classifier.

    Attributes:
        loss: the mean over the samples, with the regularization; None where the network has no loss.
        samples: how many there were; of sequences, steps.
        accuracy: the share of them that has its class predicted.
        precision: the mean over the classes as DL4J takes it, which leaves out classes that are nowhere; with two
            classes that of the second.
        recall: likewise.
        f1: likewise.
        confusion: how often a class (row) was predicted as one (column): whole numbers, shape (classes, classes).
        labels: the names of the classes.
    """

    loss: float | None
    samples: int
    accuracy: float
    precision: float
    recall: float
    f1: float
    confusion: NDArray[np.int64]
    labels: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as plain JSON values."""
        return {**self._measures(), "labels": list(self.labels), "confusion": self.confusion.tolist()}

    def __str__(self) -> str:
        width = max(5, *(len(label) for label in self.labels), len(str(self.confusion.max(initial=0))))
        lines = [f"{name:<10} {value if isinstance(value, int) else f'{value:.4g}'}" for name, value in self._shown()]
        lines += ["", "rows: the class, columns: what was predicted"]
        lines += [" ".join(f"{cell:>{width}}" for cell in ["", *self.labels])]
        for label, row in zip(self.labels, self.confusion, strict=True):
            lines.append(" ".join(f"{cell:>{width}}" for cell in [label, *map(str, row)]))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        columns = ["class \\ predicted", *self.labels]
        rows = [[label, *map(int, row)] for label, row in zip(self.labels, self.confusion, strict=True)]
        return tables.pairs(dict(self._shown())) + tables.table(columns, rows, title="confusion matrix")

    def _measures(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("loss", "samples", "accuracy", "precision", "recall", "f1")}

    def _shown(self) -> list[tuple[str, Any]]:
        return [(name, value) for name, value in self._measures().items() if value is not None]


@dataclass(frozen=True, slots=True)
class RegressionEvaluation:
    """Of a network that predicts numbers.

    Attributes:
        loss: as of :class:`Evaluation`.
        samples: likewise.
        columns: for each number of the output, ``mse``, ``mae``, ``rmse``, ``r2`` and ``correlation`` (Pearson's).
    """

    loss: float | None
    samples: int
    columns: tuple[Mapping[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as plain JSON values."""
        return {"loss": self.loss, "samples": self.samples, "columns": [dict(one) for one in self.columns]}

    def __str__(self) -> str:
        first = "" if self.loss is None else f"loss {self.loss:.4g}, "
        lines = [f"{first}{self.samples} samples"]
        for at, column in enumerate(self.columns):
            lines.append(f"column {at}: " + ", ".join(f"{name} {value:.4g}" for name, value in column.items()))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        heads = ["column", *(self.columns[0] if self.columns else ())]
        rows = [[at, *column.values()] for at, column in enumerate(self.columns)]
        return tables.table(heads, rows, title=str(self).splitlines()[0])


def evaluate(
    pairs: Iterable[tuple[NDArray[Any], NDArray[Any]]], loss: float | None, labels: Iterable[str] | None
) -> Evaluation | RegressionEvaluation:
    """Hold predictions against labels.

    Labels are classes where they are whole numbers of one for each prediction, where each row is one-hot, or where a
    single column is 0 or 1; otherwise they are numbers to be predicted.

    Args:
        pairs: labels and predictions of one batch after the other, ``(..., outputs)``; labels of classes may lack the
            last axis.
        loss: of all of them.
        labels: names of the classes.

    Raises:
        InvalidArgument: the labels are not those of the predictions.
    """
    batches = [_rows(*pair) for pair in pairs]
    expected, predicted = (np.concatenate(column) for column in zip(*batches, strict=True))
    if _are_classes(expected, predicted):
        counts = count_classes(_one_hot(expected, predicted.shape[1]), predicted)
        return _named(counts, loss, labels)
    if expected.shape != predicted.shape:
        raise InvalidArgument(
            f"the labels have the shape {expected.shape}, and the predictions {predicted.shape}",
            because="steps count as samples",
        )
    if labels is not None:
        raise InvalidArgument("labels name classes, and what is predicted here are numbers")
    return RegressionEvaluation(loss, len(expected), measure_columns(expected, predicted))


def _named(counts: Counts, loss: float | None, labels: Iterable[str] | None) -> Evaluation:
    size = len(counts.confusion)
    names = tuple(map(str, range(size) if labels is None else labels))
    if len(names) != size:
        raise InvalidArgument(f"there are {size} classes, and {len(names)} names for them")
    measures = (counts.accuracy, counts.precision, counts.recall, counts.f1)
    return Evaluation(loss, int(counts.confusion.sum()), *measures, counts.confusion, names)


def _rows(expected: NDArray[Any], predicted: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    outputs = predicted.shape[-1] if predicted.ndim > 1 else 1
    rows = predicted.reshape(-1, outputs)
    if expected.size == rows.shape[0]:
        return expected.reshape(-1, 1), rows
    return expected.reshape(-1, expected.shape[-1]), rows


def _are_classes(expected: NDArray[Any], predicted: NDArray[Any]) -> bool:
    binary = bool(np.isin(expected, (0, 1)).all())
    if expected.shape[1] == 1:
        whole = np.issubdtype(expected.dtype, np.integer) or expected.dtype == bool
        return binary if predicted.shape[1] == 1 else bool(whole)
    return binary and bool((expected.sum(axis=1) == 1).all())


def _one_hot(expected: NDArray[Any], outputs: int) -> NDArray[np.float32]:
    if expected.shape[1] > 1 or outputs == 1:
        return expected.astype(np.float32)
    classes = expected[:, 0].astype(np.int64)
    if classes.size and not 0 <= classes.min() <= classes.max() < outputs:
        raise InvalidArgument(f"the labels are not classes from 0 to {outputs - 1}")
    return np.asarray(np.eye(outputs, dtype=np.float32)[classes])
