"""Calls of layers and vertices of our own in Java, as the importer reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.translate.graph import OWN_LAYER, Call
from pydl4j_bridge.translate.output_shapes import OpenShape

_PACKAGE = "org.pydl4j"


def own_call(call: Call, java_class: str, settings: Mapping[str, Any], shape: OpenShape) -> Call:
    """``call`` as a layer of our own, or as a vertex where it has several inputs.

    Args:
        call: its weights, by Keras's names and in Keras's layouts, become the layer's, under the names that
            ``dl4j_renamed`` has for them.
        java_class: the class under ``org.pydl4j.layers`` or ``org.pydl4j.vertices``.
        settings: what it reads.
        shape: of the output, without the batch.
    """
    sizes = [-1 if size is None else size for size in shape]
    kept = {key: value for key, value in call.config.items() if key.startswith("dl4j_") or key == "trainable"}
    kept["dl4j_not_carried"] = [key for key in ("dropout", "recurrent_dropout") if call.config.get(key)]
    config = {**kept, "name": call.config.get("name")}
    if len(call.inputs) > 1:
        config["vertex"] = {
            "@class": f"{_PACKAGE}.vertices.{java_class}",
            "config": dict(settings),
            "outputShape": sizes,
        }
    else:
        renamed = call.config.get("dl4j_renamed") or {}
        # DL4J's updater takes what stands before the last underscore of a parameter's name for its layer's.
        weights = {renamed.get(name, name).replace("_", "-"): list(size) or [1] for name, size in call.shapes.items()}
        biases = {name: weights.pop(name) for name in ("beta", "bias") if name in weights}
        config["layer"] = {
            "@class": f"{_PACKAGE}.layers.{java_class}",
            "config": dict(settings),
            "outputShape": sizes,
            "layerParams": {"weightParams": weights, "biasParams": biases},
        }
    return replace(call, class_name=OWN_LAYER, config=config, kwargs={})


def part(
    call: Call,
    name: str,
    java_class: str,
    settings: Mapping[str, Any],
    shape: OpenShape,
    inputs: tuple[str, ...],
    weights: Mapping[str, str] | None = None,
) -> Call:
    """One of the layers of our own that together compute ``call``, with those of its ``weights`` that it has.

    Args:
        weights: Keras's name of a weight → the Java layer's; those that the call does not have are left out.
    """
    renamed = {name: java for name, java in (weights or {}).items() if name in call.shapes}
    config = {key: value for key, value in call.config.items() if key.startswith("dl4j_") or key == "trainable"}
    one = Call(
        name,
        call.class_name,
        {**config, "name": name, "dl4j_renamed": renamed},
        inputs,
        call.layer,
        shapes={name: call.shapes[name] for name in renamed},
    )
    return own_call(one, java_class, settings, shape)
