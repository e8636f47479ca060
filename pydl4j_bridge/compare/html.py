"""Reports as HTML: one page without links to anything else, or a piece of one for a notebook's cell."""

from __future__ import annotations

import io
import math
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from pydl4j_bridge.compare.layers import LayerDifference, LayersReport
from pydl4j_bridge.errors import MissingExtra

#: What is smaller than this stands on the axis: a logarithm has no zero.
_SMALLEST = 1e-9
#: What is larger, and infinity, stands here.
_LARGEST = 1e3
_WORST = 12
#: So many models that differ are shown with their plots on the page of a run over many.
_SHOWN = 20
#: Inches of a plot for a desk and for a phone; the page shows one of them.
_WIDTHS = (8.0, 4.2)
#: Letters of a name beside a plot.
_LETTERS = 28
#: Stands for the colour of the text around a plot until it is in its place.
_INK = "#808081"


def layers_html(report: LayersReport, *, whole: bool) -> str:
    """A report of ``verify`` as a page, or as a piece of one.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    return _render("layers.html", whole=whole, title=report.path, reports=[_described(report)])


def outcomes_html(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """A run of ``verify`` over many models as a page: counts, causes, the models furthest off, and those that differ.

    Args:
        outcomes: as ``ModelResult.to_dict`` has them.

    Raises:
        MissingExtra: jinja2 or matplotlib is not installed.
    """
    counts = Counter(one["status"] for one in outcomes)
    groups: dict[tuple[str, str], list[str]] = {}
    reports = [(one, LayersReport.from_dict(one["report"])) for one in outcomes if one["report"]]
    for one in outcomes:
        if one["status"] != "same":
            groups.setdefault((one["status"], one["cause"]), []).append(one["path"])
    differing = [report for one, report in reports if one["status"] == "differs"]
    rows = [
        {
            "path": one["path"],
            "status": one["status"],
            "worst": report.worst,
            "first": f"{report.first.layer} ({report.first.class_name})" if report.first else "",
        }
        for one, report in reports
    ]
    return _render(
        "outcomes.html",
        whole=False,
        title=f"{len(outcomes)} models",
        counts={name: counts[name] for name in ("same", "differs", "refused", "crashed", "hung") if counts[name]},
        wrong=counts["differs"] + counts["crashed"] + counts["hung"],
        groups=[(*group, models) for group, models in sorted(groups.items(), key=_gravity)],
        furthest=sorted(rows, key=lambda row: (row["status"] == "same", -row["worst"]))[:_WORST],
        reports=[_described(report) for report in differing[:_SHOWN]],
        left=max(0, len(differing) - _SHOWN),
    )


def _gravity(group: tuple[tuple[str, str], list[str]]) -> tuple[bool, int]:
    """What is wrong before what is refused, the largest groups first."""
    (status, _), models = group
    return status == "refused", -len(models)


def write_page(page: str, path: str | os.PathLike[str]) -> None:
    """Write a page; the file appears when it is whole."""
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
    return _render(
        "regression.html",
        title=f"{len(results)} {'model' if len(results) == 1 else 'models'}, {failed} differ",
        results=shown,
    )


def _described(report: LayersReport) -> dict[str, Any]:
    compared = [layer for layer in report.layers if not layer.not_compared]
    tensors = [one for one in (*compared, *report.outputs, *report.gradients) if not one.not_compared]
    worst = sorted(tensors, key=lambda one: -one.relative)[:_WORST]
    return {
        "report": report,
        "along": [_along(compared, report.tolerance, report.first, width) for width in _WIDTHS] if compared else [],
        "spread": [_spread(worst, report.tolerance, width) for width in _WIDTHS] if worst else [],
        "worst": worst,
        "groups": [
            (name, rows)
            for name, rows in (("layers", report.layers), ("outputs", report.outputs), ("gradients", report.gradients))
            if rows
        ],
    }


def _along(layers: Sequence[LayerDifference], tolerance: float, first: LayerDifference | None, width: float) -> str:
    """The error of each layer along the graph, as SVG."""
    shown = [_shown(layer.relative) for layer in layers]

    def draw(axes: Any) -> None:
        axes.semilogy(range(len(layers)), shown, marker="o", markersize=4, linewidth=1, color="#4c78a8")
        axes.axhline(tolerance, linestyle="--", linewidth=1, color=_INK)
        axes.annotate("tolerance", (0, tolerance), xytext=(2, 3), textcoords="offset points", fontsize=8)
        if first is not None:
            at = next(i for i, layer in enumerate(layers) if layer.layer == first.layer)
            axes.plot([at], [shown[at]], marker="o", markersize=9, color="#e45756")
        axes.set_ylabel("error / largest number")
        if len(layers) <= 4 * width:
            axes.set_xticks(range(len(layers)), [_label(layer.layer) for layer in layers], rotation=60, ha="right")
        else:
            axes.set_xlabel("layers, in their order")
        axes.set_ylim(_SMALLEST / 2, max(10 * max(shown), 10 * tolerance))

    return _svg(draw, (width, 3))


def _spread(tensors: Sequence[LayerDifference], tolerance: float, width: float) -> str:
    """The tensors that are furthest off: how far half, 90 %, 99 % and all of their numbers are, as SVG."""

    def draw(axes: Any) -> None:
        for at, one in enumerate(reversed(tensors)):
            # As the relative error is: of the largest number, or what stands for it.
            scale = one.absolute / one.relative if one.relative and math.isfinite(one.absolute) else 1.0
            points = [_shown(value / scale) for value in one.quantiles] + [_shown(one.relative)]
            axes.plot(points, [at] * len(points), linewidth=2, color="#4c78a8", alpha=0.5)
            axes.plot(points[:-1], [at] * (len(points) - 1), "|", markersize=9, color="#4c78a8")
            axes.plot(points[-1:], [at], "o", markersize=5, color="#e45756" if one.leaves(tolerance) else "#4c78a8")
        axes.axvline(tolerance, linestyle="--", linewidth=1, color=_INK)
        axes.set_xscale("log")
        axes.set_xlim(_SMALLEST / 2, max(10 * _shown(tensors[0].relative), 10 * tolerance))
        axes.set_yticks(range(len(tensors)), [_label(one.layer) for one in reversed(tensors)])
        axes.set_ylim(-0.6, len(tensors) - 0.4)
        axes.set_xlabel("error / largest number")

    return _svg(draw, (width, 0.8 + 0.24 * len(tensors)))


def _svg(draw: Callable[[Any], None], size: tuple[float, float]) -> str:
    """A drawing whose lines and letters have the colour of the text around it."""
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtra.of("matplotlib", "report") from error
    style: Any = {"svg.fonttype": "none", "svg.hashsalt": "pydl4j", "font.size": 9, "text.color": _INK,
             "axes.edgecolor": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK}  # fmt: skip
    with rc_context(style):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        axes.set_facecolor("none")
        draw(axes)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue().replace(_INK, "currentColor")
    return svg[svg.index("<svg") :]


def _shown(value: float) -> float:
    return min(max(value, _SMALLEST), _LARGEST) if not math.isnan(value) else _LARGEST


def _label(name: str) -> str:
    """A name that leaves room for the plot; matplotlib reads what is between two dollars as mathematics."""
    return (name if len(name) <= _LETTERS else f"…{name[1 - _LETTERS :]}").replace("$", r"\$")


def _render(name: str, **values: Any) -> str:
    try:
        from jinja2 import DictLoader, Environment
    except ImportError as error:
        raise MissingExtra.of("jinja2", "report") from error
    folder = resources.files("pydl4j_bridge.compare")
    sources = {one: folder.joinpath(one).read_text(encoding="utf-8") for one in dict.fromkeys((name, "layers.html"))}
    # All that a file brings along, names of layers above all, is escaped.
    environment = Environment(autoescape=True, loader=DictLoader(sources), trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = _number
    return environment.get_template(name).render(**values)


def _number(value: float) -> str:
    if math.isfinite(value):
        return f"{value:.1e}" if value else "0"
    return "∞" if value > 0 else str(value)
