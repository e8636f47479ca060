"""Writes docs/optimizers.md: what becomes of each setting of each Keras optimizer, from the tables that map them.

    python scripts/optimizer_table.py

Optimizers, settings, defaults and reasons are those of ``mapping/rules.py``; what is put beside the updater, and the
schedules, are asked of ``map_optimizer`` with a value for each.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydl4j_bridge.kerasfile import Optimizer
from pydl4j_bridge.kerasfile.dialects import DIALECTS, LEGACY
from pydl4j_bridge.mapping import Finding, map_optimizer
from pydl4j_bridge.mapping.engine import BACKEND_EPSILON
from pydl4j_bridge.mapping.rules import COMMON_LOST, EVERY, NEW, REFUSED, RULES, Form, Lost, Near, Rule

TARGET = Path(__file__).parents[1] / "docs" / "optimizers.md"
HEAD = f"""# Optimizers

Made by `scripts/optimizer_table.py` from the tables that the package maps with. `pydl4j-bridge map FILE` says the same
of one file, with its values. Where an optimizer has several tables, the first one whose condition holds counts. A
setting is

- **mapped**: a field of ND4J's class, or the choice of the class, says the same;
- **approximated**: ND4J has it, with another rule. `fidelity="exact"` takes a class of ours with Keras's rule instead;
  it stands below ND4J's;
- **refused**: ND4J cannot say it, and the training would be another one. `on_loss="warn"` goes on without it;
- **not carried**: ND4J cannot say it, and it changes nothing.

How much an approximation or a loss changes a training was measured: max|difference| of all weights, relative to the
largest one, after 100 steps from the same state ([training.md](training.md) has the cases).

An `epsilon` of null means that of Keras's backend, {BACKEND_EPSILON:g}. `decay` is Keras's before 2.11: it becomes an
InverseSchedule, learningRate / (1 + decay * iteration).
"""
BESIDE = """## Beside the updater

Settings of every optimizer that Keras ≥ 2.11 writes, `clipnorm` and `clipvalue` also older ones. DL4J keeps these in
the configuration of the layers, or we in a listener. Only one way of clipping is taken at a time.

| setting | what it becomes |
|---|---|
"""
COMMON = """## Settings of every optimizer that ND4J lacks

| setting | does nothing at | otherwise | why |
|---|---|---|---|
"""
SCHEDULES = """## Learning-rate schedules

In steps, as Keras counts them. A MapSchedule has the rate of each step.

| Keras | ND4J | outcome | why |
|---|---|---|---|
"""
NAMES = """## Older names, and files that only name an optimizer

`compile("adam")` of Keras ≥ 2.11 may leave nothing but a name in the file. Keras's own defaults hold then:

| optimizer | setting | default | in |
|---|---|---|---|
"""
REFUSALS = """## Refused by name

Custom classes are, as their rule is not in the file, and these:

| Keras | nearest | why |
|---|---|---|
"""
_STEPS = {"initial_learning_rate": 0.1, "decay_steps": 50}
#: One of each of Keras's schedules, in each way that ends in another class or note.
EXAMPLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("ExponentialDecay", {**_STEPS, "decay_rate": 0.9}),
    ("ExponentialDecay", {**_STEPS, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {**_STEPS, "decay_rate": 0.9}),
    ("InverseTimeDecay", {**_STEPS, "decay_rate": 0.9, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [10, 20], "values": [0.3, 0.2, 0.1]}),
    ("PolynomialDecay", _STEPS),
    ("PolynomialDecay", {**_STEPS, "cycle": True}),
    ("CosineDecay", _STEPS),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 50}),
)


def main() -> None:
    """Write the page."""
    TARGET.write_text(page())


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD, *(_optimizer(name, rule) for name, rule in RULES.items())]
    parts += [BESIDE + _rows(_beside()), COMMON + _rows(_common()), SCHEDULES + _rows(_schedules())]
    parts += [NAMES + _rows(_by_name()) + "\n" + _aliases()]
    parts.append(REFUSALS + _rows((name, near, why) for name, (near, why) in REFUSED.items()))
    return "\n".join(parts)


def _rows(rows: Iterable[tuple[Any, ...]]) -> str:
    return "".join(f"| {' | '.join(map(str, row))} |\n" for row in rows)


def _optimizer(name: str, rule: Rule) -> str:
    silent = ", ".join(f"{_code(key)} {value}" for key, value in rule.defaults.items())
    parts = [f"## {name}\n\nWhere a file is silent: {silent}.\n"]
    parts += [_form(form, rule) for form in rule.forms]
    if rule.exact:
        parts.append('With `fidelity="exact"`:\n\n' + "".join(_exact(form) for form in rule.exact))
    return "\n".join(parts)


def _form(form: Form, rule: Rule) -> str:
    keys = dict.fromkeys((*rule.defaults, *form.fields, *form.near, *form.lost, *form.by_class))
    rows = _rows((_code(key), *row) for key in keys for row in _becomes(form, key))
    return f"**{form.updater}**{_where(form)}\n\n| Keras | ND4J | outcome | why |\n|---|---|---|---|\n{rows}"


def _exact(form: Form) -> str:
    carried = ", ".join(f"{_code(key)} → {_code(name)}" for key, name in form.fields.items())
    always = "".join(f"; always {_code(name)} {value}" for name, value in form.constants.items())
    return f"- **{form.updater}**{_where(form)}: {carried}{always}\n"


def _where(form: Form) -> str:
    where = [f"where {_code(key)} is {value}" for key, value in form.when.items()]
    where += [f"in files of {_dialects(form.dialects)}"] if form.dialects != EVERY else []
    return "".join(f", {one}" for one in where)


def _becomes(form: Form, key: str) -> list[tuple[str, str, str]]:
    """The field of ND4J's class that has a setting, what became of it, and why; a row for each way of Keras's."""
    field = _code(form.fields[key]) if key in form.fields else ""
    if key in form.by_class:
        return [("", "mapped", form.by_class[key])]
    if key in form.lost:
        lost = form.lost[key]
        return [("", f"refused unless {_values(lost.neutral)}", lost.why + _size(lost))]
    if key in form.near:
        return [(field, f"approximated{_of(near)}", near.why + _size(near)) for near in form.near[key]]
    if key == "decay":
        return [(_code("learningRateSchedule"), "mapped", "")]
    if key == "weight_decay":
        return [("", "mapped", "[beside the updater](#beside-the-updater)")]
    return [(field, "mapped", "")]


def _of(near: Near) -> str:
    return f" ({_dialects(near.dialects)})" if near.dialects != EVERY else ""


def _size(deviation: Near | Lost) -> str:
    measured = deviation.measured
    return f"; {measured.difference:.0e} ({measured.case})" if measured else ""


def _dialects(ids: frozenset[str]) -> str:
    if ids == LEGACY:
        return "Keras before 2.11"
    if ids == NEW:
        return "Keras ≥ 2.11"
    return ", ".join(row.title for row in DIALECTS.values() if row.id in ids)


def _values(values: tuple[Any, ...]) -> str:
    return " or ".join("not set" if value is None else str(value) for value in values)


def _code(text: str) -> str:
    return f"`{text}`"


def _finding(key: str, value: Any) -> Finding:
    """What becomes of one setting of an Adam of Keras 3."""
    spec = map_optimizer(Optimizer("Adam", {"learning_rate": 0.001, key: value}, "keras-3"))
    return next(found for found in spec.findings if found.key == key)


def _beside() -> Iterable[tuple[str, str]]:
    for key, value in (("weight_decay", 0.004), ("clipnorm", 1.0), ("clipvalue", 0.5), ("global_clipnorm", 1.0)):
        yield _code(f"{key}={value}"), _finding(key, value).why


def _common() -> Iterable[tuple[str, str, str, str]]:
    for key, lost in COMMON_LOST.items():
        yield _code(key), _values(lost.neutral), "not carried" if lost.harmless else "refused", lost.why


def _schedules() -> Iterable[tuple[str, str, str, str]]:
    for name, settings in EXAMPLES:
        found = _finding("learning_rate", {"class_name": name, "config": settings})
        schedule, _, near = found.why.partition(", a ")[2].partition("; ")
        flags = "".join(f", {key}" for key in ("staircase", "cycle") if settings.get(key))
        yield name + flags, schedule, found.outcome.value, near


def _by_name() -> Iterable[tuple[str, str, Any, str]]:
    titles: dict[tuple[str, str, Any], list[str]] = {}
    for row in DIALECTS.values():
        for name, settings in row.by_name.items():
            for key, value in settings.items():
                titles.setdefault((name, key, value), []).append(row.title)
    for (name, key, value), of in titles.items():
        yield "every one" if name == "*" else name, _code(key), value, ", ".join(of)


def _aliases() -> str:
    lines = ["| dialect | optimizer | key in the file | read as |", "|---|---|---|---|"]
    for row in DIALECTS.values():
        for name, keys in row.aliases.items():
            which = "every one" if name == "*" else name
            lines += [f"| {row.title} | {which} | `{key}` | `{known}` |" for key, known in keys.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
