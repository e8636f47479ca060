"""The command line ``pydl4j-bridge``: arguments in, tables or JSON out. A thin front over ``bridge``.

Exit codes: 0 fine; 1 ``check`` found a difference that matters (unexplained, or a Keras setting that ND4J cannot
express); 2 bad input, and what ``map`` refuses; 3 the environment (Java, jars); 130 interrupted.
"""

from __future__ import annotations

import glob
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, get_args

import click

from pydl4j_bridge import __version__
from pydl4j_bridge.errors import BridgeError, NotAKerasFile
from pydl4j_bridge.mapping.engine import Fidelity, OnLoss

if TYPE_CHECKING:
    from pydl4j_bridge.compare.layers import LayersReport
    from pydl4j_bridge.pool import ModelResult

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


class _Commands(click.Group):
    """Commands of two words, as ``verify record``, stand beside those of one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        both = self.get_command(ctx, " ".join(args[:2]))
        return (both.name, both, args[2:]) if both else super().resolve_command(ctx, args)


_memory = click.option(
    "--memory",
    type=click.FloatRange(min=0.2),
    help="Of many models: gigabytes that one process may take; it is replaced when it has more. Default: half of the "
    "machine's, divided by the processes.",
)
_dask = click.option("--dask", help="Address of a dask scheduler whose workers do the work.")
_html = click.option("--html", help="Write what was compared as a page.")
_no_layers = click.option("--no-layers", is_flag=True, help="Compare the outputs alone.")
_gradients = click.option("--gradients", is_flag=True, help="Gradients of the loss by the trained weights as well.")
_tolerance = click.option("--tolerance", type=click.FloatRange(min=0), help="Relative; default: 5e-05 in float32.")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
@_memory
@_results
@click.option("--against", help="What --json printed of an earlier run: say what has changed; then only that matters.")
@_dask
@_json
def check(
    files: tuple[str, ...],
    *,
    time_limit: float,
    workers: int,
    memory: float | None,
    results: str | None,
    against: str | None,
    dask: str | None,
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
    options = {"time_limit": time_limit, "results": results, "workers": workers, "memory": memory, "dask": dask}
    one = len(found) == 1 and results is None and dask is None
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
@_memory
@_results
@_dask
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
    memory: float | None,
    results: str | None,
    dask: str | None,
    as_json: bool,
) -> int:
    """Import a Keras model and write it to OUT as DL4J's ModelSerializer does, with its updater.

    Of several MODELS (files, folders, globs) each goes into the folder OUT, under its name with .zip behind it. With
    --verify the exit code is 1 where what DL4J reads back is not the network that was imported.
    """
    from pydl4j_bridge.bridge import convert

    options: dict[str, Any] = {"optimizer": not no_optimizer, "on_loss": on_loss, "fidelity": fidelity}
    if len(models) > 1 or os.path.isdir(models[0]) or glob.has_magic(models[0]):
        run = {"verify": verify, "workers": workers, "memory": memory, "results": results, "dask": dask}
        return _convert_many(models, out, as_json, {**run, **options})
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
    outcomes = _outcomes(found, convert_in_processes(targets, time_limit=600.0, **options))
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
@_no_layers
@_gradients
@_tolerance
@_workers
@click.option("--time-limit", type=click.FloatRange(min=1), default=120.0, show_default=True, help="Seconds a model.")
@_memory
@_results
@click.option("--against", help="Results of an earlier run: say what has changed; then only that matters.")
@_dask
@_html
@_json
def verify_(
    models: tuple[str, ...],
    *,
    inputs: str | None,
    expected: str | None,
    no_layers: bool,
    gradients: bool,
    tolerance: float | None,
    workers: int,
    time_limit: float,
    memory: float | None,
    results: str | None,
    against: str | None,
    dask: str | None,
    html: str | None,
    as_json: bool,
) -> int:
    """Say whether DL4J computes what Keras computes for MODELS (files, folders, globs).

    If not, say which layer is the first to differ, and by how much. Where there is neither Keras nor what it has
    recorded, `verify record` writes what DL4J computes, for `verify compare` where Keras is.
    """
    from pydl4j_bridge.kerasfile import find_models
    from pydl4j_bridge.many import expected_of

    found = dict(find_models(models))
    options: dict[str, Any] = {"layers": not no_layers, "gradients": gradients, "tolerance": tolerance}
    if len(found) != 1 or results or against or dask:
        if inputs:
            raise click.UsageError("--inputs is for one model")
        many = {"expected": expected, "workers": workers, "time_limit": time_limit, "memory": memory}
        return _verify_many(found, against, html, as_json, {**many, "results": results, "dask": dask, **options})
    from pydl4j_bridge.oracles import read_inputs
    from pydl4j_bridge.verifying import verify

    (path,) = found
    given = None if inputs is None else read_inputs(inputs)
    report = verify(path, given, expected_of(path, expected), **options)
    return _show_layers(report, html, as_json)


def _show_layers(report: LayersReport, html: str | None, as_json: bool) -> int:
    from pydl4j_bridge import terminal

    if html:
        report.write_html(html)
    if as_json:
        _print_json(report.to_dict())
    else:
        terminal.show_layers(terminal.console(), report)
    return FINE if report.equal else DIFFERENCE


@cli.command("verify record")
@click.argument("model")
@click.argument("out")
@click.option("--inputs", help="An .npz with input_0, input_1 ...; default: made-up ones, the same in every run.")
@_json
def verify_record(model: str, out: str, *, inputs: str | None, as_json: bool) -> int:
    """Write what DL4J computes for MODEL, layer by layer, to OUT (.npz), for `verify compare` on a machine with Keras.

    Needs no Keras. The other way round, `record` writes what Keras computes, for `verify --expected`.
    """
    from pydl4j_bridge.oracles import read_inputs
    from pydl4j_bridge.verifying import record_dl4j

    made = record_dl4j(model, out, None if inputs is None else read_inputs(inputs))
    said = {"path": model, "out": out, "layers": list(made.layers)}
    _say(as_json, said, f"{out}: {len(made.outputs)} outputs and {len(made.layers)} layers, computed by DL4J")
    return FINE


@cli.command("verify compare")
@click.argument("model")
@click.argument("recorded")
@click.option("--expected", help="What Keras computes for the same inputs, an .npz. Default: Keras is asked.")
@_no_layers
@_tolerance
@click.option("--python", help="A Python that has Keras; default: PYDL4J_KERAS_PYTHON, or this one.")
@_html
@_json
def verify_compare(
    model: str,
    recorded: str,
    *,
    expected: str | None,
    no_layers: bool,
    tolerance: float | None,
    python: str | None,
    html: str | None,
    as_json: bool,
) -> int:
    """Hold RECORDED, which `verify record` wrote of MODEL elsewhere, against what Keras computes. Needs no Java."""
    from pydl4j_bridge.verifying import compare_recorded

    report = compare_recorded(model, recorded, expected, layers=not no_layers, tolerance=tolerance, python=python)
    return _show_layers(report, html, as_json)


def _verify_many(
    found: Mapping[str, bool], against: str | None, html: str | None, as_json: bool, options: Mapping[str, Any]
) -> int:
    from pydl4j_bridge import terminal
    from pydl4j_bridge.many import verify_many
    from pydl4j_bridge.results import changes, read_results

    before = None if against is None else [one for one in read_results(against) if not _passed_over(one, found)]
    outcomes = _outcomes(found, verify_many(found, **options))
    changed = None if before is None else changes(before, outcomes)
    if html:
        from pydl4j_bridge.compare.html import outcomes_html, write_page

        write_page(outcomes_html([outcome.to_dict() for outcome in outcomes]), html)
    if as_json:
        values: dict[str, Any] = {"models": [outcome.to_dict() for outcome in outcomes]}
        if changed is not None:
            values["changes"] = [dict(zip(_CHANGE, one, strict=True)) for one in changed]
        _print_json(values)
    else:
        terminal.show_outcomes(terminal.console(), outcomes, changed)
    if changed is not None:
        return DIFFERENCE if changed else FINE
    return DIFFERENCE if any(outcome.status in ("differs", "crashed", "hung") for outcome in outcomes) else FINE


def _outcomes(found: Mapping[str, bool], running: Iterable[ModelResult]) -> list[ModelResult]:
    """All of a run over many files, under one progress bar, in the order of the files."""
    from tqdm import tqdm

    if not found:
        raise NotAKerasFile("no Keras files", because="none below what was named")
    with tqdm(running, total=len(found), unit="file", disable=None) as bar:
        outcomes = {outcome.path: outcome for outcome in bar}
    return [outcomes[path] for path in found if not _passed_over(outcomes[path], found)]


def _passed_over(outcome: ModelResult, found: Mapping[str, bool]) -> bool:
    """A folder may hold other files; one that was named may not be one."""
    error = outcome.error or {}
    # What was recorded may be missing, too: that is said.
    of_the_model = error.get("type") == "NotAKerasFile" and error.get("file") in (None, outcome.path)
    return of_the_model and not found.get(outcome.path, False)


@cli.command()
@click.argument("model")
@click.argument("out")
@click.option("--inputs", help="An .npz with input_0, input_1 ...; default: made-up ones, the same in every run.")
@_gradients
@click.option("--python", help="A Python that has Keras; default: PYDL4J_KERAS_PYTHON, or this one.")
@_json
def record(model: str, out: str, *, inputs: str | None, gradients: bool, python: str | None, as_json: bool) -> int:
    """Write what Keras computes for MODEL, layer by layer, to OUT (.npz), for `verify --expected` elsewhere."""
    from pydl4j_bridge.oracles import read_inputs
    from pydl4j_bridge.verifying import record

    given = None if inputs is None else read_inputs(inputs)
    made = record(model, out, given, gradients=gradients, python=python)
    said = {"path": model, "out": out, "source": made.source, "layers": list(made.layers)}
    lines = [f"{out}: {len(made.outputs)} outputs and {len(made.layers)} layers, {made.source}"]
    if gradients:
        said["gradients"] = list(made.gradients)
        lines.append(f"{len(made.gradients)} gradients" if made.gradients else f"no gradients: {made.no_gradients}")
    _say(as_json, said, "\n".join(lines))
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
    from pydl4j_bridge.plain import finite

    click.echo(json.dumps(finite(value), indent=2, allow_nan=False))
