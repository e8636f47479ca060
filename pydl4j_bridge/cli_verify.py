"""The commands that hold DL4J against Keras, layer by layer: ``verify``, its two words, and ``record``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from pydl4j_bridge.cli_options import (
    CHANGE,
    DIFFERENCE,
    FINE,
    dask_option,
    gradients_option,
    html_option,
    json_option,
    memory_option,
    no_layers_option,
    outcomes_of,
    passed_over,
    print_json,
    results_option,
    say,
    tolerance_option,
    workers_option,
)

if TYPE_CHECKING:
    from pydl4j_bridge.compare.layers import LayersReport


@click.command("verify")
@click.argument("models", nargs=-1, required=True)
@click.option("--inputs", help="An .npz with input_0, input_1 ...; default: those that were recorded, or made-up ones.")
@click.option(
    "--expected",
    help="What Keras computes, an .npz as `record` writes it; {} stands for the model's path, {stem} for the path "
    "without its suffix. Default: Keras is asked.",
)
@no_layers_option
@gradients_option
@tolerance_option
@workers_option
@click.option("--time-limit", type=click.FloatRange(min=1), default=120.0, show_default=True, help="Seconds a model.")
@memory_option
@results_option
@click.option("--against", help="Results of an earlier run: say what has changed; then only that matters.")
@dask_option
@html_option
@json_option
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
        print_json(report.to_dict())
    else:
        terminal.show_layers(terminal.console(), report)
    return FINE if report.equal else DIFFERENCE


@click.command("verify record")
@click.argument("model")
@click.argument("out")
@click.option("--inputs", help="An .npz with input_0, input_1 ...; default: made-up ones, the same in every run.")
@json_option
def verify_record(model: str, out: str, *, inputs: str | None, as_json: bool) -> int:
    """Write what DL4J computes for MODEL, layer by layer, to OUT (.npz), for `verify compare` on a machine with Keras.

    Needs no Keras. The other way round, `record` writes what Keras computes, for `verify --expected`.
    """
    from pydl4j_bridge.oracles import read_inputs
    from pydl4j_bridge.verifying import record_dl4j

    made = record_dl4j(model, out, None if inputs is None else read_inputs(inputs))
    said = {"path": model, "out": out, "layers": list(made.layers)}
    say(as_json, said, f"{out}: {len(made.outputs)} outputs and {len(made.layers)} layers, computed by DL4J")
    return FINE


@click.command("verify compare")
@click.argument("model")
@click.argument("recorded")
@click.option("--expected", help="What Keras computes for the same inputs, an .npz. Default: Keras is asked.")
@no_layers_option
@tolerance_option
@click.option("--python", help="A Python that has Keras; default: PYDL4J_KERAS_PYTHON, or this one.")
@html_option
@json_option
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

    before = None if against is None else [one for one in read_results(against) if not passed_over(one, found)]
    outcomes = outcomes_of(found, verify_many(found, **options))
    changed = None if before is None else changes(before, outcomes)
    if html:
        from pydl4j_bridge.compare.html import outcomes_html, write_page

        write_page(outcomes_html([outcome.to_dict() for outcome in outcomes]), html)
    if as_json:
        values: dict[str, Any] = {"models": [outcome.to_dict() for outcome in outcomes]}
        if changed is not None:
            values["changes"] = [dict(zip(CHANGE, one, strict=True)) for one in changed]
        print_json(values)
    else:
        terminal.show_outcomes(terminal.console(), outcomes, changed)
    if changed is not None:
        return DIFFERENCE if changed else FINE
    return DIFFERENCE if any(outcome.status in ("differs", "crashed", "hung") for outcome in outcomes) else FINE


@click.command()
@click.argument("model")
@click.argument("out")
@click.option("--inputs", help="An .npz with input_0, input_1 ...; default: made-up ones, the same in every run.")
@gradients_option
@click.option("--python", help="A Python that has Keras; default: PYDL4J_KERAS_PYTHON, or this one.")
@json_option
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
    say(as_json, said, "\n".join(lines))
    return FINE
