"""The notebooks run from the first cell to the last in a real kernel, and show what they promise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
#: What has to be somewhere in the outputs, as text or as HTML.
PROMISED = {
    "1-what-became-of-the-optimizer": [
        "momentum=0.5",
        "org.pydl4j.updaters.KerasRmsProp",
        "confusion matrix",
        "H5Fopen",
    ],
    "2-train-on-where-keras-stopped": ["image/png", "steps: 180  the same weights: True"],
    "3-build-a-network": ["near: activation", "image/png", "confusion matrix", "backprop"],
    "4-a-regression-test": ["hidden", "'same', 'layers'"],
}


def outputs(notebook: Any) -> list[Any]:
    """All that the cells show."""
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.ipynb")))
def test_a_notebook_runs(name):
    """Twice, as somebody does who runs all cells again: the second time in the kernel that has run it."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells)  # what is in git is what a person wrote
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}})
    with client.setup_kernel():
        for _ in range(2):
            for index, cell in enumerate(notebook.cells):
                client.execute_cell(cell, index)
    found = outputs(notebook)
    shown = "\n".join(map(str, found))  # with the kind of each
    assert [promised for promised in PROMISED[name] if promised not in shown] == []
    assert [output.text for output in found if output.get("name") == "stderr"] == []  # red, and nothing is wrong
    if name.startswith("2"):
        largest = re.search(r"largest difference of a weight: (\S+)", shown)
        assert largest is not None
        assert float(largest[1]) < 1e-5
