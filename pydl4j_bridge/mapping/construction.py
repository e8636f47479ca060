"""Names for building DL4J networks from Python: Keras's where the thing is the same, DL4J's where it is not.

A class that is not here goes by its DL4J name, with DL4J's settings and defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_LAYERS = "org.deeplearning4j.nn.conf.layers"
_GRAPH = "org.deeplearning4j.nn.conf.graph"


@dataclass(frozen=True, slots=True)
class Row:
    """How a class of DL4J is made under a name of Python's.

    Attributes:
        java_class: its full name.
        positional: settings that may be given without their names, in order.
        renamed: name in Python → DL4J's, where they are not the same but for underscores.
        defaults: settings, by their names in Python, that hold where nothing is given: Keras's where DL4J's differ.
        same_as: setting → the one whose value it has where it is not given.
        complements: name in Python → DL4J's, whose value is 1 less this one.
        constructor: settings that its constructor takes, in order; all others have setters.
    """

    java_class: str
    positional: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    same_as: Mapping[str, str] = field(default_factory=dict)
    complements: Mapping[str, str] = field(default_factory=dict)
    constructor: tuple[str, ...] = ()


#: Keras's names of settings that every layer has under another one in DL4J.
RENAMED: Mapping[str, str] = {
    "bias_initializer": "biasInit",
    "dilation_rate": "dilation",
    "filters": "nOut",
    "kernel_initializer": "weightInit",
    "loss": "lossFunction",
    "pool_size": "kernelSize",
    "recurrent_activation": "gateActivationFunction",
    "recurrent_initializer": "weightInitRecurrent",
    "strides": "stride",
    "units": "nOut",
    "use_bias": "hasBias",
}

#: DL4J's dense and convolution layers take the network's activation, sigmoid where it has none; Keras's have none.
_LINEAR = {"activation": "linear"}
_FILTERS = ("filters", "kernel_size", "strides")


def _convolution(name: str) -> Row:
    return Row(f"{_LAYERS}.{name}", _FILTERS, defaults=_LINEAR)


def _pooling(name: str, kind: str) -> Row:
    defaults = {"pooling_type": kind, "pool_size": 2}
    return Row(f"{_LAYERS}.{name}", ("pool_size", "strides"), defaults=defaults, same_as={"strides": "pool_size"})


def _global_pooling(kind: str) -> Row:
    return Row(f"{_LAYERS}.GlobalPoolingLayer", defaults={"pooling_type": kind})


def _elementwise(operation: str) -> Row:
    return Row(f"{_GRAPH}.ElementWiseVertex", defaults={"op": operation}, constructor=("op",))


#: Name in Python → how it is made. Names that are not here are DL4J's own.
ROWS: Mapping[str, Row] = {
    "Activation": Row(f"{_LAYERS}.ActivationLayer", ("activation",)),
    "AveragePooling1D": _pooling("Subsampling1DLayer", "AVG"),
    "AveragePooling2D": _pooling("SubsamplingLayer", "AVG"),
    "AveragePooling3D": _pooling("Subsampling3DLayer", "AVG"),
    "BatchNormalization": Row(
        f"{_LAYERS}.BatchNormalization",
        renamed={"epsilon": "eps", "momentum": "decay"},
        defaults={"momentum": 0.99, "epsilon": 1e-3},
    ),
    "Bidirectional": Row(
        f"{_LAYERS}.recurrent.Bidirectional",
        ("layer", "merge_mode"),
        defaults={"merge_mode": "concat"},
        constructor=("merge_mode", "layer"),
    ),
    "Conv1D": _convolution("Convolution1DLayer"),
    "Conv2D": _convolution("ConvolutionLayer"),
    "Conv2DTranspose": _convolution("Deconvolution2D"),
    "Conv3D": _convolution("Convolution3D"),
    "Dense": Row(f"{_LAYERS}.DenseLayer", ("units",), defaults=_LINEAR),
    "DepthwiseConv2D": Row(f"{_LAYERS}.DepthwiseConvolution2D", ("kernel_size", "strides"), defaults=_LINEAR),
    "Dropout": Row(f"{_LAYERS}.DropoutLayer", ("rate",), complements={"rate": "dropOut"}),
    "Embedding": Row(
        f"{_LAYERS}.EmbeddingSequenceLayer",
        ("input_dim", "output_dim"),
        renamed={"input_dim": "nIn", "output_dim": "nOut"},
        defaults=_LINEAR,
    ),
    "GlobalAveragePooling1D": _global_pooling("AVG"),
    "GlobalAveragePooling2D": _global_pooling("AVG"),
    "GlobalAveragePooling3D": _global_pooling("AVG"),
    "GlobalMaxPooling1D": _global_pooling("MAX"),
    "GlobalMaxPooling2D": _global_pooling("MAX"),
    "GlobalMaxPooling3D": _global_pooling("MAX"),
    "LSTM": Row(f"{_LAYERS}.LSTM", ("units",)),
    "MaxPooling1D": _pooling("Subsampling1DLayer", "MAX"),
    "MaxPooling2D": _pooling("SubsamplingLayer", "MAX"),
    "MaxPooling3D": _pooling("Subsampling3DLayer", "MAX"),
    "Output": Row(f"{_LAYERS}.OutputLayer", ("units",), defaults=_LINEAR),
    "RnnOutput": Row(f"{_LAYERS}.RnnOutputLayer", ("units",), defaults=_LINEAR),
    "SeparableConv2D": _convolution("SeparableConvolution2D"),
    "SimpleRNN": Row(f"{_LAYERS}.recurrent.SimpleRnn", ("units",)),
    "UpSampling1D": Row(f"{_LAYERS}.Upsampling1D", ("size",), defaults={"size": 2}),
    "UpSampling2D": Row(f"{_LAYERS}.Upsampling2D", ("size",), defaults={"size": 2}),
    "UpSampling3D": Row(f"{_LAYERS}.Upsampling3D", ("size",), defaults={"size": 2}),
    "Add": _elementwise("Add"),
    "Average": _elementwise("Average"),
    "Maximum": _elementwise("Max"),
    "Multiply": _elementwise("Product"),
    "Subtract": _elementwise("Subtract"),
    "Concatenate": Row(f"{_GRAPH}.MergeVertex"),
    "Adam": Row("org.nd4j.linalg.learning.config.Adam", ("learning_rate",)),
    "AMSGrad": Row("org.nd4j.linalg.learning.config.AMSGrad", ("learning_rate",)),
    "AdaBelief": Row("org.nd4j.linalg.learning.config.AdaBelief", ("learning_rate",)),
    "AdaDelta": Row("org.nd4j.linalg.learning.config.AdaDelta"),
    "AdaGrad": Row("org.nd4j.linalg.learning.config.AdaGrad", ("learning_rate",)),
    "AdaMax": Row("org.nd4j.linalg.learning.config.AdaMax", ("learning_rate",)),
    "Nadam": Row("org.nd4j.linalg.learning.config.Nadam", ("learning_rate",)),
    "Nesterovs": Row("org.nd4j.linalg.learning.config.Nesterovs", ("learning_rate", "momentum")),
    "RmsProp": Row("org.nd4j.linalg.learning.config.RmsProp", ("learning_rate",)),
    "Sgd": Row("org.nd4j.linalg.learning.config.Sgd", ("learning_rate",)),
}

#: Where a class is looked for that has no row, in this order.
PACKAGES: tuple[str, ...] = (
    _LAYERS,
    f"{_LAYERS}.recurrent",
    f"{_LAYERS}.convolutional",
    f"{_LAYERS}.misc",
    f"{_LAYERS}.util",
    f"{_LAYERS}.objdetect",
    f"{_LAYERS}.variational",
    _GRAPH,
    f"{_GRAPH}.rnn",
    "org.nd4j.linalg.learning.config",
    "org.nd4j.linalg.learning.regularization",
    "org.nd4j.linalg.schedule",
    "org.nd4j.linalg.activations.impl",
    "org.nd4j.linalg.lossfunctions.impl",
    "org.deeplearning4j.nn.conf.distribution",
    "org.deeplearning4j.nn.conf.dropout",
    "org.deeplearning4j.nn.conf.constraint",
    "org.deeplearning4j.nn.conf.weightnoise",
    "org.deeplearning4j.nn.weights",
    "org.deeplearning4j.nn.conf.inputs",
    "org.deeplearning4j.nn.conf.preprocessor",
)

#: Enumeration → Keras's name of one of its values → DL4J's, where they are not the same but for case and underscores.
VALUES: Mapping[str, Mapping[str, str]] = {
    "Activation": {"linear": "IDENTITY", "silu": "SWISH"},
    "CNN2DFormat": {"channels_first": "NCHW", "channels_last": "NHWC"},
    "ConvolutionMode": {"valid": "Truncate"},
    "DataType": {"float32": "FLOAT", "float64": "DOUBLE"},
    "LossFunction": {
        "categorical_crossentropy": "MCXENT",
        "kl_divergence": "KL_DIVERGENCE",
        "mae": "MEAN_ABSOLUTE_ERROR",
        "mean_squared_error": "MSE",
        "sparse_categorical_crossentropy": "SPARSE_MCXENT",
    },
    "Mode": {"ave": "AVERAGE", "sum": "ADD"},
    "WeightInit": {
        "glorot_uniform": "XAVIER_UNIFORM",
        "he_uniform": "RELU_UNIFORM",
        "ones": "ONES",
        "zeros": "ZERO",
    },
}

#: Enumeration → Keras's name of something that DL4J does in another way → what to say instead, and why.
NOT_THE_SAME: Mapping[str, Mapping[str, str]] = {
    "LossFunction": {
        "binary_crossentropy": "say 'xent': it sums over the outputs where Keras averages",
        "categorical_hinge": "DL4J has none; 'hinge' is that of Keras, summed over the outputs",
        "huber": "DL4J has none",
    },
    "WeightInit": {
        "glorot_normal": "say 'xavier': its normal distribution is not truncated as Keras's is",
        "he_normal": "say 'relu': its normal distribution is not truncated as Keras's is",
    },
}
