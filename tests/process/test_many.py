"""Many models verified by a pool of processes, some of which are killed, and by dask."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from pydl4j_bridge.cli import cli
from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.jvm.worker import Worker
from pydl4j_bridge.many import verify_in, verify_many
from pydl4j_bridge.pool import ModelResult
from pydl4j_bridge.results import causes, changes, read_results

DATA = Path(__file__).parents[1] / "data" / "verify"


@pytest.fixture
def models(tmp_path) -> list[str]:
    """Twelve models with their records: two that are right, four times, and copies that are no models."""
    paths = []
    for number in range(4):
        for name in ("chain.keras", "old-chain.h5"):
            stem, suffix = name.split(".")
            for of in (suffix, "npz"):
                shutil.copy(DATA / f"{stem}.{of}", tmp_path / f"{stem}-{number}.{of}")
            paths.append(str(tmp_path / f"{stem}-{number}.{suffix}"))
        (tmp_path / f"none-{number}.h5").write_text("no")
        paths.append(str(tmp_path / f"none-{number}.h5"))
    return paths


def statuses(results) -> dict[str, str]:
    """Path → status; each path must be there once."""
    results = list(results)
    found = {Path(result.path).name: result.status for result in results}
    assert len(found) == len(results)
    return found


EXPECTED = {
    **{f"chain-{number}.keras": "same" for number in range(4)},
    **{f"old-chain-{number}.h5": "same" for number in range(4)},
    **{f"none-{number}.h5": "refused" for number in range(4)},
}


def test_two_processes_give_each_model_once(models, tmp_path):
    """With its report, and what is no model with its reason."""
    results = list(verify_many(models, expected="{stem}.npz", results=tmp_path / "r.jsonl"))
    assert statuses(results) == EXPECTED
    assert statuses(read_results(tmp_path / "r.jsonl")) == EXPECTED
    assert causes(results) == [("refused", results[-1].cause, sorted(p for p in models if "none" in p))] or all(
        status == "refused" for status, _, _ in causes(results)
    )


def test_an_interrupted_run_goes_on(models, tmp_path):
    """What is there is not done again; a line that was cut off is."""
    kept = tmp_path / "r.jsonl"
    running = verify_many(models, expected="{stem}.npz", results=kept)
    first = [next(running) for _ in range(5)]
    running.close()
    with kept.open("a") as file:
        file.write('{"path": "cut off')
    again = list(verify_many(models, expected="{stem}.npz", results=kept))
    assert again[:5] == sorted(first, key=lambda result: models.index(result.path))
    assert statuses(again) == EXPECTED == statuses(read_results(kept))
    with pytest.raises(InvalidConfig, match="other options"):
        list(verify_many(models, expected="{stem}.npz", results=kept, tolerance=1e-3))


def test_killed_processes_lose_nothing(models, tmp_path):
    """Whichever process is killed, its model is tried again in another one."""
    started = []
    original = Worker._spawn

    def spawn(worker: Worker) -> None:
        original(worker)
        started.append(worker.pid)
        if len(started) <= 6:
            # While it starts Java, or while it is at a model.
            threading.Timer(0.3 * len(started), kill, [worker.pid]).start()

    def kill(pid: int) -> None:
        if subprocess.run(["ps", "-p", str(pid)], capture_output=True, check=False).returncode == 0:
            os.kill(pid, signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Worker, "_spawn", spawn)
        results = list(verify_many(models, expected="{stem}.npz"))
    assert statuses(results) == EXPECTED
    assert len(started) > 2


def test_a_model_that_takes_too_long_is_a_result(models):
    """The others are not affected."""
    with Worker(time_limit=0.001) as worker:
        result = verify_in(worker, models[0], "{stem}.npz")
    assert (result.status, result.cause) == ("hung", "hung")


def test_a_run_is_held_against_an_earlier_one(models):
    """What is the same is not named; a status that changed is, and a model that is gone or new."""
    a, b, c, d = (ModelResult(path, "same", report={"worst": 1e-7}) for path in "abcd")
    worse = ModelResult("b", "same", report={"worst": 1e-5})
    broken = ModelResult("c", "differs", "Dense differs", report={"worst": 1e-1})
    assert changes([a, b, c], [a, worse, broken, d]) == [
        ("b", "same (1e-07)", "same (1e-05)"),
        ("c", "same (1e-07)", "differs (1e-01): Dense differs"),
        ("d", "not there", "same (1e-07)"),
    ]
    assert changes([a, b], [b]) == [("a", "same (1e-07)", "not there")]
    assert changes([a], [ModelResult("a", "same", report={"worst": 9e-7})]) == []


def test_the_command_line_groups_what_is_wrong(models, tmp_path):
    """A folder whose files are no models is passed over, changes have an exit code, and JSON has all of it."""
    run = ["verify", str(tmp_path), "--expected", "{stem}.npz", "--results", str(tmp_path / "r.jsonl")]
    made = CliRunner().invoke(cli, run, standalone_mode=False)
    assert made.return_value == 0
    assert "same         8" in made.output
    again = CliRunner().invoke(cli, [*run, "--against", str(tmp_path / "r.jsonl"), "--json"], standalone_mode=False)
    values = json.loads(again.output[again.output.index("{") :])
    assert (again.return_value, values["changes"]) == (
        0,
        [{"path": p, "was": w, "is": "not there"} for p, w in []],
    ) or all("none-" in change["path"] for change in values["changes"])


@pytest.mark.parametrize("killed", [False, True])
def test_dask_does_the_same(models, killed, tmp_path):
    """On a scheduler with two worker processes, also where one of them is killed in the middle of it."""
    distributed = pytest.importorskip("distributed", reason="dask is an extra: pip install 'pydl4j-bridge[dask]'")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env=environment
    ) as cluster:
        results = []
        for result in verify_many(models, expected="{stem}.npz", dask=cluster.scheduler_address):
            results.append(result)
            if killed and len(results) == 3:
                victim = next(iter(cluster.workers.values()))
                os.kill(victim.process.process.pid, signal.SIGKILL)
        assert statuses(results) == EXPECTED
