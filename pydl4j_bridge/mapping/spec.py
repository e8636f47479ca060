"""Frozen values that describe an ND4J updater, its learning-rate schedule, and what became of each Keras setting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeAlias

from pydl4j_bridge import tables

UPDATER_PACKAGE = "org.nd4j.linalg.learning.config"
OWN_UPDATER_PACKAGE = "org.pydl4j.updaters"
LISTENER_PACKAGE = "org.pydl4j.training"
SCHEDULE_PACKAGE = "org.nd4j.linalg.schedule"
OWN_SCHEDULE_PACKAGE = "org.pydl4j.schedules"


class Outcome(str, Enum):
    """What became of one key of a Keras optimizer config."""

    MAPPED = "mapped"
    DEFAULTED = "defaulted"
    APPROXIMATED = "approximated"
    NOT_CARRIED = "not carried"


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one key of a Keras optimizer config, and why.

    Attributes:
        key: the key as the file spells it.
        value: its value in the file; the default where the file is silent.
        outcome: mapped, defaulted, approximated or not carried.
        why: one sentence.
        changes_training: the training in DL4J differs from Keras's because of this.
    """

    key: str
    value: Any
    outcome: Outcome
    why: str
    changes_training: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain JSON values."""
        return {
            "key": self.key,
            "value": self.value,
            "outcome": self.outcome.value,
            "why": self.why,
            "changes_training": self.changes_training,
        }


@dataclass(frozen=True, slots=True)
class ScheduleSpec:
    """An ND4J ``ISchedule``: its simple class name and its constructor's arguments by name.

    ``MapSchedule`` has ``values``: iteration or epoch → value. Those that begin with ``Keras`` are our own.
    """

    schedule: str
    fields: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    def __reduce__(self) -> Any:
        return type(self), (self.schedule, dict(self.fields))

    @property
    def java_class(self) -> str:
        """Full name of the Java class."""
        package = OWN_SCHEDULE_PACKAGE if self.schedule.startswith("Keras") else SCHEDULE_PACKAGE
        return f"{package}.{self.schedule}"

    def to_dict(self) -> dict[str, Any]:
        """The schedule as plain JSON values."""
        return {"class": self.java_class, "fields": {name: _plain(value) for name, value in self.fields.items()}}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> ScheduleSpec:
        """The inverse of :meth:`to_dict`."""
        fields = {name: _value(field) for name, field in value["fields"].items()}
        if isinstance(fields.get("values"), Mapping):
            fields["values"] = {int(position): float(v) for position, v in fields["values"].items()}
        return cls(value["class"].rpartition(".")[2], fields)


FieldValue: TypeAlias = float | ScheduleSpec


@dataclass(frozen=True, slots=True)
class UpdaterSpec:
    """An ND4J updater: what to build, or what was read back.

    Two specs are equal when they describe the same updater and layer settings; findings do not count.

    Attributes:
        updater: simple name of the class in ``org.nd4j.linalg.learning.config``; those that begin with ``Keras`` are
            our own, in ``org.pydl4j.updaters``.
        fields: Builder name → float or :class:`ScheduleSpec`. What is absent is Java's null.
        layer_settings: settings that DL4J keeps beside the updater, in the configuration of layers: name of a method
            of its Builder → arguments, e.g. ``{"weightDecay": (0.004, True)}``.
        listeners: what is kept neither in the updater nor in the layers: simple name of a ``TrainingListener`` of ours
            in ``org.pydl4j.training`` → arguments, e.g. ``{"GlobalClipNorm": (1.0,)}``.
        origin: the class of the Keras optimizer that it was mapped from; empty for a spec read from Java.
        findings: one for each key of the Keras config that this came from; empty for a spec read from Java.
    """

    updater: str
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    layer_settings: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = field(default=(), compare=False)
    listeners: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    origin: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        for name in ("fields", "layer_settings", "listeners"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> Any:
        kept = (dict(self.fields), dict(self.layer_settings), self.findings, dict(self.listeners), self.origin)
        return type(self), (self.updater, *kept)

    @property
    def java_class(self) -> str:
        """Full name of the Java class."""
        package = OWN_UPDATER_PACKAGE if self.updater.startswith("Keras") else UPDATER_PACKAGE
        return f"{package}.{self.updater}"

    @property
    def losses(self) -> tuple[Finding, ...]:
        """The findings of settings that change the training and that ND4J cannot express."""
        return tuple(f for f in self.findings if f.outcome is Outcome.NOT_CARRIED and f.changes_training)

    def to_dict(self) -> dict[str, Any]:
        """The updater as plain JSON values, without its findings."""
        return {
            "class": self.java_class,
            "fields": {name: _plain(value) for name, value in self.fields.items()},
            "layer_settings": {name: list(arguments) for name, arguments in self.layer_settings.items()},
            "listeners": {name: list(arguments) for name, arguments in self.listeners.items()},
        }

    def _repr_html_(self) -> str:
        settings = {name: _shown(value) for name, value in self.fields.items()}
        for where, kept in (("layers", self.layer_settings), ("listener", self.listeners)):
            settings |= {f"{where}: {name}": ", ".join(map(str, given)) for name, given in kept.items()}
        shown = tables.pairs(
            settings, title=f"{self.java_class}{f', from {self.origin} of Keras' if self.origin else ''}"
        )
        rows = [(found.key, str(found.value), found.outcome.value, found.why) for found in self.findings]
        columns = ("Keras setting", "value", "outcome", "why")
        lost = sum(found.changes_training for found in self.findings)
        summary = (
            f"{len(rows)} settings of Keras, of which {lost} change the training"
            if lost
            else (f"{len(rows)} settings of Keras, none of which changes the training")
        )
        return shown + (tables.folded(summary, tables.table(columns, rows)) if rows else "")

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> UpdaterSpec:
        """The inverse of :meth:`to_dict`."""
        return cls(
            updater=value["class"].rpartition(".")[2],
            fields={name: _value(field) for name, field in value["fields"].items()},
            layer_settings={name: tuple(arguments) for name, arguments in value["layer_settings"].items()},
            listeners={name: tuple(arguments) for name, arguments in value["listeners"].items()},
        )


def _shown(value: FieldValue) -> str:
    if isinstance(value, ScheduleSpec):
        return f"{value.schedule}({', '.join(f'{name}={one}' for name, one in value.fields.items())})"
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, ScheduleSpec):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): inner for key, inner in value.items()}
    return value


def _value(value: Any) -> Any:
    return ScheduleSpec.from_dict(value) if isinstance(value, Mapping) and "class" in value else value
