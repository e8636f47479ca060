"""The tables of docs/ that the code makes are what it makes today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(autouse=True)
def _scripts(monkeypatch):
    """The scripts that write the pages can be imported."""
    monkeypatch.syspath_prepend(str(DOCS.parent / "scripts"))


def test_the_optimizers_are_those_of_the_rules():
    """scripts/optimizer_table.py would write the page as it is."""
    import optimizer_table

    assert (DOCS / "optimizers.md").read_text("utf-8") == optimizer_table.page()


def test_the_layers_are_those_of_the_zoo():
    """What scripts/layer_table.py would write of the bridge; and DL4J's own import was asked of as many models."""
    import layer_table

    ours, layers_of = layer_table.bridge()
    page = (DOCS / "layers.md").read_text("utf-8")
    rows = {
        row[0]: row[1:] for row in re.findall(r"^\| ([\w.]+) \|" + r" (\d+) \|" * 5 + r" (.*) \|$", page, re.MULTILINE)
    }
    assert {layer: (right, refused, reasons) for layer, (right, refused, *_, reasons) in rows.items()} == {
        layer: (str(row.right), str(row.refused), "; ".join(sorted(row.reasons)))
        for layer, row in ours.items()
        if layer
    }
    asked = {layer: sum(map(int, native)) for layer, (_, _, *native, _) in rows.items()}
    assert asked == {layer: sum(layer in layers for layers in layers_of.values()) for layer in rows}
