"""The passes: each rewrites one thing of a Keras graph towards what the native importer reads.

A pass is a function from graph to graph, named after what it rewrites; ``PASSES`` is their order. What the importer's
config cannot say goes into the settings that begin with ``dl4j_`` and is taken out of the config again by ``emit``.
Passes that put one layer in the place of another are in ``stand_ins``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.translate.attention import attention
from pydl4j_bridge.translate.entrances import inputs_as_outputs, normalized_volumes, time_in_batch
from pydl4j_bridge.translate.graph import GLU, REARRANGEMENT, Call, Graph
from pydl4j_bridge.translate.layouts import channels_last
from pydl4j_bridge.translate.operators import operators, unmarked_operators
from pydl4j_bridge.translate.ranks import ranks
from pydl4j_bridge.translate.recurrence import cells, convolutional_directions
from pydl4j_bridge.translate.shapes import batch_shape, plain
from pydl4j_bridge.translate.sizes import check_sizes
from pydl4j_bridge.translate.stand_ins import (
    broadcasts,
    custom_scales,
    dense_on_images,
    depthwise_stand_ins,
    grouped_as_depthwise,
    inputs_of_branches,
    kept_dimensions,
    outputs_that_reshape,
    scalings,
    tensorflow_reshapes,
)
from pydl4j_bridge.translate.support import IMPORTED_ACTIVATIONS

Pass = Callable[[Graph], Graph]

#: Settings of Keras 3 that mean nothing to DL4J or stand for its only way.
_NOISE = frozenset(
    {"module", "registered_name", "build_config", "shared_object_id", "quantization_config", "lora_rank"}
)


def plain_containers(graph: Graph) -> Graph:
    """Keras 3's tuples, dtype policies and class wrappers, as Keras 2 writes them. Ours are not taken from a file."""

    def change(call: Call) -> Call:
        config = {key: value for key, value in call.config.items() if not key.startswith("dl4j_")}
        return replace(call, config={key: _plain_object(plain(config[key])) for key in config if key not in _NOISE})

    return graph.each(change)


def _plain_object(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (dict, Mapping)):
        if str(value.get("class_name", "")).endswith("DTypePolicy"):
            policy = value.get("config")
            return policy.get("name") if isinstance(policy, Mapping) else None
        if value.get("class_name") == "function":
            return value.get("config")
        kept = {key: _plain_object(inner) for key, inner in value.items() if key not in _NOISE}
        if isinstance(kept.get("class_name"), str):
            kept["class_name"] = kept["class_name"].rpartition(">")[2]
        return kept
    return [_plain_object(inner) for inner in value] if isinstance(value, list) else value


def input_shapes(graph: Graph) -> Graph:
    """``batch_shape`` of Keras 3 → ``batch_input_shape``."""

    def change(call: Call) -> Call:
        shape = batch_shape(call.config)
        if shape is None:
            return call
        config = {key: value for key, value in call.config.items() if key != "batch_shape"}
        return replace(call, config={**config, "batch_input_shape": shape})

    return graph.each(change)


def possible_sizes(graph: Graph) -> Graph:
    """Nothing is rewritten: sizes that cannot be are refused before anything counts with them."""
    check_sizes(graph)
    return graph


def neutral_initializers(graph: Graph) -> Graph:
    """Every initializer → zeros: what is drawn is overwritten, and drawing orthogonal ones can hang the JVM (M02)."""

    def neutral(value: Any) -> Any:
        if value is None or isinstance(value, (str, int, float)):
            return value
        if isinstance(value, (dict, Mapping)):
            return {
                key: {"class_name": "Zeros", "config": {}} if key.endswith("initializer") else neutral(inner)
                for key, inner in value.items()
            }
        return [neutral(inner) for inner in value] if isinstance(value, list) else value

    return graph.each(lambda call: replace(call, config=neutral(call.config)))


def regularizers(graph: Graph) -> Graph:
    """Regularizers → plans: the importer halves some, drops others and refuses the rest."""

    def change(call: Call) -> Call:
        config = dict(call.config)
        for key, value in call.config.items():
            if key.endswith("_regularizer") and value:
                config[key] = None
                config[f"dl4j_{key}"] = value
        return replace(call, config=config)

    return graph.each(change)


#: Keras activation → ND4J's, for those that the importer's config cannot say.
ND4J_ACTIVATIONS: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "mish": ("ActivationMish", {}),
    "silu": ("ActivationSwish", {}),
    "leaky_relu": ("ActivationLReLU", {"alpha": 0.2}),
}


def activations(graph: Graph) -> Graph:
    """Activations that the importer does not know → ``linear`` and a plan, where ND4J has them."""

    def change(call: Call) -> Call:
        name = call.config.get("activation")
        if not isinstance(name, str) or name in IMPORTED_ACTIVATIONS:
            return call
        known = ND4J_ACTIVATIONS.get(name)
        return call.with_config(activation="linear", dl4j_activation=known) if known else call

    return graph.each(change)


def batch_normalization_axis(graph: Graph) -> Graph:
    """``axis`` as a list of one → that one; scale and center are always on, with ones and zeros for what is missing.

    The importer fails without them.
    """

    def change(call: Call) -> Call:
        if call.class_name != "BatchNormalization" or "dl4j_constants" in call.config:
            return call
        axis = call.config.get("axis", -1)
        axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
        missing = {"gamma": ("scale", 1.0), "beta": ("center", 0.0)}
        channels = math.prod(call.shapes.get("moving_mean", (0,)))
        constants = {
            name: (value,) * channels for name, (key, value) in missing.items() if not call.config.get(key, True)
        }
        return call.with_config(axis=axis, scale=True, center=True, dl4j_constants=constants)

    return graph.each(change)


def unrolled_loops(graph: Graph) -> Graph:
    """``unroll`` is how Keras computes, not what: the importer takes it for truncated backpropagation."""

    def change(call: Call) -> Call:
        return call.with_config(unroll=False) if call.config.get("unroll") else call

    return graph.each(change)


def embedding_length(graph: Graph) -> Graph:
    """The importer wants ``input_length``, which Keras 3 has given up; null is what Keras 2 wrote without one."""

    def change(call: Call) -> Call:
        if call.class_name == "Embedding" and "input_length" not in call.config:
            return call.with_config(input_length=None)
        return call

    return graph.each(change)


def constraint_numbers(graph: Graph) -> Graph:
    """Integers in constraints → floats: the importer casts them to Double."""

    def change(call: Call) -> Call:
        config = dict(call.config)
        for key, value in config.items():
            if key.endswith("_constraint") and isinstance(value, Mapping):
                numbers = {
                    name: float(number) if isinstance(number, int) and name.endswith("value") else number
                    for name, number in (value.get("config") or {}).items()
                }
                config[key] = {**value, "config": numbers}
        return replace(call, config=config)

    return graph.each(change)


def leaky_relu_slope(graph: Graph) -> Graph:
    """``negative_slope`` of Keras 3 → ``alpha``."""

    def change(call: Call) -> Call:
        if call.class_name == "LeakyReLU" and "negative_slope" in call.config:
            return call.with_config(alpha=call.config["negative_slope"])
        return call

    return graph.each(change)


def activity_regularization(graph: Graph) -> Graph:
    """ActivityRegularization → an identity, whose regularizer goes the way of all others that ND4J does not have."""

    def change(call: Call) -> Call:
        if call.class_name != "ActivityRegularization":
            return call
        factors = {key: call.config.get(key) for key in ("l1", "l2")}
        config = {"name": call.config.get("name"), "activation": "linear", "activity_regularizer": factors}
        return replace(call, class_name="Activation", config=config)

    return graph.each(change)


#: Layers that change something at random in training only.
_AUGMENTATIONS = frozenset({
    "AugMix", "CutMix", "Equalization", "MixUp", "RandAugment", "RandomBrightness", "RandomColorDegeneration",
    "RandomColorJitter", "RandomContrast", "RandomElasticTransform", "RandomErasing", "RandomFlip",
    "RandomGaussianBlur", "RandomGrayscale", "RandomHeight", "RandomHue", "RandomInvert", "RandomPerspective",
    "RandomPosterization", "RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear",
    "RandomTranslation", "RandomWidth", "RandomZoom", "Solarization",
})  # fmt: skip


def augmentations(graph: Graph) -> Graph:
    """Augmentation of images → an identity, as it is when the model predicts, and a note."""

    def change(call: Call) -> Call:
        if call.class_name not in _AUGMENTATIONS:
            return call
        note = f"the augmentation {call.class_name} is not carried, so training would see the images as they are"
        config = {"name": call.config.get("name"), "operation": "identity", "dl4j_note": note}
        return replace(call, class_name=REARRANGEMENT, config=config)

    return graph.each(change)


#: Layers that are given as an activation.
_ACTIVATION_LAYERS = frozenset({"Activation", "ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU"})


def activations_behind(graph: Graph) -> Graph:
    """An activation that the importer does not know, or a layer in its place → ``linear``, and a layer with it behind.

    Recurrent layers compute with theirs at every step and keep them.
    """
    for call in graph.calls:
        given = call.config.get("activation")
        hard = given == "hard_sigmoid" and graph.keras_major == 3
        if given is None or "recurrent_kernel" in call.shapes or call.class_name in _WITH_STEPS:
            continue
        if isinstance(given, str) and (
            (given in IMPORTED_ACTIVATIONS and not hard) or (call.class_name == "Activation" and given != "glu")
        ):
            continue
        name = graph.unused(f"{call.name}_activation")
        held = given if isinstance(given, Mapping) else {"class_name": GLU if given == "glu" else "Activation"}
        kind, config = str(held.get("class_name")), held.get("config") or {"activation": given}
        if kind not in (GLU, *_ACTIVATION_LAYERS) or not isinstance(config, Mapping):
            changed = call.with_config(activation=f"of the class {kind}")
            graph = graph.each(lambda one, old=call, new=changed: new if one is old else one)  # type: ignore[misc]
            continue
        behind = Call(name, kind, {**config, "name": name}, (), (*call.layer, "activation"))
        graph = graph.followed(call.with_config(activation="linear"), behind)
    return graph


#: Layers that use their activation at every time step.
_WITH_STEPS = frozenset({
    "Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM", "RNN", "SimpleRNN", "TimeDistributed",
})  # fmt: skip


def spectral_normalization(graph: Graph) -> Graph:
    """SpectralNormalization → the layer inside of it: what it does to the kernel is in the stored one."""

    def change(call: Call) -> Call:
        if call.class_name != "SpectralNormalization":
            return call
        inner = call.config["layer"]
        weights = {name: size for name, size in call.shapes.items() if name != "vector_u" and " " not in name}
        settings = {"name": call.config.get("name"), "dl4j_renamed": {name: name for name in weights}}
        note = "what SpectralNormalization does in training is not carried"
        config = {**inner["config"], **settings, "dl4j_note": note}
        return replace(call, class_name=inner["class_name"], config=config, shapes=weights)

    return graph.each(change)


def repeated_inputs(graph: Graph) -> Graph:
    """The same array twice for one layer → once through an identity: DL4J's graphs set only one of the inputs."""
    for call in graph.calls:
        if len(set(call.inputs)) == len(call.inputs):
            continue
        inputs: list[str] = []
        copies: list[Call] = []
        for name in call.inputs:
            if name in inputs:
                copy = graph.unused(f"{name}_for_{call.name}" + "_" * len(copies))
                copies.append(Call(copy, "Activation", {"name": copy, "activation": "linear"}, (name,), (copy,)))
                name = copy
            inputs.append(name)
        graph = graph.replaced(call.name, [*copies, replace(call, inputs=tuple(inputs))])
    return graph


def identities(graph: Graph) -> Graph:
    """Layers that compute nothing at inference and that the importer does not know are taken out.

    A Flatten of vectors is one of them: behind global pooling the importer takes it for more.
    """
    by_rank = ranks(graph)
    source: dict[str, str] = {}
    kept: list[Call] = []
    for call in graph.calls:
        inputs = tuple(source.get(name, name) for name in call.inputs)
        flat = call.class_name == "Flatten" and by_rank.get(call.inputs[0]) == 2
        if (call.class_name == "Identity" and len(inputs) == 1) or (flat and graph[inputs[0]].inputs):
            source[call.name] = inputs[0]
        else:
            kept.append(replace(call, inputs=inputs))
    return replace(graph, calls=tuple(kept), outputs=tuple(source.get(name, name) for name in graph.outputs))


PASSES: tuple[Pass, ...] = (
    plain_containers,
    input_shapes,
    unmarked_operators,
    spectral_normalization,
    possible_sizes,
    tensorflow_reshapes,
    convolutional_directions,
    channels_last,
    cells,
    neutral_initializers,
    activity_regularization,
    augmentations,
    regularizers,
    activations,
    operators,
    attention,
    custom_scales,
    scalings,
    batch_normalization_axis,
    activations_behind,
    kept_dimensions,
    dense_on_images,
    broadcasts,
    unrolled_loops,
    embedding_length,
    constraint_numbers,
    leaky_relu_slope,
    identities,
    normalized_volumes,
    inputs_as_outputs,
    grouped_as_depthwise,
    depthwise_stand_ins,
    outputs_that_reshape,
    time_in_batch,
    inputs_of_branches,
    repeated_inputs,
)
