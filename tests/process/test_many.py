"""Many models verified by a pool of processes, some of which are killed, and by dask."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from pydl4j_bridge.cli import cli
from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.jvm.worker import Worker
from pydl4j_bridge.many import check_in_processes, convert_in_processes, verify_in, verify_many
from pydl4j_bridge.pool import ModelResult, memory_of
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
    made = CliRunner().invoke(cli, [*run, "--html", str(tmp_path / "page.html")], standalone_mode=False)
    assert made.return_value == 0
    assert "same: 8" in (tmp_path / "page.html").read_text()
    assert "same         8" in made.output
    again = CliRunner().invoke(cli, [*run, "--against", str(tmp_path / "r.jsonl"), "--json"], standalone_mode=False)
    assert (again.return_value, json.loads(again.stdout)["changes"]) == (0, [])
    named = [path for path in models if "none" in path]
    outcomes = [ModelResult(path, "refused", "NotAKerasFile: no") for path in named]
    outcomes += [ModelResult("m", "differs", "LSTM differs"), ModelResult("n", "same")]
    assert causes(outcomes) == [("refused", "NotAKerasFile: no", named), ("differs", "LSTM differs", ["m"])]


def test_dask_does_the_same(models, tmp_path):
    """On a LocalCluster with two processes; ``convert`` and ``check`` go there as well."""
    distributed = pytest.importorskip("distributed", reason="dask is an extra: pip install 'pydl4j-bridge[dask]'")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, env=environment
    ) as cluster:
        address = cluster.scheduler_address
        assert statuses(verify_many(models, expected="{stem}.npz", dask=address)) == EXPECTED
        there = {"time_limit": 60.0, "workers": 1, "dask": address}
        targets = {path: f"{path}.zip" for path in models[:3]}
        converted = statuses(convert_in_processes(targets, verify=True, **there))
        assert converted == {Path(path).name: EXPECTED[Path(path).name] for path in targets}
        ((entry),) = check_in_processes([models[1]], **there)
        assert entry["verdict"] == "no-optimizer"


def test_a_dask_worker_that_is_killed_loses_nothing(models, tmp_path):
    """Of a scheduler with two worker processes, in mid-run: each model is in the results, and once."""
    pytest.importorskip("distributed", reason="dask is an extra: pip install 'pydl4j-bridge[dask]'")
    where, kept = tmp_path / "scheduler.json", tmp_path / "r.jsonl"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    def dask(*arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(where), "--no-dashboard"]
        return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

    running = [dask("scheduler", "--port", "0")]
    try:
        running += [dask("worker", "--nthreads", "1", "--no-nanny") for _ in range(2)]
        deadline = time.monotonic() + 60
        while not where.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        address = json.loads(where.read_text())["address"]
        results = []
        for result in verify_many(models, expected="{stem}.npz", results=kept, dask=address):
            results.append(result)
            if len(results) == 3:
                running[1].kill()
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert statuses(results) == EXPECTED == statuses(read_results(kept))


def test_ctrl_c_ends_the_run_and_leaves_no_process(models, tmp_path):
    """What was done is kept, no worker process outlives the command, and the same command goes on."""
    kept = tmp_path / "r.jsonl"
    run = ["verify", *models, "--expected", "{stem}.npz", "--results", str(kept), "--json"]
    command = [sys.executable, "-m", "pydl4j_bridge", *run]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 60
        while (not kept.exists() or kept.read_text().count("\n") < 3) and time.monotonic() < deadline:
            time.sleep(0.01)
        workers = subprocess.run(["pgrep", "-P", str(running.pid)], capture_output=True, text=True).stdout.split()
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=30) == 130
    assert workers
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    done = {result.path: result for result in read_results(kept)}
    assert 2 <= len(done) < len(models)
    made = CliRunner().invoke(cli, run, standalone_mode=False)
    again = {one["path"]: one for one in json.loads(made.stdout)["models"]}
    assert list(again) == models
    assert all(again[path]["seconds"] == result.seconds for path, result in done.items())


def test_a_process_has_a_bound_of_memory(models):
    """What does not fit is an error of that model, and a process that keeps too much is replaced."""
    small, enough = 100 * 2**20, 2 * 2**30
    with Worker(60.0, memory=small) as worker:
        result = verify_in(worker, models[0], "{stem}.npz")
        assert (result.status, result.cause.partition(":")[0]) == ("refused", "JavaError")
    with Worker(60.0, memory=enough) as worker:
        assert verify_in(worker, models[0], "{stem}.npz").status == "same"
        worker.shrink()
        assert worker.pid
        worker.memory = small
        worker.shrink()
        assert worker.pid is None


def test_what_one_process_may_have():
    """As it is said; or half of the machine's, divided."""
    assert memory_of(1.5, 4) == 1.5 * 2**30
    assert memory_of(None, 1) == pytest.approx(2 * memory_of(None, 2), abs=2)
    assert 2**28 < memory_of(None, 1) <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
