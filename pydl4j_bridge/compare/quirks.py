"""Known quirks of the native import of DL4J 1.0.0-M2.1, as a table with stable ids.

A quirk explains a difference only where the native value is exactly what the quirk says it would be. Anything else
stays unexplained. Found by running the import and by reading ``KerasOptimizerUtils.mapOptimizer``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydl4j_bridge.compare.numbers import same
from pydl4j_bridge.kerasfile import Optimizer
from pydl4j_bridge.mapping.schedules import inverse


@dataclass(frozen=True, slots=True)
class Case:
    """One difference in need of an explanation: the Keras side, the field, and both values (None: absent)."""

    optimizer: Optimizer
    field: str
    bridge: Any
    native: Any

    def config(self, *keys: str) -> Any:
        """The value of the first of ``keys`` that the Keras config has."""
        return next((self.optimizer.config[key] for key in keys if key in self.optimizer.config), None)


@dataclass(frozen=True, slots=True)
class Quirk:
    """A difference that the native import is known to make."""

    id: str
    title: str
    explains: Callable[[Case], bool]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal that the native import is known for, told by the text of its Java exceptions and their stack."""

    id: str
    title: str
    pattern: re.Pattern[str]


def _sgd_is_nesterovs(case: Case) -> bool:
    if case.optimizer.class_name != "SGD":
        return False
    if case.field == "class":
        return (case.bridge, case.native) == ("Sgd", "Nesterovs")
    # Plain SGD has no momentum on our side; the native Nesterovs has Keras's, which is then 0.
    return case.field == "momentum" and case.bridge is None and same(case.native, case.config("momentum"))


def _momentum_from_epsilon(case: Case) -> bool:
    return (
        case.optimizer.class_name == "SGD"
        and case.field == "momentum"
        and "epsilon" in case.optimizer.config
        and same(case.native, case.config("epsilon"))
    )


def _amsgrad_dropped(case: Case) -> bool:
    return (
        case.field == "class" and (case.bridge, case.native) == ("AMSGrad", "Adam") and case.config("amsgrad") is True
    )


def _nadam_schedule(case: Case) -> bool:
    if case.optimizer.class_name != "Nadam" or case.field != "learningRateSchedule" or case.bridge is not None:
        return False
    return same(case.native, inverse(case.config("lr", "learning_rate"), case.config("schedule_decay")))


def _dropped(optimizers: Mapping[str, tuple[str, ...]]) -> Callable[[Case], bool]:
    """Settings that the native import does not read: optimizer (or ``*``) → names of fields."""

    def explains(case: Case) -> bool:
        fields = optimizers.get(case.optimizer.class_name, ()) + optimizers.get("*", ())
        return case.native is None and case.field in fields

    return explains


QUIRKS = (
    Quirk("N02", "SGD always becomes Nesterovs, also without momentum", _sgd_is_nesterovs),
    Quirk("N03", "SGD's momentum is read from the key epsilon where there is one", _momentum_from_epsilon),
    Quirk("N07", "Adam drops amsgrad, although ND4J has AMSGrad", _amsgrad_dropped),
    Quirk("N08", "RMSprop drops momentum and centered", _dropped({"RMSprop": ("momentum", "centered")})),
    Quirk(
        "N09",
        "Adadelta drops its learning rate and decay, Adamax its decay",
        _dropped({"Adadelta": ("lr", "learning_rate", "decay"), "Adamax": ("learningRateSchedule",)}),
    ),
    Quirk("N10", "Nadam's schedule_decay becomes an InverseSchedule of the learning rate", _nadam_schedule),
    Quirk(
        "N11",
        "clipping, weight decay and moving averages are dropped",
        _dropped({
            "*": (
                "gradientNormalization", "gradientNormalizationThreshold", "weightDecay", "weightDecayBias",
                "clipnorm", "clipvalue", "GlobalClipNorm", "weight_decay", "use_ema", "gradient_accumulation_steps",
            )
        }),
    ),
)  # fmt: skip

_IN_OPTIMIZER = r".*KerasOptimizerUtils\.mapOptimizer"
REFUSALS = (
    Refusal("N01", "Adagrad is refused for a misspelled label", re.compile(r"Optimizer with name Adagrad")),
    Refusal(
        "N04",
        "a setting that is missing or null is a NullPointerException",
        re.compile(r"NullPointerException" + _IN_OPTIMIZER, re.DOTALL),
    ),
    Refusal(
        "N05",
        "an integer or a learning-rate schedule is a ClassCastException",
        re.compile(r"ClassCastException" + _IN_OPTIMIZER, re.DOTALL),
    ),
    Refusal("N06", "class names such as Custom>Adam match nothing", re.compile(r"Optimizer with name Custom>")),
    Refusal("N14", "an optimizer class that it does not know", re.compile(r"Optimizer with name ")),
    Refusal(
        "M01",
        "files of Keras 3 are refused",
        re.compile(r"Keras major version has to be either 1 or 2|Unable to open|H5Fopen|not a HDF5|Failed to open"),
    ),
    Refusal(
        "M04",
        "SeparableConv2D and DepthwiseConv2D of newer configs are refused",
        re.compile(r"IndexOutOfBoundsException.*Keras(Separable|Depthwise)Conv", re.DOTALL),
    ),
    Refusal("M08", "an old gson comes with the dependencies", re.compile(r"NoSuchMethodError.*gson")),
    Refusal("M10", "Lambda layers need a registered SameDiffLambdaLayer", re.compile(r"SameDiffLambdaLayer|Lambda")),
    Refusal("M13", "a layer class that it does not know", re.compile(r"Unsupported keras layer type")),
    Refusal("M14", "recurrent layers other than LSTM and SimpleRNN", re.compile(r"only two types of recurrent Keras")),
    Refusal("M15", "a loss that it does not know", re.compile(r"Unknown Keras loss function")),
    Refusal("M16", "files of Keras 1 name no backend, and it wants one", re.compile(r"Unknown keras backend NONE")),
    Refusal("M17", "a layer that it knows but has no counterpart for", re.compile(r"could not be mapped to Layer")),
    Refusal(
        "M18", "shapes that its own layers do not accept", re.compile(r"Unsupported output layer type|parameters < 0")
    ),
    Refusal("M19", "a file without the model's config", re.compile(r"Model configuration attribute missing")),
)

#: Found by this project: DL4J hands its global settings down to a layer in one wrapper, not in two. The network cannot
#: be trained: MultiLayerNetwork.getUpdater() throws.
MISSING = ("N15", "a Bidirectional layer without return_sequences carries no updater and cannot be trained")

#: Quirks that are not about a difference or a refusal, for reports.
NOT_ENFORCED = ("N12", "without the training config, layers carry Sgd(0.001): a default, not a setting")


def explain(case: Case) -> str | None:
    """The id of the first quirk that explains a difference, None where none does."""
    return next((quirk.id for quirk in QUIRKS if quirk.explains(case)), None)


def explain_missing(made_of: str) -> str | None:
    """The id of the quirk for a layer without an updater, None where none is known."""
    return MISSING[0] if made_of.startswith("Bidirectional/LastTimeStep/") else None


def explain_refusal(causes: tuple[str, ...], stack: str) -> str | None:
    """The id of the first known refusal in a Java exception, None where none is known."""
    text = "\n".join((*causes, stack))
    return next((refusal.id for refusal in REFUSALS if refusal.pattern.search(text)), None)


def title(quirk_id: str) -> str:
    """What the quirk with this id is, in one sentence."""
    for row in (*QUIRKS, *REFUSALS):
        if row.id == quirk_id:
            return row.title
    return dict([NOT_ENFORCED, MISSING])[quirk_id]
