"""The command line ``pydl4j-bridge``: arguments in, tables or JSON out. A thin front over ``bridge``.

Exit codes: 0 fine; 1 ``check`` found a difference that matters (unexplained, or a Keras setting that ND4J cannot
express); 2 bad input, and what ``map`` refuses; 3 the environment (Java, jars); 130 interrupted.
"""

from __future__ import annotations

import glob
import io
import json
import math
import os
import sys
from collections.abc import Mapping
from typing import Any, get_args

import click

from pydl4j_bridge import __version__
from pydl4j_bridge.errors import BridgeError, NotAKerasFile
from pydl4j_bridge.mapping.engine import Fidelity, OnLoss

FINE, DIFFERENCE, BAD_INPUT, ENVIRONMENT, INTERRUPTED = 0, 1, 2, 3, 130

#: The keys of what changed since an earlier run.
_CHANGE = ("path", "was", "is")

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
_on_loss = click.option(
    "--on-loss",
    type=click.Choice(get_args(OnLoss)),
    default="error",
    show_default=True,
    help="What to do about a setting that changes the training and that ND4J cannot express.",
)

_results = click.option(
    "--results", help="Of many models: keep each outcome in this file as it comes; a run that was interrupted goes on."
)
_workers = click.option(
    "--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes for many models."
)

_fidelity = click.option(
    "--fidelity",
    type=click.Choice(get_args(Fidelity)),
    default="nd4j",
    show_default=True,
    help="nd4j: ND4J's own classes; exact: updaters of ours with Keras's rule where ND4J has another one.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="pydl4j-bridge")
def cli() -> None:
    """Bring Keras models, with the optimizer they were trained with, into Deeplearning4j.

    Exit codes: 0 fine, 1 a difference that matters, 2 bad input, 3 the environment.
    """


@cli.command()
@click.argument("file")
@_json
def inspect(file: str, *, as_json: bool) -> int:
    """Say what a Keras FILE holds: who wrote it, its optimizer, or why there is none."""
    from pydl4j_bridge import terminal
    from pydl4j_bridge.bridge import read
    from pydl4j_bridge.compare.report import entry

    found = read(file)
    if as_json:
        _print_json({"files": [entry(found.path, found)]})
        return FINE
    out = terminal.console()
    terminal.show_file(out, found)
    if found.optimizer:
        out.print()
        terminal.show_config(out, found.optimizer.config)
    return FINE


@cli.command("map")
@click.argument("file")
@_on_loss
@_fidelity
@click.option("--java", is_flag=True, help="Print the Java code that builds the same updater.")
@_json
def map_(file: str, *, on_loss: OnLoss, fidelity: Fidelity, java: bool, as_json: bool) -> int:
    """Say which ND4J updater the optimizer of FILE becomes, and what became of every setting."""
    from pydl4j_bridge import terminal
    from pydl4j_bridge.bridge import map_optimizer, read
    from pydl4j_bridge.compare.report import entry
    from pydl4j_bridge.mapping.javacode import java_code

    found = read(file)
    spec = map_optimizer(found, on_loss="ignore" if on_loss == "warn" else on_loss, fidelity=fidelity)
    if as_json:
        _print_json({"files": [entry(found.path, found, spec) | ({"java": java_code(spec)} if java else {})]})
    elif java:
        click.echo(java_code(spec), nl=False)
    else:
        out = terminal.console()
        terminal.show_file(out, found)
        out.print()
        terminal.show_updater(out, spec)
    if spec.losses and on_loss == "warn":
        click.echo("warning: ", nl=False, err=True)
        terminal.show_losses(terminal.console(stderr=True), spec)
    return FINE


@cli.command()
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--time-limit",
    type=click.FloatRange(min=1),
    default=40.0,
    show_default=True,
    help="Seconds that one native import may take.",
)
@_workers
@_results
@click.option("--against", help="What --json printed of an earlier run: say what has changed; then only that matters.")
@_json
def check(
    files: tuple[str, ...],
    *,
    time_limit: float,
    workers: int,
    results: str | None,
    against: str | None,
    as_json: bool,
) -> int:
    """Compare our updater with what DL4J's own import makes of the untouched FILES (files, folders, globs).

    The native import runs in a process of its own, so one that hangs or crashes is a result like any other.
    """
    from pydl4j_bridge import terminal
    from pydl4j_bridge.kerasfile import find_models
    from pydl4j_bridge.results import read_checks, report_changes

    found = dict(find_models(files))
    if not found:
        raise NotAKerasFile("no Keras files", because=f"none below {', '.join(files)}")
    before = None if against is None else read_checks(against)
    options = {"time_limit": time_limit, "results": results, "workers": workers}
    one = len(found) == 1 and results is None
    entries = _check_one(next(iter(found)), time_limit, as_json) if one else _check_many(list(found), options)
    # A folder may hold other files; one that was named may not be one.
    skipped = [entry["path"] for entry in entries if _is_none(entry) and not found[entry["path"]]]
    changed = None if before is None else report_changes(before, entries)
    if as_json:
        changes = {} if changed is None else {"changes": [dict(zip(_CHANGE, each, strict=True)) for each in changed]}
        _print_json({"files": entries, "summary": _summary(entries, len(skipped)), **changes})
    entries = [entry for entry in entries if entry["path"] not in skipped]
    out = terminal.console(stderr=as_json)
    if not one:
        terminal.show_summary(out, entries, len(skipped))
    if changed is not None:
        terminal.show_changes(out, changed)
        return DIFFERENCE if changed else FINE
    if any(entry["error"] for entry in entries):
        return BAD_INPUT
    return DIFFERENCE if any(entry["matters"] for entry in entries) else FINE


def _check_one(path: str, time_limit: float, as_json: bool) -> list[dict[str, Any]]:
    from pydl4j_bridge import terminal
    from pydl4j_bridge.bridge import check_many
    from pydl4j_bridge.compare.report import Report, entry

    ((_, result),) = check_many([path], time_limit=time_limit)
    if isinstance(result, Report):
        if not as_json:
            terminal.show_report(terminal.console(), result)
        return [result.to_dict()]
    terminal.show_error(terminal.console(stderr=True), result)
    return [entry(path, error=result)]


def _check_many(paths: list[str], options: Mapping[str, Any]) -> list[dict[str, Any]]:
    from tqdm import tqdm

    from pydl4j_bridge.many import check_in_processes

    with tqdm(check_in_processes(paths, **options), total=len(paths), unit="file", disable=None) as bar:
        entries = {entry["path"]: entry for entry in bar}
    return [entries[path] for path in paths]  # the processes end in any order


def _is_none(entry: Mapping[str, Any]) -> bool:
    return bool(entry["error"]) and entry["error"]["type"] == "NotAKerasFile"


@cli.command()
@click.argument("models", nargs=-1, required=True)
@click.argument("out")
@click.option("--no-optimizer", is_flag=True, help="Leave the optimizer behind: a network for inference.")
@click.option("--verify", is_flag=True, help="Read OUT back with DL4J and compare it with what was imported.")
@_on_loss
@_fidelity
@_workers
@_results
@_json
def convert(
    models: tuple[str, ...],
    out: str,
    *,
    no_optimizer: bool,
    verify: bool,
    on_loss: OnLoss,
    fidelity: Fidelity,
    workers: int,
    results: str | None,
    as_json: bool,
) -> int:
    """Import a Keras model and write it to OUT as DL4J's ModelSerializer does, with its updater.

    Of several MODELS (files, folders, globs) each goes into the folder OUT, under its name with .zip behind it. With
    --verify the exit code is 1 where what DL4J reads back is not the network that was imported.
    """
    from pydl4j_bridge.bridge import convert

    options: dict[str, Any] = {"optimizer": not no_optimizer, "on_loss": on_loss, "fidelity": fidelity}
    if len(models) > 1 or os.path.isdir(models[0]) or glob.has_magic(models[0]):
        return _convert_many(
            models, out, as_json, {"verify": verify, "workers": workers, "results": results, **options}
        )
    said = convert(models[0], out, verify=verify, **options)
    lines = [f"{out}: a {said['network']} with {said['updater'] or 'no optimizer'}", *said["notes"]]
    verified = said["verified"]
    if verified:
        equal = "equal: parameters, configuration, updaters and predictions are those of the imported network"
        differing = ", ".join(verified["differing"])
        lines.append(f"read back: {'not equal: ' + differing if differing else equal}")
    _say(as_json, said, "\n".join(lines))
    return DIFFERENCE if verified and not verified["equal"] else FINE


def _convert_many(models: tuple[str, ...], out: str, as_json: bool, options: Mapping[str, Any]) -> int:
    from tqdm import tqdm

    from pydl4j_bridge import terminal
    from pydl4j_bridge.kerasfile import find_models
    from pydl4j_bridge.many import convert_in_processes

    found = dict(find_models(models))
    if not found:
        raise NotAKerasFile("no Keras files", because=f"none below {', '.join(models)}")
    above = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in found])
    targets = {path: os.path.join(out, os.path.relpath(os.path.abspath(path), above) + ".zip") for path in found}
    for target in targets.values():
        os.makedirs(os.path.dirname(target), exist_ok=True)
    outcomes = []
    with tqdm(total=len(found), unit="file", disable=None) as bar:
        for outcome in convert_in_processes(targets, time_limit=600.0, **options):
            if (outcome.error or {}).get("type") != "NotAKerasFile" or found[outcome.path]:
                outcomes.append(outcome)
            bar.update()
    if as_json:
        _print_json({"models": [outcome.to_dict() for outcome in outcomes]})
    else:
        terminal.show_outcomes(terminal.console(), outcomes, None)
    if any(outcome.status in ("differs", "crashed", "hung") for outcome in outcomes):
        return DIFFERENCE
    return BAD_INPUT if any(outcome.status == "refused" for outcome in outcomes) else FINE


@cli.command("verify")
@click.argument("models", nargs=-1, required=True)
@click.option("--inputs", help="An .npz with input_0, input_1 ...; default: those that were recorded, or made-up ones.")
@click.option(
    "--expected",
    help="What Keras computes, an .npz as `record` writes it; {} stands for the model's path, {stem} for the path "
    "without its suffix. Default: Keras is asked.",
)
@click.option("--no-layers", is_flag=True, help="Compare the outputs alone.")
@click.option("--tolerance", type=click.FloatRange(min=0), help="Relative; default: 5e-05 in float32.")
@_workers
@click.option("--time-limit", type=click.FloatRange(min=1), default=120.0, show_default=True, help="Seconds a model.")
@_results
@click.option("--against", help="Results of an earlier run: say what has changed; then only that matters.")
@click.option("--dask", help="Address of a dask scheduler whose workers do the work.")
@click.option("--html", help="Write the report of one model as a page.")
@_json
def verify_(
    models: tuple[str, ...],
    *,
    inputs: str | None,
    expected: str | None,
    no_layers: bool,
    tolerance: float | None,
    workers: int,
    time_limit: float,
    results: str | None,
    against: str | None,
    dask: str | None,
    html: str | None,
    as_json: bool,
) -> int:
    """Say whether DL4J computes what Keras computes for MODELS (files, folders, globs).

    If not, say which layer is the first to differ, and by how much.
    """
    from pydl4j_bridge.kerasfile import find_models
    from pydl4j_bridge.many import expected_of

    found = dict(find_models(models))
    options = {"layers": not no_layers, "tolerance": tolerance}
    if len(found) != 1 or results or against or dask:
        if inputs or html:
            raise click.UsageError("--inputs and --html are for one model")
        many = {"expected": expected, "workers": workers, "time_limit": time_limit, "results": results, "dask": dask}
        return _verify_many(found, against, as_json, {**many, **options})
    from pydl4j_bridge.oracles import read_inputs
    from pydl4j_bridge.verifying import verify

    (path,) = found
    given = None if inputs is None else read_inputs(inputs)
    report = verify(path, given, expected_of(path, expected), layers=not no_layers, tolerance=tolerance)
    if html:
        from pydl4j_bridge.compare.html import write_layers_html

        write_layers_html([report], html)
    _say(as_json, report.to_dict(), str(report))
    return FINE if report.equal else DIFFERENCE


def _verify_many(found: Mapping[str, bool], against: str | None, as_json: bool, options: Mapping[str, Any]) -> int:
    from tqdm import tqdm

    from pydl4j_bridge import terminal
    from pydl4j_bridge.many import verify_many
    from pydl4j_bridge.results import changes, read_results

    before = None if against is None else read_results(against)
    if not found:
        raise NotAKerasFile("no Keras files", because="none below what was named")
    outcomes = []
    with tqdm(total=len(found), unit="file", disable=None) as bar:
        for outcome in verify_many(found, **options):
            # A folder may hold other files; one that was named may not be one.
            if (outcome.error or {}).get("type") != "NotAKerasFile" or found[outcome.path]:
                outcomes.append(outcome)
            bar.update()
    changed = None if before is None else changes(before, outcomes)
    if as_json:
        values = {"models": [outcome.to_dict() for outcome in outcomes]}
        if changed is not None:
            values["changes"] = [dict(zip(_CHANGE, one, strict=True)) for one in changed]
        _print_json(values)
    else:
        terminal.show_outcomes(terminal.console(), outcomes, changed)
    if changed is not None:
        return DIFFERENCE if changed else FINE
    return DIFFERENCE if any(outcome.status in ("differs", "crashed", "hung") for outcome in outcomes) else FINE


@cli.command()
@click.argument("model")
@click.argument("out")
@click.option("--inputs", help="An .npz with input_0, input_1 ...; default: made-up ones, the same in every run.")
@click.option("--python", help="A Python that has Keras; default: PYDL4J_KERAS_PYTHON, or this one.")
@_json
def record(model: str, out: str, *, inputs: str | None, python: str | None, as_json: bool) -> int:
    """Write what Keras computes for MODEL, layer by layer, to OUT (.npz), for `verify --expected` elsewhere."""
    from pydl4j_bridge.oracles import read_inputs
    from pydl4j_bridge.verifying import record

    made = record(model, out, None if inputs is None else read_inputs(inputs), python=python)
    said = {"path": model, "out": out, "source": made.source, "layers": list(made.layers)}
    _say(as_json, said, f"{out}: {len(made.outputs)} outputs and {len(made.layers)} layers, {made.source}")
    return FINE


@cli.command()
@_json
def doctor(*, as_json: bool) -> int:
    """Say what this machine has, which Java was taken and why the others were not."""
    from pydl4j_bridge import terminal
    from pydl4j_bridge.doctor import doctor

    checks = doctor()
    if as_json:
        _print_json({"checks": [check.to_dict() for check in checks]})
    else:
        terminal.show_doctor(terminal.console(), checks)
    return FINE if all(check.ok for check in checks) else ENVIRONMENT


@cli.command()
@click.option("--out", help="A folder that a type checker looks in, such as VS Code's typings; default: site-packages.")
@_json
def stubs(*, out: str | None, as_json: bool) -> int:
    """Write type stubs of Deeplearning4j's classes, for completion in editors and for type checkers."""
    from pathlib import Path

    from pydl4j_bridge.stubs import install_stubs

    done = install_stubs(None if out is None else Path(out))
    folders = [str(folder) for folder in done.folders]
    said = "written" if done.worked else "there already"
    _say(
        as_json,
        {"folders": folders, "files": done.files, "worked": done.worked},
        f"{said}: {done.files} stubs in {' and '.join(folders)}",
    )
    return FINE


@cli.group()
def jars() -> None:
    """Deeplearning4j's jars: fetch them, verify them, say where they are."""


@jars.command()
@_json
def fetch(*, as_json: bool) -> int:
    """Fetch what is missing, unpack the native libraries, and prepare a fast start."""
    from pydl4j_bridge.jvm.jars import folder
    from pydl4j_bridge.jvm.setup import set_up

    set_up()
    _say(as_json, {"folder": str(folder())}, f"the jars are in {folder()}")
    return FINE


@jars.command()
@_json
def verify(*, as_json: bool) -> int:
    """Hash every jar and compare it with the lock file."""
    from pydl4j_bridge.jvm.jars import folder, verify

    paths = verify()
    _say(
        as_json, {"folder": str(folder()), "jars": len(paths)}, f"{len(paths)} jars in {folder()} are as they should be"
    )
    return FINE


@jars.command()
@_json
def path(*, as_json: bool) -> int:
    """Print the folder of the jars."""
    from pydl4j_bridge.jvm.jars import folder

    _say(as_json, {"folder": str(folder())}, str(folder()))
    return FINE


@jars.command()
@_json
def own(*, as_json: bool) -> int:
    """Print the jar of our own Java classes, which a Java program needs that restores an imported network."""
    from pydl4j_bridge.jvm.jars import class_path
    from pydl4j_bridge.jvm.java import find_java
    from pydl4j_bridge.jvm.own_classes import own_jar

    jar = own_jar(find_java(), class_path())
    _say(as_json, {"jar": str(jar)}, str(jar))
    return FINE


def main() -> None:
    """Run the command line and exit with its code."""
    as_json = "--json" in sys.argv
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show is no reason to fail
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = cli(standalone_mode=False)
    except BridgeError as error:
        from pydl4j_bridge import terminal

        if as_json:
            from pydl4j_bridge.compare.report import entry

            _print_json({"files": [entry(error.file, error=error)] if error.exit_code == BAD_INPUT else [],
                         "error": error.to_dict()})  # fmt: skip
        terminal.show_error(terminal.console(stderr=True), error)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = BAD_INPUT
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        code = INTERRUPTED
    sys.exit(code)


def _summary(entries: list[dict[str, Any]], skipped: int) -> dict[str, int]:
    from pydl4j_bridge.compare import Verdict

    counts = {verdict.value: 0 for verdict in Verdict}
    for entry in entries:
        if "verdict" in entry:
            counts[entry["verdict"]] += 1
    errors = sum("verdict" not in entry for entry in entries) - skipped
    return {**counts, "errors": errors, "passed over": skipped}


def _say(as_json: bool, values: dict[str, Any], text: str) -> None:
    if as_json:
        _print_json(values)
    else:
        click.echo(text)


def _print_json(value: Any) -> None:
    click.echo(json.dumps(_finite(value), indent=2, allow_nan=False))


def _finite(value: Any) -> Any:
    """``value`` with NaN and infinities as text: JSON has no such numbers."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value
