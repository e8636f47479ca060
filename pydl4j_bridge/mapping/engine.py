"""``map_optimizer``: applies the table of ``rules`` to one optimizer and accounts for every key of its config."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any, Literal

from pydl4j_bridge.errors import UnsupportedOptimizer, UnsupportedOption, near_names
from pydl4j_bridge.kerasfile import Optimizer
from pydl4j_bridge.kerasfile.dialects import DIALECTS, LEGACY
from pydl4j_bridge.mapping.rules import COMMON_LOST, REFUSED, RULES, Form, Lost, Near, Rule
from pydl4j_bridge.mapping.schedules import inverse, map_schedule
from pydl4j_bridge.mapping.spec import FieldValue, Finding, Outcome, UpdaterSpec
from pydl4j_bridge.mapping.targets import OWN_UPDATERS, UPDATERS
from pydl4j_bridge.mapping.values import at, flag, number, short, text

OnLoss = Literal["error", "warn", "ignore"]
Fidelity = Literal["nd4j", "exact"]

#: Keras's own epsilon where a config says null: keras.config.epsilon() unless the user changed it.
BACKEND_EPSILON = 1e-7

_FLAGS = frozenset({"nesterov", "amsgrad", "centered", "use_ema", "jit_compile", "is_legacy_optimizer"})
_AT_MOST_1 = frozenset({"momentum", "rho", "beta_1", "beta_2", "ema_momentum"})
_MAY_BE_NULL = frozenset({
    "epsilon", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "ema_overwrite_frequency",
    "loss_scale_factor", "gradient_accumulation_steps", "name", "jit_compile", "is_legacy_optimizer",
})  # fmt: skip
_TEXTS = frozenset({"name"})
_ONE_CLIP = "it is clipped in one way at a time, and the other one is taken"
_CLIPS = {"clipnorm": "ClipL2PerParamType", "clipvalue": "ClipElementWiseAbsoluteValue"}


class LossyMappingWarning(UserWarning):
    """A setting that changes the training was left behind, because ``on_loss="warn"`` allowed it."""


def map_optimizer(optimizer: Optimizer, *, on_loss: OnLoss = "error", fidelity: Fidelity = "nd4j") -> UpdaterSpec:
    """The ND4J updater for a Keras optimizer, with a finding for every key of its config.

    Args:
        optimizer: the optimizer as its file describes it.
        on_loss: what to do about a setting that changes the training and that ND4J cannot express: ``"error"``,
            ``"warn"`` (a :class:`LossyMappingWarning`) or ``"ignore"``. The finding is there in any case.
        fidelity: ``"nd4j"``: ND4J's class, whose rule may only be near Keras's (the findings say where); ``"exact"``:
            an updater of our own with Keras's rule where ND4J's is another one.

    Raises:
        UnsupportedOptimizer: ND4J has no updater for the class.
        UnsupportedOption: ``on_loss`` is ``"error"`` and settings would be lost; the message names them all.
        InvalidConfig: a value that Keras could not have meant: a wrong type, NaN, negative.
    """
    if on_loss not in ("error", "warn", "ignore"):
        raise ValueError(f"on_loss is 'error', 'warn' or 'ignore', not {on_loss!r}")
    if fidelity not in ("nd4j", "exact"):
        raise ValueError(f"fidelity is 'nd4j' or 'exact', not {fidelity!r}")
    rule = _rule(optimizer)
    exact = fidelity == "exact"
    mapping = _Mapping(optimizer, rule, exact=exact)
    spec = mapping.spec(rule.forms)
    if exact and mapping.deviates and rule.exact:
        spec = _Mapping(optimizer, rule, exact=exact).spec(rule.exact)
    if spec.losses and on_loss != "ignore":
        lost = ", ".join(f"{finding.key}={short(finding.value)}" for finding in spec.losses)
        message = f"ND4J's {spec.updater} cannot express {lost} of Keras's {optimizer.class_name}"
        if on_loss == "error":
            raise UnsupportedOption(
                message,
                because="; ".join(finding.why for finding in spec.losses),
                file=optimizer.file,
                where=optimizer.where,
                fix='Pass on_loss="warn" (--on-loss warn) to map the rest and train without it',
            )
        warnings.warn(message, LossyMappingWarning, stacklevel=2)
    return spec


def _rule(optimizer: Optimizer) -> Rule:
    name = optimizer.class_name
    if name in RULES and not optimizer.custom:
        return RULES[name]
    where: dict[str, Any] = {"file": optimizer.file, "where": optimizer.where.removesuffix(".config")}
    if name in REFUSED:
        near, why = REFUSED[name]
        inner = optimizer.config.get("inner_optimizer")
        if isinstance(inner, Mapping) and isinstance(inner.get("class_name"), str):
            near = inner["class_name"]
        raise UnsupportedOptimizer(
            f"ND4J has no updater for Keras's {name}",
            because=why,
            near=(near,),
            fix="Compile the model with the nearest optimizer and save it again, or import it with "
            "enforceTrainingConfig=false and set an updater",
            **where,
        )
    raise UnsupportedOptimizer(
        f"{optimizer.registered_name or name} is not one of Keras's own optimizers",
        because="its rule is in the code of whoever wrote it, not in the file",
        near=near_names(name, RULES),
        fix="Compile the model with one of Keras's optimizers and save it again",
        **where,
    )


def _measured(deviation: Near | Lost) -> str:
    """Why ND4J deviates, and how much it was found to change a training."""
    return deviation.why if deviation.measured is None else f"{deviation.why}; {deviation.measured}"


class _Mapping:
    """One optimizer on its way through one rule."""

    def __init__(self, optimizer: Optimizer, rule: Rule, *, exact: bool) -> None:
        self.optimizer = optimizer
        self.rule = rule
        self.exact = exact
        self.fields: dict[str, FieldValue] = {}
        self.layer_settings: dict[str, tuple[Any, ...]] = {}
        self.listeners: dict[str, tuple[Any, ...]] = {}
        self.findings: list[Finding] = []
        #: ND4J's class has another rule than Keras's optimizer
        self.deviates = False
        #: the name in the table → the key in the file
        self.spelled: dict[str, str] = {}
        self.settings = self._settings()

    def _settings(self) -> dict[str, Any]:
        """Name in the table → checked value: the file's where it has one, else the default."""
        dialect = DIALECTS[self.optimizer.dialect]
        name = self.optimizer.class_name
        aliases = {**dialect.aliases.get("*", {}), **dialect.aliases.get(name, {})}
        settings: dict[str, Any] = {}
        for key, value in self.optimizer.config.items():
            known = aliases.get(key, key)
            if known in settings or (known != key and known in self.optimizer.config):
                known = key  # both spellings: the plain one counts, the other is left over and will say so
            self.spelled[known] = key
            settings[known] = self._checked(known, key, value)
        defaults = dict(self.rule.defaults)
        if self.optimizer.by_name_only:
            defaults.update({k: v for k, v in dialect.by_name.get("*", {}).items() if k in defaults})
            defaults.update(dialect.by_name.get(name, {}))
        if self.optimizer.dialect not in LEGACY:
            defaults.pop("decay", None)  # these dialects have schedules instead
        for key, value in defaults.items():
            settings.setdefault(key, value)
        return settings

    def _checked(self, known: str, key: str, value: Any) -> Any:
        place = at(self.optimizer, key)
        if value is None and known in _MAY_BE_NULL:
            return None
        if known in _TEXTS:
            return text(value, place)
        if known in _FLAGS:
            return flag(value, place)
        if known == "learning_rate" and isinstance(value, Mapping):
            return value
        if known in self._numbers():
            return number(value, place, most=1.0 if known in _AT_MOST_1 else math.inf)
        return value

    def _numbers(self) -> frozenset[str]:
        forms = (*self.rule.forms, *self.rule.exact)
        numeric = {key for form in forms for key in (*form.fields, *form.near, *form.lost)}
        return frozenset((numeric | self.rule.defaults.keys() | _CLIPS.keys() | {"weight_decay", "global_clipnorm"}
                          | COMMON_LOST.keys())
                         - _FLAGS - _TEXTS)  # fmt: skip

    def spec(self, forms: tuple[Form, ...]) -> UpdaterSpec:
        form = next(
            form
            for form in forms
            if self.optimizer.dialect in form.dialects
            and all(self.settings.get(key) == value for key, value in form.when.items())
        )
        self.fields.update(form.constants)
        for key, value in self.settings.items():
            self._account(form, key, value)
        order = tuple({**UPDATERS, **OWN_UPDATERS}[form.updater])
        fields = {name: self.fields[name] for name in sorted(self.fields, key=order.index)}
        return UpdaterSpec(
            form.updater,
            fields,
            self.layer_settings,
            tuple(self.findings),
            self.listeners,
            origin=self.optimizer.class_name,
        )

    def _account(self, form: Form, key: str, value: Any) -> None:
        if key in form.by_class:
            self._found(key, value, Outcome.MAPPED, form.by_class[key])
        elif key in form.lost:
            if key == "learning_rate" and isinstance(value, Mapping):
                map_schedule(value, self.optimizer)  # it is lost, but it must be one
            self.deviates |= value not in form.lost[key].neutral
            self._lost(key, value, form.lost[key])
        elif key == "learning_rate":
            self._learning_rate(form, value)
        elif key == "decay" and key in self.rule.defaults:
            self._decay(form, value)
        elif key in form.fields or key in form.near:
            self._field(form, key, value)
        elif key == "weight_decay":
            self._weight_decay(form, value)
        elif key in _CLIPS:
            self._clip(key, value)
        elif key == "global_clipnorm":
            self._global_clip(key, value)
        elif key in COMMON_LOST:
            self._lost(key, value, COMMON_LOST[key])
        else:
            why = f"not a setting of Keras's {self.optimizer.class_name} that is known here"
            self._found(key, value, Outcome.NOT_CARRIED, why, changes_training=True)

    def _found(self, key: str, value: Any, outcome: Outcome, why: str, *, changes_training: bool = False) -> None:
        spelled = self.spelled.get(key)
        if spelled is None:
            silent = (
                f"the file only names the optimizer; the default of {DIALECTS[self.optimizer.dialect].title}"
                if self.optimizer.by_name_only
                else f"the file is silent; the default of Keras's {self.optimizer.class_name}"
            )
            why = f"{silent}: {why}"
            outcome = Outcome.DEFAULTED if outcome is Outcome.MAPPED else outcome
        original = value if spelled is None else self.optimizer.config[spelled]
        self.findings.append(Finding(spelled or key, original, outcome, why, changes_training))

    def _field(self, form: Form, key: str, value: Any) -> None:
        why = ""
        if value is None:
            value = BACKEND_EPSILON
            why = f"null means the backend's epsilon, {BACKEND_EPSILON:g} unless the user changed it; "
        if key in form.fields:
            self.fields[form.fields[key]] = value
            why += f"{form.updater}.{form.fields[key]}"
        near = [
            _measured(n)
            for n in form.near.get(key, ())
            if self.optimizer.dialect in n.dialects and value not in n.neutral
        ]
        if near:
            self.deviates = True
            why = "; ".join(part for part in (why, *near) if part)
            self._found(key, value, Outcome.APPROXIMATED, why, changes_training=True)
        else:
            self._found(key, value, Outcome.MAPPED, why)

    def _learning_rate(self, form: Form, value: Any) -> None:
        if not isinstance(value, Mapping):
            self.fields["learningRate"] = value
            self._found("learning_rate", value, Outcome.MAPPED, f"{form.updater}.learningRate")
            return
        mapped = map_schedule(value, self.optimizer, exact=self.exact)
        self.fields["learningRate"] = mapped.initial
        self.fields["learningRateSchedule"] = mapped.spec
        why = f"{form.updater}.learningRateSchedule, a {mapped.spec.schedule}"
        if mapped.near:
            self._found("learning_rate", value, Outcome.APPROXIMATED, f"{why}; {mapped.near}", changes_training=True)
        else:
            self._found("learning_rate", value, Outcome.MAPPED, why)

    def _decay(self, form: Form, value: float) -> None:
        rate = self.settings["learning_rate"]
        if value == 0:
            self._found("decay", value, Outcome.MAPPED, "0: the learning rate does not decay")
        elif isinstance(rate, Mapping):
            why = "ND4J cannot decay a rate that follows a schedule"
            self._found("decay", value, Outcome.NOT_CARRIED, why, changes_training=True)
        else:
            self.fields["learningRateSchedule"] = inverse(rate, value)
            why = f"{form.updater}.learningRateSchedule, an InverseSchedule: learningRate / (1 + decay * iteration)"
            self._found("decay", value, Outcome.MAPPED, why)

    def _lost(self, key: str, value: Any, lost: Lost) -> None:
        if value in lost.neutral:
            why = "not set" if value is None else "has no effect at this value"
            self._found(key, value, Outcome.MAPPED, why)
        else:
            self._found(key, value, Outcome.NOT_CARRIED, _measured(lost), changes_training=not lost.harmless)

    def _clip(self, key: str, value: Any) -> None:
        if not value:  # Keras takes 0 for off
            self._found(key, value, Outcome.MAPPED, "not set" if value is None else "off in both")
        elif "gradientNormalization" in self.layer_settings or self.listeners:
            self._found(key, value, Outcome.NOT_CARRIED, _ONE_CLIP, changes_training=True)
        else:
            self.layer_settings["gradientNormalization"] = (_CLIPS[key],)
            self.layer_settings["gradientNormalizationThreshold"] = (value,)
            why = f"not the updater's but the layers': gradientNormalization({_CLIPS[key]}), threshold {value:g}"
            self._found(key, value, Outcome.MAPPED, why)

    def _global_clip(self, key: str, value: Any) -> None:
        if not value:
            self._found(key, value, Outcome.MAPPED, "not set" if value is None else "off in both")
        elif "gradientNormalization" in self.layer_settings:
            self._found(key, value, Outcome.NOT_CARRIED, _ONE_CLIP, changes_training=True)
        else:
            self.listeners["GlobalClipNorm"] = (value,)
            why = f"not the updater's but the network's: our listener GlobalClipNorm({value:g}), which no zip keeps"
            self._found(key, value, Outcome.MAPPED, why)

    def _weight_decay(self, form: Form, value: Any) -> None:
        if not value:
            self._found("weight_decay", value, Outcome.MAPPED, "not set" if value is None else "off in both")
            return
        apply_rate = "learning_rate" in form.fields
        rate = self.settings["learning_rate"]
        if not apply_rate and isinstance(rate, Mapping):
            why = f"{form.updater} has no learning rate, and the decay follows Keras's schedule"
            self._found("weight_decay", value, Outcome.NOT_CARRIED, why, changes_training=True)
            return
        # Keras: w -= rate * weight_decay * w. An updater without a rate needs it in the coefficient.
        coefficient = value if apply_rate else number(value * rate, at(self.optimizer, self.spelled["weight_decay"]))
        for setting in ("weightDecay", "weightDecayBias"):
            self.layer_settings[setting] = (coefficient, apply_rate)
        arguments = f"{coefficient:g}, applyLR={str(apply_rate).lower()}"
        why = f"not the updater's but the layers': weightDecay and weightDecayBias({arguments})"
        self._found("weight_decay", value, Outcome.MAPPED, why)
