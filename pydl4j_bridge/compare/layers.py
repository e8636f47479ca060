"""What Keras and DL4J compute, layer by layer, and the first layer that differs. Pure: numpy, no JVM and no Keras.

Tolerance. A layer is within it where ``max|DL4J - Keras| <= tolerance * max|Keras|``, over all numbers of the layer.
The default is 5e-5 in float32: sums of some thousand products in another order differ by 1e-6, the outputs of 381 old
models and the activations of their layers by less than 3e-5. In float64 it is 1e-12; in half precision, which Keras
rounds and DL4J does not, 1e-2.

A layer differs where it leaves the tolerance and is also more than ten times as far off as what it was given: one that
only passes on, or stretches, the error of those before it is not blamed while one of those leaves the tolerance.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge import tables
from pydl4j_bridge.errors import MissingExtra

#: Type of Keras's numbers → tolerance.
TOLERANCE: Mapping[str, float] = {"float64": 1e-12, "float32": 5e-5, "float16": 1e-2, "bfloat16": 5e-2}
#: How many times as far off as its inputs a layer may be before it is blamed.
STRETCH = 10.0
_QUANTILES = (0.5, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What Keras computed in one place, all of it or some numbers.

    Attributes:
        shape: with the batch, in Keras's layout.
        values: all numbers in ``shape``; or, flat, those at ``positions``.
        positions: where the numbers are in the flat array; None where all are there.
    """

    shape: tuple[int, ...]
    values: NDArray[Any]
    positions: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Oracle:
    """What Keras computes for some inputs.

    Attributes:
        source: where that was recorded, in words.
        inputs: in the order of the model's.
        outputs: likewise.
        layers: path of a layer in Keras, ``model/layer`` → what it gives.
        dtype: of the outputs.
        labels: for which the gradients are, one array for each output.
        gradients: ``model/layer/weight`` → the gradient of the loss by it, of the trained ones.
        no_gradients: why there are none.
    """

    source: str
    inputs: tuple[NDArray[Any], ...]
    outputs: tuple[NDArray[Any], ...]
    layers: Mapping[str, Recorded] = field(default_factory=dict)
    dtype: str = "float32"
    labels: tuple[NDArray[Any], ...] = ()
    gradients: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    no_gradients: str = ""


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """One layer in DL4J and in Keras, for the same inputs of the model.

    Attributes:
        layer: its name in Keras; inside of nested models ``model/layer``.
        class_name: its class in Keras.
        shape: of what it gives, with the batch.
        largest: ``max|Keras|``.
        absolute: ``max|DL4J - Keras|``; infinite where one of them has a number and the other has none.
        relative: the same divided by ``largest``.
        quantiles: of ``|DL4J - Keras|``: half, 90 % and 99 % of the numbers are no further apart.
        place: index of the number that is furthest off.
        keras: Keras's number there.
        dl4j: DL4J's.
        inherited: the largest ``relative`` of what it was given.
        not_compared: why there is nothing to compare; then all numbers are 0.
    """

    layer: str
    class_name: str
    shape: tuple[int, ...] = ()
    largest: float = 0.0
    absolute: float = 0.0
    relative: float = 0.0
    quantiles: tuple[float, ...] = ()
    place: tuple[int, ...] = ()
    keras: float = 0.0
    dl4j: float = 0.0
    inherited: float = 0.0
    not_compared: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LayerDifference:
        """What ``dataclasses.asdict`` gave, perhaps through JSON."""
        numbers = ("largest", "absolute", "relative", "keras", "dl4j", "inherited")
        sizes = {name: tuple(values[name]) for name in ("shape", "place")}
        quantiles = tuple(map(float, values["quantiles"]))
        return cls(**{**values, **sizes, **{name: float(values[name]) for name in numbers}, "quantiles": quantiles})

    def leaves(self, tolerance: float) -> bool:
        """It is further off than the tolerance."""
        return not self.not_compared and not self.relative <= tolerance

    def differs(self, tolerance: float) -> bool:
        """It leaves the tolerance, and more than by what it was given."""
        return self.leaves(tolerance) and not self.relative <= STRETCH * self.inherited


@dataclass(frozen=True, slots=True)
class LayersReport:
    """Whether DL4J computes what Keras computes, and if not, which layer is the first to differ.

    Attributes:
        path: the model.
        oracle: where Keras's numbers come from.
        tolerance: see the module.
        outputs: the model's outputs, as layers of their own.
        layers: in an order in which each follows its inputs; empty where only outputs were compared.
        gradients: those of the loss by each trained weight, as layers of their own; empty where nobody asked for them.
        notes: what could not be compared, in sentences.
    """

    path: str
    oracle: str
    tolerance: float
    outputs: tuple[LayerDifference, ...]
    layers: tuple[LayerDifference, ...] = ()
    gradients: tuple[LayerDifference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def first(self) -> LayerDifference | None:
        """The first layer that differs; where errors only grow, the first that leaves the tolerance; else None."""
        for found in ("differs", "leaves"):
            for layer in self.layers:
                if getattr(layer, found)(self.tolerance):
                    return layer
        return None

    @property
    def verdict(self) -> str:
        """``same``, or ``layers``, ``outputs`` or ``gradients``: what differs, the first of them."""
        for kind in ("layers", "outputs", "gradients"):
            if any(one.leaves(self.tolerance) for one in getattr(self, kind)):
                return kind
        return "same"

    @property
    def equal(self) -> bool:
        """Nothing that was compared differs."""
        return self.verdict == "same"

    @property
    def worst(self) -> float:
        """The largest relative error of an output."""
        return max((output.relative for output in self.outputs), default=0.0)

    def __str__(self) -> str:
        compared = sum(not layer.not_compared for layer in self.layers)
        lines = [
            f"{self.path}: {'DL4J computes what Keras computes' if self.equal else 'DL4J and Keras differ'}",
            f"outputs: {self.worst:.1e} of the largest number, tolerance {self.tolerance:.0e}; {self.oracle}",
        ]
        if self.layers:
            lines.append(f"layers: {compared} of {len(self.layers)} compared")
        if self.first is not None:
            one = self.first
            lines.append(
                f"first difference: layer {one.layer} ({one.class_name}), {one.relative:.1e} of its largest number; "
                f"at {one.place} Keras has {one.keras:.6g} and DL4J {one.dl4j:.6g}"
            )
        wrong = [one.layer for one in self.gradients if one.leaves(self.tolerance)]
        if wrong:
            lines.append(f"gradients that differ: {', '.join(wrong)}")
        return "\n".join((*lines, *(f"note: {note}" for note in self.notes)))

    def to_html(self) -> str:
        """The report as one page with its plots, which needs nothing else.

        Raises:
            MissingExtra: jinja2 or matplotlib is not installed.
        """
        from pydl4j_bridge.compare.html import layers_html

        return layers_html(self, whole=True)

    def write_html(self, path: str | os.PathLike[str]) -> None:
        """Write :meth:`to_html`; the file appears when it is whole.

        Raises:
            MissingExtra: jinja2 or matplotlib is not installed.
        """
        from pydl4j_bridge.compare.html import write_page

        write_page(self.to_html(), path)

    def _repr_html_(self) -> str:
        from pydl4j_bridge.compare.html import layers_html

        try:
            return layers_html(self, whole=False)
        except MissingExtra as error:
            return f"<pre>{escape(str(self))}</pre>{tables.paragraph(f'No plots: {error}')}"

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values; the keys are documented in docs/json.md."""
        return {
            **asdict(self),
            "verdict": self.verdict,
            "equal": self.equal,
            "worst": self.worst,
            "first": None if self.first is None else self.first.layer,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LayersReport:
        """The report of which :meth:`to_dict` gave the values, perhaps through JSON, which has no infinity."""
        lists = {
            kind: tuple(LayerDifference.from_dict(one) for one in values[kind])
            for kind in ("outputs", "layers", "gradients")
        }
        return cls(values["path"], values["oracle"], values["tolerance"], **lists, notes=tuple(values["notes"]))


def compare_arrays(
    name: str, class_name: str, ours: NDArray[Any], keras: Recorded, inherited: float = 0.0
) -> LayerDifference:
    """One place, held against what Keras recorded there.

    Args:
        name, class_name: what to call it.
        ours: in Keras's layout; of another shape, it is not compared. Masked where it is not known.
        keras: all numbers or some.
        inherited: the largest relative error of what was given.
    """
    if ours.shape != keras.shape:
        why = f"it has the shape {ours.shape} in DL4J and {keras.shape} in Keras"
        return LayerDifference(name, class_name, keras.shape, not_compared=why)
    if not ours.size:
        return LayerDifference(name, class_name, keras.shape, inherited=inherited)
    positions = keras.positions
    mine = (ours.ravel() if positions is None else ours.ravel()[positions]).astype(np.float64)
    theirs = keras.values.ravel().astype(np.float64)
    if isinstance(mine, np.ma.MaskedArray):
        there = ~np.ma.getmaskarray(mine)
        positions = (np.arange(len(mine)) if positions is None else positions)[there]
        mine, theirs = mine.data[there], theirs[there]
        if not len(mine):
            return LayerDifference(name, class_name, keras.shape, not_compared="no number of it is in both records")
    with np.errstate(invalid="ignore"):
        apart = np.abs(mine - theirs)
    apart[(mine == theirs) | (np.isnan(mine) & np.isnan(theirs))] = 0.0
    apart[np.isnan(apart)] = math.inf
    at = int(apart.argmax())
    largest = float(np.abs(theirs[np.isfinite(theirs)]).max(initial=0.0))
    absolute = float(apart[at])
    return LayerDifference(
        layer=name,
        class_name=class_name,
        shape=keras.shape,
        largest=largest,
        absolute=absolute,
        relative=absolute / largest if largest else (math.inf if absolute > 1e-7 else 0.0),
        quantiles=tuple(float(value) for value in np.quantile(apart, _QUANTILES, method="lower")),
        place=tuple(int(i) for i in np.unravel_index(at if positions is None else int(positions[at]), keras.shape)),
        keras=float(theirs[at]),
        dl4j=float(mine[at]),
        inherited=inherited,
    )


def aligned(ours: Iterable[NDArray[Any]], keras: Recorded) -> NDArray[Any] | None:
    """The candidate that stands for a layer of Keras's, in Keras's layout; None where none has its numbers.

    Args:
        ours: what the nodes of the layer give; with the axes in Keras's order, and perhaps with the time steps in the
            batch, before or behind the samples, or flat. Of several that have its numbers the nearest is taken: of a
            layer that Keras calls several times, the first call was recorded.
        keras: what Keras gave.
    """
    shape = keras.shape
    found: list[NDArray[Any]] = []
    for array in ours:
        if array.size != math.prod(shape):
            continue
        if array.shape == shape:
            found.append(array)
        elif len(shape) > 2 and array.ndim == len(shape) - 1 and len(array) == shape[0] * shape[1]:
            # The time steps are in the batch: DL4J has them first, a layer of ours the samples.
            found.append(array.reshape(shape[1], shape[0], *shape[2:]).swapaxes(0, 1))
            found.append(array.reshape(shape))
        elif array.shape[0] == shape[0]:
            found.append(array.reshape(shape))
    if len(found) < 2:
        return found[0] if found else None
    return min(found, key=lambda one: compare_arrays("", "", one, keras).relative)
