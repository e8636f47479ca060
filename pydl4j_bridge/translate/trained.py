"""Where training in DL4J is not Keras's although layers, loss and updater are; see ``tests/jvm/test_state.py``."""

from __future__ import annotations

from collections.abc import Iterator

from pydl4j_bridge.mapping import UpdaterSpec
from pydl4j_bridge.translate.plan import ImportableModel, LayerPlan

#: Updaters that do not square gradients.
_WITHOUT_SQUARES = frozenset({"Sgd", "Nesterovs", "KerasMomentum"})


def training_notes(model: ImportableModel, updater: UpdaterSpec, dialect: str | None) -> tuple[str, ...]:
    """What an imported model says of its training, by the names of its layers.

    Args:
        model: the translated model.
        updater: what sits on its layers.
        dialect: of the Keras that wrote it.
    """
    return tuple(_notes(model, updater, dialect))


def _notes(model: ImportableModel, updater: UpdaterSpec, dialect: str | None) -> Iterator[str]:
    regularized = [name for name, plan in model.plans.items() if any(plan.regularization + plan.bias_regularization)]
    if "gradientNormalization" in updater.layer_settings:
        for name in regularized:
            yield f"{name}: DL4J clips the gradient before the regularizer's is added to it, Keras after"
    for layer in model.config["config"]["layers"]:
        name, class_name = layer["name"], layer["class_name"]
        if class_name == "Embedding" and dialect == "keras-3" and updater.updater not in _WITHOUT_SQUARES:
            yield (
                f"{name}: of an index that a batch has several times, Keras 3 on TensorFlow has several gradients, and "
                "squares them one by one; here their sum is squared"
            )
        trained = model.shapes.get(name) and not model.plans.get(name, LayerPlan()).frozen
        if class_name == "BatchNormalization" and trained and dialect in ("tf-keras", "tf-keras-legacy", "keras-2"):
            yield (
                f"{name}: of images, tf.keras's moving_variance follows n / (n - 1) times the variance of a batch's n "
                "numbers, DL4J's the variance itself"
            )
