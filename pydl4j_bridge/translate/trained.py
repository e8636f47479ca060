"""What an optimizer wants of a translated model's layers; see ``tests/jvm/test_state.py``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pydl4j_bridge.mapping import UpdaterSpec
from pydl4j_bridge.mapping.spec import LISTENER_PACKAGE
from pydl4j_bridge.mapping.targets import ONE_BY_ONE
from pydl4j_bridge.translate.plan import ImportableModel, LayerPlan

_OCCURRENCES = (
    "of an index that a batch has several times, Keras 3 on TensorFlow has several gradients, and squares each of them"
)
#: Dialects of Keras on TensorFlow's fused kernel.
_FUSED = frozenset({"tf-keras", "tf-keras-legacy", "keras-2"})
#: Updaters that do not square gradients.
_WITHOUT_SQUARES = frozenset({"Sgd", "Nesterovs", "KerasMomentum"})
#: Updaters that a KerasEmbedding can tell of the gradients of each occurrence.
_ONE_BY_ONE = frozenset({"KerasAdaDelta", "KerasAdaGrad", "KerasAdaMax", "KerasNadam", "KerasRmsProp", *ONE_BY_ONE})


def as_keras_trains(
    model: ImportableModel, updater: UpdaterSpec, dialect: str | None, backend: str | None, *, exact: bool
) -> ImportableModel:
    """The model with the layers that train as Keras's do where DL4J's would not, and with notes on what still differs.

    Args:
        model: the translated model.
        updater: what will sit on its layers.
        dialect: of the Keras that wrote it.
        backend: of that Keras; None where the file does not say it.
        exact: the updater has Keras's own rule.
    """
    plans = dict(model.plans)
    notes = []
    for name, class_name in _layers(model):
        plan = plans.get(name, LayerPlan())
        if plan.frozen or not model.shapes.get(name):
            continue
        if class_name == "BatchNormalization":
            unbiased = plan.fused and dialect in _FUSED
            # DL4J's own neither decays gamma and beta nor clips them without clipping its averages as well.
            if unbiased or updater.layer_settings:
                plans[name] = replace(plan, statistics="unbiased" if unbiased else "biased")
        elif class_name == "Embedding" and dialect == "keras-3" and backend in (None, "tensorflow"):
            if any(plan.regularization):
                continue  # the regularizer's gradient is one for each row, and TensorFlow adds them up before
            clipped = bool(updater.listeners) or "gradientNormalization" in updater.layer_settings
            if exact and not clipped and updater.updater in _ONE_BY_ONE:
                plans[name] = replace(plan, one_by_one=True)
                if backend is None:
                    notes.append(f"{name}: {_OCCURRENCES}: so it is here. On JAX and PyTorch it squares their sum")
            elif clipped or updater.updater not in _WITHOUT_SQUARES:
                notes.append(f"{name}: {_OCCURRENCES}{', and clips them so' if clipped else ''}; here it is their sum")
    for name, arguments in updater.listeners.items():
        made = f"new {LISTENER_PACKAGE}.{name}({', '.join(map(str, arguments))})"
        notes.append(f"{name} is a listener, which no zip keeps: a Java program that restores the network adds {made}")
    return replace(model, plans=plans, notes=(*model.notes, *notes))


def _layers(model: ImportableModel) -> Iterator[tuple[str, str]]:
    for layer in model.config["config"]["layers"]:
        yield layer["name"], layer["class_name"]
