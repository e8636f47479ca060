"""Imports random models of a few layers that tf_keras makes, and compares the predictions.

    python scripts/random_models.py [--first SEED] [--count N]

Single layers can be right where their meeting is not: the zoo has the one, this looks for the other. Needs
``pip install -e .[fixtures]``. Models on which tf_keras disagrees with itself (a graph's optimizer, float32) are left
out. ``--make FOLDER`` only writes the models and what tf_keras predicts: the models in tests/data/joins are of seeds
20, 43, 57, 127, 178, 186 and 207 of its first version. Exit code 1 where a prediction is wrong.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import click
import numpy as np

#: Largest relative error, max|difference| / max|Keras's value|, of a model that is right.
TOLERANCE = 1e-5
ACTIVATIONS = ("linear", "relu", "tanh", "sigmoid", "elu", "softmax", "selu", "softplus", "hard_sigmoid", "swish")


class Maker:
    """Random layers of tf_keras."""

    def __init__(self, keras: Any, seed: int) -> None:
        self.random = random.Random(seed)
        self.keras = keras
        self.rank = self.random.choice([1, 1, 2, 2, 2, 3])
        self.format = self.random.choice(["channels_last", "channels_last", "channels_first"])
        self.shape: tuple[int, ...] = {1: (9, 3), 2: (8, 7, 3), 3: (6, 5, 4, 2)}[self.rank]
        if self.rank == 1:
            self.format = "channels_last"
        if self.format == "channels_first":
            self.shape = (self.shape[-1], *self.shape[:-1])

    def model(self) -> Any:
        """One to four layers, some with a branch around them, and what ends a model."""
        layers = self.keras.layers
        x = start = self.keras.Input(self.shape)
        branches = self.random.random() < 0.4
        for _ in range(self.random.randint(1, 4)):
            y = self.layer()(x)
            if branches and y.shape == x.shape and self.random.random() < 0.6:
                merge = self.random.choice([layers.Add, layers.Multiply, layers.Maximum, layers.Average])
                y = merge()([x, y])
            elif branches and self.random.random() < 0.3:
                y = layers.Concatenate(axis=self.random.choice([-1, 1]))([y, layers.Activation("tanh")(y)])
            x = y
        for layer in self.ending():
            x = layer(x)
        return self.keras.Model(start, x)

    def layer(self) -> Any:
        """A layer in the middle."""
        return getattr(self, f"_layer_{self.rank}")()

    def ending(self) -> list[Any]:
        """The last layers: none, a vector, or a vector and a Dense."""
        layers, rank = self.keras.layers, self.rank
        if self.random.random() < 0.3:
            return []
        pooling = self.random.choice(["GlobalMaxPooling", "GlobalAveragePooling", "Flatten"])
        if pooling == "Flatten" or rank == 3:
            ending = [layers.Flatten(data_format=self.random.choice([self.format, "channels_last"]))]
        else:
            ending = [getattr(layers, f"{pooling}{rank}D")(data_format=self.format)]
        return [*ending, *([layers.Dense(3)] if self.random.random() < 0.7 else [])]

    def _any(self, **choices: Any) -> Any:
        return self.random.choice(list(choices.values()))()

    def _common(self) -> dict[str, Any]:
        """What is there for arrays of every rank."""
        layers, axis = self.keras.layers, -1 if self.format == "channels_last" else 1
        activation = self.random.choice(ACTIVATIONS)
        return {
            "normalization": lambda: layers.BatchNormalization(axis=axis),
            "activation": lambda: layers.Activation(activation),
            "dropout": lambda: layers.Dropout(0.2),
            "leaky": lambda: layers.LeakyReLU(0.3),
            "softmax": lambda: layers.Softmax(),
            "dense": lambda: layers.Dense(self.random.randint(2, 5), activation=activation),
        }

    def _padding(self) -> str:
        return self.random.choice(["valid", "same"])

    def _layer_1(self) -> Any:
        layers, pick = self.keras.layers, self.random.choice
        size = self.random.randint(2, 4)
        sequences = {"return_sequences": True}
        return self._any(
            **self._common(),
            conv=lambda: layers.Conv1D(
                size, pick([1, 2, 3]), strides=pick([1, 2]), padding=pick(["valid", "same", "causal"])
            ),
            softmax_conv=lambda: layers.Conv1D(size, 2, activation=pick(ACTIVATIONS)),
            max_pooling=lambda: layers.MaxPooling1D(2, strides=pick([None, 1]), padding=self._padding()),
            average=lambda: layers.AveragePooling1D(2, strides=pick([None, 1]), padding=self._padding()),
            lstm=lambda: layers.LSTM(size, **sequences),
            simple=lambda: layers.SimpleRNN(size, **sequences),
            gru=lambda: layers.GRU(size, reset_after=pick([True, False]), **sequences),
            both=lambda: layers.Bidirectional(
                layers.LSTM(size, **sequences), merge_mode=pick(["concat", "sum", "ave", "mul"])
            ),
            permute=lambda: layers.Permute((2, 1)),
            steps=lambda: layers.TimeDistributed(layers.Dense(3)),
        )

    def _layer_2(self) -> Any:
        layers, pick, where = self.keras.layers, self.random.choice, {"data_format": self.format}
        padding, activation = self._padding(), self.random.choice(ACTIVATIONS)
        settings = {"padding": padding, "activation": activation, **where}
        return self._any(
            **self._common(),
            conv=lambda: layers.Conv2D(4, (pick([1, 2, 3]), 2), strides=pick([1, 2, (2, 1)]), **settings),
            dilated=lambda: layers.Conv2D(3, 2, dilation_rate=2, padding="same", **where),
            depthwise=lambda: layers.DepthwiseConv2D((2, 3), depth_multiplier=pick([1, 2]), **settings),
            separable=lambda: layers.SeparableConv2D(4, (3, 2), depth_multiplier=pick([1, 2]), **settings),
            transposed=lambda: layers.Conv2DTranspose(3, (3, 2), strides=pick([1, 2, (2, 1)]), **settings),
            max_pooling=lambda: layers.MaxPooling2D(pick([2, (2, 1)]), padding=padding, **where),
            average=lambda: layers.AveragePooling2D(pick([2, (1, 2)]), padding=padding, **where),
            padded=lambda: layers.ZeroPadding2D(((1, 0), (2, 1)), **where),
            cropped=lambda: layers.Cropping2D(((1, 0), (0, 1)), **where),
            larger=lambda: layers.UpSampling2D((2, 1), **where),
            permute=lambda: layers.Permute(pick([(2, 1, 3), (3, 1, 2), (2, 3, 1)])),
        )

    def _layer_3(self) -> Any:
        layers, pick, where = self.keras.layers, self.random.choice, {"data_format": self.format}
        padding = self._padding()
        common = self._common()
        common.pop("dense")
        return self._any(
            **common,
            conv=lambda: layers.Conv3D(3, (pick([1, 2]), 2, 1), strides=pick([1, (1, 2, 1)]), padding=padding, **where),
            max_pooling=lambda: layers.MaxPooling3D(pick([2, (2, 1, 2)]), padding=padding, **where),
            average=lambda: layers.AveragePooling3D((1, 2, 2), padding=padding, **where),
        )


def make(folder: Path, seeds: range) -> None:
    """Save the models, and what tf_keras predicts."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import tf_keras

    for seed in seeds:
        tf_keras.backend.clear_session()
        try:
            model = Maker(tf_keras, seed).model()
        except ValueError:  # layers that do not fit onto one another
            continue
        generator = np.random.default_rng(seed)
        for weight in model.weights:
            low, high = (0.5, 1.5) if "variance" in weight.name else (-0.7, 0.7)
            weight.assign(generator.uniform(low, high, weight.shape))
        x = generator.normal(size=(3, *model.input_shape[1:])).astype("float32")
        y, again = model.predict(x, verbose=0), np.asarray(model(x))
        if np.isfinite(y).all() and np.abs(y - again).max() <= TOLERANCE * np.abs(y).max():
            model.save(folder / f"{seed}.h5", include_optimizer=False)
            np.savez(folder / f"{seed}.npz", input_0=x, output_0=y)


def compare(path: Path) -> tuple[str, str]:
    """Import one model: a verdict, and the error or the reason."""
    import pydl4j_bridge
    from pydl4j_bridge.errors import BridgeError, UnsupportedLayer

    try:
        model = pydl4j_bridge.import_model(path, optimizer=False)
    except UnsupportedLayer as error:
        return "refused", "; ".join(line.partition("(")[2] for line in error.layers)
    except BridgeError as error:
        return "refused otherwise", str(error)
    with np.load(path.with_suffix(".npz")) as arrays:
        x, y = arrays["input_0"], arrays["output_0"]
    try:
        ours = model.predict(x)
    except BridgeError as error:
        return "WRONG", str(error)
    if ours.shape != y.shape:
        return "WRONG", f"shape {ours.shape} instead of {y.shape}"
    error = float(np.abs(ours - y).max() / max(np.abs(y).max(), 1e-30))
    return ("right" if error <= TOLERANCE else "WRONG"), f"{error:.1e}"


@click.command()
@click.option("--first", default=0, help="The first seed.")
@click.option("--count", default=200, show_default=True, help="How many seeds.")
@click.option("--make", "maker", help="Only write the models into this folder.")
def main(first: int, count: int, maker: str | None) -> None:
    """Import random models that tf_keras makes, and compare the predictions."""
    if maker is not None:
        make(Path(maker), range(first, first + count))
        return
    verdicts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--make", folder, "--first", str(first), "--count", str(count)]
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        for path in sorted(Path(folder).glob("*.h5")):
            verdict, detail = compare(path)
            verdicts[verdict] += 1
            if verdict in ("WRONG", "refused otherwise"):
                click.echo(f"{verdict} {path.stem}: {detail}")
    click.echo(", ".join(f"{number} {verdict}" for verdict, number in verdicts.items()))
    sys.exit(1 if verdicts["WRONG"] else 0)


if __name__ == "__main__":
    main()
