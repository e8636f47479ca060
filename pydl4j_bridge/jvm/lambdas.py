"""SameDiff graphs that a caller gives in the place of Keras's Lambda layers, which are never executed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydl4j_bridge.errors import TranslationError
from pydl4j_bridge.jvm.arrays import to_indarray
from pydl4j_bridge.jvm.exceptions import java_errors

__all__ = ["record"]


def record(
    name: str, function: Callable[[Any, Any], Any], shape: tuple[int, ...]
) -> tuple[dict[str, str], tuple[int, ...]]:
    """The settings of a ``RecordedLayer`` and the shape of its output without the batch. Needs the JVM.

    Args:
        name: of the layer, for errors.
        function: from a ``SameDiff`` and the ``SDVariable`` of the input to the ``SDVariable`` of the output; called
            once.
        shape: of the input, in Keras's layout, without the batch.

    Raises:
        TranslationError: ``function`` returns something else.
        JavaError: SameDiff cannot compute it.
    """
    import jpype
    import numpy as np

    layer = jpype.JClass("org.pydl4j.RecordedLayer")
    with java_errors(f"what was given for the Lambda {name} cannot be computed"):
        graph = jpype.JClass("org.nd4j.autodiff.samediff.SameDiff").create()
        output = function(graph, layer.input(graph, jpype.JLong[:](shape)))
        if not isinstance(output, jpype.JClass("org.nd4j.autodiff.samediff.SDVariable")):
            raise TranslationError(
                f"what was given for the Lambda {name} returns no SDVariable",
                because=f"it returns {type(output).__name__}",
                where=f"lambdas[{name!r}]",
                fix="Return what the operations of SameDiff return, e.g. lambda sd, x: sd.math().square(x)",
            )
        computed = layer.output(graph, output.name(), to_indarray(np.zeros((2, *shape), dtype=np.float32)))
        sizes = tuple(int(size) for size in computed.shape())
        return {"graph": str(layer.encoded(graph)), "output": str(output.name())}, sizes[1:]
