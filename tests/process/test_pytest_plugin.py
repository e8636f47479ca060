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


def test_stored_compared_and_reported(project):
    """Without expectations it fails, --dl4j-regen stores them, and then it passes: without xdist, and with 0 and 2."""
    missing = run(project)
    missing.assert_outcomes(failed=2, passed=1)
    missing.stdout.fnmatch_lines(["*nothing is stored for *"])
    stored = run(project, "--dl4j-regen", "-n", "2")
    stored.assert_outcomes(passed=3)
    stored.stdout.fnmatch_lines(["dl4j: 0 compared, 0 of them differ, 2 stored anew"])
    for workers in (), ("-n", "0"), ("-n", "2"):
        again = run(project, "--dl4j-report", "out/report", *workers)
        again.assert_outcomes(passed=3)
        assert again.ret == 0
        again.stdout.fnmatch_lines(["dl4j: 2 compared, 0 of them differ"])
        report = project.path / "out" / "report.json"
        models = json.loads(report.read_text())["models"]
        assert [(one["model"], one["status"]) for one in models] == [
            ("adam.keras", "passed"),
            ("chain.keras", "passed"),
        ]
        assert {"losses", "output 0", "layer dense"} <= {row["name"] for row in models[0]["arrays"]}
        page = report.with_suffix(".html").read_text()
        assert "2 models, 0 differ" in page
        assert "http" not in page
        report.unlink()


def test_what_differs_is_a_table_and_no_traceback(project):
    """An array that changed is named with its size; tolerances are by ini, by test and by array."""
    project.makepyfile(
        test_models="""
        def test_model(dl4j_regression):
            dl4j_regression.check("chain.keras")

        def test_tolerance(dl4j_regression):
            dl4j_regression.check("chain.keras", tolerance=1e-2)

        def test_tolerances(dl4j_regression):
            dl4j_regression.check("chain.keras", tolerances={"layer lstm": 1e-2})
        """
    )
    run(project, "--dl4j-regen").assert_outcomes(passed=3)
    for path in (project.path / "dl4j_expected" / "test_models").glob("*.npz"):
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


def test_a_test_that_kills_its_process_is_a_failure(project):
    """Marked, it runs in a process of its own: the others go on, and the signal is named."""
    project.makepyfile(
        test_models="""
        import os
        import pytest

        @pytest.mark.dl4j_isolated
        def test_killer():
            os.kill(os.getpid(), 9)

        @pytest.mark.dl4j_isolated(time_limit=60)
        def test_fine(dl4j_regression):
            dl4j_regression.check("chain.keras")

        @pytest.mark.dl4j_isolated
        def test_skipped():
            pytest.skip("for a reason")

        @pytest.mark.dl4j_isolated(time_limit=0.2)
        def test_slow():
            pass

        def test_other():
            assert "JPype" not in __import__("sys").modules
        """
    )
    project.makeini("[pytest]\naddopts = -n 2")
    result = project.runpytest_subprocess("-p", "no:cacheprovider", "--dl4j-regen", "-rs")
    result.assert_outcomes(failed=2, passed=2, skipped=1)
    result.stdout.fnmatch_lines(["*ended by signal 9*"])
    result.stdout.fnmatch_lines(["*did not end within 0.2 seconds*"])
    result.stdout.fnmatch_lines(["dl4j: 0 compared, 0 of them differ, 1 stored anew", "SKIPPED * for a reason"])


def test_an_isolated_failure_shows_its_table_and_is_in_the_report(project):
    """What a test in a process of its own compares is counted like any other's, with the settings of the command."""
    project.makepyfile(
        test_models="""
        import pytest

        @pytest.mark.dl4j_isolated
        def test_model(dl4j_regression):
            dl4j_regression.check("chain.keras", steps=0)
        """
    )
    failed = run(project, "--dl4j-report", "report", "-o", "dl4j_tolerance=1e-3")
    failed.assert_outcomes(failed=1)
    failed.stdout.fnmatch_lines(["nothing is stored for chain.keras *"])
    failed.stdout.no_fnmatch_line("*Traceback*")
    models = json.loads((project.path / "report.json").read_text())["models"]
    assert [(one["model"], one["status"], one["why"]) for one in models] == [
        ("chain.keras", "failed", "nothing is stored")
    ]


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
