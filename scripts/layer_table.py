"""Writes docs/layers.md: what becomes of each Keras layer, from the models in tests/data/zoo that real Keras saved.

    python scripts/layer_table.py

A model of the zoo is right when it predicts what Keras predicted (tests/jvm/test_import.py), or it is refused by name.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pydl4j_bridge
from pydl4j_bridge.errors import UnsupportedLayer

ROOT = Path(__file__).parents[1]
ZOO = ROOT / "tests" / "data" / "zoo"
HEAD = """# Layers

Made by `scripts/layer_table.py` from the small models in `tests/data/zoo`, which Keras 3 and tf_keras saved. Right: the
imported model predicts what Keras predicted, within 1e-5 of the largest value. All else is refused by name before the
JVM starts, with the reason in the last column. DL4J's own import reads none of the Keras 3 files.

| Keras layer | models right | refused | why |
|---|---|---|---|
"""


def main() -> None:
    """Import every model of the zoo and write the table."""
    right: dict[str, int] = defaultdict(int)
    refused: dict[str, int] = defaultdict(int)
    reasons: dict[str, set[str]] = defaultdict(set)
    for case, entry in json.loads((ZOO / "cases.json").read_text())["cases"].items():
        for container in entry["containers"]:
            why: dict[str, set[str]] = defaultdict(set)
            try:
                pydl4j_bridge.import_model(ZOO / f"{case}.{container}", optimizer=False)
            except UnsupportedLayer as error:
                for line in error.layers:
                    what, _, reason = line.partition(": ")
                    why[what.partition("(")[2].partition(")")[0]].add(reason.partition(",")[0])
            for layer in set(entry["layers"]) | why.keys():
                if not why:
                    right[layer] += 1
                elif layer in why:
                    refused[layer] += 1
                    reasons[layer] |= why[layer]
    lines = [
        f"| {layer} | {right[layer]} | {refused[layer]} | {'; '.join(sorted(reasons[layer]))} |"
        for layer in sorted(right.keys() | refused.keys())
        if layer
    ]
    (ROOT / "docs" / "layers.md").write_text(HEAD + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
