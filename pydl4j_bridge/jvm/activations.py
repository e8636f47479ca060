"""What each layer of a network gives for some inputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy
from pydl4j_bridge.jvm.exceptions import java_errors


def activations(network: Any, inputs: Sequence[NDArray[Any]]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Name of a layer or vertex → what it gives, in an order in which each follows its inputs.

    Args:
        network: a ``MultiLayerNetwork`` or ``ComputationGraph``.
        inputs: one array for each of its inputs, in the layout that it was imported with.

    Raises:
        JavaError: the network failed.
    """
    with java_errors("the network's layers cannot be computed"):
        given = [to_indarray(one, copy=True) for one in inputs]
        if str(network.getClass().getSimpleName()) == "ComputationGraph":
            yield from _of_graph(network, given)
            return
        for at, layer in enumerate(network.getLayers()):
            # Up to each layer anew: outside of workspaces, one may work in place on what the one before it gave.
            last = list(network.feedForwardToLayer(at, given[0].dup(), False))[-1]
            yield str(layer.conf().getLayer().getLayerName()), to_numpy(last, copy=True)


def _of_graph(network: Any, given: Sequence[Any]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Vertex by vertex, each on copies: some work in place on an array that others read as well."""
    import jpype

    workspaces = jpype.JClass("org.deeplearning4j.nn.workspace.LayerWorkspaceMgr").noWorkspaces()
    names = [str(name) for name in network.getConfiguration().getNetworkInputs()]
    vertices, found = list(network.getVertices()), {}
    for at in network.topologicalSortOrder():
        vertex = vertices[at]
        name = str(vertex.getVertexName())
        if vertex.isInputVertex():
            found[at] = given[names.index(name)]
            continue
        for position, source in enumerate(vertex.getInputVertices()):
            vertex.setInput(position, found[int(source.getVertexIndex())].dup(), workspaces)
        # Some give their input, or a view of it, which the next one may change.
        found[at] = vertex.doForward(False, workspaces).dup()
        vertex.clear()
        yield name, to_numpy(found[at], copy=True)
