"""A curve of the loss that is drawn while a network trains, in a notebook's cell."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from pydl4j_bridge.errors import MissingExtra
from pydl4j_bridge.jvm.listeners import listen

#: More steps than a picture has points are drawn as means of neighbours.
_POINTS = 400


class LiveCurve:
    """Watches a network as a ``TrainingListener`` of DL4J's, whoever trains it, Python or Java::

        with LiveCurve(model):
            model.fit(x, y, epochs=20)

    In a notebook the cell shows the curve, drawn again twice a second and once at the end. Elsewhere it only keeps the
    losses.

    Attributes:
        steps: the numbers of the steps that it saw.
        losses: the loss of each.
    """

    def __init__(self, model: Any, *, every: float = 0.5) -> None:
        """Watch a network from ``with`` on.

        Args:
            model: anything with the network as ``.java``.
            every: seconds between two pictures.

        Raises:
            MissingExtra: there is a notebook, and matplotlib is not installed.
        """
        self.steps: list[int] = []
        self.losses: list[float] = []
        self._java = model.java
        self._every = every
        self._display: Any = None
        self._drawn = 0.0
        self._stop: Callable[[], None] = lambda: None
        if _in_notebook():
            _pyplot()

    def __enter__(self) -> LiveCurve:
        self._stop = listen(self._java, self._after_step)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        if _in_notebook() and self.losses:
            self._draw()

    def plot(self, axes: Any = None) -> Any:
        """The curve, drawn into matplotlib's axes, or into new ones.

        Raises:
            MissingExtra: matplotlib is not installed.
        """
        axes = _pyplot().subplots()[1] if axes is None else axes
        width = -(-len(self.losses) // _POINTS) or 1
        starts = range(0, len(self.losses), width)
        means = [sum(self.losses[at : at + width]) / len(self.losses[at : at + width]) for at in starts]
        axes.plot([self.steps[min(at + width, len(self.steps)) - 1] for at in starts], means)
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        return axes

    def _after_step(self, step: int, loss: float) -> None:
        self.steps.append(step)
        self.losses.append(loss)
        if time.monotonic() - self._drawn > self._every and _in_notebook():
            self._draw()

    def _draw(self) -> None:
        from IPython import display

        show: Any = display.display
        pyplot = _pyplot()
        figure, axes = pyplot.subplots(figsize=(6, 3))
        self.plot(axes)
        if self._display is None:
            self._display = show(figure, display_id=True)
        else:
            self._display.update(figure)
        pyplot.close(figure)
        self._drawn = time.monotonic()


def _in_notebook() -> bool:
    """An IPython kernel runs this, one whose cells show pictures."""
    import sys

    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise MissingExtra.of("matplotlib", "report") from error
    return pyplot
