"""``verify``: whether DL4J computes what Keras computes, and if not, which layer is the first to differ."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge.bridge import import_model
from pydl4j_bridge.compare.layers import TOLERANCE, LayerDifference, LayersReport, Recorded, aligned, compare_arrays
from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.imported import ImportedModel
from pydl4j_bridge.jvm.activations import activations
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.oracles import Oracle, ask_keras, read_oracle
from pydl4j_bridge.translate import bind_weights, from_keras_1, translate
from pydl4j_bridge.translate.samples import sample_inputs
from pydl4j_bridge.translate.support import importable


def verify(
    path: str | os.PathLike[str],
    inputs: Sequence[ArrayLike] | None = None,
    expected: str | os.PathLike[str] | Oracle | None = None,
    *,
    layers: bool = True,
    tolerance: float | None = None,
    python: str | None = None,
    **options: Any,
) -> LayersReport:
    """Hold what DL4J computes against what Keras computes, for the same inputs, layer by layer.

    Args:
        path: the Keras file.
        inputs: one array for each input; None: those of ``expected``, or made-up ones, the same in every run.
        expected: what Keras computes: a ``.npz`` as ``record`` writes it; None: Keras is asked, in its own process.
        layers: compare layers as well as outputs, where they were recorded.
        tolerance: relative; None: by the type of Keras's numbers, see ``compare.layers``.
        python: a Python that has Keras, as in ``record``.
        options: of ``import_model``.

    Raises:
        KerasProcessError: there is no Keras to ask, or it cannot compute the model.
        InvalidConfig: the inputs are not the model's, or ``expected`` is not for them.
        BridgeError: as ``import_model``.
    """
    imported = import_model(path, **{"optimizer": False, **options})
    if expected is None:
        with tempfile.TemporaryDirectory() as folder:
            given = sample_inputs(imported.translated) if inputs is None else [np.asarray(one) for one in inputs]
            oracle = ask_keras(read(path), given, Path(folder) / "recorded.npz", python=python)
    else:
        oracle = expected if isinstance(expected, Oracle) else read_oracle(expected)
    return compare_with(imported, os.fspath(path), oracle, inputs, layers=layers, tolerance=tolerance)


def record(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    inputs: Sequence[ArrayLike] | None = None,
    *,
    python: str | None = None,
) -> Oracle:
    """Write what Keras computes, for ``verify(path, expected=out)`` on a machine that has no Keras. Starts no JVM.

    Args:
        path: the Keras file.
        out: the ``.npz`` to write.
        inputs: one array for each input; None: made-up ones.
        python: a Python that has Keras; None: the one that ``PYDL4J_KERAS_PYTHON`` names, or this one.

    Raises:
        KerasProcessError: that Python has no Keras, or it cannot compute the model.
        BridgeError: the inputs cannot be told from the file.
    """
    file = read(path)
    if inputs is None:
        with open_model(path, file.container, file.model_config) as contents:
            major = importable(file)
            contents, weights = from_keras_1(contents) if major == 1 else (contents, bind_weights(contents))
            given = sample_inputs(translate(contents, weights, major))
    else:
        given = [np.asarray(one) for one in inputs]
    return ask_keras(file, given, out, python=python)


def compare_with(
    model: ImportedModel,
    path: str,
    oracle: Oracle,
    inputs: Sequence[ArrayLike] | None = None,
    *,
    layers: bool = True,
    tolerance: float | None = None,
) -> LayersReport:
    """A network in this process against what Keras computes; see :func:`verify`.

    Raises:
        InvalidConfig: the inputs are not the model's, or nobody says what they are.
        JavaError: the network failed.
    """
    given = list(oracle.inputs if inputs is None else inputs)
    if not given:
        raise InvalidConfig("nobody says what the inputs were", fix="Pass inputs, or record them as input_0 ...")
    arrays = model.inputs_of(given if len(given) > 1 else given[0])
    if len(oracle.outputs) != len(model.translated.steps):
        raise InvalidConfig(
            f"{len(oracle.outputs)} outputs were recorded", because="the model has another number of them"
        )
    predicted = model.predict(arrays if len(arrays) > 1 else arrays[0])
    ours = predicted if isinstance(predicted, list) else [predicted]
    outputs = tuple(
        compare_arrays(f"output {at}", "", array, Recorded(keras.shape, keras))
        for at, (array, keras) in enumerate(zip(ours, oracle.outputs, strict=True))
    )
    compared = tuple(_layers(model, arrays, oracle)) if layers and oracle.layers else ()
    notes = [] if compared or not layers else ["no layers were recorded: only the outputs were compared"]
    limit = TOLERANCE.get(oracle.dtype, TOLERANCE["float32"]) if tolerance is None else tolerance
    if model.dtype == np.float32:
        limit = max(limit, TOLERANCE["float32"]) if tolerance is None else limit
    return LayersReport(path, oracle.source, limit, outputs, compared, notes=tuple(notes))


def _layers(model: ImportedModel, inputs: Sequence[NDArray[Any]], oracle: Oracle) -> Iterator[LayerDifference]:
    """Each layer that Keras recorded, in the order of the network."""
    translated = model.translated
    found = dict(activations(model.java, inputs))
    nodes = {name: "/".join(path) for name, path in translated.nodes.items()}
    sources = _sources(translated.config, nodes)
    of_layer: dict[str, list[str]] = {}
    for name, path in nodes.items():
        # What stands beside a layer in the network has a path below the layer's.
        layer = path if path in oracle.layers else path.rpartition("/")[0]
        if layer in oracle.layers:
            of_layer.setdefault(layer, []).append(name)
    errors: dict[str, float] = {}
    for layer, names in of_layer.items():
        keras = oracle.layers[layer]
        candidates = [found[name] for name in reversed(names) if name in found]
        ours = aligned(candidates, keras, channels_first=translated.channels_first)
        if ours is None:
            shapes = ", ".join(str(one.shape) for one in candidates) or "nothing"
            why = f"DL4J has {shapes} where Keras has {keras.shape}"
            yield LayerDifference(layer, translated.classes.get(layer, ""), keras.shape, not_compared=why)
            continue
        given = [_inherited(source, sources, errors) for name in names for source in sources[name]]
        difference = compare_arrays(layer, translated.classes.get(layer, ""), ours, keras, max(given, default=0.0))
        errors.update(dict.fromkeys(names, difference.relative))
        yield difference
    for layer, keras in oracle.layers.items():
        if layer not in of_layer:
            why = "it is not a layer of its own in DL4J"
            yield LayerDifference(layer, translated.classes.get(layer, ""), keras.shape, not_compared=why)


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
