"""Tables for notebooks: plain HTML that a cell shows as it shows those of others. Knows nothing of what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> str:
    """A table as HTML; every text is escaped.

    Args:
        columns: the heads.
        rows: as many cells in each; None is an empty one.
        title: above it.
    """
    head = "".join(f"<th style='text-align:left'>{escape(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    above = f"<caption style='text-align:left;font-weight:bold'>{escape(title)}</caption>" if title else ""
    return f"<table>{above}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def pairs(values: Mapping[str, Any], *, title: str = "") -> str:
    """Names and values as HTML, a row for each."""
    return table(("", ""), values.items(), title=title)


def folded(summary: str, inside: str) -> str:
    """A piece of HTML that opens when its summary is clicked."""
    return f"<details><summary>{escape(summary)}</summary>{inside}</details>"


def paragraph(text: str) -> str:
    """A line of text as HTML."""
    return f"<p>{escape(text)}</p>"


def _cell(value: Any) -> str:
    if value is None:
        return "<td></td>"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    text = f"{value:,}" if isinstance(value, int) and number else f"{value:.6g}" if number else str(value)
    return f"<td style='text-align:{'right' if number else 'left'}'>{escape(text)}</td>"
