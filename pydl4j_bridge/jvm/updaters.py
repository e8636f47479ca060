"""ND4J's updaters and schedules: built from specs by named setters, and read back into specs.

Constructors are not used where a Builder can be: ``new Nesterovs(double)`` sets the momentum, ``new Adam(double)`` the
learning rate. Needs a running JVM (``session.start``), but no ND4J backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydl4j_bridge.errors import UnsupportedOptimizer, near_names
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.mapping.spec import (
    OWN_SCHEDULE_PACKAGE,
    OWN_UPDATER_PACKAGE,
    SCHEDULE_PACKAGE,
    UPDATER_PACKAGE,
    ScheduleSpec,
    UpdaterSpec,
)
from pydl4j_bridge.mapping.targets import (
    BOOLEAN,
    DOUBLE,
    INT,
    INT_TO_DOUBLE,
    OWN_SCHEDULES,
    OWN_UPDATERS,
    SCHEDULE,
    SCHEDULE_TYPE,
    SCHEDULES,
    UPDATERS,
    WITHOUT_BUILDER,
)

_ALL = {**UPDATERS, **OWN_UPDATERS}
_ALL_SCHEDULES = {**SCHEDULES, **OWN_SCHEDULES}


def build_updater(spec: UpdaterSpec) -> Any:
    """The real ``IUpdater`` that ``spec`` describes. Its layer settings are not part of it.

    Raises:
        UnsupportedOptimizer: ND4J has no such updater.
        JavaError: Java refused a value.
    """
    import jpype

    _known(spec.updater, _ALL)
    kinds = _ALL[spec.updater]
    java_class = jpype.JClass(spec.java_class)
    with java_errors(f"{spec.updater} cannot be built"):
        if spec.updater in WITHOUT_BUILDER:
            updater = java_class()
            for name, value in spec.fields.items():
                getattr(updater, f"set{name[0].upper()}{name[1:]}")(_to_java(kinds[name], value))
            return updater
        builder = jpype.JClass(f"{spec.java_class}$Builder")()
        for name, value in spec.fields.items():
            builder = getattr(builder, name)(_to_java(kinds[name], value))
        return builder.build()


def read_updater(updater: Any) -> UpdaterSpec:
    """The spec of an ``IUpdater``, whoever made it. Its layer settings are empty.

    Raises:
        UnsupportedOptimizer: a class that is not ND4J's own.
    """
    name = _simple_name(updater, (UPDATER_PACKAGE, OWN_UPDATER_PACKAGE), _ALL)
    return UpdaterSpec(name, _fields(updater, _ALL[name]))


def with_built_schedules(spec: UpdaterSpec) -> UpdaterSpec:
    """The same spec with real schedules in the place of their specs, which all updaters made of it will share.

    A schedule has no state, and one of 100,000 values takes a second to build and 10 MB.

    Raises:
        JavaError: Java refused a value.
    """
    built = {name: build_schedule(one) for name, one in spec.fields.items() if isinstance(one, ScheduleSpec)}
    return replace(spec, fields={**spec.fields, **built})


def build_schedule(spec: ScheduleSpec) -> Any:
    """The real ``ISchedule`` that ``spec`` describes.

    Raises:
        UnsupportedOptimizer: ND4J has no such schedule.
        JavaError: Java refused a value.
    """
    import jpype

    _known(spec.schedule, _ALL_SCHEDULES)
    arguments = [_to_java(kind, spec.fields[name]) for name, kind in _ALL_SCHEDULES[spec.schedule].items()]
    with java_errors(f"{spec.schedule} cannot be built"):
        return jpype.JClass(spec.java_class)(*arguments)


def read_schedule(schedule: Any) -> ScheduleSpec:
    """The spec of an ``ISchedule``, whoever made it.

    Raises:
        UnsupportedOptimizer: a class that is not ND4J's own.
    """
    name = _simple_name(schedule, (SCHEDULE_PACKAGE, OWN_SCHEDULE_PACKAGE), _ALL_SCHEDULES)
    if name == "RampSchedule":
        # It has no getters.
        fields = {field: _private(schedule, field, kind) for field, kind in SCHEDULES[name].items()}
        return ScheduleSpec(name, fields)
    return ScheduleSpec(name, _fields(schedule, _ALL_SCHEDULES[name]))


def _fields(java: Any, kinds: Mapping[str, str]) -> dict[str, Any]:
    values = {
        name: _from_java(kind, getattr(java, f"get{name[0].upper()}{name[1:]}")()) for name, kind in kinds.items()
    }
    return {name: value for name, value in values.items() if value is not None}


def _private(java: Any, name: str, kind: str) -> Any:
    field = java.getClass().getDeclaredField(name)
    field.setAccessible(True)
    return _from_java(kind, field.get(java))


def _to_java(kind: str, value: Any) -> Any:
    import jpype

    if kind == SCHEDULE:
        return build_schedule(value) if isinstance(value, ScheduleSpec) else value
    if kind == SCHEDULE_TYPE:
        return jpype.JClass(f"{SCHEDULE_PACKAGE}.ScheduleType").valueOf(value)
    if kind == INT_TO_DOUBLE:
        values = jpype.JClass("java.util.HashMap")(len(value) * 2)
        integer, double = jpype.JClass("java.lang.Integer"), jpype.JClass("java.lang.Double")
        for position, number in value.items():
            values.put(integer.valueOf(position), double.valueOf(number))
        return values
    converters: dict[str, Callable[[Any], Any]] = {DOUBLE: jpype.JDouble, INT: jpype.JInt, BOOLEAN: jpype.JBoolean}
    return converters[kind](value)


def _from_java(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == SCHEDULE:
        return read_schedule(value)
    if kind == SCHEDULE_TYPE:
        return str(value.name())
    if kind == INT_TO_DOUBLE:
        return {int(entry.getKey()): float(entry.getValue()) for entry in value.entrySet()}
    if kind == BOOLEAN:
        return bool(value)
    return float(value) if kind == DOUBLE else int(value)


def _simple_name(java: Any, packages: tuple[str, ...], known: Mapping[str, Any]) -> str:
    full = str(java.getClass().getName())
    package, _, name = full.rpartition(".")
    if package not in packages or name not in known:
        raise UnsupportedOptimizer(f"{full} is not one of ND4J's own classes", near=near_names(name, known))
    return name


def _known(name: str, known: Mapping[str, Any]) -> None:
    if name not in known:
        raise UnsupportedOptimizer(f"ND4J has no {name}", near=near_names(name, known))
