"""Reports as HTML: one page without links to anything else, or a piece of one for a notebook's cell."""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydl4j_bridge.errors import MissingExtra

if TYPE_CHECKING:
    from pydl4j_bridge.compare.layers import LayerDifference, LayersReport

#: What is smaller than this stands on the axis: a logarithm has no zero.
_SMALLEST = 1e-9
#: What is larger, and infinity, stands here.
_LARGEST = 1e3
_WORST = 12


def layers_html(report: LayersReport, *, whole: bool) -> str:
    """A report of ``verify`` as a page, or as a piece of one.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    return _render("layers.html", whole=whole, title=report.path, reports=[_described(report)])


def write_layers_html(reports: Sequence[LayersReport], path: str | os.PathLike[str]) -> None:
    """Reports of ``verify`` as one file, which appears when it is whole.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    title = reports[0].path if len(reports) == 1 else f"{len(reports)} models"
    page = _render("layers.html", whole=True, title=title, reports=[_described(report) for report in reports])
    target = Path(path)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        unfinished = Path(folder) / target.name
        unfinished.write_text(page, encoding="utf-8")
        os.replace(unfinished, target)


def regression_html(results: Sequence[Mapping[str, Any]]) -> str:
    """What the pytest plugin has compared, as a page.

    Raises:
        MissingExtra: jinja2 is not installed.
    """
    shown = [
        {"why": "", **one, "worst": max(one["arrays"], key=lambda row: row["relative"], default=None)}
        for one in results
    ]
    failed = sum(one["status"] == "failed" for one in results)
    return _render("regression.html", title=f"{len(results)} models, {failed} differ", results=shown)


def _described(report: LayersReport) -> dict[str, Any]:
    compared = [layer for layer in report.layers if not layer.not_compared]
    worst = sorted(compared, key=lambda layer: -layer.relative)[:_WORST]
    return {
        "report": report,
        "along": _along(compared, report.tolerance, report.first) if compared else "",
        "worst": worst,
        "rows": (*report.layers, *report.outputs, *report.gradients),
        "leaves": [one.layer for one in (*report.layers, *report.outputs) if one.leaves(report.tolerance)],
    }


def _along(layers: Sequence[LayerDifference], tolerance: float, first: LayerDifference | None) -> str:
    """The error of each layer along the graph, as SVG."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra.of("matplotlib", "report") from error
    shown = [min(max(layer.relative, _SMALLEST), _LARGEST) for layer in layers]
    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "pydl4j", "font.size": 9, "text.color": "#808080",
             "axes.edgecolor": "#808080", "axes.labelcolor": "#808080", "xtick.color": "#808080",
             "ytick.color": "#808080"}  # fmt: skip
    with rc_context(style):
        figure = Figure(figsize=(8, 3), layout="constrained")
        axes = figure.add_subplot()
        axes.set_facecolor("none")
        axes.semilogy(range(len(layers)), shown, marker="o", markersize=4, linewidth=1, color="#4c78a8")
        axes.axhline(tolerance, linestyle="--", linewidth=1, color="#808080")
        axes.annotate("tolerance", (0, tolerance), xytext=(2, 3), textcoords="offset points", fontsize=8)
        if first is not None:
            at = next(i for i, layer in enumerate(layers) if layer.layer == first.layer)
            axes.plot([at], [shown[at]], marker="o", markersize=9, color="#e45756")
        axes.set_ylabel("error / largest number")
        if len(layers) <= 30:
            axes.set_xticks(range(len(layers)), [layer.layer for layer in layers], rotation=60, ha="right")
        else:
            axes.set_xlabel("layers, in their order")
        axes.set_ylim(_SMALLEST / 2, max(10 * max(shown), 10 * tolerance))
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    return svg[svg.index("<svg") :]


def _render(name: str, **values: Any) -> str:
    try:
        from jinja2 import DictLoader, Environment
    except ImportError as error:
        raise MissingExtra.of("jinja2", "report") from error
    source = resources.files("pydl4j_bridge.compare").joinpath(name).read_text(encoding="utf-8")
    # All that a file brings along, names of layers above all, is escaped.
    environment = Environment(autoescape=True, loader=DictLoader({name: source}), trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    return environment.get_template(name).render(**values)


def _number(value: float) -> str:
    if math.isfinite(value):
        return f"{value:.1e}" if value else "0"
    return "∞" if value > 0 else str(value)
