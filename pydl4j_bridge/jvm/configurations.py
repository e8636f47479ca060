"""Configurations of whole networks, and networks made of them. Needs a running JVM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydl4j_bridge.errors import InvalidArgument
from pydl4j_bridge.jvm.builders import set_on
from pydl4j_bridge.jvm.descriptions import is_graph
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.jvm.layers import confs, holders

_CONF = "org.deeplearning4j.nn.conf"
#: Of one sample, for each input or output, channels and features last; None is a size that is open.
Shape = tuple[int | None, ...]
Shapes = tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Configured:
    """A network, and what a caller has to know of its arrays.

    Attributes:
        java: the network, with first weights.
        inputs, outputs: the shapes of one sample; None where they are not known.
        layers: name of a layer or vertex → the shape of one sample of its output.
        channels_last: the caller's arrays have channels and features last; the network always has them first, since
            parts of DL4J take no other layout and compute something else.
    """

    java: Any
    inputs: Shapes | None = None
    outputs: Shapes | None = None
    layers: Mapping[str, Shape] = field(default_factory=dict)
    channels_last: bool = False


def sequential(layers: Sequence[Any], shape: Any, settings: Mapping[str, Any]) -> Configured:
    """A ``MultiLayerNetwork``.

    Raises:
        InvalidArgument: a setting or a value that DL4J does not have.
        JavaError: DL4J refused the configuration.
    """
    import jpype

    kind = jpype.JClass(f"{_CONF}.layers.Layer")
    for at, layer in enumerate(layers):
        if not isinstance(layer, kind):
            raise InvalidArgument(f"layer {at} is {layer!r}", because="it is no layer of DL4J's")
    if not layers:
        raise InvalidArgument("there are no layers")
    builder = jpype.JClass(f"{_CONF}.NeuralNetConfiguration$Builder")()
    with java_errors("the network cannot be configured"):
        # Those of the whole network first: list() copies them for each layer.
        later = set_on(
            "Sequential", builder, settings, otherwise=jpype.JClass(f"{_CONF}.NeuralNetConfiguration$ListBuilder")
        )
        listed = builder.list(
            jpype.JArray(kind)([_copy(layer, None if at else shape) for at, layer in enumerate(layers)])
        )
        set_on("Sequential", listed, later)
        given = None if shape is None else _first_type(shape, layers[:1])
        if given is not None:
            listed.setInputType(given)
        configuration = listed.build()
        _with_sizes_or_error(layers, [one.getLayer() for one in configuration.getConfs()])
        if given is not None:
            _repair(configuration.getInputPreProcessors().values(), shape)
        network = jpype.JClass("org.deeplearning4j.nn.multilayer.MultiLayerNetwork")(configuration)
        network.init()
        if given is None:
            return Configured(network)
        found = activation_types(network, [given])
        return _configured(network, [shape], [given], found, list(found)[-1:])


def graph(
    inputs: Mapping[str, Any],
    vertices: Mapping[str, tuple[Any, ...]],
    outputs: Sequence[str],
    settings: Mapping[str, Any],
) -> Configured:
    """A ``ComputationGraph``; as :func:`sequential`."""
    import jpype

    layer_kind = jpype.JClass(f"{_CONF}.layers.Layer")
    vertex_kind = jpype.JClass(f"{_CONF}.graph.GraphVertex")
    builder = jpype.JClass(f"{_CONF}.NeuralNetConfiguration$Builder")()
    with java_errors("the network cannot be configured"):
        graphs = jpype.JClass(f"{_CONF}.ComputationGraphConfiguration$GraphBuilder")
        later = set_on("Graph", builder, settings, otherwise=graphs)
        built = builder.graphBuilder()
        set_on("Graph", built, later)
        strings = jpype.JArray(jpype.JString)
        built.addInputs(strings(list(inputs)))
        for name, (what, *sources) in vertices.items():
            if isinstance(what, layer_kind):
                built.addLayer(name, _copy(what, inputs.get(sources[0])), strings(sources))
            elif isinstance(what, vertex_kind):
                built.addVertex(name, what.clone(), strings(sources))
            else:
                raise InvalidArgument(f"{name} is {what!r}", because="it is no layer and no vertex of DL4J's")
        built.setOutputs(strings(list(outputs)))
        types = [
            _first_type(shape, [what for what, *sources in vertices.values() if name in sources])
            for name, shape in inputs.items()
            if shape is not None
        ]
        if types and len(types) != len(inputs):
            raise InvalidArgument("some inputs have a shape and some have none", because="DL4J wants all or none")
        if types:
            built.setInputTypes(jpype.JArray(jpype.JClass(f"{_CONF}.inputs.InputType"))(types))
        configuration = built.build()
        made = {name: configuration.getVertices().get(name) for name in vertices}
        layered = {name: vertex for name, vertex in made.items() if hasattr(vertex, "getLayerConf")}
        confs_of = [vertex.getLayerConf().getLayer() for vertex in layered.values()]
        _with_sizes_or_error([vertices[name][0] for name in layered], confs_of)
        if types:
            _repair([vertex.getPreProcessor() for vertex in layered.values()], *inputs.values())
        network = jpype.JClass("org.deeplearning4j.nn.graph.ComputationGraph")(configuration)
        network.init()
        if not types:
            return Configured(network)
        return _configured(network, list(inputs.values()), types, activation_types(network, types), outputs)


def _configured(
    network: Any, shapes: Sequence[Any], inputs: Sequence[Any], found: Mapping[str, Any], outputs: Sequence[str]
) -> Configured:
    ours = [_is_ours(shape) for shape in shapes]
    if any(ours) and not all(ours):
        raise InvalidArgument("some inputs are shapes and some are InputTypes", because="their layouts differ")
    layout = channels_last if all(ours) else shape_of
    layers = {name: layout(kind) for name, kind in found.items()}
    given = tuple(map(_sizes, shapes)) if all(ours) else tuple(map(shape_of, inputs))
    return Configured(network, given, tuple(layers[name] for name in outputs), layers, all(ours))


def _copy(layer: Any, shape: Any) -> Any:
    """A layer for one network alone; into an embedding as many indices come as the shape says."""
    copied = layer.clone()
    if _embeds(layer, shape):
        steps = _sizes(shape)[0]
        copied.setInputLength(-1 if steps is None else steps)
    return copied


def _first_type(shape: Any, layers: Sequence[Any]) -> Any:
    """The ``InputType`` of an input that goes into these layers; DL4J's of indices says how many there may be."""
    embeddings = [layer for layer in layers if _embeds(layer, shape)]
    return input_type((*_sizes(shape), int(embeddings[0].getNIn())) if embeddings else shape)


def _embeds(layer: Any, shape: Any) -> bool:
    named = str(layer.getClass().getSimpleName()) == "EmbeddingSequenceLayer"
    return named and _is_ours(shape) and len(_sizes(shape)) == 1


def _with_sizes_or_error(given: Sequence[Any], made: Sequence[Any]) -> None:
    """DL4J puts what comes into a layer in the place of the n_in that it was given, in silence."""
    for at, (layer, conf) in enumerate(zip(given, made, strict=True)):
        for (one, _), (other, _) in zip(holders(layer), holders(conf), strict=True):
            wanted, found = (int(each.getNIn()) if hasattr(each, "getNIn") else 0 for each in (one, other))
            if wanted > 0 and wanted != found:
                raise InvalidArgument(f"layer {at} has n_in={wanted}, and {found} numbers come into it")


def _repair(preprocessors: Iterable[Any], *shapes: Any) -> None:
    """DL4J flattens volumes as if they had channels last, whatever they have; ours have them first."""
    if all(map(_is_ours, shapes)):
        for one in preprocessors:
            if one is not None and str(one.getClass().getSimpleName()) == "Cnn3DToFeedForwardPreProcessor":
                field = one.getClass().getDeclaredField("isNCDHW")
                field.setAccessible(True)
                field.setBoolean(one, True)


def _is_ours(shape: Any) -> bool:
    return isinstance(shape, (int, tuple, list))


def _sizes(shape: Any) -> Shape:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def activation_types(network: Any, inputs: Sequence[Any]) -> dict[str, Any]:
    """Name of a layer or vertex → the ``InputType`` that DL4J says its output has.

    Args:
        network: a ``MultiLayerNetwork`` or a ``ComputationGraph``.
        inputs: the ``InputType`` of each input.
    """
    import jpype

    if is_graph(network):
        types = jpype.JArray(jpype.JClass(f"{_CONF}.inputs.InputType"))(inputs)
        return {str(name): kind for name, kind in network.getConfiguration().getLayerActivationTypes(types).items()}
    configuration = network.getLayerWiseConfigurations()
    names = [str(conf.getLayer().getLayerName() or at) for at, conf in enumerate(confs(network))]
    return dict(zip(names, configuration.getLayerActivationTypes(inputs[0]), strict=True))


def read(text: str, form: str) -> Configured:
    """A network of a configuration as text.

    Args:
        text: what DL4J's configurations write.
        form: ``json`` or ``yaml``.

    Raises:
        JavaError: it cannot be read.
    """
    import jpype

    with java_errors("the configuration cannot be read"):
        if "networkInputs" in text:
            kind, made = "ComputationGraphConfiguration", "graph.ComputationGraph"
        else:
            kind, made = "MultiLayerConfiguration", "multilayer.MultiLayerNetwork"
        configurations = jpype.JClass(f"{_CONF}.{kind}")
        configuration = (configurations.fromJson if form == "json" else configurations.fromYaml)(text)
        network = jpype.JClass(f"org.deeplearning4j.nn.{made}")(configuration)
        network.init()
        return Configured(network)


def input_type(shape: Any, *, last: bool = False) -> Any:
    """DL4J's of a shape that has channels and features last; or the one that was given.

    Args:
        shape: of one sample.
        last: the network has them last as well.

    Raises:
        InvalidArgument: no network takes the shape.
    """
    import jpype

    types = jpype.JClass(f"{_CONF}.inputs.InputType")
    if isinstance(shape, types):
        return shape
    sizes = _sizes(shape)
    fixed = sizes[1:] if len(sizes) == 2 else sizes
    if not 1 <= len(sizes) <= 4 or not all(isinstance(size, int) and size > 0 for size in fixed):
        raise InvalidArgument(
            f"the input cannot have the shape {shape!r}",
            because="it is (features,), (steps or None, features), (height, width, channels) or (depth, height, width, "
            "channels), without the batch",
        )
    long = jpype.JLong
    if len(sizes) == 1:
        return types.feedForward(long(sizes[0]))
    if len(sizes) == 2:
        steps = -1 if sizes[0] is None else sizes[0]
        return types.recurrent(long(sizes[1]), long(steps), _layout("RNNFormat", "NWC" if last else "NCW"))
    if len(sizes) == 3:
        return types.convolutional(*map(long, sizes), _layout("CNN2DFormat", "NHWC" if last else "NCHW"))
    layout = _layout("layers.Convolution3D$DataFormat", "NDHWC" if last else "NCDHW")
    return types.convolutional3D(layout, *map(long, sizes))


def _layout(enumeration: str, name: str) -> Any:
    import jpype

    return jpype.JClass(f"{_CONF}.{enumeration}").valueOf(name)


def shape_of(kind: Any) -> tuple[int | None, ...]:
    """The shape of an ``InputType``, in its own layout; None is a size that is open."""
    return tuple(None if int(size) < 0 else int(size) for size in kind.getShape())


def channels_last(kind: Any) -> tuple[int | None, ...]:
    """The shape of an ``InputType`` that has channels and features first, with them last."""
    first, *others = shape_of(kind)
    return (*others, first)
