"""The Java code that builds the same updater, to read and to copy. Text only: nothing is compiled here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydl4j_bridge.mapping.spec import LISTENER_PACKAGE, SCHEDULE_PACKAGE, ScheduleSpec, UpdaterSpec
from pydl4j_bridge.mapping.targets import OWN_SCHEDULES, SCHEDULES, WITHOUT_BUILDER

#: A MapSchedule with more keys than this becomes text that the code parses: a Java method may have 64 kB of code.
MAX_CALLS = 200
#: Characters in one string literal; Java allows 65,535 bytes.
_LITERAL = 8000


def java_code(spec: UpdaterSpec) -> str:
    """Java statements that define ``updater``, with their imports; as comments, what is beside it."""
    schedules = [value for value in spec.fields.values() if isinstance(value, ScheduleSpec)]
    lines = [*_imports(spec, schedules), ""]
    names = {}
    for name, value in spec.fields.items():
        if isinstance(value, ScheduleSpec) and len(value.fields.get("values", ())) > MAX_CALLS:
            names[name] = name
            lines += [*_parsed_map(name, value), ""]
    arguments = {name: names.get(name) or _expression(value) for name, value in spec.fields.items()}
    if spec.updater in WITHOUT_BUILDER:
        lines.append(f"{spec.updater} updater = new {spec.updater}();")
        lines += [f"updater.set{name[0].upper()}{name[1:]}({value});" for name, value in arguments.items()]
    else:
        lines.append(f"{spec.updater} updater = new {spec.updater}.Builder()")
        lines += [f"        .{name}({value})" for name, value in arguments.items()]
        lines.append("        .build();")
    if spec.layer_settings:
        lines += ["", "// These belong to the layers, not to the updater. On NeuralNetConfiguration.Builder:"]
        for name, values in spec.layer_settings.items():
            lines.append(f"//         .{name}({', '.join(map(_expression, values))})")
    for name, values in spec.listeners.items():
        lines += ["", "// This belongs to the network:"]
        lines.append(f"// network.addListeners(new {LISTENER_PACKAGE}.{name}({', '.join(map(_expression, values))}));")
    return "\n".join(lines) + "\n"


def _imports(spec: UpdaterSpec, schedules: list[ScheduleSpec]) -> list[str]:
    needed = {spec.java_class, *(schedule.java_class for schedule in schedules)}
    if any("scheduleType" in schedule.fields for schedule in schedules):
        needed.add(f"{SCHEDULE_PACKAGE}.ScheduleType")
    if "gradientNormalization" in spec.layer_settings:
        needed.add("org.deeplearning4j.nn.conf.GradientNormalization")
    return [f"import {name};" for name in sorted(needed)]


def _expression(value: Any) -> str:
    if isinstance(value, ScheduleSpec):
        return _schedule(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"GradientNormalization.{value}"
    return repr(value)  # Python's shortest text of a double is Java's double as well


def _schedule(schedule: ScheduleSpec) -> str:
    if schedule.schedule == "MapSchedule":
        adds = "".join(f".add({at}, {_expression(value)})" for at, value in schedule.fields["values"].items())
        return f"new MapSchedule.Builder(ScheduleType.{schedule.fields['scheduleType']}){adds}.build()"
    arguments = []
    for name in {**SCHEDULES, **OWN_SCHEDULES}[schedule.schedule]:
        value = schedule.fields[name]
        arguments.append(f"ScheduleType.{value}" if name == "scheduleType" else _expression(value))
    return f"new {schedule.schedule}({', '.join(arguments)})"


def _parsed_map(name: str, schedule: ScheduleSpec) -> list[str]:
    values: Mapping[int, float] = schedule.fields["values"]
    literals = list(_literals(f"{at}={value!r} " for at, value in values.items()))
    return [
        f"MapSchedule.Builder {name}Values = new MapSchedule.Builder(ScheduleType.{schedule.fields['scheduleType']});",
        "for (String part : new String[] {",
        *(f'        "{literal.strip()}",' for literal in literals),
        "}) {",
        '    for (String entry : part.split(" ")) {',
        '        String[] pair = entry.split("=");',
        f"        {name}Values.add(Integer.parseInt(pair[0]), Double.parseDouble(pair[1]));",
        "    }",
        "}",
        f"MapSchedule {name} = {name}Values.build();",
    ]


def _literals(entries: Iterator[str]) -> Iterator[str]:
    literal = ""
    for entry in entries:
        if len(literal) + len(entry) > _LITERAL:
            yield literal
            literal = ""
        literal += entry
    yield literal
