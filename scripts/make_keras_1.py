"""Writes tests/data/keras1: small models that Keras 1.2.2 saved, and what it computes for them.

    KERAS_BACKEND=tensorflow python3.7 scripts/make_keras_1.py
    KERAS_BACKEND=theano python3.7 scripts/make_keras_1.py

By hand, in an old environment of its own: Python 3.7 with keras==1.2.2 theano==1.0.5 tensorflow==1.15.5 protobuf<3.21
h5py==2.10.0 numpy<1.18 scipy<1.5. Weights are random in all their parts, biases and statistics too.
"""

import os
import sys

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "data", "keras1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("THEANO_FLAGS", "floatX=float32")

from keras import backend as K  # noqa: E402, N812
from keras import layers as L  # noqa: E402, N812
from keras.constraints import maxnorm, unitnorm  # noqa: E402
from keras.layers.advanced_activations import (  # noqa: E402
    ELU,
    LeakyReLU,
    ParametricSoftplus,
    PReLU,
    SReLU,
    ThresholdedReLU,
)
from keras.layers.noise import GaussianDropout, GaussianNoise  # noqa: E402
from keras.models import Model, Sequential  # noqa: E402
from keras.regularizers import activity_l2, l1l2  # noqa: E402

if K.backend() == "theano":
    import theano.ifelse  # noqa: F401 - Keras uses it without importing it


def chain(*layers):
    """A Sequential of layers."""
    model = Sequential()
    for layer in layers:
        model.add(layer)
    return model


def image(order="tf"):
    """The shape of an image with three channels, in either order."""
    return (7, 6, 3) if order == "tf" else (3, 7, 6)


def convolution(order="tf", filters=4, rows=3, columns=2, **settings):
    """A convolution of an image, and what follows it in most models."""
    settings = dict({"dim_ordering": order, "input_shape": image(order), "activation": "relu"}, **settings)
    return chain(L.Convolution2D(filters, rows, columns, **settings), L.Flatten(), L.Dense(3))


def merged(mode, **settings):
    """Two branches that a Merge joins."""
    first, second = L.Input(shape=(4,)), L.Input(shape=(4,))
    left, right = L.Dense(5)(first), L.Dense(5, activation="tanh")(second)
    return Model(input=[first, second], output=L.Dense(2)(L.merge([left, right], mode=mode, **settings)))


def shared():
    """One layer that is called twice."""
    first, second = L.Input(shape=(4,)), L.Input(shape=(4,))
    dense = L.Dense(3, activation="tanh")
    return Model(input=[first, second], output=L.merge([dense(first), dense(second)], mode="sum"))


def nested():
    """A model in a model."""
    inside = chain(L.Dense(5, input_shape=(4,)), L.BatchNormalization(), L.Activation("relu"))
    return chain(inside, L.Dense(2))


def merge_of_models():
    """A Sequential that begins with other models."""
    left, right = chain(L.Dense(3, input_shape=(4,))), chain(L.Dense(3, input_shape=(5,)))
    return chain(L.Merge([left, right], mode="concat"), L.Dense(2))


CASES = {
    "activation": lambda: chain(L.Dense(5, input_shape=(4,), init="he_normal"), L.Activation("softplus")),
    "advanced-elu": lambda: chain(L.Dense(5, input_shape=(4,)), ELU(0.7)),
    "advanced-leaky": lambda: chain(L.Dense(5, input_shape=(4,)), LeakyReLU(0.2)),
    "advanced-parametric-softplus": lambda: chain(L.Dense(5, input_shape=(4,)), ParametricSoftplus()),
    "advanced-prelu": lambda: chain(L.Dense(5, input_shape=(4,)), PReLU()),
    "advanced-srelu": lambda: chain(L.Dense(5, input_shape=(4,)), SReLU()),
    "advanced-thresholded": lambda: chain(L.Dense(5, input_shape=(4,)), ThresholdedReLU(0.1)),
    "atrous-1d": lambda: chain(L.AtrousConvolution1D(4, 3, atrous_rate=2, input_shape=(9, 2))),
    "atrous-2d": lambda: chain(L.AtrousConvolution2D(4, 3, 2, atrous_rate=(2, 1), input_shape=image("tf"))),
    "average-pooling-1d": lambda: chain(L.Convolution1D(4, 2, input_shape=(9, 2)), L.AveragePooling1D(2)),
    "average-pooling-2d": lambda: chain(
        L.Convolution2D(4, 2, 2, input_shape=image("tf")), L.AveragePooling2D((2, 1), strides=(1, 2))
    ),
    "average-pooling-2d-same": lambda: chain(
        L.Convolution2D(4, 2, 2, input_shape=image("tf")), L.AveragePooling2D((3, 3), border_mode="same")
    ),
    "batch-normalization": lambda: chain(L.Dense(5, input_shape=(4,)), L.BatchNormalization(epsilon=0.01)),
    "batch-normalization-image": lambda: chain(
        L.Convolution2D(4, 2, 2, input_shape=image("tf")), L.BatchNormalization(axis=-1)
    ),
    "batch-normalization-image-th": lambda: chain(
        L.Convolution2D(4, 2, 2, input_shape=image("th"), dim_ordering="th"), L.BatchNormalization(axis=1)
    ),
    "batch-normalization-mode-1": lambda: chain(L.Dense(5, input_shape=(4,)), L.BatchNormalization(mode=1)),
    "batch-normalization-mode-2": lambda: chain(L.Dense(5, input_shape=(4,)), L.BatchNormalization(mode=2)),
    "bidirectional-gru": lambda: chain(L.Bidirectional(L.GRU(3, return_sequences=True), input_shape=(4, 2))),
    "bidirectional-lstm": lambda: chain(L.Bidirectional(L.LSTM(3, return_sequences=True), input_shape=(4, 2))),
    "bidirectional-lstm-gpu": lambda: chain(
        L.Bidirectional(L.LSTM(3, return_sequences=True, consume_less="gpu"), merge_mode="sum", input_shape=(4, 2))
    ),
    "bidirectional-simple-rnn": lambda: chain(
        L.Bidirectional(L.SimpleRNN(3, return_sequences=True), input_shape=(4, 2))
    ),
    "convolution-1d": lambda: chain(L.Convolution1D(4, 3, subsample_length=2, input_shape=(9, 2), activation="tanh")),
    "convolution-1d-same": lambda: chain(L.Convolution1D(4, 3, border_mode="same", input_shape=(9, 2))),
    "convolution-2d": convolution,
    "convolution-2d-no-bias": lambda: convolution(bias=False, subsample=(2, 2)),
    "convolution-2d-same": lambda: convolution(border_mode="same", columns=3),
    "convolution-2d-same-even": lambda: convolution(border_mode="same"),
    "convolution-2d-same-strides": lambda: convolution(border_mode="same", columns=3, subsample=(2, 2)),
    "convolution-2d-th": lambda: convolution("th"),
    "convolution-2d-th-pooling": lambda: chain(
        L.ZeroPadding2D((1, 2), dim_ordering="th", input_shape=image("th")),
        L.Convolution2D(4, 3, 2, dim_ordering="th"),
        L.MaxPooling2D((2, 2), dim_ordering="th"),
        L.UpSampling2D((2, 1), dim_ordering="th"),
        L.Cropping2D(((1, 0), (0, 1)), dim_ordering="th"),
        L.Flatten(),
        L.Dense(3),
    ),
    "convolution-3d": lambda: chain(L.Convolution3D(4, 2, 3, 2, dim_ordering="tf", input_shape=(5, 4, 3, 2))),
    "convolution-3d-th": lambda: chain(L.Convolution3D(4, 2, 3, 2, dim_ordering="th", input_shape=(2, 5, 4, 3))),
    "cropping-1d": lambda: chain(L.Convolution1D(4, 3, input_shape=(9, 2)), L.Cropping1D((1, 2))),
    "cropping-2d": lambda: chain(L.Cropping2D(((1, 2), (0, 1)), input_shape=image("tf")), L.Convolution2D(2, 2, 2)),
    "deconvolution-2d": lambda: chain(
        L.Deconvolution2D(4, 3, 3, output_shape=(None, 9, 8, 4), input_shape=image("tf"))
    ),
    "dense": lambda: chain(L.Dense(5, input_shape=(4,), activation="tanh"), L.Dense(2, activation="softmax")),
    "dense-no-bias": lambda: chain(L.Dense(5, input_dim=4, bias=False), L.Dense(2, activation="sigmoid")),
    "dense-regularized": lambda: chain(
        L.Dense(5, input_shape=(4,), W_regularizer=l1l2(0.1, 0.2), b_constraint=maxnorm(2), W_constraint=unitnorm()),
        L.Dense(2, activity_regularizer=activity_l2(0.1)),
    ),
    "dropouts": lambda: chain(
        L.Dense(5, input_shape=(4,)), L.Dropout(0.3), GaussianNoise(0.1), GaussianDropout(0.2), L.Dense(2)
    ),
    "embedding-gru": lambda: chain(L.Embedding(6, 3, input_length=5), L.GRU(4)),
    "embedding-lstm": lambda: chain(L.Embedding(6, 3, input_length=5, dropout=0.1), L.LSTM(4, dropout_W=0.2)),
    "embedding-mask": lambda: chain(L.Embedding(6, 3, input_length=5, mask_zero=True), L.LSTM(4)),
    "global-pooling-1d": lambda: chain(L.Convolution1D(4, 3, input_shape=(9, 2)), L.GlobalMaxPooling1D()),
    "global-pooling-2d": lambda: chain(
        L.Convolution2D(4, 3, 3, input_shape=image("tf")), L.GlobalAveragePooling2D(dim_ordering="tf")
    ),
    "global-pooling-2d-th": lambda: chain(
        L.Convolution2D(4, 3, 3, dim_ordering="th", input_shape=image("th")),
        L.GlobalAveragePooling2D(dim_ordering="th"),
    ),
    "gru": lambda: chain(L.GRU(3, input_shape=(4, 2), return_sequences=True)),
    "gru-gpu": lambda: chain(L.GRU(3, input_shape=(4, 2), consume_less="gpu")),
    "highway": lambda: chain(L.Highway(input_shape=(4,))),
    "locally-connected-1d": lambda: chain(L.LocallyConnected1D(3, 2, input_shape=(5, 2))),
    "locally-connected-2d": lambda: chain(L.LocallyConnected2D(3, 2, 2, input_shape=(5, 4, 2))),
    "lstm": lambda: chain(L.LSTM(3, input_shape=(4, 2))),
    "lstm-gpu": lambda: chain(L.LSTM(3, input_shape=(4, 2), consume_less="gpu")),
    "lstm-sequences": lambda: chain(
        L.LSTM(3, input_shape=(4, 2), return_sequences=True, inner_activation="sigmoid", forget_bias_init="zero"),
        L.TimeDistributed(L.Dense(2, activation="softmax")),
    ),
    "masking": lambda: chain(L.Masking(0.0, input_shape=(4, 2)), L.LSTM(3)),
    "max-pooling-1d": lambda: chain(L.Convolution1D(4, 3, input_shape=(9, 2)), L.MaxPooling1D(3, stride=2)),
    "max-pooling-2d-same": lambda: chain(
        L.Convolution2D(4, 2, 2, input_shape=image("tf")), L.MaxPooling2D((2, 2), border_mode="same")
    ),
    "maxout": lambda: chain(L.MaxoutDense(3, input_shape=(4,))),
    "merge-ave": lambda: merged("ave"),
    "merge-concat": lambda: merged("concat"),
    "merge-cos": lambda: merged("cos"),
    "merge-dot": lambda: merged("dot"),
    "merge-max": lambda: merged("max"),
    "merge-mul": lambda: merged("mul"),
    "merge-of-models": merge_of_models,
    "merge-sum": lambda: merged("sum"),
    "nested": nested,
    "permute": lambda: chain(L.LSTM(3, input_shape=(4, 2), return_sequences=True), L.Permute((2, 1)), L.SimpleRNN(2)),
    "repeat": lambda: chain(L.Dense(3, input_shape=(4,)), L.RepeatVector(2), L.SimpleRNN(3)),
    "reshape": lambda: chain(
        L.Dense(24, input_shape=(4,)), L.Reshape((4, 3, 2)), L.Convolution2D(3, 2, 2), L.Flatten(), L.Dense(2)
    ),
    "separable-2d": lambda: chain(L.SeparableConvolution2D(4, 3, 2, depth_multiplier=2, input_shape=image("tf"))),
    "shared": shared,
    "simple-rnn": lambda: chain(L.SimpleRNN(3, input_shape=(4, 2), activation="relu")),
    "spatial-dropout": lambda: chain(
        L.Convolution2D(4, 2, 2, input_shape=image("tf")), L.SpatialDropout2D(0.2, dim_ordering="tf"), L.Flatten()
    ),
    "time-distributed-dense": lambda: chain(
        L.LSTM(3, input_shape=(4, 2), return_sequences=True), L.TimeDistributedDense(2), L.Activation("softmax")
    ),
    "up-sampling-1d": lambda: chain(L.Convolution1D(4, 3, input_shape=(9, 2)), L.UpSampling1D(2)),
    "up-sampling-2d": lambda: chain(L.Convolution2D(4, 3, 3, input_shape=image("tf")), L.UpSampling2D((2, 3))),
    "zero-padding-1d": lambda: chain(L.Convolution1D(4, 3, input_shape=(9, 2)), L.ZeroPadding1D(2)),
    "zero-padding-2d": lambda: chain(L.ZeroPadding2D((1, 2), input_shape=image("tf")), L.Convolution2D(4, 3, 3)),
    "zero-padding-2d-dict": lambda: chain(
        L.ZeroPadding2D({"top_pad": 1, "right_pad": 2}, input_shape=image("tf")), L.Convolution2D(4, 3, 3)
    ),
    "zero-padding-2d-four": lambda: chain(
        L.ZeroPadding2D((1, 0, 2, 1), input_shape=image("tf")), L.Convolution2D(4, 3, 3)
    ),
}


def make(name, build):
    """Save one model with random weights, and its outputs for random inputs."""
    random = np.random.RandomState(1)
    K.clear_session() if K.backend() == "tensorflow" else None
    K.set_image_dim_ordering("th" if name.endswith("-th") or "-th-" in name else "tf")
    model = build()
    weights = []
    for layer in model.layers:
        inner = getattr(layer, "layers", [layer])
        for one in inner:
            for weight, value in zip(one.weights, one.get_weights()):  # noqa: B905 - Python 3.7
                spread = (0.5, 1.5) if "running_std" in weight.name else (-1, 1)
                weights.append((weight, random.uniform(*spread, size=value.shape).astype("float32")))
    K.batch_set_value(weights)
    inputs = []
    for tensor in model.inputs:
        shape = (3, *K.int_shape(tensor)[1:])
        words = name.startswith("embedding")
        inputs.append((random.randint(0, 6, shape) if words else random.normal(size=shape)).astype("float32"))
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0])
    path = os.path.join(FOLDER, f"{name}-{K.backend()}")
    outputs = outputs if isinstance(outputs, list) else [outputs]
    recorded = {f"input_{at}": one for at, one in enumerate(inputs)}
    recorded.update({f"output_{at}": one for at, one in enumerate(outputs)})
    np.savez_compressed(path + ".npz", **recorded)
    model.save(path + ".h5")


if __name__ == "__main__":
    if not os.path.isdir(FOLDER):
        os.makedirs(FOLDER)
    for name in sorted(CASES):
        if len(sys.argv) > 1 and sys.argv[1] not in name:
            continue
        try:
            make(name, CASES[name])
        except Exception as error:  # what this backend of Keras 1 cannot do itself is no case
            print(name, K.backend(), type(error).__name__, str(error)[:150])
