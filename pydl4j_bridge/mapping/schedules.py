"""Keras's learning-rate schedules as ND4J's: exactly where ND4J has the formula, else as a ``MapSchedule``.

A ``MapSchedule`` holds the value of each iteration from a key on. Schedules that end have one key per iteration up to
their end. Those that never end, or end after more than ``MAX_KEYS`` iterations, are approximated and say so.

The formulas are those of ``keras.optimizers.schedules``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, UnsupportedOption, near_names
from pydl4j_bridge.kerasfile import Optimizer
from pydl4j_bridge.mapping.spec import ScheduleSpec
from pydl4j_bridge.mapping.values import at, flag, number

#: The largest number of keys in a MapSchedule. One of 100,000 takes about a second to build in the JVM.
MAX_KEYS = 100_000
#: DL4J counts iterations in a Java int.
LAST_ITERATION = 2**31 - 1
_ITERATION = {"scheduleType": "ITERATION"}


@dataclass(frozen=True, slots=True)
class MappedSchedule:
    """A schedule and how well it follows Keras's.

    Attributes:
        spec: the ND4J schedule.
        initial: its value in the first iteration.
        near: how it differs from Keras's; empty where it does not.
    """

    spec: ScheduleSpec
    initial: float
    near: str = ""


def map_schedule(described: Any, optimizer: Optimizer, *, exact: bool = False) -> MappedSchedule:
    """The ND4J schedule for a Keras schedule in the ``learning_rate`` of ``optimizer``.

    Args:
        described: ``{"class_name": "ExponentialDecay", "config": {...}}``.
        optimizer: the optimizer it was found in, for errors.
        exact: take a schedule of our own where ND4J does not have Keras's formula.

    Raises:
        InvalidConfig: a value that Keras could not have meant.
        UnsupportedOption: a schedule that is not one of Keras's own.
    """
    name = described.get("class_name")
    config = described.get("config")
    if not isinstance(name, str) or not isinstance(config, dict):
        raise InvalidConfig("a learning rate that is neither a number nor a schedule", **_at(optimizer))
    known = name.rpartition(">")[2]
    if known not in _SCHEDULES:
        raise UnsupportedOption(
            f"the learning-rate schedule {name} is not one of Keras's own, and its values are not in the file",
            **_at(optimizer),
            near=near_names(known, _SCHEDULES),
            fix="Compile the model with one of Keras's schedules or with a fixed learning rate, and save it again",
        )
    place = _at(optimizer, ".config")
    schedule, settings = _SCHEDULES[known]
    unknown = sorted(config.keys() - settings - {"name"})
    if unknown:
        raise UnsupportedOption(f"{name} has settings that are not known here: {', '.join(unknown)}", **place)
    try:
        mapped = schedule(_Settings(config, optimizer, exact))
    except OverflowError as error:
        raise InvalidConfig(
            f"the values of {name} leave the range of a double", because=str(error.args[-1]), **place
        ) from None
    numbers = [mapped.initial, *mapped.spec.fields.get("values", {}).values(), *mapped.spec.fields.values()]
    if not all(math.isfinite(value) for value in numbers if isinstance(value, float)):
        raise InvalidConfig(f"the values of {name} leave the range of a double", **place)
    return mapped


def _at(optimizer: Optimizer, below: str = "") -> dict[str, Any]:
    return at(optimizer, ("learning_rate" if "learning_rate" in optimizer.config else "lr") + below)


@dataclass(frozen=True, slots=True)
class _Settings:
    config: Mapping[str, Any]
    optimizer: Optimizer
    exact: bool

    def number(self, key: str, default: float | None = None) -> float:
        value = self.config.get(key, default)
        return number(value, _at(self.optimizer, f".config.{key}"))

    def steps(self, key: str) -> float:
        value = self.number(key)
        if value <= 0:
            raise InvalidConfig(f"{key} is {value}", **_at(self.optimizer, f".config.{key}"))
        return value

    def flag(self, key: str) -> bool:
        return flag(self.config.get(key, False), _at(self.optimizer, f".config.{key}"))


def _exponential(s: _Settings) -> MappedSchedule:
    rate, steps, decay = s.number("initial_learning_rate"), s.steps("decay_steps"), s.number("decay_rate")
    if s.flag("staircase"):
        spec = ScheduleSpec("StepSchedule", {**_ITERATION, "initialValue": rate, "decayRate": decay, "step": steps})
    else:
        spec = ScheduleSpec("ExponentialSchedule", {**_ITERATION, "initialValue": rate, "gamma": decay ** (1 / steps)})
    return MappedSchedule(spec, rate)


def _inverse_time(s: _Settings) -> MappedSchedule:
    rate, steps, decay = s.number("initial_learning_rate"), s.steps("decay_steps"), s.number("decay_rate")
    if not s.flag("staircase"):
        return MappedSchedule(inverse(rate, decay / steps), rate)
    if s.exact:
        fields = {"initialLearningRate": rate, "decaySteps": steps, "decayRate": decay}
        return MappedSchedule(ScheduleSpec("KerasInverseTimeDecay", fields), rate)
    # One key per stair: the stairs never end, but the iterations do.
    stairs = {math.ceil(stair * steps): rate / (1 + decay * stair) for stair in range(MAX_KEYS)}
    ends = max(stairs) < LAST_ITERATION
    return _stairs(stairs, f"the stairs end after {MAX_KEYS} of them; Keras's never end" if ends else "")


def _piecewise(s: _Settings) -> MappedSchedule:
    place = _at(s.optimizer, ".config")
    boundaries, values = s.config.get("boundaries"), s.config.get("values")
    if not isinstance(boundaries, list) or not isinstance(values, list) or len(values) != len(boundaries) + 1:
        raise InvalidConfig("PiecewiseConstantDecay needs boundaries and one value more than these", **place)
    rates = [number(value, _at(s.optimizer, ".config.values")) for value in values]
    # Keras changes after the boundary: the step equal to it still has the value before.
    starts = [0] + [math.floor(number(b, _at(s.optimizer, ".config.boundaries"))) + 1 for b in boundaries]
    if starts != sorted(set(starts)):
        raise InvalidConfig("the boundaries of PiecewiseConstantDecay do not increase", **place)
    return _stairs(dict(zip(starts, rates, strict=True)), "")


def _polynomial(s: _Settings) -> MappedSchedule:
    rate, steps = s.number("initial_learning_rate"), s.steps("decay_steps")
    end, power = s.number("end_learning_rate", 0.0001), s.number("power", 1.0)

    def value(step: float, over: float) -> float:
        return float((rate - end) * (1 - min(step, over) / over) ** power + end)

    cycle = s.flag("cycle")
    if s.exact:
        fields = {"initialLearningRate": rate, "decaySteps": steps, "endLearningRate": end, "power": power}
        return MappedSchedule(ScheduleSpec("KerasPolynomialDecay", {**fields, "cycle": cycle}), rate)
    if not cycle:
        return _sampled(lambda step: value(step, steps), steps)
    return _sampled(lambda step: value(step, steps * max(1, math.ceil(step / steps))), None)


def _cosine(s: _Settings) -> MappedSchedule:
    initial, steps, alpha = s.number("initial_learning_rate"), s.steps("decay_steps"), s.number("alpha", 0.0)
    target = s.config.get("warmup_target")
    warm_up = s.number("warmup_steps", 0)
    top = initial if target is None else s.number("warmup_target")
    if target is None:
        warm_up = 0.0

    def value(step: float) -> float:
        if step < warm_up:
            return initial + (top - initial) * step / warm_up
        done = min(step - warm_up, steps) / steps
        return top * ((1 - alpha) * 0.5 * (1 + math.cos(math.pi * done)) + alpha)

    if s.exact:
        fields = {"initialLearningRate": initial, "decaySteps": steps, "alpha": alpha}
        spec = ScheduleSpec("KerasCosineDecay", {**fields, "warmupTarget": top, "warmupSteps": warm_up})
        return MappedSchedule(spec, value(0))
    return _sampled(value, warm_up + steps)


def _cosine_restarts(s: _Settings) -> MappedSchedule:
    rate, first, alpha = s.number("initial_learning_rate"), s.steps("first_decay_steps"), s.number("alpha", 0.0)
    t_mul, m_mul = s.number("t_mul", 2.0), s.number("m_mul", 1.0)
    if t_mul < 1:
        raise InvalidConfig(f"t_mul is {t_mul}", **_at(s.optimizer, ".config.t_mul"))

    def value(step: float) -> float:
        done = step / first
        if t_mul == 1:
            restart = math.floor(done)
            done -= restart
        else:
            restart = math.floor(math.log(1 - done * (1 - t_mul)) / math.log(t_mul))
            done = (done - (1 - t_mul**restart) / (1 - t_mul)) / t_mul**restart
        return rate * ((1 - alpha) * 0.5 * m_mul**restart * (1 + math.cos(math.pi * done)) + alpha)

    if s.exact:
        fields = {"initialLearningRate": rate, "firstDecaySteps": first, "periodFactor": t_mul, "heightFactor": m_mul}
        return MappedSchedule(ScheduleSpec("KerasCosineDecayRestarts", {**fields, "alpha": alpha}), value(0))
    return _sampled(value, None)


def inverse(rate: float, decay: float) -> ScheduleSpec:
    """Keras's time decay, ``rate / (1 + decay * iteration)``, with the iteration counted from 0 on both sides."""
    return ScheduleSpec("InverseSchedule", {**_ITERATION, "initialValue": rate, "gamma": decay, "power": 1.0})


def _stairs(values: Mapping[int, float], near: str) -> MappedSchedule:
    reached = {iteration: value for iteration, value in values.items() if iteration <= LAST_ITERATION}
    return MappedSchedule(ScheduleSpec("MapSchedule", {**_ITERATION, "values": reached}), values[0], near)


def _sampled(value: Callable[[float], float], last: float | None) -> MappedSchedule:
    """One key per iteration up to ``last``, from which on the value stays; None where it never stays."""
    if last is None:
        return _stairs(
            {step: value(step) for step in range(MAX_KEYS)},
            f"exact for the first {MAX_KEYS} iterations, constant after them; Keras's schedule never ends",
        )
    end = min(math.ceil(last), LAST_ITERATION)
    stride = max(1, math.ceil(end / MAX_KEYS))
    values = {step: value(step) for step in range(0, end, stride)} | {end: value(end)}
    return _stairs(values, "" if stride == 1 else f"a value for every {stride} iterations: it has {end} of them")


_DECAY = frozenset({"initial_learning_rate", "decay_steps", "decay_rate", "staircase"})
#: Keras's schedules: how each is mapped, and the settings that it has.
_SCHEDULES: Mapping[str, tuple[Callable[[_Settings], MappedSchedule], frozenset[str]]] = {
    "ExponentialDecay": (_exponential, _DECAY),
    "InverseTimeDecay": (_inverse_time, _DECAY),
    "PiecewiseConstantDecay": (_piecewise, frozenset({"boundaries", "values"})),
    "PolynomialDecay": (
        _polynomial,
        frozenset({"initial_learning_rate", "decay_steps", "end_learning_rate", "power", "cycle"}),
    ),
    "CosineDecay": (
        _cosine,
        frozenset({"initial_learning_rate", "decay_steps", "alpha", "warmup_target", "warmup_steps"}),
    ),
    "CosineDecayRestarts": (
        _cosine_restarts,
        frozenset({"initial_learning_rate", "first_decay_steps", "t_mul", "m_mul", "alpha"}),
    ),
}
