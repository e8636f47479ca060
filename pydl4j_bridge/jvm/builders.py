"""Java objects from Python's arguments: DL4J's Builders, constructors and setters, found by reflection.

A value is never guessed: it fits the type of a setter as a person would expect it to (a string names a value of an
enumeration, a tuple is an array, an int may be a double but not the other way round), or it is refused with what the
setter takes. Needs a running JVM.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from pydl4j_bridge.errors import InvalidArgument, near_names
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.jvm.values import choose, describe, refused
from pydl4j_bridge.mapping.construction import RENAMED, Row


def make(name: str, row: Row, given: Sequence[Any], settings: Mapping[str, Any]) -> Any:
    """The Java object of a row.

    Args:
        name: what the caller calls it, for messages.
        row: how it is made.
        given: arguments without names: ``row.positional``, or those of the constructor where there are none.
        settings: arguments with names.

    Raises:
        InvalidArgument: a setting that the class does not have, or a value that it does not take.
        JavaError: Java refused a value.
    """
    values = _with_defaults(name, row, given, settings)
    arguments: Sequence[Any] = () if row.positional else given
    if row.constructor:
        arguments = [values.pop(_key(one))[1] for one in row.constructor]
    java = java_class(row.java_class)
    builder = None if row.constructor else _builder_of(row.java_class)
    with java_errors(f"{name} cannot be built"):
        made = _construct(name, builder or java, arguments)
        if builder is None:
            _set_all(name, made, values)
            return made
        later = _set_all(name, made, values, otherwise=java.class_)
        built = made.build()
        _set_all(name, built, later)
        return built


def set_on(name: str, owner: Any, settings: Mapping[str, Any], *, otherwise: Any = None) -> dict[str, Any]:
    """Call the setters of a Java object, a Builder most often.

    Args:
        name, settings: as in :func:`make`.
        owner: the object.
        otherwise: the class of one that is there later.

    Returns:
        The settings that only ``otherwise`` has.

    Raises:
        InvalidArgument, JavaError: as :func:`make`.
    """
    values = _named(name, Row(""), settings)
    with java_errors(f"{name} cannot be built"):
        later = _set_all(name, owner, values, otherwise=None if otherwise is None else otherwise.class_)
    return dict(later.values())


def settings_of(row: Row) -> dict[str, tuple[str, ...]]:
    """Setting, as Python writes it, → what it takes."""
    java = java_class(row.java_class)
    builder = None if row.constructor else _builder_of(row.java_class)
    ours = {_key(theirs): own for own, theirs in {**RENAMED, **row.renamed}.items() if own in row.positional}
    found: dict[str, tuple[str, ...]] = dict.fromkeys(row.complements, ("a number",))
    for key, methods in _offered((builder or java).class_).items():
        name = ours.get(key) or _snake(str(methods[0].getName()))
        found[name] = tuple(describe(method.getParameterTypes()[0]) for method in methods)
    return found


def java_class(name: str) -> Any:
    """A Java class by its full name, as JPype has it."""
    import jpype

    return jpype.JClass(name)


def find_class(name: str, packages: Sequence[str]) -> str | None:
    """The full name of the first class of this name in the packages."""
    return next((f"{package}.{name}" for package in packages if _exists(f"{package}.{name}")), None)


def class_names(packages: Sequence[str]) -> list[str]:
    """The simple names of all classes in the packages."""
    import jpype

    return sorted({name for package in packages for name in dir(jpype.JPackage(package)) if name[:1].isupper()})


@cache
def _exists(name: str) -> bool:
    import jpype

    try:
        jpype.JClass(name)
    except TypeError:  # JPype's word for a class that is not there
        return False
    return True


def _builder_of(name: str) -> Any:
    if not _exists(f"{name}$Builder"):
        return None
    builder = java_class(f"{name}$Builder")
    return builder if hasattr(builder, "build") else None  # AdaMax's in this jar is empty


def _key(name: str) -> str:
    """What Python's and Java's spellings of a name have in common: learning_rate, learningRate; beta_1, beta1."""
    return name.replace("_", "").lower()


def _snake(name: str) -> str:
    bare = name[3:] if re.match(r"set[A-Z]", name) else name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", bare[0].lower() + bare[1:]).lower()


#: A value with the name that the caller gave it, by the key of DL4J's name.
_Values = dict[str, tuple[str, Any]]


def _with_defaults(name: str, row: Row, given: Sequence[Any], settings: Mapping[str, Any]) -> _Values:
    if row.positional and len(given) > len(row.positional):
        raise InvalidArgument(
            f"{name} takes {len(row.positional)} arguments without a name, and {len(given)} were given",
            because=f"they are {', '.join(row.positional)}",
        )
    first = dict(zip(row.positional, given, strict=False))
    twice = sorted(first.keys() & settings.keys())
    if twice:
        raise InvalidArgument(f"{name} was given {', '.join(twice)} twice")
    values = _named(name, row, {**first, **settings})
    for key, value in _named(name, row, row.defaults).items():
        values.setdefault(key, value)
    for own, other in row.same_as.items():
        key, source = (_key(RENAMED.get(one, one)) for one in (own, other))
        if source in values:
            values.setdefault(key, (own, values[source][1]))
    return values


def _named(name: str, row: Row, settings: Mapping[str, Any]) -> _Values:
    values: _Values = {}
    for own, value in settings.items():
        theirs = row.renamed.get(own) or RENAMED.get(own, own)
        if own in row.complements:
            theirs, value = row.complements[own], _complement(name, own, value)
        if own == "padding" and isinstance(value, str):
            theirs = "convolutionMode"  # Keras's "same" and "valid"
        if own == "learning_rate" and not isinstance(value, (int, float)):
            theirs = "learningRateSchedule"
        if _key(theirs) in values:
            raise InvalidArgument(f"{name} was given {values[_key(theirs)][0]} and {own}, which are the same")
        values[_key(theirs)] = own, value
    return values


def _complement(name: str, own: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1:
        raise InvalidArgument(f"{name}: {own} cannot be {value!r}", because="it is a share from 0 to below 1")
    return 1.0 - value


def _construct(name: str, java: Any, arguments: Sequence[Any]) -> Any:
    constructors = list(java.class_.getConstructors())
    types = [list(one.getParameterTypes()) for one in constructors]
    fitting = choose(types, arguments)
    if fitting is None:
        takes = sorted(f"({', '.join(str(one.getSimpleName()) for one in kinds)})" for kinds in types)
        raise InvalidArgument(f"{name} cannot be made of {tuple(arguments)}", because=f"it takes {' or '.join(takes)}")
    at, converted = fitting
    # By reflection where there are no arguments: JPype would choose the constructor that takes any number of them.
    return java(*converted) if converted else constructors[at].newInstance(_nothing())


def _nothing() -> Any:
    import jpype

    return jpype.JArray(jpype.JObject)(0)


def _set_all(name: str, owner: Any, values: _Values, *, otherwise: Any = None) -> _Values:
    """Call the setters of a Java object; what only the class ``otherwise`` has setters for comes back."""
    kind = owner.getClass()
    own_setters = _setters(kind)
    later: _Values = {}
    for key, (own, value) in values.items():
        if key not in own_setters and otherwise is not None and key in _setters(otherwise):
            later[key] = own, value
        elif key not in own_setters:
            known = {**_offered(kind), **(_offered(otherwise) if otherwise is not None else {})}
            spelled = [_snake(str(methods[0].getName())) for methods in known.values()]
            ours = [one for one, theirs in RENAMED.items() if _key(theirs) in known]
            raise InvalidArgument(f"{name} has no setting {own}", near=near_names(own, [*spelled, *ours]))
        else:
            methods = own_setters[key]
            types = [list(method.getParameterTypes()) for method in methods]
            fitting = choose(types, [value], _length(owner, str(methods[0].getName())))
            if fitting is None:
                raise refused(f"{name}: {own}", value, [kinds[0] for kinds in types])
            at, converted = fitting
            getattr(owner, str(methods[at].getName()))(*converted)
    return later


def _length(owner: Any, setting: str) -> int:
    """How many numbers a setting has that may be given one for all."""
    getter = getattr(owner, f"get{setting[0].upper()}{setting[1:]}", None)
    value: Any = getter() if getter is not None else None
    return len(value) if hasattr(value, "__len__") else 1


@cache
def _setters(java: Any) -> Mapping[str, Sequence[Any]]:
    """Key of a setting → its setters with one argument; DL4J's fluent ones before ``set...``."""
    found: dict[bool, dict[str, list[Any]]] = {True: {}, False: {}}
    for method in java.getMethods():
        name = str(method.getName())
        if len(method.getParameterTypes()) != 1 or method.isBridge() or name in ("equals", "wait"):
            continue
        if re.match(r"set[A-Z]", name):
            found[False].setdefault(_key(name[3:]), []).append(method)
        elif _is_fluent(method, java):
            found[True].setdefault(_key(name), []).append(method)
    return {**found[False], **found[True]}


@cache
def _offered(java: Any) -> Mapping[str, Sequence[Any]]:
    """Those of the setters that DL4J means people to use: a Builder's fluent ones, where it has any."""
    fluent = {key: methods for key, methods in _setters(java).items() if _is_fluent(methods[0], java)}
    return fluent or _setters(java)


def _is_fluent(method: Any, java: Any) -> bool:
    returned = method.getReturnType()
    named = re.match(r"set[A-Z]", str(method.getName()))
    return not named and bool(returned.isAssignableFrom(java)) and str(returned.getName()) != "java.lang.Object"
