"""Writes docs/layers.md: what becomes of each Keras layer, from the models in tests/data/zoo that real Keras saved.

    python scripts/layer_table.py

A model of the zoo is right when it predicts what Keras predicted (tests/jvm/test_import.py), or it is refused by name.
DL4J's own import is asked in a process of its own; its predictions are held against the recorded ones of Keras through
ours.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pydl4j_bridge
from pydl4j_bridge.compare import Report
from pydl4j_bridge.errors import UnsupportedLayer
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.translate import bind_weights, translate
from pydl4j_bridge.translate.losses import NOT_COMPILED
from pydl4j_bridge.translate.support import importable

ROOT = Path(__file__).parents[1]
ZOO = ROOT / "tests" / "data" / "zoo"
HEAD = """# Layers

Made by `scripts/layer_table.py` from the small models in `tests/data/zoo`, which Keras 3 and tf_keras saved. Bridge:
how many models are right, that is the imported model predicts what Keras predicted, within 1e-5 of the largest value,
and how many are refused by name before the JVM starts, with the reason in the last column. Native: what DL4J's own
import does with the same files: right, wrong in silence, or refused (it cannot be imported, it cannot predict, it
hangs or it crashes).

A model with several layers counts for each of them.

| Keras layer | bridge: right | refused | native: right | wrong | refused | what the bridge refuses |
|---|---|---|---|---|---|---|
"""


@dataclass
class Row:
    """What the bridge does with the models that have one layer."""

    right: int = 0
    refused: int = 0
    reasons: set[str] = field(default_factory=set)


def main() -> None:
    """Import every model of the zoo natively, and write the table."""
    native: dict[str, Counter[str]] = defaultdict(Counter)
    ours, layers_of = bridge()
    for path, report in pydl4j_bridge.check_many(layers_of):
        for layer in layers_of[path]:
            native[layer][_native(report)] += 1
    lines = [
        f"| {layer} | {row.right} | {row.refused} | {native[layer]['right']} | {native[layer]['wrong']} | "
        f"{native[layer]['refused']} | {'; '.join(sorted(row.reasons))} |"
        for layer, row in sorted(ours.items())
        if layer
    ]
    (ROOT / "docs" / "layers.md").write_text(HEAD + "\n".join(lines) + "\n")


def bridge() -> tuple[dict[str, Row], dict[str, set[str]]]:
    """Layer → what the bridge does with it, and model → its layers. Needs no JVM: what is refused, is before it."""
    rows: dict[str, Row] = defaultdict(Row)
    layers_of: dict[str, set[str]] = {}
    for case, entry in json.loads((ZOO / "cases.json").read_text())["cases"].items():
        for path in (str(ZOO / f"{case}.{container}") for container in entry["containers"]):
            refused = _refused(path)
            layers_of[path] = set(entry["layers"]) | refused.keys()
            for layer in layers_of[path]:
                rows[layer].right += not refused
                rows[layer].refused += layer in refused
                rows[layer].reasons |= refused.get(layer, set())
    return rows, layers_of


def _refused(path: str) -> dict[str, set[str]]:
    """Layer → why, of a model that is refused."""
    file, why = read(path), defaultdict(set)
    try:
        with open_model(path, file.container, file.model_config) as contents:
            weights = bind_weights(contents)
            translate(contents, weights, importable(file), NOT_COMPILED, None, lambda *_: None, file.backend)
    except UnsupportedLayer as error:
        for line in error.layers:
            what, _, reason = line.partition(": ")
            why[what.partition("(")[2].partition(")")[0]].add(reason.partition(",")[0])
    return why


def _native(report: object) -> str:
    """What the native import made of a file. Our own network is Keras's: a test says so."""
    if not isinstance(report, Report):
        return "refused"
    return {"same": "right", "differ": "wrong"}.get(report.predictions.status, "refused")


if __name__ == "__main__":
    main()
