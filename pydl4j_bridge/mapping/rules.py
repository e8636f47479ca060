"""THE table: one row per Keras optimizer, and what becomes of each of its settings in ND4J.

A row has the settings that the optimizer has, with the default where a file is silent, and one or more forms. The first
form whose condition holds is the ND4J class; it says for each setting whether a field of the class carries it, the
choice of the class does, ND4J follows it only nearly, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydl4j_bridge.kerasfile.dialects import LEGACY

NEW = frozenset({"tf-keras", "keras-3"})
EVERY = LEGACY | NEW


@dataclass(frozen=True, slots=True)
class Measured:
    """How far training went apart because of one deviation.

    Attributes:
        case: of docs/training.md, which says what was trained.
        difference: max|difference| of all weights, relative to the largest one, after 100 steps from the same state.
    """

    case: str
    difference: float

    def __str__(self) -> str:
        return (
            f"measured: {self.difference:.0e} of the largest weight after 100 steps ({self.case} in docs/training.md)"
        )


@dataclass(frozen=True, slots=True)
class Lost:
    """A setting that ND4J has no way to say.

    Attributes:
        neutral: values under which it does nothing, so that nothing is lost.
        why: what is missing in ND4J.
        harmless: it does not change the training, whatever its value.
        measured: how much it changed the training of one model.
    """

    neutral: tuple[Any, ...]
    why: str
    harmless: bool = False
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Near:
    """A setting that ND4J's class has, or whose class ND4J has, but with another rule.

    Attributes:
        why: how the rules differ.
        dialects: where they do.
        neutral: values under which they do not.
        measured: how much it changed the training of one model.
    """

    why: str
    dialects: frozenset[str] = EVERY
    neutral: tuple[Any, ...] = ()
    measured: Measured | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """One ND4J class that a Keras optimizer can become.

    Attributes:
        updater: simple name of the ND4J class.
        fields: Keras key → Builder name.
        when: Keras key → the value it must have for this form.
        by_class: Keras key → why the choice of the class carries it.
        near: Keras key → how ND4J's rule differs, by dialect.
        lost: Keras key → what ND4J lacks.
        dialects: the form is for these only.
        constants: fields of the class that no Keras key says.
    """

    updater: str
    fields: Mapping[str, str]
    when: Mapping[str, Any] = field(default_factory=dict)
    by_class: Mapping[str, str] = field(default_factory=dict)
    near: Mapping[str, tuple[Near, ...]] = field(default_factory=dict)
    lost: Mapping[str, Lost] = field(default_factory=dict)
    dialects: frozenset[str] = EVERY
    constants: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a Keras optimizer, its defaults where a file is silent, and its forms in ND4J.

    ``exact`` are the forms with Keras's own rule, updaters of ours, for what ND4J's do nearly or not at all.
    """

    defaults: Mapping[str, Any]
    forms: tuple[Form, ...]
    exact: tuple[Form, ...] = ()


_RATE = {"learning_rate": "learningRate"}
_ADAM = {**_RATE, "beta_1": "beta1", "beta_2": "beta2", "epsilon": "epsilon"}
_ADAM_FORMS = (
    Form("AMSGrad", _ADAM, when={"amsgrad": True}, by_class={"amsgrad": "ND4J has a class of its own for it: AMSGrad"}),
    Form("Adam", _ADAM, by_class={"amsgrad": "off: the class is Adam, not AMSGrad"}),
)
_NESTEROVS = {**_RATE, "momentum": "momentum"}
_KERAS_1_AND_2 = frozenset({"keras-1", "keras-2"})
_RMSPROP = {**_RATE, "rho": "rho", "epsilon": "epsilon", "momentum": "momentum", "centered": "centered"}
_ADAGRAD = {**_RATE, "epsilon": "epsilon", "initial_accumulator_value": "initialAccumulatorValue"}
_OUTSIDE = {"epsilonOutside": True}
_STARTS_AT_EPSILON = "ND4J starts the accumulator at epsilon, Keras at 0"
_INSIDE = "Keras adds epsilon inside the square root, ND4J outside of it"

RULES: Mapping[str, Rule] = {
    "SGD": Rule(
        {"learning_rate": 0.01, "momentum": 0.0, "decay": 0.0, "nesterov": False},
        (
            Form(
                "Sgd",
                _RATE,
                when={"momentum": 0.0},
                by_class={
                    "momentum": "0: the class is Sgd, which has none",
                    "nesterov": "has no effect in Keras while momentum is 0",
                },
            ),
            Form("Nesterovs", _NESTEROVS, when={"nesterov": True}, by_class={"nesterov": "the class is Nesterovs"}),
            Form(
                "Nesterovs",
                _NESTEROVS,
                near={
                    "nesterov": (
                        Near(
                            "ND4J has no heavy-ball momentum: Nesterovs looks one step of momentum ahead of where "
                            "Keras is; the two agree while the gradient stays and differ when it turns",
                            measured=Measured("sgd-momentum", 3.2e-2),
                        ),
                    )
                },
            ),
        ),
        exact=(
            Form("KerasMomentum", _NESTEROVS, by_class={"nesterov": "off: the class is KerasMomentum, a heavy ball"}),
        ),
    ),
    "RMSprop": Rule(
        {"learning_rate": 0.001, "rho": 0.9, "epsilon": 1e-8, "decay": 0.0},
        (
            Form(
                "RmsProp",
                {**_RATE, "rho": "rmsDecay", "epsilon": "epsilon"},
                near={
                    "epsilon": (
                        Near(_STARTS_AT_EPSILON, LEGACY),
                        Near(f"{_INSIDE}, and {_STARTS_AT_EPSILON}", NEW, measured=Measured("rmsprop", 1.4e-6)),
                    )
                },
                lost={
                    "momentum": Lost(
                        (0.0,), "ND4J's RmsProp has no momentum", measured=Measured("rmsprop-momentum", 7e-2)
                    ),
                    "centered": Lost(
                        (False,),
                        "ND4J's RmsProp does not subtract the mean gradient",
                        measured=Measured("rmsprop-centered", 3.3e-2),
                    ),
                },
            ),
        ),
        exact=(
            Form("KerasRmsProp", _RMSPROP, dialects=_KERAS_1_AND_2, constants=_OUTSIDE),
            Form("KerasRmsProp", _RMSPROP, dialects=LEGACY, when={"momentum": 0.0}, constants=_OUTSIDE),
            Form("KerasRmsProp", _RMSPROP),
        ),
    ),
    "Adagrad": Rule(
        {"learning_rate": 0.01, "epsilon": 1e-8, "decay": 0.0},
        (
            Form(
                "AdaGrad",
                {**_RATE, "epsilon": "epsilon"},
                near={
                    "epsilon": (
                        Near(_STARTS_AT_EPSILON, frozenset({"keras-1", "keras-2"})),
                        Near(_INSIDE, NEW, measured=Measured("adagrad", 1.1e-7)),
                    ),
                    "initial_accumulator_value": (Near("ND4J always starts the accumulator at epsilon"),),
                },
            ),
        ),
        exact=(
            Form(
                "KerasAdaGrad",
                _ADAGRAD,
                dialects=_KERAS_1_AND_2,
                constants={**_OUTSIDE, "initialAccumulatorValue": 0.0},
            ),
            Form("KerasAdaGrad", _ADAGRAD, dialects=LEGACY, constants=_OUTSIDE),
            Form("KerasAdaGrad", _ADAGRAD),
        ),
    ),
    "Adadelta": Rule(
        {"learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-8, "decay": 0.0},
        (
            Form(
                "AdaDelta",
                {"rho": "rho", "epsilon": "epsilon"},
                lost={
                    "learning_rate": Lost(
                        (1.0,),
                        "ND4J's AdaDelta has no learning rate: it always trains with 1",
                        measured=Measured("adadelta-0.4", 6.6e-2),
                    ),
                    "decay": Lost(
                        (0.0,),
                        "ND4J's AdaDelta has no learning rate that could decay",
                        measured=Measured("adadelta-0.4-decay", 9.6e-2),
                    ),
                },
            ),
        ),
        exact=(Form("KerasAdaDelta", {**_RATE, "rho": "rho", "epsilon": "epsilon"}),),
    ),
    "Adam": Rule(
        {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "decay": 0.0, "amsgrad": False},
        _ADAM_FORMS,
    ),
    "AdamW": Rule(
        {
            "learning_rate": 0.001,
            "beta_1": 0.9,
            "beta_2": 0.999,
            "epsilon": 1e-8,
            "amsgrad": False,
            "weight_decay": 0.004,
        },
        _ADAM_FORMS,
    ),
    "Adamax": Rule(
        {"learning_rate": 0.002, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "decay": 0.0},
        (
            Form(
                "AdaMax",
                _ADAM,
                near={
                    "epsilon": (
                        Near("ND4J's AdaMax holds epsilon and does not use it", measured=Measured("adamax", 6.1e-4)),
                    )
                },
            ),
        ),
        exact=(Form("KerasAdaMax", _ADAM),),
    ),
    "Nadam": Rule(
        {"learning_rate": 0.002, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8, "schedule_decay": 0.004},
        (
            Form(
                "Nadam",
                _ADAM,
                near={
                    "schedule_decay": (
                        Near(
                            "ND4J's Nadam has no momentum schedule: beta1 is the same in every step",
                            measured=Measured("nadam", 4.4e-1),
                        ),
                    ),
                    "beta_2": (
                        Near(
                            "ND4J's Nadam does not correct the bias of the second moment",
                            measured=Measured("nadam", 4.4e-1),
                        ),
                    ),
                },
            ),
        ),
        exact=(
            Form("KerasNadam", {**_ADAM, "schedule_decay": "scheduleDecay"}, dialects=LEGACY),
            Form(
                "KerasNadam",
                _ADAM,
                by_class={"schedule_decay": "Keras has no such setting since 2.11; the class follows its schedule"},
            ),
        ),
    ),
}

#: Settings of every optimizer that ND4J lacks. Those with a DL4J counterpart beside the updater are in engine.py.
COMMON_LOST: Mapping[str, Lost] = {
    "use_ema": Lost((False, None), "ND4J keeps no moving average of the weights"),
    "gradient_accumulation_steps": Lost((None, 1), "DL4J applies every gradient at once"),
    "loss_scale_factor": Lost((None,), "scales the loss and divides the gradients again", harmless=True),
    "ema_momentum": Lost((None,), "has no effect of its own; see use_ema", harmless=True),
    "ema_overwrite_frequency": Lost((None,), "has no effect of its own; see use_ema", harmless=True),
    "name": Lost((None,), "ND4J's updaters have no name", harmless=True),
    "jit_compile": Lost((None,), "how TensorFlow compiles the update, not what it computes", harmless=True),
    "is_legacy_optimizer": Lost((None,), "says how Keras stored the optimizer; it was read accordingly", harmless=True),
}

_LOSS_SCALE = ("the optimizer inside of it", "DL4J trains in float32 and has no loss scaling")

#: Optimizers without an ND4J counterpart: class → (nearest ND4J class or Keras optimizer, why there is none).
REFUSED: Mapping[str, tuple[str, str]] = {
    "TFOptimizer": ("Adam", "it wraps an optimizer of TensorFlow 1 and saves none of its settings"),
    "Ftrl": ("AdaGrad", "ND4J has no follow-the-regularised-leader updater"),
    "Lion": ("Adam", "ND4J has no updater that steps by the sign of the momentum"),
    "Adafactor": ("RmsProp", "ND4J has no updater with factored second moments"),
    "Lamb": ("Adam", "ND4J has no updater with a trust ratio per layer"),
    "Muon": ("Nesterovs", "ND4J has no updater that orthogonalises its steps"),
    "LossScaleOptimizer": _LOSS_SCALE,
    "LossScaleOptimizerV3": _LOSS_SCALE,
}
