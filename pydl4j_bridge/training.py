"""Training an imported network from Python, on numpy arrays in Keras's layouts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.jvm import networks

if TYPE_CHECKING:
    from pydl4j_bridge.imported import ImportedModel

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


def labels_of(model: ImportedModel, y: Arrays, batch: int) -> list[NDArray[Any]]:
    """Labels as the loss layers want them: one row a sample.

    Args:
        model: has a loss.
        y: labels in Keras's shapes; classes are integers where the loss is a sparse one.
        batch: how many samples there are.

    Raises:
        InvalidConfig: they are not what the losses take.
    """
    translated = model.translated
    outputs = len(translated.steps)
    given = list(y) if outputs > 1 and isinstance(y, (list, tuple)) else [y]
    if len(given) != outputs:
        raise InvalidConfig(f"the model has {outputs} outputs, and labels for {len(given)} were given")
    made: list[NDArray[Any]] = []
    for at, one in enumerate(given):
        labels = np.asarray(one)
        if labels.shape[:1] != (batch,):
            raise InvalidConfig(f"the labels of output {at} have the shape {labels.shape}, for {batch} samples")
        if translated.own_losses:
            loss = translated.own_losses[at]
            labels = _one_hot(labels, loss.shape, at) if loss.classes else labels
            if labels.size != batch * int(np.prod(loss.shape)):
                raise InvalidConfig(
                    f"the labels of output {at} have the shape {labels.shape}, and the output {(batch, *loss.shape)}"
                )
        made.append(np.asarray(labels, dtype=model.dtype).reshape(batch, -1))
    return made


def _one_hot(labels: NDArray[Any], shape: tuple[int, ...], at: int) -> NDArray[np.float32]:
    classes = shape[-1]
    numbers = labels.reshape(labels.shape[0], -1).astype(np.int64)
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < classes:
        raise InvalidConfig(f"the labels of output {at} are not classes from 0 to {classes - 1}")
    return np.asarray(np.eye(classes, dtype=np.float32)[numbers])


def train_on_batch(model: ImportedModel, x: Arrays, y: Arrays) -> float:
    """One step; see :meth:`ImportedModel.train_on_batch`."""
    if not (model.translated.losses or model.translated.own_losses):
        raise InvalidConfig("the network has no loss, so it cannot be trained", because="; ".join(model.notes))
    inputs = model.inputs_of(x)
    labels = labels_of(model, y, inputs[0].shape[0])
    return networks.fit(model.java, inputs, labels)


def score(model: ImportedModel, x: Arrays, y: Arrays) -> float:
    """The loss without a step; see :meth:`ImportedModel.score`."""
    if not (model.translated.losses or model.translated.own_losses):
        raise InvalidConfig("the network has no loss", because="; ".join(model.notes))
    inputs = model.inputs_of(x)
    return networks.score(model.java, inputs, labels_of(model, y, inputs[0].shape[0]))


def fit(
    model: ImportedModel,
    x: Any,
    y: Any,
    *,
    epochs: int,
    batch_size: int,
    shuffle: bool,
    validation_data: tuple[Any, Any] | None,
    callbacks: Iterable[Any],
    progress: bool | None,
) -> History:
    """Many steps; see :meth:`ImportedModel.fit`."""
    from tqdm.auto import tqdm

    made = History()
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
            disable=None if progress is None else not progress,
        )
        with bar:
            for number, (some, labels) in enumerate(bar):
                losses.append(train_on_batch(model, some, labels))
                sizes.append(_samples(some))
                bar.set_postfix(loss=f"{losses[-1]:.4g}", refresh=False)
                _tell(watching, "on_train_batch_end", number, {"loss": losses[-1]})
        if not losses:
            raise InvalidConfig("there is nothing to train on", because="the iterable of batches is empty or used up")
        logs = {"loss": float(np.average(losses, weights=sizes))}
        if validation_data is not None:
            logs["val_loss"] = score(model, *validation_data)
        made.epoch.append(epoch)
        for key, value in logs.items():
            made.history.setdefault(key, []).append(value)
        _tell(watching, "on_epoch_end", epoch, logs)
    _tell(watching, "on_train_end")
    return made


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
