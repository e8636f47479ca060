"""What a network is made of, layer by layer, as a person reads it. Needs a running JVM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from pydl4j_bridge.jvm.arrays import TYPES
from pydl4j_bridge.jvm.layers import holders, read_layers


@dataclass(frozen=True, slots=True)
class Described:
    """One layer or vertex of a network.

    Attributes:
        name: DL4J's; the number of the layer where it has none.
        kind: simple name of its class; of wrappers from the outside in: ``Bidirectional/LSTM``.
        inputs: names of what goes into it.
        shape: of one sample of its output; None: not known.
        parameters: how many numbers it has.
        updater: simple name and learning rate; None where there is nothing to train.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    shape: tuple[int | None, ...] | None
    parameters: int
    updater: str | None


def describe(network: Any, shapes: Mapping[str, tuple[int | None, ...]]) -> list[Described]:
    """The layers and vertices of a network, in the order in which they are computed.

    Args:
        network: a ``MultiLayerNetwork`` or a ``ComputationGraph``.
        shapes: of the outputs of those for which they are known.
    """
    updaters = {
        name: f"{spec.updater}({spec.fields.get('learningRate', '')})".replace("()", "")
        for name, spec in read_layers(network)[0].items()
    }

    def described(name: str, conf: Any, inputs: tuple[str, ...], parameters: int) -> Described:
        kinds = [made_of for _, made_of in holders(conf)]
        shape = shapes.get(name)
        known = shape if shape is not None and 0 not in shape else None  # DL4J says 0 where a layer does not know
        return Described(name, kinds[0], inputs, known, parameters, updaters.get(name))

    if not is_graph(network):
        found, before = [], "input"
        for at, layer in enumerate(network.getLayers()):
            conf = layer.conf().getLayer()
            name = str(conf.getLayerName() or at)
            found.append(described(name, conf, (before,), int(layer.numParams())))
            before = name
        return found
    found = []
    sources = network.getConfiguration().getVertexInputs()
    for at in network.topologicalSortOrder():
        vertex = network.getVertices()[at]
        name = str(vertex.getVertexName())
        if vertex.isInputVertex():
            continue
        inputs = tuple(str(one) for one in sources.get(name))
        if vertex.hasLayer():
            layer = vertex.getLayer()
            found.append(described(name, layer.conf().getLayer(), inputs, int(layer.numParams())))
        else:
            kind = str(vertex.getClass().getSimpleName())
            found.append(Described(name, kind, inputs, shapes.get(name), 0, None))
    return found


def is_graph(network: Any) -> bool:
    """It is a ``ComputationGraph``; otherwise a ``MultiLayerNetwork``."""
    return isinstance(network, _graph())


@cache
def _graph() -> Any:
    import jpype

    return jpype.JClass("org.deeplearning4j.nn.graph.ComputationGraph")


def data_type(network: Any) -> np.dtype[Any]:
    """Of the network's numbers."""
    return TYPES[str(_configuration(network).getDataType().name())]


def count_inputs(network: Any) -> int:
    """How many arrays it takes."""
    return int(network.getNumInputArrays()) if is_graph(network) else 1


def losses(network: Any) -> list[str | None]:
    """For each output the simple name of the class of its loss; None where it has none."""
    if is_graph(network):
        layers = [network.getVertex(name).getLayer() for name in _configuration(network).getNetworkOutputs()]
    else:
        layers = [network.getLayers()[-1]]
    return [None if layer is None else _loss(layer.conf().getLayer()) for layer in layers]


def configuration(network: Any, *, yaml: bool = False) -> str:
    """The configuration of a network as DL4J's JSON or YAML."""
    found = _configuration(network)
    return str(found.toYaml() if yaml else found.toJson())


def _configuration(network: Any) -> Any:
    return network.getConfiguration() if is_graph(network) else network.getLayerWiseConfigurations()


def _loss(conf: Any) -> str | None:
    return str(conf.getLossFn().getClass().getSimpleName()) if hasattr(conf, "getLossFn") else None
