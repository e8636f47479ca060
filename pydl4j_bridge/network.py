"""A network of DL4J's, used from Python: what imported models and those that were built here have in common."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pydl4j_bridge import tables, training
from pydl4j_bridge.errors import InvalidArgument, InvalidConfig
from pydl4j_bridge.evaluation import Evaluation, RegressionEvaluation
from pydl4j_bridge.jvm import descriptions, networks, state
from pydl4j_bridge.mapping import UpdaterSpec
from pydl4j_bridge.saved import NetworkDescription, add_arrays
from pydl4j_bridge.training import Arrays, History

#: Of one sample, for each input or output; None is a size that is open.
Shape = tuple[int | None, ...]
Shapes = tuple[Shape, ...]


class Network:
    """A real ``MultiLayerNetwork`` or ``ComputationGraph`` that takes and gives numpy arrays.

    Attributes:
        java: the network itself, with all that Java can do with it.
        input_shapes: of one sample, one for each input; None: not known, and then nothing is checked before Java gets
            an array.
        output_shapes: likewise, one for each output.
        channels_last: arrays have channels and features last, where the network has them first; otherwise arrays are
            as the network has them.
        history: of the last :meth:`fit`, also of one that was interrupted; None before it.
    """

    def __init__(
        self,
        java: Any,
        input_shapes: Shapes | None = None,
        output_shapes: Shapes | None = None,
        *,
        channels_last: bool = False,
        layer_shapes: Mapping[str, Shape] | None = None,
    ) -> None:
        self.java = java
        self.channels_last = channels_last
        self._layer_shapes = layer_shapes or {}
        self.input_shapes = input_shapes
        self.output_shapes = output_shapes
        self.history: History | None = None

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        """The type of the network's numbers, float32 or float64."""
        return descriptions.data_type(self.java)

    @property
    def iterations(self) -> int:
        """How many steps the network has made."""
        return state.iterations(self.java)

    def predict(self, x: ArrayLike | Sequence[ArrayLike]) -> Any:
        """The outputs for ``x``.

        Args:
            x: one array, or a list of one for each input, the batch first, in the shapes that the network takes.

        Returns:
            One array of :attr:`dtype`, or a list of them where the network has several outputs.

        Raises:
            InvalidConfig: the shape of an input is not the network's. Java would crash on some of these.
            JavaError: the network failed.
        """
        outputs = self._outputs(self.inputs_of(x))
        return outputs[0] if len(outputs) == 1 else outputs

    def inputs_of(self, x: ArrayLike | Sequence[ArrayLike]) -> list[NDArray[Any]]:
        """One array of :attr:`dtype` for each input, in the shapes that the network takes.

        Raises:
            InvalidConfig: they are not.
        """
        expected = self.input_shapes
        count = descriptions.count_inputs(self.java) if expected is None else len(expected)
        several = isinstance(x, (list, tuple)) and count > 1
        inputs = [np.asarray(one, dtype=self.dtype) for one in (x if several else [x])]  # type: ignore[union-attr]
        if len(inputs) != count:
            raise InvalidConfig(f"the model has {count} inputs, and {len(inputs)} were given")
        for at, (given, shape) in enumerate(zip(inputs, expected or (), strict=False)):
            if not _fits(given, shape) or given.size == 0:
                raise InvalidConfig(f"input {at} has the shape {given.shape}, and the model takes {(None, *shape)}")
        return [self._channels_first(one) for one in inputs]

    def labels_of(self, y: Arrays, batch: int) -> list[NDArray[Any]]:
        """One array of :attr:`dtype` for each output, as the losses take them.

        Args:
            y: in the shapes of the outputs; of outputs of one number also ``(batch,)``, and of a sparse loss classes.
            batch: how many samples there are.

        Raises:
            InvalidConfig: they are not what the losses take.
        """
        losses = self._losses
        given = list(y) if len(losses) > 1 and isinstance(y, (list, tuple)) else [y]
        if len(given) != len(losses):
            raise InvalidConfig(f"the model has {len(losses)} outputs, and labels for {len(given)} were given")
        made = []
        for at, (one, loss) in enumerate(zip(given, losses, strict=True)):
            labels = np.asarray(one, dtype=self.dtype)
            if labels.shape[:1] != (batch,):
                raise InvalidConfig(f"the labels of output {at} have the shape {labels.shape}, for {batch} samples")
            sparse = loss == "LossSparseMCXENT"
            shape = None if self.output_shapes is None else self.output_shapes[at]
            labels = labels[:, None] if labels.ndim == 1 else labels
            if shape is not None and not _fits(labels, (*shape[:-1], 1) if sparse else shape):
                classes = shape[-1]
                one_hot = f"Of classes give np.eye({classes})[y], or let the loss be 'sparse_categorical_crossentropy'"
                raise InvalidConfig(
                    f"the labels of output {at} have the shape {np.asarray(one).shape}, "
                    f"and the output is {(None, *shape)}",
                    fix=one_hot if labels.shape == (batch, 1) else "",
                )
            made.append(self._channels_first(labels))
        return made

    @property
    def is_trainable(self) -> bool:
        """Each output has a loss."""
        return all(self._losses)

    @cached_property
    def _losses(self) -> list[str | None]:
        return descriptions.losses(self.java)

    def trainable_or_error(self) -> None:
        """Nothing, or why the network cannot be trained.

        Raises:
            InvalidConfig: an output has no loss.
        """
        if not self.is_trainable:
            raise InvalidConfig(
                "the network has no loss, so it cannot be trained",
                because="an output is no output layer",
                fix="Let the last layer be an Output, a RnnOutput or a LossLayer",
            )

    def train_on_batch(self, x: Arrays, y: Arrays) -> float:
        """One step of training.

        Args:
            x: as in :meth:`predict`.
            y: labels, one array for each output; see :meth:`labels_of`.

        Returns:
            The loss before the step, with the regularization, as Keras's method of this name.

        Raises:
            InvalidConfig: the network has no loss, or the arrays are not what it takes.
            JavaError: the network failed.
        """
        return training.train_on_batch(self, x, y)

    def score(self, x: Arrays, y: Arrays) -> float:
        """The loss, with the regularization, as in inference; raises as :meth:`train_on_batch`."""
        return training.score(self, x, y)

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        shuffle: bool = False,
        validation_data: tuple[Any, Any] | None = None,
        callbacks: Iterable[Any] = (),
        progress: bool | None = None,
    ) -> History:
        """Train on arrays, or on an iterable of batches ``(x, y)``; the samples stay in their order.

        Ctrl-C, or a notebook's stop, ends it between two batches: the network is what the last step has made of it and
        can be used, and ``history`` has the epochs that were whole.

        Args:
            x: as in :meth:`predict`, or, without ``y``, an iterable of ``(x, y)`` that can be gone through once for
                each epoch.
            y: as in :meth:`train_on_batch`.
            epochs: how often to go through all samples.
            batch_size: samples in one step; the last batch of an epoch may be smaller.
            shuffle: take the samples in another order in each epoch.
            validation_data: ``(x, y)`` for ``val_loss``.
            callbacks: objects with some of Keras's methods ``on_train_begin()``, ``on_train_batch_end(batch, logs)``,
                ``on_epoch_end(epoch, logs)``, ``on_train_end()``.
            progress: a progress bar on stderr, or in a notebook's cell; None: where there is a terminal or a notebook.

        Raises:
            InvalidConfig, JavaError: as :meth:`train_on_batch`.
        """
        self.history = History()
        return training.fit(
            self,
            x,
            y,
            self.history,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
            validation_data=validation_data,
            callbacks=callbacks,
            progress=progress,
        )

    def evaluate(
        self, x: Arrays, y: Arrays, *, batch_size: int = 256, labels: Sequence[str] | None = None
    ) -> Evaluation | RegressionEvaluation:
        """How good the predictions are: accuracy and the confusion matrix of classes, errors of numbers.

        Labels are classes where they are whole numbers of one for each prediction, where each row is one-hot, or where
        a single column is 0 or 1.

        Args:
            x: as in :meth:`predict`.
            y: as in :meth:`train_on_batch`.
            batch_size: samples that are predicted at once.
            labels: names of the classes.

        Raises:
            InvalidArgument: the network has several outputs, or the labels are not those of the predictions.
            JavaError: the network failed.
        """
        return training.evaluate(self, x, y, batch_size, labels)

    def plot_history(self, axes: Any = None) -> Any:
        """The losses of the last :meth:`fit`; see :meth:`History.plot`.

        Raises:
            InvalidArgument: there was none.
            MissingExtra: matplotlib is not installed.
        """
        if self.history is None:
            raise InvalidArgument("there is no history yet", because="fit has not run")
        return self.history.plot(axes)

    def updaters(self) -> Mapping[str, UpdaterSpec]:
        """Layer name → the updater that it carries, read back from Java; layers without parameters are not in it."""
        return networks.updaters(self.java)

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of every layer: one way to train on a model that has no optimizer.

        Raises:
            JavaError: an updater has none.
        """
        networks.set_learning_rate(self.java, rate)

    def to_json(self) -> str:
        """The configuration as DL4J's JSON; ``nn.from_json`` makes a network of it."""
        return descriptions.configuration(self.java)

    def to_yaml(self) -> str:
        """The configuration as DL4J's YAML; ``nn.from_yaml`` makes a network of it."""
        return descriptions.configuration(self.java, yaml=True)

    def summary(self) -> str:
        """DL4J's own summary of the network."""
        return str(self.java.summary())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network, its updater and the updater's state as DL4J's ModelSerializer does.

        Any DL4J program restores it, and :func:`pydl4j_bridge.load` brings back this whole object. The file appears
        when it is whole.

        Raises:
            JavaError: the network cannot be written.
        """
        target = Path(path)
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            unfinished = Path(folder) / target.name
            networks.save(self.java, str(unfinished))
            self._describe_in(unfinished)
            os.replace(unfinished, target)

    def __repr__(self) -> str:
        kind = str(self.java.getClass().getSimpleName())
        return f"<{type(self).__name__}: {kind} of {int(self.java.numParams()):,} parameters>"

    def _repr_html_(self) -> str:
        rows = [
            (one.name, one.kind, ", ".join(one.inputs), one.shape and (None, *one.shape), one.parameters, one.updater)
            for one in descriptions.describe(self.java, self._shapes())
        ]
        columns = ("layer", "class", "of", "output", "parameters", "updater")
        return tables.table(columns, rows, title=repr(self).strip("<>"))

    def _outputs(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        outputs = networks.predict(self.java, inputs)
        if not self.channels_last:
            return outputs
        return [np.moveaxis(one, 1, -1) if one.ndim > 2 else one for one in outputs]

    def _channels_first(self, array: NDArray[Any]) -> NDArray[Any]:
        return np.moveaxis(array, -1, 1) if self.channels_last and array.ndim > 2 else array

    def _shapes(self) -> Mapping[str, Shape]:
        """Of the outputs of layers, as far as they are known."""
        return self._layer_shapes

    def _describe_in(self, path: Path) -> None:
        """Put into the file of a saved network what it says beside DL4J's own entries."""
        arrays = (self.input_shapes, self.output_shapes, self.channels_last, self._layer_shapes)
        add_arrays(path, NetworkDescription(descriptions.is_graph(self.java), *arrays))


def _fits(given: NDArray[Any], shape: Shape) -> bool:
    return given.ndim == len(shape) + 1 and all(
        size is None or size == actual for size, actual in zip(shape, given.shape[1:], strict=False)
    )
