"""The sizes of deviations that findings name are those of docs/training.md, which real trainings were measured for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pydl4j_bridge.kerasfile import Optimizer
from pydl4j_bridge.mapping import map_optimizer
from pydl4j_bridge.mapping.rules import RULES, Measured

DOCS = Path(__file__).parents[2] / "docs" / "training.md"
MEASURED = sorted(
    {
        deviation.measured
        for rule in RULES.values()
        for form in rule.forms
        for deviation in (*(near for nears in form.near.values() for near in nears), *form.lost.values())
        if deviation.measured is not None
    },
    key=lambda measured: measured.case,
)


@pytest.mark.parametrize("measured", MEASURED, ids=lambda measured: measured.case)
def test_the_size_is_that_of_the_table(measured: Measured):
    """In the column of ND4J's rule, for the first dialect that has the case."""
    row = re.search(rf"^\| [\w-]+/{re.escape(measured.case)}\.\w+ \| \S+ \| (\S+) \|", DOCS.read_text(), re.MULTILINE)
    assert row is not None
    assert float(row[1]) == pytest.approx(measured.difference, rel=0.05)


def test_a_finding_says_the_size():
    """Behind the reason, with the place where it was measured."""
    spec = map_optimizer(Optimizer("SGD", {"lr": 0.1, "momentum": 0.9}, "keras-2"))
    (why,) = (finding.why for finding in spec.findings if finding.key == "nesterov")
    assert why.endswith("measured: 3e-02 of the largest weight after 100 steps (sgd-momentum in docs/training.md)")
