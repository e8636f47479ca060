"""The command line ``pydl4j-bridge``: arguments in, tables or JSON out. A thin front over ``bridge``.

Exit codes: 0 fine; 1 ``check`` found a difference that matters (unexplained, or a Keras setting that ND4J cannot
express); 2 bad input, and what ``map`` refuses; 3 the environment (Java, jars); 130 interrupted.
"""

from __future__ import annotations

import glob
import io
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from pydl4j_bridge import __version__
from pydl4j_bridge.cli_options import (
    BAD_INPUT,
    CHANGE,
    DIFFERENCE,
    ENVIRONMENT,
    FINE,
    INTERRUPTED,
    dask_option,
    fidelity_option,
    json_option,
    memory_option,
    on_loss_option,
    outcomes_of,
    print_json,
    results_option,
    say,
    workers_option,
)
from pydl4j_bridge.cli_verify import record, verify_, verify_compare, verify_record
from pydl4j_bridge.errors import BridgeError, NotAKerasFile
from pydl4j_bridge.mapping.engine import Fidelity, OnLoss


class _Commands(click.Group):
    """Commands of two words, as ``verify record``, stand beside those of one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        both = self.get_command(ctx, " ".join(args[:2]))
        return (both.name, both, args[2:]) if both else super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="pydl4j-bridge")
def cli() -> None:
    """Bring Keras models, with the optimizer they were trained with, into Deeplearning4j.

    Exit codes: 0 fine, 1 a difference that matters, 2 bad input, 3 the environment.
    """


for _command in (record, verify_, verify_compare, verify_record):
    cli.add_command(_command)


@cli.command()
@click.argument("file")
@json_option
def inspect(file: str, *, as_json: bool) -> int:
    """Say what a Keras FILE holds: who wrote it, its optimizer, or why there is none."""
    from pydl4j_bridge import terminal
    from pydl4j_bridge.bridge import read
    from pydl4j_bridge.compare.report import entry

    found = read(file)
    if as_json:
        print_json({"files": [entry(found.path, found)]})
        return FINE
    out = terminal.console()
    terminal.show_file(out, found)
    if found.optimizer:
        out.print()
        terminal.show_config(out, found.optimizer.config)
    return FINE


@cli.command("map")
@click.argument("file")
@on_loss_option
@fidelity_option
@click.option("--java", is_flag=True, help="Print the Java code that builds the same updater.")
@json_option
def map_(file: str, *, on_loss: OnLoss, fidelity: Fidelity, java: bool, as_json: bool) -> int:
    """Say which ND4J updater the optimizer of FILE becomes, and what became of every setting."""
    from pydl4j_bridge import terminal
    from pydl4j_bridge.bridge import map_optimizer, read
    from pydl4j_bridge.compare.report import entry
    from pydl4j_bridge.mapping.javacode import java_code

    found = read(file)
    spec = map_optimizer(found, on_loss="ignore" if on_loss == "warn" else on_loss, fidelity=fidelity)
    if as_json:
        print_json({"files": [entry(found.path, found, spec) | ({"java": java_code(spec)} if java else {})]})
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
@workers_option
@memory_option
@results_option
@click.option("--against", help="What --json printed of an earlier run: say what has changed; then only that matters.")
@dask_option
@json_option
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
        changes = {} if changed is None else {"changes": [dict(zip(CHANGE, each, strict=True)) for each in changed]}
        print_json({"files": entries, "summary": _summary(entries, len(skipped)), **changes})
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
@on_loss_option
@fidelity_option
@workers_option
@memory_option
@results_option
@dask_option
@json_option
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
    say(as_json, said, "\n".join(lines))
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
    outcomes = outcomes_of(found, convert_in_processes(targets, time_limit=600.0, **options))
    if as_json:
        print_json({"models": [outcome.to_dict() for outcome in outcomes]})
    else:
        terminal.show_outcomes(terminal.console(), outcomes, None)
    if any(outcome.status in ("differs", "crashed", "hung") for outcome in outcomes):
        return DIFFERENCE
    return BAD_INPUT if any(outcome.status == "refused" for outcome in outcomes) else FINE


@cli.command()
@json_option
def doctor(*, as_json: bool) -> int:
    """Say what this machine has, which Java was taken and why the others were not."""
    from pydl4j_bridge import terminal
    from pydl4j_bridge.doctor import doctor

    checks = doctor()
    if as_json:
        print_json({"checks": [check.to_dict() for check in checks]})
    else:
        terminal.show_doctor(terminal.console(), checks)
    return FINE if all(check.ok for check in checks) else ENVIRONMENT


@cli.command()
@click.option("--out", help="A folder that a type checker looks in, such as VS Code's typings; default: site-packages.")
@json_option
def stubs(*, out: str | None, as_json: bool) -> int:
    """Write type stubs of Deeplearning4j's classes, for completion in editors and for type checkers."""
    from pathlib import Path

    from pydl4j_bridge.stubs import install_stubs

    done = install_stubs(None if out is None else Path(out))
    folders = [str(folder) for folder in done.folders]
    said = "written" if done.worked else "there already"
    say(
        as_json,
        {"folders": folders, "files": done.files, "worked": done.worked},
        f"{said}: {done.files} stubs in {' and '.join(folders)}",
    )
    return FINE


@cli.group()
def jars() -> None:
    """Deeplearning4j's jars: fetch them, verify them, say where they are."""


@jars.command()
@json_option
def fetch(*, as_json: bool) -> int:
    """Fetch what is missing, unpack the native libraries, and prepare a fast start."""
    from pydl4j_bridge.jvm.jars import folder
    from pydl4j_bridge.jvm.setup import set_up

    set_up()
    say(as_json, {"folder": str(folder())}, f"the jars are in {folder()}")
    return FINE


@jars.command()
@json_option
def verify(*, as_json: bool) -> int:
    """Hash every jar and compare it with the lock file."""
    from pydl4j_bridge.jvm.jars import folder, verify

    paths = verify()
    say(
        as_json, {"folder": str(folder()), "jars": len(paths)}, f"{len(paths)} jars in {folder()} are as they should be"
    )
    return FINE


@jars.command()
@json_option
def path(*, as_json: bool) -> int:
    """Print the folder of the jars."""
    from pydl4j_bridge.jvm.jars import folder

    say(as_json, {"folder": str(folder())}, str(folder()))
    return FINE


@jars.command()
@json_option
def own(*, as_json: bool) -> int:
    """Print the jar of our own Java classes, which a Java program needs that restores an imported network."""
    from pydl4j_bridge.jvm.jars import class_path
    from pydl4j_bridge.jvm.java import find_java
    from pydl4j_bridge.jvm.own_classes import own_jar

    jar = own_jar(find_java(), class_path())
    say(as_json, {"jar": str(jar)}, str(jar))
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

            print_json({"files": [entry(error.file, error=error)] if error.exit_code == BAD_INPUT else [],
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
