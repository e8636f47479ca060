"""What commands of the command line have in common: exit codes, options, and how outcomes are printed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, get_args

import click

from pydl4j_bridge.errors import NotAKerasFile
from pydl4j_bridge.mapping.engine import Fidelity, OnLoss

if TYPE_CHECKING:
    from pydl4j_bridge.pool import ModelResult

FINE, DIFFERENCE, BAD_INPUT, ENVIRONMENT, INTERRUPTED = 0, 1, 2, 3, 130

#: The keys of what changed since an earlier run.
CHANGE = ("path", "was", "is")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
on_loss_option = click.option(
    "--on-loss",
    type=click.Choice(get_args(OnLoss)),
    default="error",
    show_default=True,
    help="What to do about a setting that changes the training and that ND4J cannot express.",
)
results_option = click.option(
    "--results", help="Of many models: keep each outcome in this file as it comes; a run that was interrupted goes on."
)
workers_option = click.option(
    "--workers", type=click.IntRange(min=1), default=2, show_default=True, help="Processes for many models."
)
fidelity_option = click.option(
    "--fidelity",
    type=click.Choice(get_args(Fidelity)),
    default="nd4j",
    show_default=True,
    help="nd4j: ND4J's own classes; exact: updaters of ours with Keras's rule where ND4J has another one.",
)
memory_option = click.option(
    "--memory",
    type=click.FloatRange(min=0.2),
    help="Of many models: gigabytes that one process may take; it is replaced when it has more. Default: half of the "
    "machine's, divided by the processes.",
)
dask_option = click.option("--dask", help="Address of a dask scheduler whose workers do the work.")
html_option = click.option("--html", help="Write what was compared as a page.")
no_layers_option = click.option("--no-layers", is_flag=True, help="Compare the outputs alone.")
gradients_option = click.option(
    "--gradients", is_flag=True, help="Gradients of the loss by the trained weights as well."
)
tolerance_option = click.option(
    "--tolerance", type=click.FloatRange(min=0), help="Relative; default: 5e-05 in float32."
)


def outcomes_of(found: Mapping[str, bool], running: Iterable[ModelResult]) -> list[ModelResult]:
    """All of a run over many files, under one progress bar, in the order of the files."""
    from tqdm import tqdm

    if not found:
        raise NotAKerasFile("no Keras files", because="none below what was named")
    with tqdm(running, total=len(found), unit="file", disable=None) as bar:
        outcomes = {outcome.path: outcome for outcome in bar}
    return [outcomes[path] for path in found if not passed_over(outcomes[path], found)]


def passed_over(outcome: ModelResult, found: Mapping[str, bool]) -> bool:
    """A folder may hold other files; one that was named may not be one."""
    error = outcome.error or {}
    # What was recorded may be missing, too: that is said.
    of_the_model = error.get("type") == "NotAKerasFile" and error.get("file") in (None, outcome.path)
    return of_the_model and not found.get(outcome.path, False)


def say(as_json: bool, values: dict[str, Any], text: str) -> None:
    """Print the text, or the values as JSON."""
    if as_json:
        print_json(values)
    else:
        click.echo(text)


def print_json(value: Any) -> None:
    """Print JSON that every reader takes: without infinities."""
    from pydl4j_bridge.plain import finite

    click.echo(json.dumps(finite(value), indent=2, allow_nan=False))
