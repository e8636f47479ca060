"""Imports the architectures of keras.applications with random weights and compares the predictions.

    python scripts/applications.py [NAME ...]

Too big for git, so they are made on the fly, each by a process of its own. Needs ``pip install -e .[fixtures]``. Prints
a line for each: right (relative error of the predictions), wrong, or the layers by which it was refused. Exit code 1
where one is wrong.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np

#: Largest relative error, max|difference| / max|Keras's value|, of an architecture that is right.
TOLERANCE = 1e-4
#: Architecture → the smallest sensible side of its input.
SIDES = {
    **dict.fromkeys(
        (
            "VGG16", "VGG19", "ResNet50", "ResNet101", "ResNet152", "ResNet50V2", "ResNet101V2", "ResNet152V2",
            "MobileNet", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "DenseNet121", "DenseNet169",
            "DenseNet201", "NASNetMobile", "NASNetLarge", "EfficientNetB0", "EfficientNetB1", "EfficientNetB2",
            "EfficientNetB3", "EfficientNetB4", "EfficientNetB5", "EfficientNetB6", "EfficientNetB7",
            "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3", "EfficientNetV2S",
            "EfficientNetV2M", "EfficientNetV2L", "ConvNeXtTiny", "ConvNeXtSmall", "ConvNeXtBase", "ConvNeXtLarge",
        ),
        64,
    ),
    **dict.fromkeys(("InceptionV3", "InceptionResNetV2", "Xception"), 96),
}  # fmt: skip


def make(name: str, folder: Path) -> None:
    """Save one architecture with random weights and statistics, and what Keras predicts.

    Variances of 1 and more keep the activations from growing from block to block. With smaller ones the deepest
    networks are chaotic: in Keras alone, a change of the input in its last bits changes all predictions.
    """
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import keras

    keras.utils.set_random_seed(1)
    side = SIDES[name]
    model = getattr(keras.applications, name)(
        weights=None, input_shape=(side, side, 3), classes=10, classifier_activation=None
    )
    random = np.random.default_rng(1)
    for weight in model.weights:
        if "moving_variance" in weight.path:
            weight.assign(random.uniform(1, 3, weight.shape))
        elif any(part in weight.path for part in ("moving_mean", "bias", "beta")):
            weight.assign(random.normal(0, 0.05, weight.shape))
    # Models that rescale their input want bytes: on numbers up to 1 they see one grey, and amplify the rounding.
    brightest = 255 if any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers) else 1
    pictures = random.uniform(0, brightest, (2, side, side, 3)).astype("float32")
    np.savez(folder / f"{name}.npz", input=pictures, output=model.predict(pictures, verbose=0))
    model.save(folder / f"{name}.keras")


def compare(name: str, folder: Path) -> tuple[str, str]:
    """Import one architecture: a verdict, and the error or the reason."""
    import pydl4j_bridge
    from pydl4j_bridge.errors import UnsupportedLayer

    began = time.perf_counter()
    try:
        model = pydl4j_bridge.import_model(folder / f"{name}.keras", optimizer=False)
    except UnsupportedLayer as error:
        classes = sorted({line.partition("(")[2].partition(")")[0] for line in error.layers})
        return "refused", f"{error.what}: {', '.join(classes)}"
    seconds = time.perf_counter() - began
    with np.load(folder / f"{name}.npz") as arrays:
        ours, keras = model.predict(arrays["input"]), arrays["output"]
    error = float(np.abs(ours - keras).max() / np.abs(keras).max())
    return ("right" if error <= TOLERANCE else "WRONG"), f"{error:.1e}, imported in {seconds:.1f} s"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(SIDES)))
@click.option("--make", "maker", hidden=True, help="Save one architecture into this folder, and end.")
def main(names: tuple[str, ...], maker: str | None) -> None:
    """Import the architectures of keras.applications and compare the predictions."""
    if maker is not None:
        make(names[0], Path(maker))
        return
    counts: dict[str, int] = {}
    for name in names or SIDES:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--make", folder, name]
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
            verdict, detail = compare(name, Path(folder))
        counts[verdict] = counts.get(verdict, 0) + 1
        click.echo(f"{name:18} {verdict:8} {detail}")
    click.echo(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    sys.exit(1 if "WRONG" in counts else 0)


if __name__ == "__main__":
    main()
