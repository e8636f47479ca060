"""From a graph to the config text of the native importer's dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.kerasfile.contents import ModelContents, StoredArray
from pydl4j_bridge.translate.graph import MALFORMED, Call, Graph, malformed
from pydl4j_bridge.translate.losses import importer_losses
from pydl4j_bridge.translate.own_layers import own_layers
from pydl4j_bridge.translate.parse import parse_graph
from pydl4j_bridge.translate.passes import PASSES
from pydl4j_bridge.translate.plan import ImportableModel, LayerPlan
from pydl4j_bridge.translate.ranks import ranks
from pydl4j_bridge.translate.support import refuse_unsupported

Weights = Mapping[tuple[str, ...], Mapping[str, StoredArray]]

#: What the importer takes the config for. Newer versions are read the same way.
_VERSION, _BACKEND = "2.9.0", "tensorflow"


def translate(contents: ModelContents, weights: Weights, keras_major: int, loss: Any = None) -> ImportableModel:
    """The model of an open file in the dialect that the native importer reads.

    Args:
        contents: the model.
        weights: its weights, as ``bind_weights`` found them.
        keras_major: 2 or 3: who wrote its config.
        loss: the loss as the training config has it.

    Raises:
        UnsupportedLayer: DL4J has nothing that computes the same; names all layers.
        InvalidConfig: a config that Keras does not write.
    """
    graph = parse_graph(contents.config, keras_major, contents.path)
    shapes = {path: {name: array.shape for name, array in arrays.items()} for path, arrays in weights.items()}
    graph = replace(graph, calls=tuple(replace(call, shapes=shapes.get(call.layer, {})) for call in graph.calls))
    try:
        for rewrite in PASSES:
            graph = rewrite(graph)
        graph = own_layers(graph)
        refuse_unsupported(graph, contents.path)
        return emit(graph, loss)
    except MALFORMED as error:
        raise malformed(error, contents.path) from error


def emit(graph: Graph, loss: Any = None) -> ImportableModel:
    """The config of a graph after the passes, for training with ``loss``."""
    losses, why = importer_losses(loss, graph)
    sequential = graph.sequential and _is_chain(graph)
    calls = _without_input(graph) if sequential else graph.calls
    layers = [_layer(call, sequential=sequential) for call in calls]
    inner: dict[str, Any] = {"name": "model", "layers": layers}
    if not sequential:
        inner["input_layers"] = [[name, 0, 0] for name in graph.inputs]
        inner["output_layers"] = [[name, 0, 0] for name in graph.outputs]
    config = {
        "class_name": "Sequential" if sequential else "Functional",
        "config": inner,
        "keras_version": _VERSION,
        "backend": _BACKEND,
    }
    return ImportableModel(
        config=config,
        sequential=sequential,
        layers={call.name: call.layer for call in graph.calls},
        plans={call.name: plan for call in graph.calls if (plan := _plan(call)) != LayerPlan()},
        losses=losses,
        notes=(*([] if losses else [f"the network has no loss layer, so fit cannot train it: {why}"]), *_notes(graph)),
        steps=tuple(ranks(graph).get(name) == 3 for name in graph.outputs),
        inputs=tuple(tuple(graph[name].config["batch_input_shape"][1:]) for name in graph.inputs),
    )


def _without_input(graph: Graph) -> tuple[Call, ...]:
    """The calls of a chain as Keras 2 writes them: the first layer says the shape of the input."""
    first, second, *rest = graph.calls
    shape = {key: first.config[key] for key in ("batch_input_shape", "dtype") if key in first.config}
    return (second.with_config(**shape), *rest)


def _is_chain(graph: Graph) -> bool:
    pairs = zip(graph.calls, graph.calls[1:], strict=False)
    return (
        len(graph.inputs) == 1
        and len(graph.calls) > 1
        and all(after.inputs == (before.name,) for before, after in pairs)
    )


def _layer(call: Call, *, sequential: bool) -> dict[str, Any]:
    config = {key: value for key, value in call.config.items() if not key.startswith("dl4j_")} | {"name": call.name}
    if "batch_input_shape" in config:
        config["batch_input_shape"] = _at_most_a_volume(config["batch_input_shape"])
    layer: dict[str, Any] = {"class_name": call.class_name, "name": call.name, "config": config}
    if not sequential:
        layer["inbound_nodes"] = [[[name, 0, 0, {}] for name in call.inputs]] if call.inputs else []
    return layer


def _at_most_a_volume(shape: list[int | None]) -> list[int | None]:
    """The shape of an input as the importer takes it: what has more dimensions is read by layers of ours alone."""
    batch, *sizes = shape
    while len(sizes) > 4:
        first, second, *rest = sizes
        sizes = [None if first is None or second is None else first * second, *rest]
    return [batch, *sizes]


def _notes(graph: Graph) -> Iterator[str]:
    """What of the training is not carried: nothing of it changes a prediction."""
    used: set[tuple[str, ...]] = set()
    for call in graph.calls:
        config = call.config
        for key, value in config.items():
            carried = key in ("dl4j_kernel_regularizer", "dl4j_bias_regularizer") and _is_l1_l2(value)
            if key.endswith("_regularizer") and value and not carried:
                yield f"{call.name}: {key.removeprefix('dl4j_')} is not carried"
        if config.get("dl4j_note"):
            yield f"{call.name}: {config['dl4j_note']}"
        if config.get("trainable") is False:
            yield f"{call.name}: trainable=False is not carried, so it would be trained"
        if config.get("dl4j_constants") and not config.get("dl4j_frozen"):
            yield f"{call.name}: scale or center, which are off in Keras, would be trained"
        if call.shapes and call.layer in used:
            yield f"{call.name}: a layer that Keras shares is a copy here, so training would let the copies differ"
        used.add(call.layer)


def _plan(call: Call) -> LayerPlan:
    config = call.config
    return LayerPlan(
        activation=config.get("dl4j_activation"),
        regularization=_l1_l2(config.get("dl4j_kernel_regularizer")),
        bias_regularization=_l1_l2(config.get("dl4j_bias_regularizer")),
        constants=config.get("dl4j_constants", {}),
        renamed=config.get("dl4j_renamed"),
        reshaped=config.get("dl4j_reshaped", {}),
        frozen=config.get("dl4j_frozen", False),
        depthwise=config.get("dl4j_depthwise"),
    )


def _l1_l2(value: Any) -> tuple[float, float]:
    if not _is_l1_l2(value):
        return 0.0, 0.0
    config = value.get("config", value)
    return float(config.get("l1") or 0.0), float(config.get("l2") or 0.0)


def _is_l1_l2(value: Any) -> bool:
    """Whether a regularizer is one that ND4J has; old configs have the numbers without a class."""
    return isinstance(value, Mapping) and value.get("class_name", "L1L2") in ("L1", "L2", "L1L2")
