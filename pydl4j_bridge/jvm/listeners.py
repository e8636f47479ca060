"""Python functions that DL4J calls as it trains, as one of its ``TrainingListener``. Needs a running JVM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def listen(network: Any, after_step: Callable[[int, float], None]) -> Callable[[], None]:
    """Call a function after each step of a network, whoever makes it step.

    Args:
        network: a ``MultiLayerNetwork`` or a ``ComputationGraph``.
        after_step: takes the number of the step and the loss.

    Returns:
        What takes the listener off the network again.
    """
    import jpype

    interface = jpype.JClass("org.deeplearning4j.optimize.api.TrainingListener")
    listener = jpype.JProxy(interface, inst=_Listener(after_step))
    network.addListeners(jpype.JArray(interface)([listener]))

    def stop() -> None:
        kept = jpype.JClass("java.util.ArrayList")()
        for one in network.getListeners():
            if one != listener:
                kept.add(one)
        network.setListeners(kept)

    return stop


class _Listener:
    """What the interface asks for; JPype calls it from whichever thread trains."""

    def __init__(self, after_step: Callable[[int, float], None]) -> None:
        self._after_step = after_step

    def iterationDone(self, model: Any, iteration: int, epoch: int) -> None:  # noqa: ARG002, N802
        self._after_step(int(iteration), float(model.score()))

    def _nothing(self, *_: Any) -> None:
        """Of no interest here."""

    onEpochStart = onEpochEnd = onForwardPass = onGradientCalculation = onBackwardPass = _nothing  # noqa: N815
