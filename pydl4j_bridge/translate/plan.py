"""What the JVM side needs to build a model: a config in the dialect of the native importer, and what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydl4j_bridge.translate.own_losses import OwnLoss


@dataclass(frozen=True, slots=True)
class LayerPlan:
    """What is done to one layer of the importer's after it was built from the config.

    Attributes:
        activation: name of ND4J's activation that the config cannot say, with its arguments by name.
        regularization: ``(l1, l2)`` of the weights, as Keras counts them.
        bias_regularization: the same of the bias.
        constants: weights that DL4J wants and Keras does not have: name → values.
        renamed: Keras's name of a weight → the importer's; weights that are not in it are left behind. None: all as is.
        reshaped: weights that the importer wants in another shape with the same numbers: name → shape.
        pooling: ND4J's kind of pooling, where the importer takes another.
        frozen: the layer is never trained.
        between: it is frozen and a layer before it is trained, so the gradient has to go through it.
        fused: a BatchNormalization that tf.keras computes by TensorFlow's fused kernel.
        statistics: train a BatchNormalization as Keras does where DL4J does not: its moving variance follows the
            ``"biased"`` or the ``"unbiased"`` variance of a batch.
        one_by_one: an Embedding whose updater squares the gradients of a repeated index one by one.
        depthwise: the layer is a stand-in for a depthwise convolution with this many input channels.
    """

    activation: tuple[str, Mapping[str, float]] | None = None
    regularization: tuple[float, float] = (0.0, 0.0)
    bias_regularization: tuple[float, float] = (0.0, 0.0)
    constants: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    renamed: Mapping[str, str] | None = None
    reshaped: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    pooling: str | None = None
    frozen: bool = False
    between: bool = False
    fused: bool = False
    statistics: str | None = None
    one_by_one: bool = False
    depthwise: int | None = None


@dataclass(frozen=True, slots=True)
class ImportableModel:
    """A model in the dialect that the native importer reads.

    Attributes:
        config: the model's config as Keras 2 (or 1) would write it.
        sequential: it becomes a MultiLayerNetwork; otherwise a ComputationGraph.
        layers: layer name in ``config`` → where its weights are: the names of the models that hold it, and its own.
            Layers without weights are not in it.
        plans: layer name → what the config cannot say.
        shapes: layer name → Keras 2's name of each weight → its shape in Keras's layout.
        inputs: the shapes of the inputs without the batch, in Keras's layout; None for a size that varies.
        indices: for each input how many rows the embedding has that takes it for indices; None where none does.
        losses: output → the importer's loss; None where it is not the importer that makes the losses.
        own_losses: a loss layer of our own behind each output; without these and ``losses``, fit cannot train.
        notes: what of the training is not carried, by the names of the layers.
        nodes: name in ``config`` → the names of the Keras models that hold the layer that it computes, and its own. One
            layer of Keras's may have several nodes, whose names then end otherwise than its path, or none.
        classes: ``model/layer`` → the layer's class in Keras.
        axes: name in ``config`` of what has its axes in another order than in Keras, its channels last for example →
            where each of Keras's is, counted behind the batch.
        dtype: ``"float64"`` where a layer with weights has that in Keras, otherwise ``"float32"``.
        steps: for each output whether Keras's has time steps in it, which DL4J may put into the batch.
    """

    config: Mapping[str, Any]
    sequential: bool
    layers: Mapping[str, tuple[str, ...]]
    plans: Mapping[str, LayerPlan] = field(default_factory=dict)
    shapes: Mapping[str, Mapping[str, tuple[int, ...]]] = field(default_factory=dict)
    inputs: tuple[tuple[int | None, ...], ...] = ()
    indices: tuple[int | None, ...] = ()
    steps: tuple[bool, ...] = ()
    losses: Mapping[str, str] | None = None
    own_losses: tuple[OwnLoss, ...] = ()
    notes: tuple[str, ...] = ()
    nodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    classes: Mapping[str, str] = field(default_factory=dict)
    axes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dtype: str = "float32"
