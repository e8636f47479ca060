"""The pytest plugin, driven through pytester: in one process, with xdist, and where a model kills the JVM."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest_plugins = ["pytester"]

DATA = Path(__file__).parents[1] / "data"
TEST = """
import pytest

@pytest.mark.parametrize("name", ["adam.keras", "chain.keras"])
def test_model(dl4j_regression, name):
    dl4j_regression.check(name)

def test_fixtures(dl4j, keras_model):
    assert keras_model("chain.keras", optimizer=False).predict([[[0.0] * 3] * 7]).shape == (1, 2)
"""


@pytest.fixture
def project(pytester) -> pytest.Pytester:
    """A folder with a test of two models, whose expectations are not stored yet."""
    shutil.copy(DATA / "training" / "keras3" / "adam.keras", pytester.path)
    shutil.copy(DATA / "verify" / "chain.keras", pytester.path)
    pytester.makepyfile(test_models=TEST)
    return pytester


def run(project, *arguments: str):
    """A pytest of its own, with all of pytest's own plugins, faulthandler among them."""
    return project.runpytest_subprocess("-p", "no:cacheprovider", "-o", "addopts=", *arguments)


@pytest.mark.parametrize("workers", [[], ["-n", "0"], ["-n", "2"]], ids=["off", "0", "2"])
def test_stored_compared_and_reported(project, workers):
    """Without expectations it fails, --dl4j-regen stores them, and then it passes; the report has all models."""
    if not workers:
        missing = run(project)
        missing.assert_outcomes(failed=2, passed=1)
        missing.stdout.fnmatch_lines(["*nothing is stored for *"])
    stored = run(project, "--dl4j-regen", *workers)
    stored.assert_outcomes(passed=3)
    stored.stdout.fnmatch_lines(["dl4j: 0 compared, 0 of them differ, 2 stored anew"])
    again = run(project, "--dl4j-report", "out/report", *workers)
    again.assert_outcomes(passed=3)
    assert again.ret == 0
    again.stdout.fnmatch_lines(["dl4j: 2 compared, 0 of them differ"])
    models = json.loads((project.path / "out" / "report.json").read_text())["models"]
    assert [(one["model"], one["status"]) for one in models] == [("adam.keras", "passed"), ("chain.keras", "passed")]
    assert {"losses", "output 0", "layer dense"} <= {row["name"] for row in models[0]["arrays"]}
    page = (project.path / "out" / "report.html").read_text()
    assert "2 models, 0 differ" in page
    assert "http" not in page


def test_what_differs_is_a_table_and_no_traceback(project):
    """An array that changed is named with its size; tolerances are by ini, by test and by array."""
    run(project, "--dl4j-regen").assert_outcomes(passed=3)
    path = next((project.path / "dl4j_expected" / "test_models").glob("*chain*.npz"))
    with np.load(path) as arrays:
        changed = {name: array * (1.001 if name == "layer lstm" else 1) for name, array in arrays.items()}
    np.savez(path, **changed)
    failed = run(project)
    failed.assert_outcomes(failed=1, passed=2)
    failed.stdout.fnmatch_lines(
        ["chain.keras does not compute what was stored", "  layer lstm  1.0e-03 off, tolerance 5e-05"]
    )
    failed.stdout.no_fnmatch_line("*Traceback*")
    failed.stdout.no_fnmatch_line("*regression.py*")
    run(project, "-o", "dl4j_tolerance=1e-2").assert_outcomes(passed=3)
    project.makepyfile(test_models=TEST.replace("check(name)", 'check(name, tolerances={"layer lstm": 1e-2})'))
    run(project).assert_outcomes(passed=3)


def test_a_test_that_kills_its_process_is_a_failure(project):
    """Marked, it runs in a process of its own: the others go on, and the signal is named."""
    project.makepyfile(
        test_models="""
        import os
        import pytest

        @pytest.mark.dl4j_isolated
        def test_killer(dl4j):
            os.kill(os.getpid(), 9)

        @pytest.mark.dl4j_isolated(time_limit=60)
        def test_fine(keras_model):
            assert keras_model("chain.keras").notes

        @pytest.mark.dl4j_isolated(time_limit=0.2)
        def test_slow():
            pass

        def test_other():
            assert "JPype" not in __import__("sys").modules
        """
    )
    result = run(project)
    result.assert_outcomes(failed=2, passed=2)
    result.stdout.fnmatch_lines(["*ended by signal 9*", "*did not end within 0.2 seconds*"])


def test_nothing_of_ours_is_loaded_until_it_is_used(project):
    """Neither JPype nor numpy, in a session that has the plugin and does not use it."""
    project.makepyfile(
        test_models="""
        import sys

        def test_loaded():
            assert not {"jpype", "numpy", "h5py", "pydl4j_bridge.bridge"} & set(sys.modules)
        """
    )
    run(project).assert_outcomes(passed=1)
