"""How two trainings of one model went apart, step by step, as one frozen value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydl4j_bridge import tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What weights are called among the kinds of tensors; the others are the optimizer's slots, by Keras 3's names.
WEIGHT = "weight"


@dataclass(frozen=True, slots=True)
class TensorDifference:
    """One tensor in DL4J and in Keras after the same step.

    Attributes:
        kind: ``weight``, or the optimizer's slot: ``momentum``, ``velocity``, ...
        name: of the weight, as ``ImportedModel.weights()`` has it.
        absolute: max|DL4J - Keras|; NaN or infinite where one of them is.
        relative: the same divided by the largest magnitude that Keras has in all tensors of the kind.
    """

    kind: str
    name: str
    absolute: float
    relative: float


@dataclass(frozen=True, slots=True)
class StepDifference:
    """One step on the same batch.

    Attributes:
        step: its number, from 1.
        loss: of the batch before the step in DL4J, with the regularization.
        keras_loss: the same in Keras; None where it was not recorded.
        tensors: after the step; empty where Keras's were not recorded.
        iterations: how many steps DL4J's updater and Keras's optimizer count after it; None as ``keras_loss``.
    """

    step: int
    loss: float
    keras_loss: float | None
    tensors: tuple[TensorDifference, ...] = ()
    iterations: tuple[int, int | None] | None = None

    @property
    def loss_difference(self) -> float:
        """``|DL4J - Keras|`` of the loss, relative to Keras's; 0 where it was not recorded."""
        if self.keras_loss is None or self.keras_loss == self.loss:
            return 0.0
        return abs(self.loss - self.keras_loss) / max(abs(self.keras_loss), 1e-30)

    def beyond(self, tolerance: float, state_tolerance: float) -> Iterator[str]:
        """What leaves its tolerance: ``"loss"``, then tensors, the worst first: ``"momentum of dense/kernel"``."""
        if not self.loss_difference <= tolerance:
            yield "loss"
        if self.iterations is not None and self.iterations[1] not in (None, self.iterations[0]):
            yield "iterations"
        for tensor in sorted(self.tensors, key=lambda one: -_ordered(one.relative)):
            if not tensor.relative <= (tolerance if tensor.kind == WEIGHT else state_tolerance):
                yield tensor.name if tensor.kind == WEIGHT else f"{tensor.kind} of {tensor.name}"


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """A training in DL4J held against Keras's on the same batches.

    Attributes:
        path: the file that both began with.
        fidelity: which update rules DL4J had, as in ``map_optimizer``.
        tolerance: relative differences of losses and weights up to it are rounding.
        state_tolerance: the same of the optimizer's slots.
        steps: one entry for each batch.
        notes: what the import said is not carried.
    """

    path: str
    fidelity: str
    tolerance: float
    state_tolerance: float
    steps: tuple[StepDifference, ...]
    notes: tuple[str, ...] = ()

    @property
    def equal(self) -> bool:
        """Nothing leaves the tolerance."""
        return self.first is None

    @property
    def first(self) -> tuple[int, str] | None:
        """The first step after which something leaves the tolerance, and what it is; None where nothing does."""
        for step in self.steps:
            for what in step.beyond(self.tolerance, self.state_tolerance):
                return step.step, what
        return None

    @property
    def worst(self) -> TensorDifference | None:
        """The tensor that is furthest from Keras's after any step; None where none was recorded."""
        tensors = [tensor for step in self.steps for tensor in step.tensors]
        return max(tensors, key=lambda tensor: _ordered(tensor.relative), default=None)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values; the keys are documented in docs/json.md."""
        first = None if self.first is None else {"step": self.first[0], "what": self.first[1]}
        steps = [{**asdict(step), "loss_difference": step.loss_difference} for step in self.steps]
        return {**asdict(self), "equal": self.equal, "first": first, "steps": steps}

    def __str__(self) -> str:
        worst = self.worst
        lines = [f"{self.path}: {len(self.steps)} steps, fidelity {self.fidelity}"]
        if self.first is None:
            lines.append(f"the same within {self.tolerance:.0e}")
        else:
            lines.append(f"apart by more than rounding after step {self.first[0]}: {self.first[1]}")
        if worst is not None:
            lines.append(f"furthest apart: {worst.kind} {worst.name}, {worst.relative:.1e}")
        lines.append(f"loss: {max((step.loss_difference for step in self.steps), default=0.0):.1e}")
        return "\n".join((*lines, *(f"note: {note}" for note in self.notes)))

    def _repr_html_(self) -> str:
        rows = [
            (step.step, step.loss_difference, max((one.relative for one in step.tensors), default=None))
            for step in self.steps
        ]
        parts = [tables.paragraph(line) for line in str(self).splitlines()]
        inside = tables.table(("step", "difference of the loss", "furthest tensor"), rows)
        return "".join(parts) + tables.folded(f"{len(rows)} steps", inside)


def compare_tensors(
    kind: str, ours: Mapping[str, NDArray[Any]], theirs: Mapping[str, NDArray[Any]]
) -> Iterator[TensorDifference]:
    """How far tensors of one kind are from Keras's, which has all of them under the same names."""
    import numpy as np

    largest = max((float(np.abs(array).max(initial=0.0)) for array in theirs.values()), default=0.0)
    for name, array in ours.items():
        with np.errstate(invalid="ignore"):
            apart = np.abs(array.astype(np.float64) - theirs[name])
        absolute = float(apart.max(initial=0.0))
        yield TensorDifference(kind, name, absolute, absolute / largest if largest else math.copysign(absolute, 1))


def _ordered(value: float) -> float:
    return math.inf if math.isnan(value) else value
