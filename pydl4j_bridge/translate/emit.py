"""From a graph to the config text of the native importer's dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.errors import UnsupportedLayer
from pydl4j_bridge.kerasfile.contents import ModelContents
from pydl4j_bridge.translate.graph import MALFORMED, Call, Graph, malformed
from pydl4j_bridge.translate.inputs import GIVE_THEM, InputShapes, open_sizes, with_inputs
from pydl4j_bridge.translate.losses import NOT_COMPILED, Compiled, importer_losses
from pydl4j_bridge.translate.own_layers import Record, lambdas, own_layers
from pydl4j_bridge.translate.own_losses import OwnLoss, own_losses
from pydl4j_bridge.translate.parse import parse_graph
from pydl4j_bridge.translate.passes import PASSES
from pydl4j_bridge.translate.plan import ImportableModel, LayerPlan
from pydl4j_bridge.translate.ranks import ranks
from pydl4j_bridge.translate.recurrence import directions, masks
from pydl4j_bridge.translate.stand_ins import concatenate_axis
from pydl4j_bridge.translate.support import refuse_unsupported
from pydl4j_bridge.translate.variables import Array

Weights = Mapping[tuple[str, ...], Mapping[str, Array]]

#: What the importer takes the config for. Newer versions are read the same way.
_VERSION, _BACKEND = "2.9.0", "tensorflow"


def translate(
    contents: ModelContents,
    weights: Weights,
    keras_major: int,
    compiled: Compiled = NOT_COMPILED,
    inputs: InputShapes | None = None,
    record: Record = lambda *_: None,
    backend: str | None = None,
) -> ImportableModel:
    """The model of an open file in the dialect that the native importer reads.

    Args:
        contents: the model.
        weights: its weights, as ``bind_weights`` found them.
        keras_major: 1, 2 or 3: who wrote its config; that of Keras 1 as ``from_keras_1`` has rewritten it.
        compiled: the losses that it is to be trained with.
        inputs: shapes for inputs whose sizes the config leaves open.
        record: makes a graph of what a caller gives for a Lambda; None where nothing is given.
        backend: of the Keras that wrote it, where the file says it.

    Raises:
        UnsupportedLayer: DL4J has nothing that computes the same; names all layers.
        InvalidConfig: a config that Keras does not write, or inputs that the model does not have.
    """
    graph = parse_graph(contents.config, keras_major, contents.path)
    try:
        graph = with_inputs(graph, inputs, contents.path)
    except MALFORMED as error:
        raise malformed(error, contents.path) from error
    unsaid = open_sizes(graph)
    shapes = {path: {name: array.shape for name, array in arrays.items()} for path, arrays in weights.items()}
    graph = replace(graph, calls=tuple(replace(call, shapes=shapes.get(call.layer, {})) for call in graph.calls))
    classes = {"/".join(call.layer[:-1]): "TimeDistributed" for call in graph.calls if len(call.layer) > 1}
    classes.update({"/".join(call.layer): call.class_name for call in graph.calls})
    dtype = "float64" if any(_is_double(call) for call in graph.calls) else "float32"
    try:
        for rewrite in PASSES:
            graph = rewrite(graph)
        graph = own_layers(concatenate_axis(directions(masks(lambdas(graph, record)))))
        refuse_unsupported(graph, contents.path)
        model = replace(emit(graph, compiled), dtype=dtype, classes=classes)
        return replace(model, notes=(*model.notes, *_kernels_of_theano(graph))) if backend == "theano" else model
    except UnsupportedLayer as error:
        if unsaid and not error.fix:
            error.fix = f"The sizes of {', '.join(unsaid)} are open, which may be why. {GIVE_THEM}"
        raise
    except MALFORMED as error:
        raise malformed(error, contents.path) from error


def _is_double(call: Call) -> bool:
    """Whether a layer has weights in float64: a name, or in Keras 3 a policy with one."""
    dtype = call.config.get("dtype")
    policy = dtype.get("config") if isinstance(dtype, Mapping) else None
    name = policy.get("name") if isinstance(policy, Mapping) else dtype
    return bool(call.shapes) and name == "float64"


_NO_LOSS = "it is imported without one; import_model(..., loss='mse') gives it one"


def emit(graph: Graph, compiled: Compiled = NOT_COMPILED) -> ImportableModel:
    """The config of a graph after the passes, for training with the losses of ``compiled``."""
    frozen = _frozen(graph)
    why = _NO_LOSS if compiled.loss is None else _fails_frozen(graph, frozen)
    losses: dict[str, str] | None = None
    own: tuple[OwnLoss, ...] = ()
    if why is None:
        losses = importer_losses(compiled, graph)
        if losses is None:
            graph, own, why = own_losses(compiled, graph)
    sequential = graph.sequential and _is_chain(graph)
    calls = _without_input(graph) if sequential and not open_sizes(graph) else _inputs_first(graph)
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
        layers={call.name: call.layer for call in graph.calls if call.shapes},
        nodes={call.name: call.layer for call in graph.calls},
        axes=graph.axes,
        plans={call.name: plan for call in graph.calls if (plan := _plan(call, frozen)) != LayerPlan()},
        shapes={call.name: _stored(call) for call in graph.calls if call.shapes},
        losses=losses,
        notes=(
            *([] if losses or own else [f"the network has no loss layer, so fit cannot train it: {why}"]),
            *_notes(graph, frozen),
        ),
        steps=tuple(ranks(graph).get(name) == 3 for name in graph.outputs),
        own_losses=own,
        indices=tuple(_indices(graph, name) for name in graph.inputs),
        inputs=tuple(tuple(graph[name].config["batch_input_shape"][1:]) for name in graph.inputs),
    )


def _stored(call: Call) -> dict[str, tuple[int, ...]]:
    """The shapes of a call's weights by the names that its Keras layer has for them."""
    in_keras = {renamed: name for name, renamed in (call.config.get("dl4j_renamed") or {}).items()}
    return {in_keras.get(name, name): shape for name, shape in call.shapes.items()}


def _without_input(graph: Graph) -> tuple[Call, ...]:
    """The calls of a chain as Keras 2 writes them: the first layer says the shape of the input."""
    first, second, *rest = graph.calls
    shape = {key: first.config[key] for key in ("batch_input_shape", "dtype") if key in first.config}
    return (second.with_config(**shape), *rest)


def _inputs_first(graph: Graph) -> tuple[Call, ...]:
    """The calls in the order that the importer needs: it takes names of inputs in the order of ``input_layers``, and
    their shapes in that of the layers. Keras 3 writes an input right before the first layer that is as deep.
    """
    others = (call for call in graph.calls if call.name not in graph.inputs)
    return (*(graph[name] for name in graph.inputs), *others)


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


def _frozen(graph: Graph) -> dict[str, bool]:
    """Calls with weights that Keras does not train → whether it trains some before them."""
    found: dict[str, bool] = {}
    trained: set[str] = set()  # calls that are trained or that come after one that is
    for call in graph.calls:
        after = not trained.isdisjoint(call.inputs)
        weights = bool(call.shapes or call.config.get("dl4j_constants"))
        still = call.config.get("trainable") is False or call.config.get("dl4j_frozen", False)
        if weights and still:
            found[call.name] = after
        if after or (weights and not still):
            trained.add(call.name)
    return found


def _indices(graph: Graph, name: str) -> int | None:
    """How many rows the smallest embedding has that takes an input, or what layers without weights make of it."""
    reached, rows = {name}, []
    for call in graph.calls:
        if not reached.isdisjoint(call.inputs):
            if call.class_name == "Embedding":
                rows.append(int(call.config["input_dim"]))
            elif not call.shapes:
                reached.add(call.name)
    return min(rows, default=None)


#: Layers that DL4J trains around as Keras does where they are frozen (tests/data/frozen).
_FREEZES = frozenset({
    "BatchNormalization", "Conv2D", "Conv2DTranspose", "Dense", "Embedding", "LSTM", "SeparableConv2D", "SimpleRNN",
})  # fmt: skip


def _fails_frozen(graph: Graph, frozen: Mapping[str, bool]) -> str | None:
    """Why a network with its frozen layers cannot be trained: DL4J freezes by computing them as in inference."""
    for call in graph.calls:
        between = frozen.get(call.name)
        if between and call.class_name == "BatchNormalization":
            return f"{call.name} is frozen, and DL4J has no gradient through it for the layers before it"
        if between is not None and call.class_name not in _FREEZES:
            # In inference, some work in place or in memory that training uses again.
            return f"{call.name} is frozen, and DL4J computes a frozen {call.class_name} otherwise while it trains"
    return None


def _at_most_a_volume(shape: list[int | None]) -> list[int | None]:
    """The shape of an input as the importer takes it: what has more dimensions is read by layers of ours alone."""
    batch, *sizes = shape
    while len(sizes) > 4:
        first, second, *rest = sizes
        sizes = [None if first is None or second is None else first * second, *rest]
    return [batch, *sizes]


def _notes(graph: Graph, frozen: Mapping[str, bool]) -> Iterator[str]:
    """What of the training is not carried: nothing of it changes a prediction."""
    used: set[tuple[tuple[str, ...], str]] = set()
    for call in graph.calls:
        config = call.config
        for key, value in config.items():
            carried = key in ("dl4j_kernel_regularizer", "dl4j_bias_regularizer") and _is_l1_l2(value)
            if key.endswith("_regularizer") and value and not carried:
                yield f"{call.name}: {key.removeprefix('dl4j_')} is not carried"
        for key in config.get("dl4j_not_carried", ()):
            yield f"{call.name}: {key} is not carried"
        if config.get("dl4j_note"):
            yield f"{call.name}: {config['dl4j_note']}"
        if call.name not in frozen and _half_frozen(config):
            yield f"{call.name}: trainable=False of one of its two layers is not carried, so both would be trained"
        if config.get("dl4j_constants") and call.name not in frozen:
            yield f"{call.name}: scale or center, which are off in Keras, would be trained"
        weights = {(call.layer, name) for name in call.shapes}
        if not used.isdisjoint(weights) and call.name not in frozen:
            yield f"{call.name}: a layer that Keras shares is a copy here, so training would let the copies differ"
        used |= weights


def _kernels_of_theano(graph: Graph) -> Iterator[str]:
    """Theano turns kernels when it computes, and so did Keras 2.0 to 2.3 when it loaded them; tf_keras does not.

    The file is taken as tf_keras takes it: it is the Keras that can still be asked what the file predicts.
    """
    for call in graph.calls:
        if call.class_name.startswith("Conv") and "kernel" in call.shapes:
            yield (
                f"{call.name}: its kernel was trained on Theano, which turns kernels by 180 degrees; it is taken as it "
                "stands in the file, as tf_keras does, while Keras 2.0 to 2.3 turned it"
            )


def _half_frozen(config: Mapping[str, Any]) -> bool:
    """One of the layers of a Bidirectional is frozen, and the whole is not."""
    inner = [config.get("layer"), config.get("backward_layer")]
    return any(isinstance(one, Mapping) and one.get("config", {}).get("trainable") is False for one in inner)


def _plan(call: Call, frozen: Mapping[str, bool]) -> LayerPlan:
    config = call.config
    return LayerPlan(
        activation=config.get("dl4j_activation"),
        regularization=_l1_l2(config.get("dl4j_kernel_regularizer")),
        bias_regularization=_l1_l2(config.get("dl4j_bias_regularizer")),
        constants=config.get("dl4j_constants", {}),
        renamed=config.get("dl4j_renamed"),
        reshaped=config.get("dl4j_reshaped", {}),
        pooling="AVG" if call.class_name == "AveragePooling1D" else None,  # the importer makes a MaxPooling1D of it
        frozen=call.name in frozen,
        between=frozen.get(call.name, False),
        fused=call.config.get("dl4j_fused", False),
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
