"""What the command line shows to a person: rich tables of frozen values. Prints; decides nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pydl4j_bridge.compare import NativeAttempt, Predictions, Report, Verdict
from pydl4j_bridge.compare.layers import LayersReport
from pydl4j_bridge.compare.quirks import NOT_ENFORCED, title
from pydl4j_bridge.doctor import Check
from pydl4j_bridge.errors import BridgeError
from pydl4j_bridge.kerasfile import KerasModelFile
from pydl4j_bridge.kerasfile.dialects import DIALECTS
from pydl4j_bridge.mapping import Finding, Outcome, ScheduleSpec, UpdaterSpec
from pydl4j_bridge.pool import ModelResult
from pydl4j_bridge.results import causes

_OUTCOME_STYLE = {
    Outcome.MAPPED: "green",
    Outcome.DEFAULTED: "cyan",
    Outcome.APPROXIMATED: "yellow",
    Outcome.NOT_CARRIED: "red",
}
_VERDICT = {
    Verdict.AGREE: ("green", "both sides carry the same updater"),
    Verdict.EXPLAINED: ("green", "they differ, and every difference is a known quirk of the native import"),
    Verdict.UNEXPLAINED: ("bold red", "they differ, and nothing known explains it"),
    Verdict.NO_OPTIMIZER: ("cyan", "the file holds no optimizer, so there is nothing to compare"),
    Verdict.NATIVE_REFUSED: ("yellow", "the native import refuses the file; the updater above is what it should carry"),
    Verdict.NATIVE_CRASHED: ("red", "the native import kills its process"),
    Verdict.NATIVE_HUNG: ("red", "the native import does not end"),
}


def console(*, stderr: bool = False) -> Console:
    """A console with colour on a terminal only; piped output is not wrapped at 80 columns."""
    made = Console(stderr=stderr, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=160, no_color=True)


def show_file(out: Console, file: KerasModelFile) -> None:
    """What a file says about itself."""
    rows = {
        "file": file.path or "",
        "written by": _writer(file),
        "saved": f"{file.saved} ({file.container})",
        "model": file.model_class,
        "loss": None if file.loss is None else _short(file.loss),
    }
    if file.optimizer:
        rows["optimizer"] = _optimizer(file)
    _pairs(out, rows)
    if file.reason:
        out.print(f"[yellow]no optimizer[/]: {_text(file.reason.why)}.")
        out.print(f"  {_text(file.reason.fix)}.")


def show_config(out: Console, config: Mapping[str, Any]) -> None:
    """The settings of an optimizer as the file has them."""
    table = _table("setting", "value")
    for key, value in config.items():
        table.add_row(_text(key), _text(_short(value)))
    out.print(table)


def show_updater(out: Console, spec: UpdaterSpec, *, findings: bool = True) -> None:
    """An updater, its layer settings, and what became of every Keras setting."""
    out.print(f"[bold]{spec.java_class}[/]")
    _pairs(
        out,
        {
            **{name: _short(value) for name, value in spec.fields.items()},
            **{f"layers: {name}": ", ".join(map(_short, arguments)) for name, arguments in spec.layer_settings.items()},
            **{f"listener: {name}": ", ".join(map(_short, arguments)) for name, arguments in spec.listeners.items()},
        },
        indent=2,
    )
    if findings:
        out.print()
        table = _table("Keras setting", "value", "outcome", "why")
        for finding in sorted(spec.findings, key=_importance):
            style = _OUTCOME_STYLE[finding.outcome] if _importance(finding) < _HARMLESS else "dim"
            table.add_row(
                _text(finding.key),
                _text(_short(finding.value)),
                f"[{style}]{finding.outcome.value}[/]",
                _text(finding.why),
            )
        out.print(table)


def show_report(out: Console, report: Report) -> None:
    """Everything that a check found out about one file."""
    show_file(out, report.file)
    out.print()
    if report.updater is not None:
        show_updater(out, report.updater)
        out.print()
    if report.error is not None:
        show_error(out, report.error)
        out.print()
    for attempt in (report.native, report.native_not_enforced):
        _show_attempt(out, attempt)
    if report.differences:
        out.print()
        table = _table("field", "bridge", "native", "quirk", "")
        for d in report.differences:
            quirk = f"[green]{d.quirk}[/]" if d.quirk else "[bold red]none[/]"
            why = title(d.quirk) if d.quirk else "unexplained"
            on = f" ({', '.join(d.layers)})" if d.layers else ""
            table.add_row(_text(d.field), _text(_short(d.bridge)), _text(_short(d.native)), quirk, _text(why + on))
        out.print(table)
    out.print(f"predictions: {_text(_predictions(report.predictions))}")
    out.print()
    style, meaning = _VERDICT[report.verdict]
    out.print(f"verdict: [{style}]{report.verdict.value}[/]: {meaning}")
    if report.updater is not None and report.updater.losses:
        show_losses(out, report.updater)


def show_losses(out: Console, spec: UpdaterSpec) -> None:
    """The settings that are left behind."""
    names = ", ".join(finding.key for finding in spec.losses)
    out.print(f"[red]ND4J cannot express {_text(names)}[/]: training in DL4J will differ from Keras's")


def show_summary(out: Console, entries: Iterable[Mapping[str, Any]], skipped: int) -> None:
    """How many files of each verdict, and the files that a person should look at.

    Args:
        out: where to.
        entries: what ``check --json`` says of each file.
        skipped: how many files were no Keras files.
    """
    entries = list(entries)
    reports = [entry for entry in entries if "verdict" in entry]
    table = _table("verdict", "files", "meaning")
    counts = Counter(report["verdict"] for report in reports)
    for verdict, (style, meaning) in _VERDICT.items():
        table.add_row(f"[{style}]{verdict.value}[/]", str(counts[verdict.value]), meaning)
    out.print(table)
    causes = Counter(report["native"]["quirk"] for report in reports if report["native"]["status"] == "refused")
    if causes:
        out.print()
        table = _table("refused because of", "files", "")
        for quirk, count in causes.most_common():
            table.add_row(quirk or "other", str(count), title(quirk) if quirk else "a layer or setting; see --json")
        out.print(table)
    statuses = Counter(report["predictions"]["status"] for report in reports)
    if statuses["same"] or statuses["differ"]:
        out.print()
        out.print(
            f"predictions of our network and the native one: {statuses['same']} the same, {statuses['differ']} differ, "
            f"{statuses['not-compared']} not compared"
        )
        for report in reports:
            if report["predictions"]["status"] == "differ":
                predictions = Predictions(**report["predictions"])
                out.print(f"  {_text(str(report['path']))}: {_text(_predictions(predictions))}")
    ended = (Verdict.NATIVE_CRASHED.value, Verdict.NATIVE_HUNG.value)
    look = [report for report in reports if report["matters"] or report["verdict"] in ended]
    errors = [entry["error"] for entry in entries if "verdict" not in entry]
    if look or errors:
        out.print()
    for report in look:
        out.print(f"{report['verdict']}: {_text(str(report['path']))}")
    for error in errors:
        show_error_fields(out, error)
    if skipped:
        out.print(f"{skipped} files of the folders are no Keras files and were passed over")


def show_layers(out: Console, report: LayersReport) -> None:
    """What ``verify`` says of one model: the verdict, then every layer, output and gradient, in their order."""
    out.print(_text(str(report)), soft_wrap=True)
    out.print()
    table = _table(
        "layer", "class", "shape", "error", "absolute", "99 % within", "of its inputs", "at", "Keras", "DL4J"
    )
    for one in (*report.layers, *report.outputs, *report.gradients):
        name, shape = _text(one.layer), "x".join(map(str, one.shape))
        if one.not_compared:
            table.add_row(name, one.class_name, shape, f"[dim]not compared: {_text(one.not_compared)}[/]")
            continue
        error = f"{one.relative:.1e}"
        table.add_row(
            f"[bold red]{name}[/]" if report.first is not None and one.layer == report.first.layer else name,
            _text(one.class_name),
            shape,
            f"[red]{error}[/]" if one.leaves(report.tolerance) else error,
            f"{one.absolute:.1e}",
            f"{one.quantiles[-1]:.1e}" if one.quantiles else "",
            f"{one.inherited:.1e}" if one.inherited else "",
            ",".join(map(str, one.place)),
            f"{one.keras:.6g}",
            f"{one.dl4j:.6g}",
        )
    out.print(table)


def show_outcomes(
    out: Console, outcomes: Iterable[ModelResult], changed: Iterable[tuple[str, str, str]] | None
) -> None:
    """How many models are the same, what is not, grouped by its cause, and what has changed."""
    outcomes = list(outcomes)
    counts = Counter(outcome.status for outcome in outcomes)
    table = _table("outcome", "files")
    for status in ("same", "differs", "refused", "crashed", "hung"):
        table.add_row(status, str(counts[status]))
    out.print(table)
    groups = causes(outcomes)
    if groups:
        out.print()
        table = _table("files", "outcome", "because of", "for example")
        for status, cause, models in groups:
            table.add_row(str(len(models)), status, _text(_one_line(cause)), _text(models[0]))
        out.print(table)
    if changed is not None:
        show_changes(out, changed)


def show_changes(out: Console, changed: Iterable[tuple[str, str, str]]) -> None:
    """What is otherwise than in an earlier run."""
    changed = list(changed)
    out.print()
    out.print(f"{len(changed)} changed since the earlier run" if changed else "nothing changed")
    for path, was, now in changed:
        out.print(f"  {_text(path)}: {_text(was)} → {_text(now)}")


def show_doctor(out: Console, checks: Iterable[Check]) -> None:
    """What the machine has, one line a check."""
    table = _table("", "check", "found")
    checks = list(checks)
    for check in checks:
        table.add_row("[green]ok[/]" if check.ok else "[red]no[/]", check.name, _text(check.detail))
    out.print(table)
    for check in checks:
        if not check.ok and check.fix:
            out.print(f"[red]{_text(check.name)}[/]: {_text(check.fix)}", soft_wrap=True)


def show_error(out: Console, error: BridgeError) -> None:
    """An error of ours: what, why, where, what to do."""
    show_error_fields(out, error.to_dict())


def show_error_fields(out: Console, error: Mapping[str, Any]) -> None:
    """:func:`show_error`, of what JSON says of it."""
    out.print(f"[red]{error['type']}[/]: {_text(error['what'])}", soft_wrap=True)
    for name, text in (
        ("because", error["because"]),
        ("in", ", ".join(part for part in (error["file"], error["where"]) if part)),
        ("near", ", ".join(error["near"])),
        ("to do", error["fix"]),
    ):
        if text:
            out.print(f"  {name}: {_text(text)}", soft_wrap=True)


_HARMLESS = 4


def _importance(finding: Finding) -> int:
    """Losses first, then approximations, then what carries values; last what means nothing to the training."""
    if finding.changes_training:
        return 0 if finding.outcome is Outcome.NOT_CARRIED else 1
    if finding.value is None or finding.outcome is Outcome.NOT_CARRIED or finding.why.startswith("has no effect"):
        return _HARMLESS
    return 2 if finding.outcome is Outcome.MAPPED else 3


def _show_attempt(out: Console, attempt: NativeAttempt) -> None:
    head = f"native import, enforceTrainingConfig={str(attempt.enforce_training_config).lower()}"
    if attempt.status == "imported":
        classes = sorted({spec.updater for spec in attempt.updaters.values()})
        what = f"{attempt.network} whose layers carry {', '.join(classes) or 'no updater'}"
        if classes and not attempt.enforce_training_config:
            what += f" ({NOT_ENFORCED[0]}: a default, not a setting)"
    elif attempt.status == "not-run":
        what = f"not run: {attempt.why}"
    else:
        error = attempt.error or {}
        what = f"{attempt.status}: {error.get('what', '')}"
        if attempt.quirk:
            what = f"{attempt.status} ({attempt.quirk}: {title(attempt.quirk)})"
        if error.get("because"):
            what += f"\n  {_one_line(error['because'])}"
    out.print(f"{head}: {_text(what)}")


def _predictions(found: Predictions) -> str:
    if found.status == "not-compared":
        return f"not compared: {_one_line(found.why)}"
    if found.difference is None:
        return f"differ: {found.why}"
    how = "the same" if found.status == "same" else "differ"
    return f"{how}: our network and the native one are {found.difference:.1e} of the largest value apart"


def _writer(file: KerasModelFile) -> str:
    parts = [DIALECTS[file.dialect].title]
    if file.keras_version:
        parts.append(f"version {file.keras_version}")
    if file.backend:
        parts.append(f"on {file.backend}")
    return ", ".join(parts)


def _optimizer(file: KerasModelFile) -> str:
    assert file.optimizer is not None
    state = "with its state" if file.has_optimizer_state else "without state"
    return f"{file.optimizer.registered_name or file.optimizer.class_name} ({state})"


def _pairs(out: Console, rows: Mapping[str, str | None], *, indent: int = 0) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        if value is not None:
            table.add_row(" " * indent + name, _text(value))
    out.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column == "files" else "left")
    return table


def _text(text: str) -> str:
    """Text that a file brings along: no markup of rich's in it counts, and nothing in it commands the terminal."""
    return escape("".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text))


def _short(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, ScheduleSpec):
        fields = dict(value.fields)
        if len(fields.get("values", ())) > 6:
            shown = list(fields["values"].items())
            head = ", ".join(f"{at}: {v:.6g}" for at, v in shown[:3])
            fields["values"] = f"{head}, ... {shown[-1][0]}: {shown[-1][1]:.6g} ({len(shown)} keys)"
        return f"{value.schedule}({', '.join(f'{k}={v}' for k, v in fields.items() if k != 'scheduleType')})"
    if isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):
        return f"{value.get('class_name')}({', '.join(f'{k}={v}' for k, v in value['config'].items())})"
    return _one_line(str(value))


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:197] + "..."
