#!/usr/bin/env python3
"""Make the zoo under tests/data/zoo: small Keras models of every layer, with what Keras itself computes of them.

    pip install -e .[fixtures]
    python scripts/make_zoo.py                           # what is in git, into tests/data/zoo
    python scripts/make_zoo.py --only 'keras3/*lstm*'    # these cases alone; the others stay
    python scripts/make_zoo.py --all --out /some/folder  # every case in both containers: too much for git

One folder per dialect, `keras3/` and `tfkeras/`. A case is a model in one or both containers, `conv2d-same.keras` and
`conv2d-same.h5`, and `conv2d-same.npz` with `input_0`, `input_1`, ... and the `output_0`, ... that Keras computes of
them (three samples, float32). All weights are random and the sizes differ from one another, so that a transposed
kernel, a swapped gate or a swapped axis shows. A third of the models are compiled; none is trained.

A case whose name ends in `-then-...-dense` is the case of the shorter name with more layers behind it.

`cases.json` says which versions wrote the files, what is in each case, and what Keras itself cannot do: a case that
it cannot build, compute or save, or a file that it cannot load back with the same outputs, stands under `skipped`.

Weights, data and file names are the same on each run. The bytes of a `.keras` archive are not (see make_fixtures.py).
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import fnmatch
import json
import platform
import re
import shutil
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import tensorflow as tf
from absl import logging
from make_fixtures import KERAS3, SEED, TFKERAS, Dialect

SAMPLES = 3
TOLERANCE = 1e-6
SUFFIXES = ("keras", "h5")
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "tests" / "data" / "zoo"

VECTOR = (3,)
STEPS = (4, 3)  # time, features
LINE = (7, 3)
IMAGE = (7, 6, 3)
VOLUME = (7, 6, 5, 2)
FILM = (4, 7, 6, 3)

Shape = tuple[int | None, ...]
Layers = Callable[[Any], list[Any]]
Json = Any


# --- cases ------------------------------------------------------------------------------------------------------


class Names:
    """The names of a Keras package that cases use, in one place: `k.Dense`, `k.L2`, `k.MaxNorm`, `k.Sequential`."""

    def __init__(self, keras: Any) -> None:
        self.keras = keras

    def __getattr__(self, name: str) -> Any:
        for namespace in (self.keras.layers, self.keras.regularizers, self.keras.constraints, self.keras):
            if hasattr(namespace, name):
                return getattr(namespace, name)
        raise AttributeError(f"{self.keras.__name__} has no {name}")


@dataclasses.dataclass(frozen=True)
class Case:
    """One model. `data` says for each input what to fill it with (see INPUTS); `tf` that tf_keras makes it too."""

    name: str
    build: Callable[[Names], Any]
    data: tuple[str, ...] = ("normal",)
    tf: bool = False
    compiled: str | None = None


# What to put behind a layer to have a whole network, and with which last activation and loss.
HEADS: dict[str, Layers] = {
    "flatten": lambda k: [k.Flatten()],
    "average": lambda k: [k.GlobalAveragePooling2D()],
    "max": lambda k: [k.GlobalMaxPooling2D()],
    "steps": lambda k: [k.GlobalAveragePooling1D()],
    "lstm": lambda k: [k.LSTM(5)],
    "vector": lambda _: [],
}
ENDINGS = (
    ("softmax", ("adam-categorical", "sgd-categorical", "adam-label-smoothing")),
    ("sigmoid", ("rmsprop-binary", "adam-binary", "adamw-binary")),
    ("linear", ("sgd-nesterov-mse", "rmsprop-mse", "adagrad-mae", "adam-logits")),
)

# What else is compiled: every fourth of the cases that do not say how.
COMPILED_ANYHOW = ("adam-mse", "rmsprop-mse", "sgd-nesterov-mse", "adagrad-mae")

# name -> optimizer class, its options, loss (name, or class and options)
COMPILED: dict[str, tuple[str, dict[str, Any], str | tuple[str, dict[str, Any]]]] = {
    "adam-mse": ("Adam", {"learning_rate": 0.002}, "mse"),
    "adam-categorical": ("Adam", {"beta_1": 0.85}, "categorical_crossentropy"),
    "adam-binary": ("Adam", {"amsgrad": True}, "binary_crossentropy"),
    "adam-label-smoothing": ("Adam", {}, ("CategoricalCrossentropy", {"label_smoothing": 0.1})),
    "adam-logits": ("Adam", {}, ("CategoricalCrossentropy", {"from_logits": True})),
    "adamw-binary": ("AdamW", {"weight_decay": 0.01}, "binary_crossentropy"),
    "adagrad-mae": ("Adagrad", {"learning_rate": 0.05}, "mae"),
    "rmsprop-mse": ("RMSprop", {"learning_rate": 0.003, "rho": 0.8}, "mse"),
    "rmsprop-binary": ("RMSprop", {}, "binary_crossentropy"),
    "sgd-categorical": ("SGD", {"learning_rate": 0.1}, "categorical_crossentropy"),
    "sgd-nesterov-mse": ("SGD", {"momentum": 0.9, "nesterov": True}, "mse"),
}


def number(name: str) -> int:
    """A number that a name always has."""
    return zlib.crc32(name.encode()) ^ SEED


def sequential(shape: Shape, layers: Layers, dtype: str | None = None) -> Callable[[Names], Any]:
    """What builds a Sequential of these layers."""
    return lambda k: k.Sequential([k.Input(shape, **({} if dtype is None else {"dtype": dtype})), *layers(k)])


def stack(
    name: str,
    shape: Shape,
    layers: Layers,
    *,
    head: str | None = None,
    tf: bool = False,
    data: str = "normal",
    dtype: str | None = None,
    compiled: str | None = None,
) -> list[Case]:
    """A Sequential; with a `head`, the same once more as a whole compiled network."""
    cases = [Case(name, sequential(shape, layers, dtype), (data,), tf, compiled)]
    if head is not None:
        activation, compilations = ENDINGS[number(name) % len(ENDINGS)]
        compilation = compilations[number(name) // len(ENDINGS) % len(compilations)]

        def whole(k: Names) -> list[Any]:
            return [*layers(k), *HEADS[head](k), k.Dense(5, activation=activation)]

        longer = f"{name}-then-{head}-dense" if HEADS[head] is not HEADS["vector"] else f"{name}-then-dense"
        cases.append(Case(longer, sequential(shape, whole, dtype), (data,), tf, compilation))
    return cases


def graph(
    name: str,
    shapes: list[Shape],
    connect: Callable[..., Any],
    *,
    tf: bool = False,
    data: tuple[str, ...] | None = None,
    compiled: str | None = None,
) -> list[Case]:
    """A functional model: `connect(k, input, input, ...)` gives its output or outputs."""

    def build(k: Names) -> Any:
        inputs = [k.Input(shape) for shape in shapes]
        return k.Model(inputs if len(inputs) > 1 else inputs[0], connect(k, *inputs))

    return [Case(name, build, data or ("normal",) * len(shapes), tf, compiled)]


# --- cases: dense, activations ----------------------------------------------------------------------------------

# Every built-in activation, and whether tf_keras makes it too.
ACTIVATIONS = {
    "celu": False,
    "elu": True,
    "exponential": True,
    "gelu": True,
    "glu": False,
    "hard_shrink": False,
    "hard_sigmoid": True,
    "hard_silu": False,
    "hard_swish": False,
    "hard_tanh": False,
    "leaky_relu": False,
    "linear": False,
    "log_sigmoid": False,
    "log_softmax": False,
    "mish": False,
    "relu": True,
    "relu6": False,
    "selu": True,
    "sigmoid": True,
    "silu": False,
    "soft_shrink": False,
    "softmax": True,
    "softplus": True,
    "softsign": True,
    "sparse_plus": False,
    "sparse_sigmoid": False,
    "sparsemax": False,
    "squareplus": False,
    "swish": True,
    "tanh": True,
    "tanh_shrink": False,
    "threshold": False,
}


def activation_cases() -> Iterator[list[Case]]:
    """Every built-in activation in a Dense; some as a layer, and in a convolution."""
    for name, with_tf in ACTIVATIONS.items():
        kebab = name.replace("_", "-")
        compiled = {"softmax": "adam-categorical", "sigmoid": "rmsprop-binary", "linear": "sgd-nesterov-mse"}.get(name)
        yield stack(
            f"dense-{kebab}",
            VECTOR,
            lambda k, name=name: [k.Dense(6, activation=name)],
            tf=with_tf,
            compiled=compiled,
        )
    for name in ("relu", "tanh", "softmax", "gelu", "hard_sigmoid", "swish"):
        yield stack(
            f"activation-{name.replace('_', '-')}",
            VECTOR,
            lambda k, name=name: [k.Dense(5), k.Activation(name)],
            tf=name in ("relu", "softmax"),
        )
    for name in ("leaky_relu", "softmax", "mish"):
        yield stack(
            f"conv2d-{name.replace('_', '-')}", IMAGE, lambda k, name=name: [k.Conv2D(4, (3, 2), activation=name)]
        )


DENSE_CASES = (
    stack("dense", VECTOR, lambda k: [k.Dense(5)], tf=True, head="vector"),
    stack("dense-no-bias", VECTOR, lambda k: [k.Dense(5, use_bias=False)], tf=True, compiled="adam-mse"),
    stack("dense-on-3d", STEPS, lambda k: [k.Dense(5)], head="flatten", tf=True),
    stack("dense-on-4d", IMAGE, lambda k: [k.Dense(5)], head="average"),
    stack("dense-deep", VECTOR, lambda k: [k.Dense(5, activation="relu"), k.Dense(4, activation="tanh"), k.Dense(2)]),
    stack("einsum-dense", STEPS, lambda k: [k.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")]),
    stack("einsum-dense-no-bias", STEPS, lambda k: [k.EinsumDense("abc,bd->adc", output_shape=(5, 3))]),
    stack("identity", VECTOR, lambda k: [k.Dense(5), k.Identity()]),
)

ACTIVATION_LAYER_CASES = (
    stack("relu", VECTOR, lambda k: [k.ReLU()], head="vector", tf=True),
    stack("relu-max-value", VECTOR, lambda k: [k.Dense(5), k.ReLU(max_value=0.6)], tf=True),
    stack("relu-max-value-6", VECTOR, lambda k: [k.Rescaling(5.0), k.ReLU(max_value=6.0)]),
    stack("relu-threshold", VECTOR, lambda k: [k.Dense(5), k.ReLU(threshold=0.4)]),
    stack("relu-negative-slope", VECTOR, lambda k: [k.Dense(5), k.ReLU(negative_slope=0.2)], tf=True),
    stack("relu-all-options", VECTOR, lambda k: [k.ReLU(max_value=0.9, negative_slope=0.2, threshold=0.3)]),
    stack("relu-on-image", IMAGE, lambda k: [k.Conv2D(4, (3, 2)), k.ReLU()], head="flatten"),
    stack("leaky-relu", VECTOR, lambda k: [k.Dense(5), k.LeakyReLU()], tf=True),
    stack("leaky-relu-slope", IMAGE, lambda k: [k.LeakyReLU(0.17)], head="flatten", tf=True),
    stack("prelu", VECTOR, lambda k: [k.Dense(5), k.PReLU()], tf=True),
    stack("prelu-on-image", IMAGE, lambda k: [k.PReLU()], head="flatten"),
    stack("prelu-shared-axes", IMAGE, lambda k: [k.PReLU(shared_axes=[1, 2])], head="average", tf=True),
    stack("prelu-shared-axis", IMAGE, lambda k: [k.PReLU(shared_axes=[1])]),
    stack("prelu-on-steps", STEPS, lambda k: [k.PReLU(shared_axes=[1])], head="lstm"),
    stack("elu", VECTOR, lambda k: [k.Dense(5), k.ELU()], tf=True),
    stack("elu-alpha", VECTOR, lambda k: [k.Dense(5), k.ELU(0.7)]),
    stack("softmax", VECTOR, lambda k: [k.Dense(5), k.Softmax()], tf=True, compiled="adam-categorical"),
    stack("softmax-axis-1", STEPS, lambda k: [k.Softmax(axis=1)]),
    stack("softmax-on-image", IMAGE, lambda k: [k.Softmax()]),
    stack("softmax-axes", IMAGE, lambda k: [k.Softmax(axis=[1, 2])]),
)


# --- cases: convolutions ----------------------------------------------------------------------------------------

CONV1D_CASES = (
    stack("conv1d", LINE, lambda k: [k.Conv1D(4, 2)], head="flatten", tf=True),
    stack("conv1d-same", LINE, lambda k: [k.Conv1D(4, 3, padding="same")], head="steps", tf=True),
    stack("conv1d-same-even-kernel", LINE, lambda k: [k.Conv1D(4, 2, padding="same")]),
    stack("conv1d-same-strides", LINE, lambda k: [k.Conv1D(4, 3, strides=2, padding="same")]),
    stack("conv1d-causal", LINE, lambda k: [k.Conv1D(4, 3, padding="causal")], head="flatten", tf=True),
    stack("conv1d-causal-dilation", LINE, lambda k: [k.Conv1D(4, 3, padding="causal", dilation_rate=2)]),
    stack("conv1d-strides", LINE, lambda k: [k.Conv1D(4, 2, strides=2)], tf=True),
    stack("conv1d-dilation", LINE, lambda k: [k.Conv1D(4, 2, dilation_rate=3)]),
    stack("conv1d-groups", (7, 4), lambda k: [k.Conv1D(6, 2, groups=2)]),
    stack("conv1d-no-bias", LINE, lambda k: [k.Conv1D(4, 2, use_bias=False, activation="relu")]),
    stack("conv1d-then-lstm", LINE, lambda k: [k.Conv1D(4, 2), k.LSTM(5)], tf=True),
)

CONV2D_CASES = (
    stack("conv2d", IMAGE, lambda k: [k.Conv2D(4, (3, 2))], head="flatten", tf=True),
    stack("conv2d-same", IMAGE, lambda k: [k.Conv2D(4, 3, padding="same", activation="relu")], head="average", tf=True),
    stack("conv2d-same-even-kernel", IMAGE, lambda k: [k.Conv2D(4, (2, 4), padding="same")]),
    stack("conv2d-same-strides", IMAGE, lambda k: [k.Conv2D(4, (3, 2), strides=2, padding="same")], tf=True),
    stack("conv2d-strides", IMAGE, lambda k: [k.Conv2D(4, (3, 2), strides=(1, 2))], head="max", tf=True),
    stack("conv2d-dilation", IMAGE, lambda k: [k.Conv2D(4, 2, dilation_rate=(3, 2))], tf=True),
    stack("conv2d-same-dilation", IMAGE, lambda k: [k.Conv2D(4, (3, 2), padding="same", dilation_rate=2)]),
    stack("conv2d-groups", (7, 6, 4), lambda k: [k.Conv2D(6, (3, 2), groups=2)]),
    stack("conv2d-groups-depthwise", (7, 6, 3), lambda k: [k.Conv2D(6, (3, 2), groups=3)]),
    stack("conv2d-no-bias", IMAGE, lambda k: [k.Conv2D(4, (2, 3), use_bias=False)], tf=True),
    stack("conv2d-1x1", IMAGE, lambda k: [k.Conv2D(4, 1)]),
    stack("conv2d-row-kernel", IMAGE, lambda k: [k.Conv2D(4, (1, 5), activation="tanh")]),
    stack(
        "conv2d-deep",
        IMAGE,
        lambda k: [k.Conv2D(4, 3, padding="same"), k.MaxPooling2D(), k.Conv2D(2, 2), k.Flatten(), k.Dense(5)],
        tf=True,
        compiled="adam-mse",
    ),
    stack("conv2d-any-size", (None, None, 3), lambda k: [k.Conv2D(4, (3, 2)), k.GlobalAveragePooling2D()]),
    stack(
        "rescaling-any-size",
        (None, None, 3),
        lambda k: [k.Rescaling(0.1, 0.5), k.Conv2D(4, 3), k.GlobalAveragePooling2D()],
    ),
)

CONV3D_CASES = (
    stack("conv3d", VOLUME, lambda k: [k.Conv3D(3, (3, 2, 4))], head="flatten", tf=True),
    stack("conv3d-same-strides", VOLUME, lambda k: [k.Conv3D(3, 3, strides=(2, 1, 3), padding="same")]),
    stack("conv3d-dilation", VOLUME, lambda k: [k.Conv3D(3, 2, dilation_rate=2)]),
    stack("conv3d-groups", (5, 4, 3, 4), lambda k: [k.Conv3D(6, 2, groups=2, use_bias=False)]),
)

TRANSPOSE_CASES = (
    stack("conv1d-transpose", LINE, lambda k: [k.Conv1DTranspose(4, 2)], head="flatten"),
    stack("conv1d-transpose-same-strides", LINE, lambda k: [k.Conv1DTranspose(4, 3, strides=2, padding="same")]),
    stack("conv1d-transpose-dilation", LINE, lambda k: [k.Conv1DTranspose(4, 3, dilation_rate=2)]),
    stack("conv2d-transpose", (5, 4, 3), lambda k: [k.Conv2DTranspose(2, (3, 2))], head="flatten", tf=True),
    stack("conv2d-transpose-same", (5, 4, 3), lambda k: [k.Conv2DTranspose(2, 3, padding="same")]),
    stack("conv2d-transpose-strides", (5, 4, 3), lambda k: [k.Conv2DTranspose(2, (3, 2), strides=2)], tf=True),
    stack(
        "conv2d-transpose-same-strides",
        (5, 4, 3),
        lambda k: [k.Conv2DTranspose(2, 3, strides=2, padding="same", activation="relu")],
        tf=True,
    ),
    stack(
        "conv2d-transpose-stride-above-kernel",
        (5, 4, 3),
        lambda k: [k.Conv2DTranspose(2, 2, strides=3)],
    ),
    stack(
        "conv2d-transpose-output-padding",
        (5, 4, 3),
        lambda k: [k.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=0)],
    ),
    stack(
        "conv2d-transpose-valid-output-padding",
        (5, 4, 3),
        lambda k: [k.Conv2DTranspose(2, 3, strides=2, output_padding=1)],
    ),
    stack("conv2d-transpose-dilation", (5, 4, 3), lambda k: [k.Conv2DTranspose(2, 3, dilation_rate=2)]),
    stack("conv2d-transpose-no-bias", (5, 4, 3), lambda k: [k.Conv2DTranspose(2, (3, 2), use_bias=False)]),
    stack("conv3d-transpose", (4, 3, 2, 5), lambda k: [k.Conv3DTranspose(2, (3, 2, 1))]),
    stack("conv3d-transpose-same-strides", (4, 3, 2, 5), lambda k: [k.Conv3DTranspose(2, 3, 2, padding="same")]),
)

SEPARABLE_CASES = (
    stack("separable-conv1d", LINE, lambda k: [k.SeparableConv1D(4, 2)], head="flatten"),
    stack(
        "separable-conv1d-multiplier",
        LINE,
        lambda k: [k.SeparableConv1D(4, 3, depth_multiplier=2, padding="same", strides=2)],
    ),
    stack("separable-conv1d-causal", LINE, lambda k: [k.SeparableConv1D(4, 3, padding="causal")]),
    stack("separable-conv2d", IMAGE, lambda k: [k.SeparableConv2D(4, (3, 2))], head="flatten", tf=True),
    stack(
        "separable-conv2d-multiplier",
        IMAGE,
        lambda k: [k.SeparableConv2D(5, (3, 2), depth_multiplier=2, activation="relu")],
        tf=True,
    ),
    stack("separable-conv2d-same-strides", IMAGE, lambda k: [k.SeparableConv2D(4, 3, strides=2, padding="same")]),
    stack("separable-conv2d-dilation", IMAGE, lambda k: [k.SeparableConv2D(4, 2, dilation_rate=2)]),
    stack("separable-conv2d-no-bias", IMAGE, lambda k: [k.SeparableConv2D(4, (3, 2), use_bias=False)]),
    stack("depthwise-conv1d", LINE, lambda k: [k.DepthwiseConv1D(2)], head="flatten"),
    stack("depthwise-conv1d-multiplier", LINE, lambda k: [k.DepthwiseConv1D(3, depth_multiplier=2, padding="same")]),
    stack("depthwise-conv1d-strides", LINE, lambda k: [k.DepthwiseConv1D(2, strides=2, use_bias=False)]),
    stack("depthwise-conv2d", IMAGE, lambda k: [k.DepthwiseConv2D((3, 2))], head="average", tf=True),
    stack(
        "depthwise-conv2d-multiplier",
        IMAGE,
        lambda k: [k.DepthwiseConv2D((3, 2), depth_multiplier=2, activation="tanh")],
        tf=True,
    ),
    stack("depthwise-conv2d-same-strides", IMAGE, lambda k: [k.DepthwiseConv2D(3, strides=2, padding="same")]),
    stack("depthwise-conv2d-dilation", IMAGE, lambda k: [k.DepthwiseConv2D(2, dilation_rate=2)]),
    stack("depthwise-conv2d-no-bias", IMAGE, lambda k: [k.DepthwiseConv2D((2, 3), use_bias=False)]),
)


# --- cases: pooling, shapes -------------------------------------------------------------------------------------


def pooling_cases() -> Iterator[list[Case]]:
    """Both kinds of pooling in one, two and three dimensions."""
    for kind in ("Max", "Average"):
        low = kind.lower()
        for rank, shape, size in ((1, LINE, 3), (2, IMAGE, (3, 2)), (3, VOLUME, (3, 2, 2))):
            layer = f"{kind}Pooling{rank}D"
            yield stack(
                f"{low}-pooling{rank}d",
                shape,
                lambda k, layer=layer: [getattr(k, layer)(2)],
                head="flatten" if rank > 1 else None,
                tf=rank < 3,
            )
            yield stack(
                f"{low}-pooling{rank}d-same",
                shape,
                lambda k, layer=layer, size=size: [getattr(k, layer)(size, padding="same")],
                tf=rank == 2,
            )
            yield stack(
                f"{low}-pooling{rank}d-strides",
                shape,
                lambda k, layer=layer, size=size: [getattr(k, layer)(size, strides=1)],
            )
            if rank < 3:
                yield stack(
                    f"{low}-pooling{rank}d-same-strides",
                    shape,
                    lambda k, layer=layer, size=size: [getattr(k, layer)(size, strides=2, padding="same")],
                )
            layer = f"Global{layer}"
            yield stack(
                f"global-{low}-pooling{rank}d",
                shape,
                lambda k, layer=layer: [getattr(k, layer)()],
                head="vector" if rank == 3 else None,
                tf=rank < 3,
            )
            yield stack(
                f"global-{low}-pooling{rank}d-keepdims",
                shape,
                lambda k, layer=layer: [getattr(k, layer)(keepdims=True)],
                head="flatten" if rank == 2 else None,
            )
            yield stack(
                f"adaptive-{low}-pooling{rank}d",
                shape,
                lambda k, layer=f"Adaptive{kind}Pooling{rank}D": [getattr(k, layer)(2)],
            )


SHAPE_CASES = (
    stack("flatten", IMAGE, lambda k: [k.Flatten()], tf=True),
    stack("flatten-steps", STEPS, lambda k: [k.Flatten()], head="vector", tf=True),
    stack("flatten-volume", VOLUME, lambda k: [k.MaxPooling3D(2), k.Flatten()], head="vector"),
    stack("reshape", (12,), lambda k: [k.Reshape((4, 3))]),
    stack("reshape-to-image-then-conv2d", (42,), lambda k: [k.Reshape((7, 3, 2)), k.Conv2D(4, (3, 2))], tf=True),
    stack("reshape-then-lstm", (12,), lambda k: [k.Reshape((4, 3)), k.LSTM(5)], tf=True),
    stack("reshape-image-to-steps", IMAGE, lambda k: [k.Reshape((7, 18)), k.LSTM(5)]),
    stack("reshape-image-to-vector", IMAGE, lambda k: [k.Reshape((126,))], head="vector"),
    stack("reshape-image-to-image", IMAGE, lambda k: [k.Reshape((6, 7, 3)), k.Conv2D(4, (3, 2))]),
    stack("reshape-unknown", IMAGE, lambda k: [k.Reshape((-1, 3))]),
    stack("permute-steps", STEPS, lambda k: [k.Permute((2, 1))], head="lstm", tf=True),
    stack("permute-image", IMAGE, lambda k: [k.Permute((2, 1, 3))], head="flatten", tf=True),
    stack("permute-image-channels", IMAGE, lambda k: [k.Permute((3, 1, 2))], head="flatten"),
    stack("repeat-vector", VECTOR, lambda k: [k.RepeatVector(4)], head="lstm", tf=True),
    stack("cropping1d", LINE, lambda k: [k.Cropping1D((1, 2))], head="flatten"),
    stack("cropping2d", IMAGE, lambda k: [k.Cropping2D(((1, 2), (0, 3)))], head="flatten", tf=True),
    stack("cropping2d-number", IMAGE, lambda k: [k.Cropping2D(1)]),
    stack("cropping3d", VOLUME, lambda k: [k.Cropping3D(((1, 2), (0, 3), (2, 1)))]),
    stack("zero-padding1d", LINE, lambda k: [k.ZeroPadding1D((1, 2))], head="flatten", tf=True),
    stack("zero-padding2d", IMAGE, lambda k: [k.ZeroPadding2D(((1, 2), (0, 3)))], head="flatten", tf=True),
    stack("zero-padding2d-pair", IMAGE, lambda k: [k.ZeroPadding2D((2, 1)), k.Conv2D(4, 3)]),
    stack("zero-padding3d", VOLUME, lambda k: [k.ZeroPadding3D(((1, 0), (0, 2), (1, 1)))]),
    stack("up-sampling1d", LINE, lambda k: [k.UpSampling1D(3)]),
    stack("up-sampling2d", IMAGE, lambda k: [k.UpSampling2D((2, 3))], head="average", tf=True),
    stack("up-sampling2d-bilinear", IMAGE, lambda k: [k.UpSampling2D((2, 3), interpolation="bilinear")]),
    stack("up-sampling2d-bicubic", IMAGE, lambda k: [k.UpSampling2D(2, interpolation="bicubic")]),
    stack("up-sampling3d", VOLUME, lambda k: [k.MaxPooling3D(2), k.UpSampling3D((1, 2, 3))]),
)


# --- cases: normalization ---------------------------------------------------------------------------------------

NORMALIZATION_CASES = (
    stack("batch-normalization", VECTOR, lambda k: [k.BatchNormalization()], head="vector", tf=True),
    stack("dense-then-batch-normalization", VECTOR, lambda k: [k.Dense(5), k.BatchNormalization()], tf=True),
    stack("conv2d-then-batch-normalization", IMAGE, lambda k: [k.Conv2D(4, (3, 2)), k.BatchNormalization()], tf=True),
    stack("batch-normalization-on-steps", STEPS, lambda k: [k.BatchNormalization()], head="lstm", tf=True),
    stack("batch-normalization-on-image", IMAGE, lambda k: [k.BatchNormalization()], head="flatten"),
    stack("batch-normalization-on-volume", VOLUME, lambda k: [k.BatchNormalization()]),
    stack("batch-normalization-no-scale", IMAGE, lambda k: [k.BatchNormalization(scale=False)], tf=True),
    stack("batch-normalization-no-center", IMAGE, lambda k: [k.BatchNormalization(center=False)], tf=True),
    stack("batch-normalization-bare", VECTOR, lambda k: [k.BatchNormalization(scale=False, center=False)]),
    stack("batch-normalization-axis-1", IMAGE, lambda k: [k.BatchNormalization(axis=1)]),
    stack("batch-normalization-axis-1-steps", STEPS, lambda k: [k.BatchNormalization(axis=1)]),
    stack("batch-normalization-epsilon", VECTOR, lambda k: [k.BatchNormalization(epsilon=0.2, momentum=0.7)]),
    stack("layer-normalization", VECTOR, lambda k: [k.LayerNormalization()], head="vector", tf=True),
    stack("layer-normalization-on-steps", STEPS, lambda k: [k.LayerNormalization()], tf=True),
    stack("layer-normalization-on-image", IMAGE, lambda k: [k.LayerNormalization(epsilon=0.01)], head="average"),
    stack("layer-normalization-axis-1", STEPS, lambda k: [k.LayerNormalization(axis=1)]),
    stack("layer-normalization-axes", STEPS, lambda k: [k.LayerNormalization(axis=[1, 2])]),
    stack("layer-normalization-bare", VECTOR, lambda k: [k.LayerNormalization(center=False, scale=False)]),
    stack("group-normalization", (7, 6, 4), lambda k: [k.GroupNormalization(2)], head="average"),
    stack("group-normalization-instance", IMAGE, lambda k: [k.GroupNormalization(-1)]),
    stack("unit-normalization", VECTOR, lambda k: [k.UnitNormalization()], head="vector"),
    stack("unit-normalization-axis-1", STEPS, lambda k: [k.UnitNormalization(axis=1)]),
    stack("rms-normalization", VECTOR, lambda k: [k.RMSNormalization()], head="vector"),
    stack("spectral-normalization-dense", VECTOR, lambda k: [k.SpectralNormalization(k.Dense(5))]),
    stack("spectral-normalization-conv2d", IMAGE, lambda k: [k.SpectralNormalization(k.Conv2D(4, (3, 2)))], tf=True),
)


# --- cases: recurrent -------------------------------------------------------------------------------------------

RECURRENT = {"lstm": "LSTM", "gru": "GRU", "simple-rnn": "SimpleRNN"}
MERGE_MODES = ("concat", "sum", "ave", "mul")


def recurrent_cases() -> Iterator[list[Case]]:
    """The three recurrent layers with their common options."""
    for name, layer in RECURRENT.items():

        def rnn(k: Names, units: int = 5, layer: str = layer, **options: Any) -> Any:
            return getattr(k, layer)(units, **options)

        odd: dict[str, Any] = {"activation": "relu"}
        if layer != "SimpleRNN":
            odd["recurrent_activation"] = "hard_sigmoid"
        yield stack(name, STEPS, lambda k, rnn=rnn: [rnn(k)], head="vector", tf=True)
        yield stack(f"{name}-sequences", STEPS, lambda k, rnn=rnn: [rnn(k, return_sequences=True)], tf=True)
        yield stack(f"{name}-backwards", STEPS, lambda k, rnn=rnn: [rnn(k, go_backwards=True)])
        yield stack(
            f"{name}-backwards-sequences",
            STEPS,
            lambda k, rnn=rnn: [rnn(k, go_backwards=True, return_sequences=True)],
        )
        yield stack(f"{name}-no-bias", STEPS, lambda k, rnn=rnn: [rnn(k, use_bias=False)])
        yield stack(
            f"{name}-odd-activations", STEPS, lambda k, rnn=rnn, odd=odd: [rnn(k, **odd)], tf=name != "simple-rnn"
        )
        yield stack(
            f"{name}-stacked",
            STEPS,
            lambda k, rnn=rnn: [rnn(k, return_sequences=True), rnn(k, 2)],
            tf=True,
            compiled="rmsprop-mse",
        )
        yield stack(f"{name}-dropout", STEPS, lambda k, rnn=rnn: [rnn(k, dropout=0.3, recurrent_dropout=0.2)])
        yield stack(f"masking-{name}", STEPS, lambda k, rnn=rnn: [k.Masking(), rnn(k)], data="padded", tf=True)
        yield stack(
            f"masking-{name}-sequences",
            STEPS,
            lambda k, rnn=rnn: [k.Masking(), rnn(k, return_sequences=True)],
            data="padded",
        )
        yield graph(f"{name}-state", [STEPS], lambda k, x, rnn=rnn: rnn(k, return_state=True)(x))
        yield from bidirectional_cases(name, rnn)


def bidirectional_cases(name: str, rnn: Callable[..., Any]) -> Iterator[list[Case]]:
    """A recurrent layer in both directions."""
    for mode in MERGE_MODES:
        yield stack(
            f"bidirectional-{name}-{mode}",
            STEPS,
            lambda k, mode=mode: [k.Bidirectional(rnn(k), merge_mode=mode)],
            tf=mode == "concat",
        )
        yield stack(
            f"bidirectional-{name}-{mode}-sequences",
            STEPS,
            lambda k, mode=mode: [k.Bidirectional(rnn(k, return_sequences=True), merge_mode=mode)],
            head="flatten" if mode == "concat" and name == "lstm" else None,
            tf=mode in ("concat", "sum") and name == "lstm",
        )
    for suffix, sequences in (("", False), ("-sequences", True)):
        yield graph(
            f"bidirectional-{name}-none{suffix}",
            [STEPS],
            lambda k, x, sequences=sequences: k.Bidirectional(rnn(k, return_sequences=sequences), merge_mode=None)(x),
        )
    yield stack(
        f"masking-bidirectional-{name}",
        STEPS,
        lambda k: [k.Masking(), k.Bidirectional(rnn(k, return_sequences=True))],
        data="padded",
    )


OTHER_RECURRENT_CASES = (
    stack("gru-reset-before", STEPS, lambda k: [k.GRU(5, reset_after=False)], head="vector", tf=True),
    stack("gru-reset-before-sequences", STEPS, lambda k: [k.GRU(5, reset_after=False, return_sequences=True)]),
    stack("gru-reset-before-no-bias", STEPS, lambda k: [k.GRU(5, reset_after=False, use_bias=False)]),
    stack("lstm-unroll", STEPS, lambda k: [k.LSTM(5, unroll=True)]),
    stack("lstm-any-length", (None, 3), lambda k: [k.LSTM(5)], tf=True),
    stack("lstm-no-forget-bias", STEPS, lambda k: [k.LSTM(5, unit_forget_bias=False)]),
    [Case("lstm-stateful", lambda k: k.Sequential([k.Input(batch_shape=(SAMPLES, *STEPS)), k.LSTM(5, stateful=True)]))],
    graph(
        "lstm-encoder-decoder",
        [STEPS, (6, 2)],
        lambda k, x, y: k.LSTM(5, return_sequences=True)(y, initial_state=k.LSTM(5, return_state=True)(x)[1:]),
    ),
    stack("masking", STEPS, lambda k: [k.Masking()], data="padded"),
    stack("masking-value", STEPS, lambda k: [k.Masking(mask_value=-1.0), k.LSTM(5)], data="padded-minus-one"),
    stack("masking-middle-lstm", STEPS, lambda k: [k.Masking(), k.LSTM(5)], data="gaps"),
    stack(
        "masking-lstm-stacked",
        STEPS,
        lambda k: [k.Masking(), k.LSTM(5, return_sequences=True), k.LSTM(2)],
        data="padded",
    ),
    stack("masking-global-average", STEPS, lambda k: [k.Masking(), k.GlobalAveragePooling1D()], data="padded"),
    stack("rnn-lstm-cell", STEPS, lambda k: [k.RNN(k.LSTMCell(5))]),
    stack("rnn-gru-cell", STEPS, lambda k: [k.RNN(k.GRUCell(5), return_sequences=True)]),
    stack("rnn-simple-rnn-cell", STEPS, lambda k: [k.RNN(k.SimpleRNNCell(5))]),
    stack(
        "rnn-stacked-cells",
        STEPS,
        lambda k: [k.RNN(k.StackedRNNCells([k.LSTMCell(5), k.GRUCell(4), k.SimpleRNNCell(2)]))],
    ),
    stack("rnn-list-of-cells", STEPS, lambda k: [k.RNN([k.GRUCell(5), k.LSTMCell(2)], return_sequences=True)]),
    stack("bidirectional-lstm-stacked", STEPS, lambda k: [bidirectional(k, 5), k.Bidirectional(k.LSTM(2))], tf=True),
    stack(
        "bidirectional-lstm-own-backward",
        STEPS,
        lambda k: [k.Bidirectional(k.LSTM(5), backward_layer=k.LSTM(5, activation="relu", go_backwards=True))],
    ),
    stack("time-distributed-dense", STEPS, lambda k: [k.TimeDistributed(k.Dense(5))], head="flatten", tf=True),
    stack("lstm-then-time-distributed-dense", STEPS, lambda k: [k.LSTM(5, return_sequences=True), time_dense(k)]),
    stack("time-distributed-conv2d", FILM, lambda k: [k.TimeDistributed(k.Conv2D(2, (3, 2)))], tf=True),
    stack(
        "time-distributed-conv2d-flatten-lstm",
        FILM,
        lambda k: [k.TimeDistributed(k.Conv2D(2, (5, 4))), k.TimeDistributed(k.Flatten()), k.LSTM(5)],
    ),
    stack("time-distributed-batch-normalization", STEPS, lambda k: [k.TimeDistributed(k.BatchNormalization())]),
    stack("time-distributed-sequential", STEPS, lambda k: [k.TimeDistributed(inner_sequential(k)), k.LSTM(2)]),
    stack("conv-lstm1d", (4, 7, 3), lambda k: [k.ConvLSTM1D(2, 3)], head="flatten"),
    stack("conv-lstm2d", FILM, lambda k: [k.ConvLSTM2D(2, (3, 2))], head="flatten"),
    stack("conv-lstm2d-sequences", FILM, lambda k: [k.ConvLSTM2D(2, 3, padding="same", return_sequences=True)]),
    stack("conv-lstm3d", (3, 5, 4, 3, 2), lambda k: [k.ConvLSTM3D(2, 2)]),
)


def bidirectional(k: Names, units: int) -> Any:
    """A bidirectional LSTM that gives sequences."""
    return k.Bidirectional(k.LSTM(units, return_sequences=True))


def time_dense(k: Names) -> Any:
    """A Dense on each time step."""
    return k.TimeDistributed(k.Dense(2, activation="softmax"))


# --- cases: embeddings ------------------------------------------------------------------------------------------

WORDS = (6,)

EMBEDDING_CASES = (
    stack("embedding", WORDS, lambda k: [k.Embedding(9, 3)], data="indices", head="flatten", tf=True),
    stack("embedding-lstm", WORDS, lambda k: [k.Embedding(9, 3), k.LSTM(5)], data="indices", tf=True),
    stack("embedding-gru", WORDS, lambda k: [k.Embedding(9, 3), k.GRU(5)], data="indices"),
    stack(
        "embedding-average", WORDS, lambda k: [k.Embedding(9, 3), k.GlobalAveragePooling1D()], data="indices", tf=True
    ),
    stack("embedding-conv1d", WORDS, lambda k: [k.Embedding(9, 3), k.Conv1D(4, 2)], data="indices", tf=True),
    stack("embedding-mask", WORDS, lambda k: [k.Embedding(9, 3, mask_zero=True)], data="padded-indices"),
    stack(
        "embedding-mask-lstm",
        WORDS,
        lambda k: [k.Embedding(9, 3, mask_zero=True), k.LSTM(5)],
        data="padded-indices",
        head="vector",
        tf=True,
    ),
    stack(
        "embedding-mask-lstm-sequences",
        WORDS,
        lambda k: [k.Embedding(9, 3, mask_zero=True), k.LSTM(5, return_sequences=True)],
        data="padded-indices",
    ),
    stack(
        "embedding-mask-bidirectional-lstm",
        WORDS,
        lambda k: [k.Embedding(9, 3, mask_zero=True), k.Bidirectional(k.LSTM(5))],
        data="padded-indices",
    ),
    stack(
        "embedding-mask-average",
        WORDS,
        lambda k: [k.Embedding(9, 3, mask_zero=True), k.GlobalAveragePooling1D()],
        data="padded-indices",
    ),
    stack("embedding-mask-flatten", WORDS, lambda k: [k.Embedding(9, 3, mask_zero=True), k.Flatten()], data="indices"),
    stack(
        "embedding-mask-conv1d", WORDS, lambda k: [k.Embedding(9, 3, mask_zero=True), k.Conv1D(4, 2)], data="indices"
    ),
    stack("embedding-any-length", (None,), lambda k: [k.Embedding(9, 3), k.LSTM(5)], data="indices"),
    stack("embedding-int32", WORDS, lambda k: [k.Embedding(9, 3), k.Flatten()], data="integers", dtype="int32"),
    stack("reversible-embedding", WORDS, lambda k: [k.ReversibleEmbedding(9, 3)], data="indices"),
)


# --- cases: merging ---------------------------------------------------------------------------------------------


def merge_cases() -> Iterator[list[Case]]:
    """Each merging layer on vectors, images and steps."""
    for layer in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"):
        low = layer.lower()
        yield graph(
            f"{low}-vectors",
            [VECTOR, (2,)],
            lambda k, x, y, layer=layer: getattr(k, layer)()([k.Dense(5)(x), k.Dense(5)(y)]),
            tf=layer in ("Add", "Multiply", "Average", "Subtract"),
        )
        yield graph(
            f"{low}-images",
            [IMAGE, IMAGE],
            lambda k, x, y, layer=layer: getattr(k, layer)()([x, y]),
            tf=layer in ("Add", "Maximum"),
        )
        if layer != "Subtract":
            yield graph(f"{low}-three", [VECTOR] * 3, lambda k, *inputs, layer=layer: getattr(k, layer)()(list(inputs)))
    for layer in ("Add", "Multiply"):
        yield graph(
            f"{layer.lower()}-broadcast",
            [IMAGE, (1, 1, 3)],
            lambda k, x, y, layer=layer: getattr(k, layer)()([x, y]),
        )


MERGE_CASES = (
    graph("add-steps", [STEPS, STEPS], lambda k, x, y: k.LSTM(5)(k.Add()([x, y]))),
    graph("concatenate-vectors", [(3,), (2,)], lambda k, x, y: k.Dense(5)(k.Concatenate()([x, y])), tf=True),
    graph("concatenate-images", [(7, 6, 3), (7, 6, 2)], lambda k, x, y: k.Concatenate()([x, y]), tf=True),
    graph("concatenate-images-axis-1", [(7, 6, 3), (4, 6, 3)], lambda k, x, y: k.Concatenate(axis=1)([x, y])),
    graph("concatenate-images-axis-2", [(7, 6, 3), (7, 2, 3)], lambda k, x, y: k.Concatenate(axis=2)([x, y])),
    graph("concatenate-steps", [(4, 3), (4, 2)], lambda k, x, y: k.LSTM(5)(k.Concatenate()([x, y])), tf=True),
    graph("concatenate-steps-axis-1", [(4, 3), (2, 3)], lambda k, x, y: k.Concatenate(axis=1)([x, y])),
    graph(
        "concatenate-flattened",
        [(7, 6, 3), (5,)],
        lambda k, x, y: k.Dense(4)(k.Concatenate()([k.Flatten()(k.Conv2D(2, (3, 4))(x)), y])),
        compiled="adam-mse",
    ),
    graph("dot-vectors", [VECTOR, VECTOR], lambda k, x, y: k.Dot(axes=1)([x, y])),
    graph("dot-vectors-normalized", [VECTOR, VECTOR], lambda k, x, y: k.Dot(axes=1, normalize=True)([x, y])),
    graph("dot-steps", [(4, 3), (5, 3)], lambda k, x, y: k.Dot(axes=2)([x, y])),
    graph("dot-steps-axes", [(4, 3), (5, 4)], lambda k, x, y: k.Dot(axes=(1, 2))([x, y])),
    graph("operators", [VECTOR], lambda k, x: k.Dense(2)(k.Dense(3)(x) * 2.0 + x)),
    graph("operators-slice", [STEPS], lambda k, x: k.Dense(5)(x[:, -1, :])),
)


# --- cases: what does nothing at inference, preprocessing --------------------------------------------------------

IDENTITY_CASES = (
    stack("dropout", VECTOR, lambda k: [k.Dense(5), k.Dropout(0.3)], head="vector", tf=True),
    stack("dropout-zero", VECTOR, lambda k: [k.Dense(5), k.Dropout(0.0)]),
    stack("dropout-one", VECTOR, lambda k: [k.Dense(5), k.Dropout(1.0), k.Dense(2)]),
    stack("dropout-noise-shape", STEPS, lambda k: [k.Dropout(0.3, noise_shape=(None, 1, 3), seed=4)]),
    stack("spatial-dropout1d", STEPS, lambda k: [k.SpatialDropout1D(0.3)], head="lstm", tf=True),
    stack("spatial-dropout2d", IMAGE, lambda k: [k.SpatialDropout2D(0.3)], head="average"),
    stack("spatial-dropout3d", VOLUME, lambda k: [k.SpatialDropout3D(0.3), k.GlobalMaxPooling3D()]),
    stack("gaussian-noise", VECTOR, lambda k: [k.GaussianNoise(0.3)], head="vector", tf=True),
    stack("gaussian-dropout", VECTOR, lambda k: [k.GaussianDropout(0.3)], head="vector"),
    stack("alpha-dropout", VECTOR, lambda k: [k.AlphaDropout(0.3)], head="vector"),
    stack("activity-regularization", VECTOR, lambda k: [k.Dense(5), k.ActivityRegularization(0.01, 0.02)]),
)


def adapted(k: Names, shape: Shape, **options: Any) -> Any:
    """A Normalization that has seen data."""
    layer = k.Normalization(**options)
    layer.adapt(np.random.default_rng(SEED).normal(2.0, 3.0, size=(20, *shape)).astype("float32"))
    return layer


def hashed_crossing(k: Names) -> Any:
    """Two integers into one bin."""
    inputs = [k.Input((1,), dtype="int32"), k.Input((1,), dtype="int32")]
    return k.Model(inputs, k.HashedCrossing(7)(inputs))


PREPROCESSING_CASES = (
    stack("rescaling", IMAGE, lambda k: [k.Rescaling(1 / 255)], data="pixels", head="average", tf=True),
    stack(
        "rescaling-offset", IMAGE, lambda k: [k.Rescaling(1 / 127.5, offset=-1), k.Conv2D(4, 2)], data="pixels", tf=True
    ),
    stack(
        "rescaling-channels", IMAGE, lambda k: [k.Rescaling([0.1, 0.2, 0.3], offset=[1.0, 2.0, -1.0])], data="pixels"
    ),
    stack("normalization", VECTOR, lambda k: [adapted(k, VECTOR)], head="vector", tf=True),
    stack("normalization-on-image", IMAGE, lambda k: [adapted(k, IMAGE)], head="flatten", tf=True),
    stack("normalization-scalar", VECTOR, lambda k: [adapted(k, VECTOR, axis=None)]),
    stack("normalization-axes", STEPS, lambda k: [adapted(k, STEPS, axis=(1, 2))]),
    stack("normalization-given", VECTOR, lambda k: [k.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 5.0, 0.5])]),
    stack("normalization-invert", VECTOR, lambda k: [adapted(k, VECTOR, invert=True)]),
    stack("resizing", IMAGE, lambda k: [k.Resizing(5, 9)], head="average"),
    stack("resizing-nearest", IMAGE, lambda k: [k.Resizing(5, 9, interpolation="nearest")]),
    stack("resizing-crop", IMAGE, lambda k: [k.Resizing(5, 3, crop_to_aspect_ratio=True)]),
    stack("center-crop", IMAGE, lambda k: [k.CenterCrop(4, 3)], head="flatten"),
    stack("discretization", VECTOR, lambda k: [k.Discretization([-0.5, 0.0, 0.7])]),
    stack("discretization-one-hot", (1,), lambda k: [k.Discretization([-0.5, 0.0, 0.7], output_mode="one_hot")]),
    stack("category-encoding", (4,), lambda k: [k.CategoryEncoding(9)], data="integers", dtype="int32", head="vector"),
    stack(
        "category-encoding-one-hot",
        (1,),
        lambda k: [k.CategoryEncoding(9, output_mode="one_hot")],
        data="integers",
        dtype="int32",
    ),
    stack(
        "category-encoding-count",
        (4,),
        lambda k: [k.CategoryEncoding(9, output_mode="count")],
        data="integers",
        dtype="int32",
    ),
    stack("integer-lookup", (4,), lambda k: [k.IntegerLookup(vocabulary=[3, 5, 2])], data="integers", dtype="int64"),
    stack("hashing", (4,), lambda k: [k.Hashing(7)], data="integers", dtype="int64"),
    stack("string-lookup", (2,), lambda k: [k.StringLookup(vocabulary=["a", "b"])], data="strings", dtype="string"),
    stack(
        "text-vectorization",
        (1,),
        lambda k: [k.TextVectorization(vocabulary=["a", "b"], output_sequence_length=4)],
        data="strings",
        dtype="string",
    ),
    stack("mel-spectrogram", (160,), lambda k: [k.MelSpectrogram(32, 16, sampling_rate=400, num_mel_bins=5)]),
    stack("stft-spectrogram", (80,), lambda k: [k.STFTSpectrogram(frame_length=16, frame_step=8, fft_length=16)]),
    stack("auto-contrast", IMAGE, lambda k: [k.AutoContrast()], data="pixels"),
    stack("equalization", IMAGE, lambda k: [k.Equalization()], data="pixels"),
    stack("solarization", IMAGE, lambda k: [k.Solarization()], data="pixels"),
    stack(
        "contrast-limited-adaptive-histogram-equalization",
        (16, 16, 3),
        lambda k: [k.ContrastLimitedAdaptiveHistogramEqualization()],
        data="pixels",
    ),
    stack("random-crop", IMAGE, lambda k: [k.RandomCrop(4, 3)], data="pixels"),
    stack(
        "random-geometry",
        IMAGE,
        lambda k: [
            k.RandomFlip(),
            k.RandomRotation(0.2),
            k.RandomZoom(0.2),
            k.RandomTranslation(0.2, 0.1),
            k.RandomPerspective(),
            k.RandomElasticTransform(),
            k.RandomErasing(),
        ],
        data="pixels",
    ),
    stack(
        "random-colour",
        IMAGE,
        lambda k: [
            k.RandomBrightness(0.2),
            k.RandomContrast(0.2),
            k.RandomColorDegeneration(0.2),
            k.RandomColorJitter(),
            k.RandomGaussianBlur(),
            k.RandomGrayscale(),
            k.RandomHue(0.2),
            k.RandomInvert(),
            k.RandomPosterization(4),
            k.RandomSaturation(0.2),
            k.RandomSharpness(0.2),
        ],
        data="pixels",
    ),
    stack("cut-mix", IMAGE, lambda k: [k.CutMix(), k.MixUp()], data="pixels"),
    stack("aug-mix", IMAGE, lambda k: [k.AugMix()], data="pixels"),
    stack("rand-augment", IMAGE, lambda k: [k.RandAugment()], data="pixels"),
    stack("random-shear", IMAGE, lambda k: [k.RandomShear(0.2, 0.1)], data="pixels"),
    stack("random-flip-then-conv2d", IMAGE, lambda k: [k.RandomFlip(), k.RandomRotation(0.1), k.Conv2D(4, (3, 2))]),
    stack("pipeline", IMAGE, lambda k: [k.Pipeline([k.Rescaling(0.1), k.CenterCrop(4, 3)])], data="pixels"),
    [Case("hashed-crossing", lambda k: hashed_crossing(k), ("integers", "integers"))],
)


# --- cases: attention -------------------------------------------------------------------------------------------

PAIR: list[Shape] = [(4, 3), (5, 3)]

ATTENTION_CASES = (
    graph("multi-head-attention", [STEPS], lambda k, x: k.MultiHeadAttention(2, 5)(x, x), tf=True),
    graph("multi-head-attention-no-bias", [STEPS], lambda k, x: k.MultiHeadAttention(2, 5, use_bias=False)(x, x)),
    graph(
        "multi-head-attention-sizes",
        [STEPS],
        lambda k, x: k.MultiHeadAttention(2, 5, value_dim=6, output_shape=7, dropout=0.1)(x, x),
    ),
    graph("multi-head-attention-cross", [(4, 3), (5, 2)], lambda k, x, y: k.MultiHeadAttention(2, 6)(x, y)),
    graph("multi-head-attention-causal", [STEPS], lambda k, x: k.MultiHeadAttention(2, 5)(x, x, use_causal_mask=True)),
    graph(
        "transformer-block",
        [(4, 6)],
        lambda k, x: transformer_block(k, x),
        tf=True,
        compiled="adam-mse",
    ),
    graph("attention", PAIR, lambda k, x, y: k.Attention()([x, y])),
    graph("attention-scale", PAIR, lambda k, x, y: k.Attention(use_scale=True)([x, y])),
    graph("attention-concat", PAIR, lambda k, x, y: k.Attention(use_scale=True, score_mode="concat")([x, y])),
    graph("attention-value-key", [*PAIR, (5, 3)], lambda k, x, y, z: k.Attention()([x, y, z])),
    graph("additive-attention", PAIR, lambda k, x, y: k.AdditiveAttention()([x, y])),
    graph("additive-attention-no-scale", PAIR, lambda k, x, y: k.AdditiveAttention(use_scale=False)([x, y])),
    graph("group-query-attention", [STEPS], lambda k, x: k.GroupQueryAttention(5, 4, 2)(x, x)),
)


def transformer_block(k: Names, x: Any) -> Any:
    """Attention and two Dense layers, each with its residual and LayerNormalization."""
    x = k.LayerNormalization()(k.Add()([x, k.MultiHeadAttention(2, 5)(x, x)]))
    return k.LayerNormalization()(k.Add()([x, k.Dense(6)(k.Dense(8, activation="relu")(x))]))


# --- cases: several of what DL4J lacks in one model, with weights before each ---

OWN_CASES = (
    graph("own-attention", [(4, 3), (5, 2)], lambda k, x, y: attention_block(k, x, y), tf=True, compiled="adam-mse"),
    graph("own-merges", [(4, 5, 2)], lambda k, x: merge_block(k, x), tf=True),
    graph("own-operators", [STEPS, STEPS], lambda k, x, y: operator_block(k, x, y), tf=True),
    graph("own-functions", [(4, 5, 2)], lambda k, x: function_block(k, x)),
    graph("own-normalizations", [(4, 5, 6)], lambda k, x: normalization_block(k, x), tf=True),
    graph("own-activations", [(4, 5, 2)], lambda k, x: activation_block(k, x), tf=True),
)


def attention_block(k: Names, x: Any, y: Any) -> Any:
    """Every kind of attention, one after the other."""
    x, y = k.Dense(6)(x), k.Dense(6)(y)
    x = k.Add()([x, k.MultiHeadAttention(2, 5, value_dim=3)(x, y, use_causal_mask=True)])
    x = k.Add()([x, k.Attention(use_scale=True)([x, y])])
    x = k.Add()([x, k.Attention(use_scale=True, score_mode="concat")([x, y])])
    return k.Dense(3, activation="gelu")(k.AdditiveAttention()([x, y]))


def merge_block(k: Names, x: Any) -> Any:
    """Merges of arrays of different shapes, and along all axes."""
    image, row = k.Conv2D(3, 1)(x), k.Conv2D(3, (4, 1))(x)
    vector = k.Dense(3)(k.Flatten()(x))
    x = k.Minimum()([k.Add()([image, row]), k.Multiply()([vector, image])])
    x = k.Average()([k.Maximum()([image, row]), k.Subtract()([x, vector]), row])
    steps = k.Reshape((20, 3))(k.Concatenate(axis=2)([x, image, x])[:, :, :5])
    return k.Dense(2)(k.Dot(axes=2, normalize=True)([k.Dense(4)(steps), k.Dense(4)(steps)]))


def operator_block(k: Names, x: Any, y: Any) -> Any:
    """Operators of Python's with numbers and with arrays."""
    x, y = k.Dense(3)(x), k.Dense(3)(y)
    x = -((2.0 - x) * y + x) / 3.0 + np.array([0.5, 1.0, 1.5], dtype="float32")
    return k.Dense(2)(x[:, 1:, 0] * (1.0 / (y[:, -1] * y[:, -1] + 1.0)) ** 2)


def function_block(k: Names, x: Any) -> Any:
    """Functions of ``keras.ops``."""
    ops = k.ops
    x = k.Conv2D(3, 1)(x)
    x = ops.exp(ops.sin(x)) + ops.square(x) - ops.gelu(x) * ops.sqrt(ops.abs(x) + 0.5)
    x = x - ops.mean(x, axis=(1, 2), keepdims=True) + ops.max(x, axis=-1, keepdims=True)
    x = ops.reshape(ops.concatenate([x, ops.clip(x, 0.2, 0.7)], axis=1), (-1, 40, 3))
    return ops.matmul(x[:, :3], ops.softmax(ops.transpose(x, (0, 2, 1))))


def normalization_block(k: Names, x: Any) -> Any:
    """Normalizations and products along other axes."""
    x = k.GroupNormalization(2)(k.Conv2D(6, 2)(x))
    x = k.UnitNormalization(axis=(1, 2))(k.LayerNormalization(axis=(1, 3))(x))
    return k.EinsumDense("bhwc,cde->bhde", output_shape=(3, 2, 5), bias_axes="de", activation="tanh")(x)


def activation_block(k: Names, x: Any) -> Any:
    """Activations that are layers of their own here."""
    x = k.Conv2D(4, 2, activation="exponential")(k.Conv2D(4, 2, activation="gelu")(x))
    x = k.Dense(4, activation=k.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2))(k.Flatten()(x))
    return k.Dense(3, activation="hard_sigmoid")(x)


# --- cases: options that are not about one layer ------------------------------------------------------------------

OPTION_CASES = (
    stack("dense-l1", VECTOR, lambda k: [k.Dense(5, kernel_regularizer=k.L1(0.01))], tf=True, compiled="adam-mse"),
    stack("dense-l2", VECTOR, lambda k: [k.Dense(5, kernel_regularizer=k.L2(0.02))], tf=True, compiled="rmsprop-mse"),
    stack(
        "dense-l1-l2",
        VECTOR,
        lambda k: [k.Dense(5, kernel_regularizer=k.L1L2(0.01, 0.02), bias_regularizer=k.L2(0.03))],
        tf=True,
        compiled="sgd-nesterov-mse",
    ),
    stack(
        "dense-activity-regularizer",
        VECTOR,
        lambda k: [k.Dense(5, activity_regularizer=k.L2(0.02))],
        compiled="adam-mse",
    ),
    stack(
        "dense-orthogonal-regularizer",
        VECTOR,
        lambda k: [k.Dense(5, kernel_regularizer=k.OrthogonalRegularizer())],
        compiled="adam-mse",
    ),
    stack(
        "dense-max-norm", VECTOR, lambda k: [k.Dense(5, kernel_constraint=k.MaxNorm(2))], tf=True, compiled="adam-mse"
    ),
    stack("dense-non-neg", VECTOR, lambda k: [k.Dense(5, kernel_constraint=k.NonNeg())], tf=True, compiled="adam-mse"),
    stack(
        "dense-unit-norm", VECTOR, lambda k: [k.Dense(5, kernel_constraint=k.UnitNorm())], compiled="sgd-nesterov-mse"
    ),
    stack(
        "dense-min-max-norm",
        VECTOR,
        lambda k: [k.Dense(5, kernel_constraint=k.MinMaxNorm(0.1, 0.9), bias_constraint=k.MaxNorm(1))],
        compiled="adagrad-mae",
    ),
    stack(
        "conv2d-l2-max-norm",
        IMAGE,
        lambda k: [k.Conv2D(4, (3, 2), kernel_regularizer=k.L2(0.02), kernel_constraint=k.MaxNorm(2, axis=[0, 1, 2]))],
        compiled="adam-mse",
    ),
    stack(
        "lstm-regularizers",
        STEPS,
        lambda k: [k.LSTM(5, kernel_regularizer=k.L2(0.02), recurrent_regularizer=k.L1(0.01))],
        compiled="adam-mse",
    ),
    stack("conv1d-channels-first", (3, 7), lambda k: [k.Conv1D(4, 2, data_format="channels_first")]),
    stack(
        "conv2d-channels-first",
        (3, 7, 6),
        lambda k: [k.Conv2D(4, (3, 2), data_format="channels_first")],
        head="flatten",
        tf=True,
    ),
    stack(
        "conv2d-transpose-channels-first", (3, 5, 4), lambda k: [k.Conv2DTranspose(2, 3, data_format="channels_first")]
    ),
    stack("depthwise-conv2d-channels-first", (3, 7, 6), lambda k: [k.DepthwiseConv2D(2, data_format="channels_first")]),
    stack("max-pooling2d-channels-first", (3, 7, 6), lambda k: [k.MaxPooling2D((3, 2), data_format="channels_first")]),
    stack(
        "average-pooling2d-channels-first", (3, 7, 6), lambda k: [k.AveragePooling2D(2, data_format="channels_first")]
    ),
    stack(
        "global-average-pooling2d-channels-first",
        (3, 7, 6),
        lambda k: [k.GlobalAveragePooling2D(data_format="channels_first")],
    ),
    stack(
        "zero-padding2d-channels-first", (3, 7, 6), lambda k: [k.ZeroPadding2D((2, 1), data_format="channels_first")]
    ),
    stack("up-sampling2d-channels-first", (3, 7, 6), lambda k: [k.UpSampling2D((2, 3), data_format="channels_first")]),
    stack("flatten-channels-first", (3, 7, 6), lambda k: [k.Flatten(data_format="channels_first")]),
    stack(
        "channels-first-network",
        (3, 7, 6),
        lambda k: [
            k.Conv2D(4, 3, data_format="channels_first"),
            k.BatchNormalization(axis=1),
            k.MaxPooling2D(data_format="channels_first"),
            k.Flatten(),
            k.Dense(5),
        ],
        compiled="adam-mse",
    ),
    stack(
        "mixed-float16-dense",
        VECTOR,
        lambda k: [k.Dense(5, dtype="mixed_float16", activation="relu"), k.Dense(2, dtype="mixed_float16")],
        tf=True,
    ),
    stack(
        "mixed-float16-then-float32",
        VECTOR,
        lambda k: [k.Dense(5, dtype="mixed_float16"), k.Dense(2, dtype="float32", activation="softmax")],
        compiled="adam-categorical",
    ),
    stack("float64-dense", VECTOR, lambda k: [k.Dense(5, dtype="float64")]),
    stack("float16-dense", VECTOR, lambda k: [k.Dense(5, dtype="float16")]),
    stack("name-with-space", VECTOR, lambda k: [k.Dense(5, name="my dense"), k.Dense(2)], tf=True),
    stack("name-with-slash", VECTOR, lambda k: [k.Dense(5, name="block/dense"), k.Dense(2)], tf=True),
    stack("name-with-dots", VECTOR, lambda k: [k.Dense(5, name="a.b..c"), k.Dense(2, name="..")]),
    stack("name-not-ascii", VECTOR, lambda k: [k.Dense(5, name="größe-层"), k.Dense(2)]),
    stack("lambda", VECTOR, lambda k: [k.Dense(5), k.Lambda(lambda x: x * 2.0 + 1.0, output_shape=(5,))], tf=True),
    stack("frozen", VECTOR, lambda k: [k.Dense(5, trainable=False), k.BatchNormalization(trainable=False), k.Dense(2)]),
    stack(
        "frozen-compiled",
        IMAGE,
        lambda k: [k.Conv2D(4, 3, trainable=False), k.BatchNormalization(), k.Flatten(), k.Dense(5)],
        tf=True,
        compiled="adam-mse",
    ),
)


# --- cases: structures ------------------------------------------------------------------------------------------


def inner_sequential(k: Names) -> Any:
    """A Sequential to put into others."""
    return k.Sequential([k.Dense(6, activation="relu"), k.BatchNormalization(), k.Dense(4)], name="inner")


def inner_functional(k: Names, shape: Shape = VECTOR) -> Any:
    """A functional model with a residual, to put into others."""
    x = k.Input(shape)
    y = k.BatchNormalization()(k.Dense(shape[-1])(x))
    return k.Model(x, k.Dense(4)(k.Add()([x, y])), name="inner")


def half_frozen(k: Names) -> Any:
    """A nested Sequential whose first layer is frozen."""
    inner = inner_sequential(k)
    inner.layers[0].trainable = False
    return inner


def shared_dense(k: Names, x: Any, y: Any) -> Any:
    """One Dense on two inputs."""
    tied = k.Dense(5, name="tied")
    return k.Concatenate()([tied(x), tied(y)])


def shared_twice(k: Names, x: Any) -> Any:
    """One Dense on its own output."""
    tied = k.Dense(3, activation="tanh", name="tied")
    return k.Dense(2)(tied(tied(x)))


def shared_model(k: Names, x: Any, y: Any) -> Any:
    """One nested model on two inputs."""
    tied = inner_functional(k)
    return k.Subtract()([tied(x), tied(y)])


def residual_block(k: Names, x: Any) -> Any:
    """Two convolutions with a shortcut around them."""
    y = k.ReLU()(k.BatchNormalization()(k.Conv2D(4, 3, padding="same")(x)))
    y = k.BatchNormalization()(k.Conv2D(3, 3, padding="same")(y))
    y = k.Activation("relu")(k.Add()([x, y]))
    return k.Dense(5, activation="softmax")(k.GlobalAveragePooling2D()(y))


def activation_beside_its_input(k: Names, x: Any) -> Any:
    """An array that an activation and another layer read: one that works in place would change it for both."""
    y = k.BatchNormalization()(k.Conv2D(4, 3)(x))
    y = k.Concatenate()([k.Activation("relu")(y), y])
    return k.Dense(5)(k.GlobalAveragePooling2D()(y))


def inception_block(k: Names, x: Any) -> Any:
    """Three branches, concatenated."""
    three = k.Conv2D(4, 3, padding="same")(k.Conv2D(2, 1, activation="relu")(x))
    five = k.Conv2D(3, 5, padding="same")(x)
    pool = k.Conv2D(1, 1)(k.MaxPooling2D(3, strides=1, padding="same")(x))
    return k.Dense(5)(k.Flatten()(k.Concatenate()([three, five, pool])))


def two_in_two_out(k: Names, x: Any, y: Any) -> Any:
    """An image and a vector in, classes and a number out."""
    image = k.Flatten()(k.Conv2D(2, (3, 4))(x))
    both = k.Concatenate()([image, k.Dense(4)(y)])
    return [k.Dense(5, activation="softmax", name="classes")(both), k.Dense(1, name="size")(both)]


def deeper_second_input(k: Names, x: Any, y: Any) -> Any:
    """A vector and steps in, more layers behind the steps: Keras 3 writes their input before the vector's."""
    steps = k.LSTM(3)(k.LSTM(2, return_sequences=True)(y))
    return k.Dense(2)(k.Concatenate()([k.Dense(3)(x), steps]))


def squeeze_and_excite(k: Names, x: Any) -> Any:
    """Channels scaled by what is in them."""
    y = k.Dense(2, activation="relu")(k.GlobalAveragePooling2D(keepdims=True)(x))
    return k.Multiply()([x, k.Dense(3, activation="sigmoid")(y)])


def unordered_names(k: Names, x: Any) -> Any:
    """Layers whose names sort otherwise than they follow one another."""
    y, z = k.Dense(5, name="zeta")(x), k.Dense(5, name="alpha")(x)
    return k.Dense(2, name="beta")(k.Subtract()([z, y]))


STRUCTURE_CASES = (
    stack("nested-sequential", VECTOR, lambda k: [k.Dense(5), inner_sequential(k), k.Dense(2)], tf=True),
    stack(
        "nested-sequential-compiled",
        VECTOR,
        lambda k: [k.Dense(5), inner_sequential(k), k.Dense(2, activation="softmax")],
        compiled="adam-categorical",
    ),
    stack("nested-sequential-last", VECTOR, lambda k: [k.Dense(5), inner_sequential(k)]),
    stack("nested-sequential-half-frozen", VECTOR, lambda k: [k.Dense(5), half_frozen(k), k.Dense(2)], tf=True),
    stack(
        "nested-three-deep",
        VECTOR,
        lambda k: [k.Sequential([k.Dense(5), k.Sequential([inner_sequential(k), k.Dense(2)], name="b")], name="a")],
    ),
    stack("nested-functional-in-sequential", VECTOR, lambda k: [inner_functional(k), k.Dense(2)], tf=True),
    graph("nested-functional", [VECTOR], lambda k, x: k.Dense(2)(inner_functional(k)(x)), tf=True),
    graph("nested-sequential-in-functional", [VECTOR], lambda k, x: k.Add()([inner_sequential(k)(x), k.Dense(4)(x)])),
    graph("shared-dense", [VECTOR, VECTOR], shared_dense, tf=True),
    graph("shared-twice", [VECTOR], shared_twice, tf=True),
    graph("shared-model", [VECTOR, VECTOR], shared_model),
    graph("residual-block", [IMAGE], residual_block, tf=True, compiled="adam-categorical"),
    graph("activation-beside-its-input", [IMAGE], activation_beside_its_input, tf=True),
    graph("inception-block", [IMAGE], inception_block, tf=True, compiled="rmsprop-mse"),
    graph("two-in-two-out", [IMAGE, (5,)], two_in_two_out, tf=True),
    graph("deeper-second-input", [(5,), (4, 2)], deeper_second_input),
    graph("squeeze-and-excite", [IMAGE], squeeze_and_excite),
    graph("unordered-names", [VECTOR], unordered_names, tf=True),
    graph(
        "functional-line",
        [VECTOR],
        lambda k, x: k.Dense(2)(k.Dense(5, activation="relu")(x)),
        compiled="sgd-categorical",
    ),
    graph("input-also-output", [VECTOR], lambda k, x: [k.Dense(5)(x), x]),
    graph("middle-also-output", [VECTOR], lambda k, x: [y := k.Dense(5)(x), k.Dense(2)(y)]),
    graph("outputs-of-one-kind", [STEPS], lambda k, x: [k.LSTM(5)(x), k.GRU(2, return_sequences=True)(x)]),
)


def all_cases() -> list[Case]:
    """Every case, each name once."""
    tables = (
        activation_cases(),
        DENSE_CASES,
        ACTIVATION_LAYER_CASES,
        CONV1D_CASES,
        CONV2D_CASES,
        CONV3D_CASES,
        TRANSPOSE_CASES,
        SEPARABLE_CASES,
        pooling_cases(),
        SHAPE_CASES,
        NORMALIZATION_CASES,
        recurrent_cases(),
        OTHER_RECURRENT_CASES,
        EMBEDDING_CASES,
        merge_cases(),
        MERGE_CASES,
        IDENTITY_CASES,
        PREPROCESSING_CASES,
        ATTENTION_CASES,
        OWN_CASES,
        OPTION_CASES,
        STRUCTURE_CASES,
    )
    cases = [case for table in tables for made in table for case in made]
    twice = [name for name, count in collections.Counter(case.name for case in cases).items() if count > 1]
    if twice:
        raise ValueError(f"two cases have the same name: {twice}")
    return [compiled_anyhow(case) for case in cases]


def compiled_anyhow(case: Case) -> Case:
    """The case, compiled if it is one of those that are."""
    if case.compiled is not None or number(case.name) % 4:
        return case
    return dataclasses.replace(case, compiled=COMPILED_ANYHOW[number(case.name) // 4 % len(COMPILED_ANYHOW)])


# Built-in layers, and a case, that cannot be here, and why.
WITHOUT_CASE = {
    "FlaxLayer": "runs a Flax module: needs JAX and Flax",
    "JaxLayer": "runs a JAX function: needs JAX",
    "TorchModuleWrapper": "runs a PyTorch module: needs PyTorch",
    "TFSMLayer": "runs a TensorFlow SavedModel, which is not in the file",
    "bfloat16-dense": "TensorFlow computes bfloat16 with instructions that not every CPU has, and dies without them",
    "MaxNumBoundingBoxes": "takes bounding boxes, not tensors",
}
NOT_LAYERS = {"Input", "InputLayer", "InputSpec", "Layer", "Wrapper"}


# --- what is in git -----------------------------------------------------------------------------------------------


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# Made by Keras 3 and by tf_keras, in both containers.
BOTH_DIALECTS = words("""
    dense-elu dense-gelu dense-hard-sigmoid dense-softmax dense-swish dense-no-bias dense-then-dense dense-on-3d
    relu-max-value relu-negative-slope leaky-relu prelu-shared-axes softmax conv1d-then-flatten-dense conv1d-causal
    conv2d-then-flatten-dense conv2d-same-strides conv2d-dilation conv2d-transpose-same-strides
    separable-conv2d-multiplier depthwise-conv2d-multiplier max-pooling2d-same global-max-pooling2d
    global-average-pooling1d reshape-then-lstm cropping2d zero-padding2d up-sampling2d batch-normalization-no-scale
    conv2d-then-batch-normalization layer-normalization lstm lstm-sequences gru gru-reset-before simple-rnn
    masking-lstm bidirectional-lstm-concat time-distributed-dense embedding-lstm embedding-mask-lstm add-vectors
    concatenate-images dropout rescaling normalization multi-head-attention dense-l1-l2 mixed-float16-dense
    name-with-space name-with-slash lambda nested-sequential nested-sequential-half-frozen
    nested-functional-in-sequential shared-dense spectral-normalization-conv2d own-attention own-merges own-operators
    own-normalizations own-activations conv3d conv2d-same average-pooling2d
""")

# Made by Keras 3 alone, in both containers.
KERAS3_ONLY = words("""
    conv1d-same-strides conv2d-groups conv2d-groups-depthwise conv2d-no-bias conv1d-transpose-same-strides
    conv2d-transpose-valid-output-padding conv3d-transpose-same-strides separable-conv1d-multiplier
    separable-conv1d-causal depthwise-conv1d-multiplier global-average-pooling2d-keepdims-then-flatten-dense
    batch-normalization-on-steps batch-normalization-no-center layer-normalization-axes group-normalization
    rms-normalization softmax-axes lstm-backwards bidirectional-gru-concat rnn-stacked-cells
    time-distributed-sequential operators operators-slice normalization-on-image normalization-axes
    normalization-scalar attention-scale additive-attention group-query-attention dense-max-norm nested-three-deep
    shared-model unordered-names frozen discretization category-encoding string-lookup frozen-compiled
    embedding-average dense-relu dense-tanh einsum-dense own-functions
""")

# Made by Keras 3 alone, as `.keras` alone: to stay small.
KERAS3_ARCHIVE_ONLY = words("""
    dense-celu dense-exponential dense-hard-shrink dense-hard-silu dense-hard-tanh dense-leaky-relu dense-linear
    dense-log-sigmoid dense-mish dense-relu6 dense-sigmoid dense-soft-shrink dense-softsign dense-sparse-plus
    dense-sparse-sigmoid dense-sparsemax dense-squareplus dense-tanh-shrink activation-softmax identity elu-alpha
    softmax-axis-1 conv1d-dilation conv3d-same-strides conv2d-transpose-dilation max-pooling1d-same-strides
    average-pooling2d-same-strides average-pooling3d-same global-max-pooling1d global-max-pooling3d
    global-average-pooling3d-keepdims adaptive-max-pooling1d adaptive-max-pooling2d adaptive-max-pooling3d
    adaptive-average-pooling1d adaptive-average-pooling2d adaptive-average-pooling3d flatten-volume-then-dense
    reshape-image-to-steps permute-image-channels repeat-vector-then-lstm-dense cropping1d cropping3d zero-padding1d
    zero-padding3d up-sampling1d up-sampling2d-bilinear up-sampling3d batch-normalization-axis-1
    layer-normalization-axis-1 lstm-state lstm-encoder-decoder bidirectional-lstm-ave
    bidirectional-lstm-none-sequences conv-lstm1d conv-lstm3d reversible-embedding subtract-vectors average-three
    maximum-images minimum-vectors concatenate-steps-axis-1 dot-steps spatial-dropout1d spatial-dropout2d
    spatial-dropout3d gaussian-noise gaussian-dropout alpha-dropout activity-regularization dropout-one
    normalization-given resizing center-crop integer-lookup hashing hashed-crossing text-vectorization
    mel-spectrogram stft-spectrogram auto-contrast equalization solarization
    contrast-limited-adaptive-histogram-equalization random-crop random-geometry random-colour cut-mix aug-mix
    rand-augment random-shear pipeline attention-concat squeeze-and-excite shared-twice inception-block
    two-in-two-out deeper-second-input time-distributed-conv2d conv-lstm2d-then-flatten-dense multi-head-attention-sizes
    bidirectional-lstm-mul-sequences bidirectional-simple-rnn-concat name-not-ascii masking-middle-lstm
    dense-log-softmax dense-glu dense-threshold relu-all-options average-pooling1d-strides unit-normalization-axis-1
    lstm-odd-activations embedding-mask-average multiply-images dense-non-neg reshape-to-image-then-conv2d
    residual-block bidirectional-lstm-sum-sequences permute-image-then-flatten-dense dense-softplus dense-selu
    conv2d-any-size embedding-any-length lstm-any-length rescaling-any-size
    max-pooling3d conv2d-channels-first activation-beside-its-input
""")


def suffixes(dialect: Dialect, case: Case, everything: bool) -> tuple[str, ...]:
    """The containers that a dialect saves a case in; none where it does not make the case at all."""
    if dialect is TFKERAS and not case.tf:
        return ()
    if everything or case.name in BOTH_DIALECTS:
        return SUFFIXES
    if dialect is TFKERAS:
        return ()
    if case.name in KERAS3_ONLY:
        return SUFFIXES
    return SUFFIXES[:1] if case.name in KERAS3_ARCHIVE_ONLY else ()


# --- data and weights -------------------------------------------------------------------------------------------


def padded(data: np.ndarray, value: float) -> np.ndarray:
    """Data whose samples end earlier and earlier, filled up with `value`."""
    for sample in range(1, len(data)):
        data[sample, -sample:] = value
    return data


def with_gaps(data: np.ndarray) -> np.ndarray:
    """Data with a zero step at the beginning of one sample and in the middle of another."""
    data[1, 0] = data[2, 1] = 0.0
    return data


INPUTS: dict[str, Callable[[np.random.Generator, Shape], np.ndarray]] = {
    "normal": lambda rng, shape: rng.normal(size=shape).astype("float32"),
    "pixels": lambda rng, shape: rng.integers(0, 256, size=shape).astype("float32"),
    "padded": lambda rng, shape: padded(rng.normal(size=shape).astype("float32"), 0.0),
    "padded-minus-one": lambda rng, shape: padded(rng.normal(size=shape).astype("float32"), -1.0),
    "gaps": lambda rng, shape: with_gaps(rng.normal(size=shape).astype("float32")),
    "indices": lambda rng, shape: rng.integers(0, 9, size=shape).astype("float32"),
    "padded-indices": lambda rng, shape: padded(rng.integers(1, 9, size=shape).astype("float32"), 0.0),
    "integers": lambda rng, shape: rng.integers(0, 9, size=shape).astype("int32"),
    "strings": lambda rng, shape: rng.choice(["a", "b", "c"], size=shape),
}
ANY_SIZE = (4, 6, 5)  # what a dimension of any size is in the data, by its place


def make_inputs(case: Case, model: Any) -> list[np.ndarray]:
    """What goes into the model: the same on each run."""
    rng = np.random.default_rng(number(case.name))
    arrays = []
    for kind, tensor in zip(case.data, model.inputs, strict=True):
        shape = (ANY_SIZE[i] if size is None else size for i, size in enumerate(tensor.shape[1:]))
        arrays.append(INPUTS[kind](rng, (SAMPLES, *shape)))
    return arrays


ADAPTED = ("mean", "variance", "count")  # a Normalization's own: they come from its data


def set_weights(case: Case, model: Any) -> None:
    """Random values everywhere; variances positive."""
    rng = np.random.default_rng(number(f"weights of {case.name}"))
    for variable in model.weights:
        leaf = variable.name.rpartition("/")[2].removesuffix(":0")
        if leaf in ADAPTED or "float" not in str(variable.dtype):
            continue
        if "variance" in leaf:
            variable.assign(rng.uniform(0.5, 2.0, size=tuple(variable.shape)).astype("float32"))
        else:
            variable.assign(rng.normal(0.1, 0.6, size=tuple(variable.shape)).astype("float32"))


def compute(model: Any, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """What Keras says the outputs are."""
    tensors = [tf.convert_to_tensor(array) for array in inputs]
    outputs = model(tensors if len(tensors) > 1 else tensors[0], training=False)
    return [tf.cast(output, tf.float32).numpy() for output in tf.nest.flatten(outputs)]


# --- making one case ----------------------------------------------------------------------------------------------


def loss_of(dialect: Dialect, spec: str | tuple[str, dict[str, Any]]) -> Any:
    """A loss as compile() takes it."""
    if isinstance(spec, str):
        return spec
    return getattr(dialect.keras.losses, spec[0])(**spec[1])


def compile_model(dialect: Dialect, model: Any, name: str) -> None:
    """Compile a model as COMPILED says."""
    optimizer, options, loss = COMPILED[name]
    model.compile(optimizer=dialect.optimizer_class(optimizer)(**options), loss=loss_of(dialect, loss))


def build(dialect: Dialect, case: Case) -> Any:
    """The case's model with its weights, with the same names each time."""
    dialect.keras.backend.clear_session()
    dialect.keras.utils.set_random_seed(SEED)
    model = case.build(Names(dialect.keras))
    set_weights(case, model)
    if case.compiled is not None:
        compile_model(dialect, model, case.compiled)
    return model


def layer_classes(model: Any) -> Iterator[str]:
    """The classes in a model, in order: layers, operators, and what models and wrappers have inside."""
    for layer in getattr(model, "operations", model.layers):
        name = type(layer).__name__
        if name == "InputLayer":
            continue
        yield f"ops.{name}" if ".ops." in type(layer).__module__ else name
        if name in ("Sequential", "Functional"):
            yield from layer_classes(layer)
        yield from (type(part).__name__ for part in wrapped(layer))


def wrapped(layer: Any) -> Iterator[Any]:
    """What a wrapper, an RNN or a Pipeline has inside."""
    name = type(layer).__name__
    if name in ("TimeDistributed", "SpectralNormalization"):
        yield layer.layer
    elif name == "Bidirectional":
        yield layer.forward_layer
    elif name == "RNN":
        yield layer.cell
        yield from getattr(layer.cell, "cells", ())
    elif name == "Pipeline":
        yield from layer.layers


def describe(case: Case, model: Any, containers: list[str]) -> Json:
    """The manifest's entry for a case."""
    optimizer, _, loss = COMPILED[case.compiled] if case.compiled else (None, None, None)
    return {
        "layers": list(dict.fromkeys(layer_classes(model))),
        "containers": containers,
        "model_class": type(model).__name__,
        "compiled": optimizer,
        "loss": {"class_name": loss[0], "config": loss[1]} if isinstance(loss, tuple) else loss,
    }


def first_line(error: Exception) -> str:
    """What an error says, without what differs from run to run: colours, addresses, folders, the order of sets."""
    lines = [line for line in str(error).splitlines() if line.strip() and "Exception encountered" not in line]
    text = re.sub(r"\x1b\[[0-9;]*m", "", lines[0]) if lines else ""
    text = re.sub(r"\{([^{}:]*)\}", lambda found: "{" + ", ".join(sorted(found[1].split(", "))) + "}", text)
    return f"{type(error).__name__}: {re.sub(r'0x[0-9a-f]+|/[^ ]*/', '...', text)[:240]}"


def why_not_the_same(dialect: Dialect, path: Path, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> str | None:
    """Load a file back: why its model does not give the same outputs; None when it does."""
    try:
        again = compute(dialect.keras.models.load_model(path, compile=False, safe_mode=False), inputs)
    except Exception as error:  # whatever Keras says is the reason
        return f"Keras cannot load back what it saved: {first_line(error)}"
    for got, wanted in zip(again, outputs, strict=True):
        if got.shape != wanted.shape or not np.allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE):
            return "Keras loads it back with other outputs"
    return None


def save(dialect: Dialect, model: Any, path: Path, inputs: list[np.ndarray], outputs: list[np.ndarray]) -> str | None:
    """Save a model if Keras can, and can load it again; else say why not."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / path.name
        try:
            model.save(scratch)
        except Exception as error:  # whatever Keras says is the reason
            return f"Keras cannot save it: {first_line(error)}"
        why = why_not_the_same(dialect, scratch, inputs, outputs)
        if why is None:
            shutil.copyfile(scratch, path)
        return why


# --- the zoo ----------------------------------------------------------------------------------------------------


class Zoo:
    """The folder: makes cases, remembers what to say about them."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.manifest = out / "cases.json"
        self.cases: dict[str, Json] = {}
        self.skipped: list[dict[str, str]] = []

    def forget(self, pattern: str | None) -> None:
        """Remove what an earlier run wrote, as its manifest lists it, for the cases to be made now."""
        if not self.manifest.exists():
            return
        old = json.loads(self.manifest.read_text())
        for key, entry in old["cases"].items():
            if not matches(key, pattern):
                self.cases[key] = entry
                continue
            for suffix in (*entry["containers"], "npz"):
                (self.out / f"{key}.{suffix}").unlink(missing_ok=True)
        self.skipped = [skip for skip in old["skipped"] if not matches(skip["case"].split(".")[0], pattern)]

    def skip(self, case: str, why: str) -> None:
        """Say why there is no such case or file."""
        self.skipped.append({"case": case, "why": why})
        print(f"{case}: {why}", flush=True)

    def make(self, dialect: Dialect, case: Case, wanted: tuple[str, ...]) -> None:
        """Make one case: its files and its entry."""
        key = f"{dialect.name}/{case.name}"
        try:
            model = build(dialect, case)
            inputs = make_inputs(case, model)
            outputs = compute(model, inputs)
        except Exception as error:  # whatever Keras says is the reason
            self.skip(key, first_line(error))
            return
        if not all(np.isfinite(output).all() for output in outputs):
            self.skip(key, "Keras computes numbers that are not finite")
            return
        containers = []
        for suffix in wanted:  # .keras first: Keras 3 loses the optimizer's class when it saves .h5
            why = save(dialect, model, self.out / f"{key}.{suffix}", inputs, outputs)
            if why is None:
                containers.append(suffix)
            else:
                self.skip(f"{key}.{suffix}", why)
        if containers:
            self.cases[key] = describe(case, model, containers)
            arrays = {f"input_{i}": array for i, array in enumerate(inputs)}
            arrays |= {f"output_{i}": array for i, array in enumerate(outputs)}
            np.savez_compressed(self.out / f"{key}.npz", **arrays)

    def check_that_all_layers_are_there(self) -> None:
        """Every built-in layer of Keras 3 has a case, was skipped, or is in WITHOUT_CASE."""
        for name, why in WITHOUT_CASE.items():
            self.skip(f"keras3/{name}", why)
        layers = KERAS3.keras.layers
        classes = {name for name in dir(layers) if name[0].isupper() and isinstance(getattr(layers, name), type)}
        made = {name for entry in self.cases.values() for name in entry["layers"]}
        aliases = {name for name in classes if getattr(layers, name).__name__ in made}
        for name in sorted(classes - aliases - made - NOT_LAYERS - WITHOUT_CASE.keys()):
            print(f"no case has the layer {name}")

    def write_manifest(self) -> None:
        """Write cases.json."""
        manifest = {
            "writer": {
                "keras": KERAS3.keras.__version__,
                "tf_keras": TFKERAS.keras.__version__,
                "tensorflow": tf.__version__,
                "h5py": h5py.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "skipped": sorted(self.skipped, key=lambda skip: skip["case"]),
            "cases": self.cases,
        }
        self.manifest.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")


def matches(key: str, pattern: str | None) -> bool:
    """Whether --only, when it is given, names this case."""
    return pattern is None or fnmatch.fnmatchcase(key, pattern)


def make_zoo(out: Path, pattern: str | None, everything: bool) -> None:
    """The cases of both dialects, and the manifest."""
    zoo = Zoo(out)
    zoo.forget(pattern)
    for dialect in (KERAS3, TFKERAS):
        (out / dialect.name).mkdir(parents=True, exist_ok=True)
        for case in all_cases():
            wanted = suffixes(dialect, case, everything)
            if wanted and matches(f"{dialect.name}/{case.name}", pattern):
                zoo.make(dialect, case, wanted)
    if pattern is None:
        zoo.check_that_all_layers_are_there()
    zoo.write_manifest()
    print(f"{len(zoo.cases)} cases, {len(zoo.skipped)} skipped")


def main() -> None:
    """Read the command line and make the zoo."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="where to put it (default: tests/data/zoo)")
    parser.add_argument("--only", help="make the cases of this pattern alone, such as 'keras3/conv2d*'")
    parser.add_argument("--all", action="store_true", help="make what is not in git, too: 730 cases, 30 MB")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.set_verbosity(logging.ERROR)
    make_zoo(arguments.out, arguments.only, arguments.all)


if __name__ == "__main__":
    main()
