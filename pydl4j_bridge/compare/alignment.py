"""What DL4J computes, held against what Keras computes: which node of the network stands for which layer of Keras's.

Pure: what DL4J computes may come from a network in this process or from a file that another machine has written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.compare.layers import (
    TOLERANCE,
    LayerDifference,
    LayersReport,
    Oracle,
    Recorded,
    aligned,
    compare_arrays,
)
from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.translate.plan import ImportableModel

#: A gradient is held against the largest number of its weight's, or so much of the largest of all weights': before a
#: BatchNormalization a bias has none but rounding, and rounding is that of the larger numbers it is made of.
_SMALLEST_GRADIENT = 1e-3


@dataclass(frozen=True, slots=True)
class Computed:
    """What DL4J computes for some inputs.

    Attributes:
        inputs: in the order of the model's.
        outputs: likewise, in Keras's layout.
        layers: name of a node of the network → what it gives, in the network's layout; masked where not all is there.
        gradients: ``model/layer/weight`` → the gradient of the loss by it, in Keras's layout.
        labels: for which the gradients are, one array for each output.
    """

    inputs: tuple[NDArray[Any], ...]
    outputs: tuple[NDArray[Any], ...]
    layers: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    gradients: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    labels: tuple[NDArray[Any], ...] = ()


def compare_computed(
    model: ImportableModel,
    path: str,
    ours: Computed,
    oracle: Oracle,
    *,
    layers: bool = True,
    gradients: bool = False,
    tolerance: float | None = None,
    notes: tuple[str, ...] = (),
) -> LayersReport:
    """Both sides as a report.

    Args:
        model: the model as it was given to the importer.
        path: what the report calls it.
        ours: what DL4J computes.
        oracle: what Keras computes, for the same inputs.
        layers, gradients: compare them as well, where they were recorded.
        tolerance: relative; None: by the type of Keras's numbers, see ``compare.layers``.
        notes: what else the report says.

    Raises:
        InvalidConfig: Keras has another number of outputs.
    """
    if len(oracle.outputs) != len(ours.outputs):
        raise InvalidConfig(
            f"{len(oracle.outputs)} outputs were recorded", because="the model has another number of them"
        )
    outputs = tuple(
        compare_arrays(f"output {at}", "", array, Recorded(keras.shape, keras))
        for at, (array, keras) in enumerate(zip(ours.outputs, oracle.outputs, strict=True))
    )
    compared = tuple(_layers(model, ours.layers, oracle)) if layers and oracle.layers else ()
    said = list(notes)
    if layers and not compared:
        said.append("no layers were recorded: only the outputs were compared")
    found: tuple[LayerDifference, ...] = ()
    if gradients:
        found = tuple(_gradients(model, ours.gradients, oracle.gradients)) if ours.gradients else ()
        if not found:
            said.append(f"gradients were not compared: {oracle.no_gradients or 'none were recorded'}")
    limit = TOLERANCE.get(oracle.dtype, TOLERANCE["float32"]) if tolerance is None else tolerance
    if model.dtype == "float32" and tolerance is None:
        limit = max(limit, TOLERANCE["float32"])
    return LayersReport(path, oracle.source, limit, outputs, compared, found, tuple(said))


def _gradients(
    model: ImportableModel, ours: Mapping[str, NDArray[Any]], keras: Mapping[str, NDArray[Any]]
) -> Iterator[LayerDifference]:
    """Each trained weight, in Keras's order."""
    largest = max((float(np.abs(array).max(initial=0.0)) for array in keras.values()), default=0.0)
    for name, theirs in keras.items():
        class_name = model.classes.get(name.rpartition("/")[0], "")
        mine = ours.get(name)
        if mine is None:
            yield LayerDifference(name, class_name, theirs.shape, not_compared="DL4J has no such weight")
            continue
        one = compare_arrays(name, class_name, mine, Recorded(theirs.shape, theirs))
        scale = max(one.largest, _SMALLEST_GRADIENT * largest)
        yield replace(one, relative=one.absolute / scale) if scale else one


def _layers(model: ImportableModel, found: Mapping[str, NDArray[Any]], oracle: Oracle) -> Iterator[LayerDifference]:
    """Each layer that Keras recorded, in the order of the network."""
    nodes = {name: "/".join(path) for name, path in model.nodes.items()}
    sources = _sources(model.config, nodes)
    of_layer: dict[str, list[str]] = {}
    for name, path in nodes.items():
        # What stands beside a layer in the network has a path below the layer's.
        layer = path if path in oracle.layers else path.rpartition("/")[0]
        if layer in oracle.layers:
            of_layer.setdefault(layer, []).append(name)
    errors: dict[str, float] = {}
    for layer, names in of_layer.items():
        keras = oracle.layers[layer]
        # The layer's last part that has all its numbers: an activation may stand behind it.
        parts = dict.fromkeys(nodes[name] for name in reversed(names))
        copies = ([_as_in_keras(found[name], model.axes.get(name)) for name in names if name in found and
                   nodes[name] == part] for part in parts)  # fmt: skip
        ours = next((one for several in copies if (one := aligned(several, keras)) is not None), None)
        if ours is None:
            shapes = ", ".join(str(found[name].shape) for name in names if name in found) or "nothing"
            why = f"DL4J has {shapes} where Keras has {keras.shape}"
            yield LayerDifference(layer, model.classes.get(layer, ""), keras.shape, not_compared=why)
            continue
        given = [_inherited(source, sources, errors) for name in names for source in sources[name]]
        difference = compare_arrays(layer, model.classes.get(layer, ""), ours, keras, max(given, default=0.0))
        errors.update(dict.fromkeys(names, difference.relative))
        yield difference
    for layer, keras in oracle.layers.items():
        if layer not in of_layer:
            why = "it is not a layer of its own in DL4J"
            yield LayerDifference(layer, model.classes.get(layer, ""), keras.shape, not_compared=why)


def _as_in_keras(array: NDArray[Any], axes: tuple[int, ...] | None) -> NDArray[Any]:
    """An array with its axes in Keras's order."""
    if axes is None or array.ndim != len(axes) + 1:
        return array
    return np.transpose(array, (0, *(axis + 1 for axis in axes)))


def _sources(config: Mapping[str, Any], nodes: Mapping[str, str]) -> dict[str, list[str]]:
    """Node → the nodes that it takes."""
    sources: dict[str, list[str]] = {name: [] for name in nodes}
    before: str | None = None
    for layer in config["config"]["layers"]:
        name = layer.get("name") or layer["config"]["name"]
        inbound = layer.get("inbound_nodes")
        if inbound is None:
            sources[name] = [before] if before is not None else []
        else:
            sources[name] = [str(source[0]) for source in inbound[0]] if inbound else []
        before = name
    return sources


def _inherited(name: str, sources: Mapping[str, list[str]], errors: Mapping[str, float]) -> float:
    """How far off a node is; of one that was not compared, how far those are that it takes."""
    pending, found, seen = [name], 0.0, set()
    while pending:
        one = pending.pop()
        if one in errors:
            found = max(found, errors[one])
        elif one not in seen:
            seen.add(one)
            pending += sources.get(one, [])
    return found
