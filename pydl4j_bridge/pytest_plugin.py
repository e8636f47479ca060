"""A pytest plugin: regression tests of imported models against what was stored beside the test.

Nothing of the package is loaded, and no JVM started, until a test asks for one of the fixtures:

``dl4j``: the session's JVM. ``keras_model``: ``keras_model("m.keras")`` imports a file beside the test.
``dl4j_regression``: ``dl4j_regression.check("m.keras")`` compares predictions, layers, updaters and some steps of
training with the stored ones; ``--dl4j-regen`` stores them anew and fails nothing.

``@pytest.mark.dl4j_isolated`` runs a test in a process of its own, for models that may kill the JVM.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

#: In the process that an isolated test runs in: the file that its reports and results go to, one line of JSON each.
_INNER = "PYDL4J_PYTEST_INNER"
_RESULTS = pytest.StashKey[list[dict[str, Any]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """One group of options, and the tolerance as an ini setting."""
    group = parser.getgroup("dl4j", "models in Deeplearning4j (pydl4j-bridge)")
    group.addoption("--dl4j-regen", action="store_true", help="Store all expectations anew instead of comparing.")
    group.addoption("--dl4j-report", metavar="PATH", help="Write what was compared to PATH.html and PATH.json.")
    parser.addini("dl4j_tolerance", "Relative tolerance of dl4j_regression (default: 5e-5).", default="5e-5")


def pytest_configure(config: pytest.Config) -> None:
    """The marker, and room for results."""
    config.addinivalue_line(
        "markers", "dl4j_isolated(time_limit=120): run the test in a process of its own, with a time limit in seconds"
    )
    config.stash[_RESULTS] = []
    if os.environ.get(_INNER):
        config.pluginmanager.register(_Inner(config, Path(os.environ[_INNER])))


class _Inner:
    """Hands what an isolated test reports to the process that waits for it, as pytest-xdist's workers do."""

    def __init__(self, config: pytest.Config, path: Path) -> None:
        self._config, self._path = config, path

    def _write(self, values: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(values) + "\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """As it comes: the process may not live until the next one."""
        values = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._write({"report": values})

    def pytest_sessionfinish(self) -> None:
        """What was compared."""
        self._write({"results": self._config.stash[_RESULTS]})


@pytest.fixture(scope="session")
def dl4j() -> Any:
    """The session's JVM: what ``pydl4j_bridge.start`` gives."""
    import faulthandler

    from pydl4j_bridge import start

    # pytest's faulthandler takes the JVM's signal handler away when it ends: the process would crash at exit.
    faulthandler.disable()
    return start()


@pytest.fixture
def keras_model(dl4j: Any, request: pytest.FixtureRequest) -> Callable[..., Any]:  # noqa: ARG001 - it has to run
    """A function that imports a Keras file, named from the folder of the test, with options of ``import_model``."""
    from pydl4j_bridge import import_model

    return lambda path, **options: import_model(request.path.parent / path, **options)


@pytest.fixture
def dl4j_regression(dl4j: Any, request: pytest.FixtureRequest) -> Any:  # noqa: ARG001 - it has to run
    """Compares models with what was stored beside the test: ``dl4j_regression.check(path)``."""
    from pydl4j_bridge.regression import Regression

    config = request.config
    return Regression(
        test=request.node.name,
        file=request.path,
        regenerate=bool(config.getoption("--dl4j-regen")),
        tolerance=float(config.getini("dl4j_tolerance")),
        results=config.stash[_RESULTS],
        fail=lambda text: pytest.fail(text, pytrace=False),
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """Isolated tests run in a pytest of their own."""
    marker = item.get_closest_marker("dl4j_isolated")
    if marker is None or os.environ.get(_INNER):
        return None
    hook = item.ihook
    hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in _isolated(item, float(marker.kwargs.get("time_limit", 120.0))):
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def _isolated(item: pytest.Item, time_limit: float) -> Iterator[pytest.TestReport]:
    """The reports of a test that runs elsewhere; where its process dies, one that says so in place of those missing."""
    config, began = item.config, time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reports"
        path.touch()
        try:
            done = subprocess.run(
                [*_command(config), item.nodeid],
                cwd=config.rootpath,
                env={**os.environ, _INNER: str(path)},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=time_limit,
                check=False,
            )
            code, said = done.returncode, done.stdout + done.stderr
        except subprocess.TimeoutExpired:
            code, said = -1, f"the test did not end within {time_limit:g} seconds"
        else:
            how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            said = f"the process {how}\n{said}"
        found: dict[str, pytest.TestReport] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            values = json.loads(line)
            config.stash[_RESULTS].extend(values.get("results", ()))
            if "report" in values:
                report = config.hook.pytest_report_from_serializable(config=config, data=values["report"])
                if isinstance(report.longrepr, list):  # where and why it was skipped: JSON has no tuples
                    report.longrepr = tuple(report.longrepr)
                found[report.when] = report
    # It may also die when all is said, at exit.
    whole = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and "teardown" in found
    died = None if whole else "teardown" if "teardown" in found else "call"
    for when in ("setup", "call", "teardown"):
        if when == died:
            duration = time.perf_counter() - began
            yield _report(item, when, "failed", said, duration)
        elif when in found:
            yield found[when]
        elif died and when != "call":
            yield _report(item, when, "passed", None, 0.0)


def _report(item: pytest.Item, when: Any, outcome: Any, said: str | None, duration: float) -> pytest.TestReport:
    keywords: Any = dict.fromkeys(item.keywords, 1)
    return pytest.TestReport(item.nodeid, item.location, keywords, outcome, said, when, duration=duration)


def _command(config: pytest.Config) -> list[str]:
    """A pytest for one test, with what this one was told of settings and plugins."""
    option = config.option
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(config.rootpath)]
    # The ini file may ask for several workers.
    has_xdist = importlib.util.find_spec("xdist") is not None and not config.pluginmanager.is_blocked("xdist")
    command += ["-n0"] if has_xdist else []
    command += ["--dl4j-regen"] if option.dl4j_regen else []
    command += ["--import-mode", option.importmode]
    command += ["-c", option.inifilename] if option.inifilename else []
    for plugin in option.plugins or ():
        command += [] if plugin == "no:terminal" else ["-p", plugin]  # that is xdist's own, for its workers
    for setting in option.override_ini or ():
        command += ["-o", setting]
    return command


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist sends its results to the controller, which writes the report."""
    config = session.config
    if os.environ.get(_INNER):
        return
    if hasattr(config, "workeroutput"):
        config.workeroutput["dl4j"] = json.dumps(config.stash[_RESULTS])
        return
    path, results = config.getoption("--dl4j-report"), config.stash[_RESULTS]
    if path:
        from pydl4j_bridge.regression import write_report

        write_report(Path(path), results)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker of xdist has compared."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[_RESULTS].extend(json.loads(output.get("dl4j", "[]")))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """How many models were compared or stored."""
    results = config.stash[_RESULTS]
    if results:
        stored = sum(result["status"] == "stored" for result in results)
        failed = sum(result["status"] == "failed" for result in results)
        terminalreporter.write_line(
            f"dl4j: {len(results) - stored} compared, {failed} of them differ"
            + (f", {stored} stored anew" if stored else "")
        )
