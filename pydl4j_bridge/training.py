"""Training a network from Python, on numpy arrays."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge import evaluation, tables
from pydl4j_bridge.errors import InvalidArgument, InvalidConfig, MissingExtra
from pydl4j_bridge.evaluation import Evaluation, RegressionEvaluation
from pydl4j_bridge.jvm import networks

if TYPE_CHECKING:
    from pydl4j_bridge.network import Network

#: One array, or one for each input or output.
Arrays: TypeAlias = "ArrayLike | Sequence[ArrayLike]"


@dataclass(frozen=True, slots=True)
class History:
    """What ``fit`` returns, as in Keras.

    Attributes:
        epoch: the numbers of the epochs, from 0.
        history: ``"loss"`` → the mean loss of each epoch, weighted by the sizes of its batches; ``"val_loss"`` → the
            loss on the validation data after each epoch, where there are any.
    """

    epoch: list[int] = field(default_factory=list)
    history: dict[str, list[float]] = field(default_factory=dict)

    def plot(self, axes: Any = None) -> Any:
        """A curve for each of the losses, epoch by epoch.

        Args:
            axes: matplotlib's, to draw into; None: new ones.

        Returns:
            The axes.

        Raises:
            MissingExtra: matplotlib is not installed.
        """
        if axes is None:
            try:
                from matplotlib import pyplot
            except ImportError as error:
                raise MissingExtra.of("matplotlib", "report") from error
            axes = pyplot.subplots()[1]
        for name, values in self.history.items():
            axes.plot(self.epoch, values, marker="o", markersize=3, label=name)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.legend()
        return axes

    def _repr_html_(self) -> str:
        rows = zip(self.epoch, *self.history.values(), strict=False)
        return tables.table(("epoch", *self.history), rows)


def train_on_batch(model: Network, x: Arrays, y: Arrays) -> float:
    """One step; see :meth:`Network.train_on_batch`."""
    model.trainable_or_error()
    inputs = model.inputs_of(x)
    return networks.fit(model.java, inputs, model.labels_of(y, inputs[0].shape[0]))


def score(model: Network, x: Arrays, y: Arrays) -> float:
    """The loss without a step; see :meth:`Network.score`."""
    model.trainable_or_error()
    inputs = model.inputs_of(x)
    return networks.score(model.java, inputs, model.labels_of(y, inputs[0].shape[0]))


def evaluate(
    model: Network, x: Arrays, y: Arrays, batch_size: int, labels: Sequence[str] | None
) -> Evaluation | RegressionEvaluation:
    """Predictions against labels; see :meth:`Network.evaluate`."""
    pairs, losses, sizes = [], [], []
    for some, expected in _batches(x, y, batch_size, None):
        predicted = model.predict(some)
        if isinstance(predicted, list):
            raise InvalidArgument(f"the model has {len(predicted)} outputs", because="one of them can be evaluated")
        pairs.append((np.asarray(expected), predicted))
        if model.is_trainable:
            losses.append(score(model, some, expected))
            sizes.append(_samples(some))
    if not pairs:
        raise InvalidArgument("there is nothing to evaluate", because="there are no samples")
    return evaluation.evaluate(pairs, float(np.average(losses, weights=sizes)) if losses else None, labels)


def fit(
    model: Network,
    x: Any,
    y: Any,
    history: History,
    *,
    epochs: int,
    batch_size: int,
    shuffle: bool,
    validation_data: tuple[Any, Any] | None,
    callbacks: Iterable[Any],
    progress: bool | None,
) -> History:
    """Many steps; see :meth:`Network.fit`."""
    tqdm = _progress_bar()
    hidden = (
        (False if in_notebook() else None) if progress is None else not progress
    )  # None: where there is no terminal
    watching = tuple(callbacks)
    order = np.random.default_rng() if shuffle else None
    _tell(watching, "on_train_begin")
    for epoch in range(epochs):
        batches = x if y is None else _batches(x, y, batch_size, order)
        total = None if y is None else -(-_samples(x) // batch_size)
        losses, sizes = [], []
        bar = tqdm(
            batches,
            total=total,
            desc=f"epoch {epoch + 1}/{epochs}",
            unit="batch",
            disable=hidden,
        )
        with bar:
            for number, (some, labels) in enumerate(bar):
                losses.append(train_on_batch(model, some, labels))
                sizes.append(_samples(some))
                if not bar.disable:
                    bar.set_postfix(loss=f"{losses[-1]:.4g}", refresh=False)
                _tell(watching, "on_train_batch_end", number, {"loss": losses[-1]})
        if not losses:
            raise InvalidConfig("there is nothing to train on", because="the iterable of batches is empty or used up")
        logs = {"loss": float(np.average(losses, weights=sizes))}
        if validation_data is not None:
            logs["val_loss"] = score(model, *validation_data)
        history.epoch.append(epoch)
        for key, value in logs.items():
            history.history.setdefault(key, []).append(value)
        _tell(watching, "on_epoch_end", epoch, logs)
    _tell(watching, "on_train_end")
    return history


def in_notebook() -> bool:
    """An IPython kernel runs this, one whose cells show pictures."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def _progress_bar() -> Any:
    if in_notebook() and find_spec("ipywidgets") is None:
        from tqdm import tqdm  # as text: without ipywidgets tqdm.auto would warn of it
    else:
        from tqdm.auto import tqdm
    return tqdm


def _batches(x: Any, y: Any, size: int, order: np.random.Generator | None) -> Iterator[tuple[Any, Any]]:
    samples = _samples(x)
    chosen = None if order is None else order.permutation(samples)
    for first in range(0, samples, size):
        at = slice(first, first + size) if chosen is None else chosen[first : first + size]
        yield _take(x, at), _take(y, at)


def _take(arrays: Any, at: slice | NDArray[np.int64]) -> Any:
    return [np.asarray(one)[at] for one in arrays] if isinstance(arrays, (list, tuple)) else np.asarray(arrays)[at]


def _samples(arrays: Any) -> int:
    return len(arrays[0] if isinstance(arrays, (list, tuple)) else arrays)


def _tell(callbacks: Iterable[Any], event: str, *arguments: Any) -> None:
    for callback in callbacks:
        if hasattr(callback, event):
            getattr(callback, event)(*arguments)
