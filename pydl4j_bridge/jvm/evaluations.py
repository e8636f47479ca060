"""DL4J's own measures of predictions. Needs a running JVM with an ND4J backend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.jvm.arrays import to_indarray
from pydl4j_bridge.jvm.exceptions import java_errors

_PACKAGE = "org.nd4j.evaluation"


@dataclass(frozen=True, slots=True)
class Counts:
    """What ``org.nd4j.evaluation.classification.Evaluation`` found."""

    accuracy: float
    precision: float
    recall: float
    f1: float
    confusion: NDArray[np.int64]


def count_classes(expected: NDArray[Any], predicted: NDArray[Any]) -> Counts:
    """How often each class was predicted as which.

    Args:
        expected: one-hot, (rows, classes); with one column 0 or 1.
        predicted: shares, of the same shape.

    Raises:
        JavaError: DL4J refuses them.
    """
    import jpype

    with java_errors("the predictions cannot be evaluated"):
        found = jpype.JClass(f"{_PACKAGE}.classification.Evaluation")()
        found.eval(*(to_indarray(one.astype(np.float32)) for one in (expected, predicted)))
        size = max(2, expected.shape[1])
        matrix, classes = (
            found.getConfusionMatrix(),
            [jpype.JClass("java.lang.Integer").valueOf(n) for n in range(size)],
        )
        confusion = np.array([[int(matrix.getCount(row, column)) for column in classes] for row in classes])
        return Counts(
            accuracy=float(found.accuracy()),
            precision=float(found.precision()),
            recall=float(found.recall()),
            f1=float(found.f1()),
            confusion=confusion,
        )


def measure_columns(expected: NDArray[Any], predicted: NDArray[Any]) -> tuple[dict[str, float], ...]:
    """``RegressionEvaluation``'s measures of each column.

    Args:
        expected, predicted: (rows, columns).

    Raises:
        JavaError: DL4J refuses them.
    """
    import jpype

    with java_errors("the predictions cannot be evaluated"):
        found = jpype.JClass(f"{_PACKAGE}.regression.RegressionEvaluation")(jpype.JLong(expected.shape[1]))
        found.eval(*(to_indarray(one.astype(np.float64)) for one in (expected, predicted)))
        measures = {
            "mse": found.meanSquaredError,
            "mae": found.meanAbsoluteError,
            "rmse": found.rootMeanSquaredError,
            "r2": found.rSquared,
            "correlation": found.pearsonCorrelation,
        }
        return tuple(
            {name: float(measure(at)) for name, measure in measures.items()} for at in range(expected.shape[1])
        )
