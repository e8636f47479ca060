"""The worker process with real imports: it answers, it hangs, it dies, and the caller lives."""

import os
import shutil
import signal
from pathlib import Path

import h5py
import pytest

import pydl4j_bridge
from pydl4j_bridge.bridge import check_files
from pydl4j_bridge.compare import Verdict
from pydl4j_bridge.errors import WorkerCrashed, WorkerTimeout
from pydl4j_bridge.jvm.worker import Worker

DATA = Path(__file__).parents[1] / "data"
ADAM = str(DATA / "tfkeras-legacy" / "adam.h5")
REQUEST = {"path": ADAM, "entry": "sequential", "enforce_training_config": True}


@pytest.fixture
def worker():
    """A worker that is ended after the test."""
    with Worker(time_limit=60) as made:
        yield made


def process_of(worker: Worker) -> int:
    """The id of the process that the worker runs."""
    assert worker.pid is not None
    return worker.pid


def test_it_imports(worker):
    """A request is answered with the updater of every layer."""
    answer = worker.request("native", **REQUEST)
    assert answer["status"] == "imported"
    assert {"org.nd4j.linalg.learning.config.Adam"} == {spec["class"] for spec in answer["updaters"].values()}


def test_one_process_serves_many_requests(worker):
    """Java starts once."""
    worker.request("native", **REQUEST)
    before = process_of(worker)
    worker.request("native", **REQUEST)
    assert (before, 1) == (process_of(worker), worker.generation)


def test_a_process_that_stands_still_is_ended(worker):
    """A time limit ends a process that does not answer, and the next request gets a new one."""
    worker.request("native", **REQUEST)
    stopped = process_of(worker)
    os.kill(stopped, signal.SIGSTOP)
    worker.time_limit = 1.0
    with pytest.raises(WorkerTimeout, match="within 1 seconds"):
        worker.request("native", **REQUEST)
    assert not Path(f"/proc/{stopped}").exists()
    worker.time_limit = 60.0
    assert worker.request("native", **REQUEST)["status"] == "imported"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV])
def test_a_process_that_dies_is_reported(worker, how):
    """The error says what ended the process, and the next request gets a new one."""
    worker.request("native", **REQUEST)
    os.kill(process_of(worker), how)
    with pytest.raises(WorkerCrashed, match="worker"):
        worker.request("native", **REQUEST)
    assert worker.request("native", **REQUEST)["status"] == "imported"


def test_a_process_that_died_between_requests_is_reported(worker):
    """The request that it does not take is lost with it, and the next one is answered by another process."""
    worker.request("native", **REQUEST)
    os.kill(process_of(worker), signal.SIGKILL)
    os.waitid(os.P_PID, process_of(worker), os.WEXITED | os.WNOWAIT)
    with pytest.raises(WorkerCrashed, match="SIGKILL"):
        worker.request("native", **REQUEST)
    assert worker.request("native", **REQUEST)["status"] == "imported"


def test_closing_leaves_no_process():
    """After the with block there is nothing left."""
    with Worker(time_limit=60) as worker:
        worker.request("native", **REQUEST)
        pid = process_of(worker)
    assert not Path(f"/proc/{pid}").exists()


class Mortal(Worker):
    """A worker whose process is killed just before it gets its next requests of a kind, as many times as asked."""

    deaths = 0
    dies_of = "native"

    def request(self, operation, **arguments):
        """Kill, then ask."""
        if operation == self.dies_of and self.deaths:
            self.deaths -= 1
            os.kill(process_of(self), signal.SIGKILL)
        return super().request(operation, **arguments)


def test_a_crash_in_a_fresh_process_is_the_files():
    """The first file of a process has nobody else to blame: the verdict is native-crashed, with our updater."""
    with Mortal(time_limit=60) as worker:
        worker.deaths = 1
        ((_, report),) = check_files([ADAM], worker)
    assert report.verdict == Verdict.NATIVE_CRASHED
    assert report.updater.updater == "Adam"
    assert report.native_not_enforced.status == "not-run"


def test_a_crash_in_a_used_process_is_tried_again():
    """A process that has imported other files may die of them: only a fresh one tells."""
    with Mortal(time_limit=60) as worker:
        results = check_files([ADAM, ADAM], worker)
        assert next(results)[1].verdict == Verdict.AGREE
        worker.deaths = 1
        assert next(results)[1].verdict == Verdict.AGREE
        assert worker.generation == 2


def test_both_imports_predict_the_same():
    """The report says so, with how far they are apart; where the native import refuses a file, that they were not."""
    with Worker(time_limit=60) as worker:
        results = dict(check_files([ADAM, str(DATA / "keras3" / "adam.keras")], worker))
    same, refused = (report.predictions for report in results.values())
    assert (same.status, same.why) == ("same", "")
    assert same.difference < 1e-6
    assert (refused.status, refused.difference, refused.why) == ("not-compared", None, "there is no native network")


def test_predictions_that_differ_are_reported_and_nobody_is_blamed():
    """The native import of this file predicts something else; the report says how much and not who errs."""
    report = pydl4j_bridge.check(DATA / "zoo" / "tfkeras" / "shared-dense.h5")
    assert report.predictions.status == "differ"
    assert report.predictions.difference > 0.1
    assert report.to_dict()["predictions"] == report.predictions.to_dict()


def test_embeddings_get_indices_that_they_have():
    """Others would be an error of Java's, and nothing would be compared."""
    report = pydl4j_bridge.check(DATA / "zoo" / "tfkeras" / "embedding-lstm.h5")
    assert report.predictions.status == "same"


def test_a_layer_that_we_refuse_is_why_nothing_is_compared(tmp_path):
    """The native import takes this file, and forgets that its layer is stateful."""
    path = tmp_path / "stateful.h5"
    shutil.copy(DATA / "zoo" / "tfkeras" / "lstm-sequences.h5", path)
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace('"stateful": false', '"stateful": true')
    report = pydl4j_bridge.check(path)
    assert report.native_not_enforced.status == "imported"
    assert report.predictions.status == "not-compared"
    assert "stateful=True" in report.predictions.why


@pytest.mark.parametrize("who", ["predict_bridge", "predict_native"])
def test_a_network_that_kills_its_process_when_it_predicts_is_named(who):
    """The updaters are compared all the same, in another process."""
    with Mortal(time_limit=60) as worker:
        worker.dies_of, worker.deaths = who, 1
        ((_, report),) = check_files([ADAM], worker)
    whose = "our network" if who == "predict_bridge" else "the native network"
    assert report.predictions.why == f"{whose} kills its process when it predicts"
    assert (report.verdict, report.native_not_enforced.status) == (Verdict.AGREE, "imported")


def test_a_prediction_that_kills_a_used_process_is_tried_in_a_fresh_one():
    """Which imports the file again; another file may have been to blame."""
    with Mortal(time_limit=60) as worker:
        results = check_files([ADAM, ADAM], worker)
        next(results)
        worker.dies_of, worker.deaths = "predict_native", 1
        assert next(results)[1].predictions.status == "same"
        assert worker.generation == 2


def test_a_hang_is_a_verdict():
    """An import that does not end within the limit is native-hung, with our updater."""
    with Worker(time_limit=60) as worker:
        worker.request("native", **REQUEST)
        worker.time_limit = 0.001
        fresh = str(DATA / "tfkeras-legacy" / "lstm-adam.h5")
        ((_, report),) = check_files([fresh], worker)
    assert report.verdict == Verdict.NATIVE_HUNG
    assert report.built.updater == "Adam"


def test_check_of_one_file():
    """The public verb: one file, one report."""
    report = pydl4j_bridge.check(ADAM)
    assert report.verdict == Verdict.AGREE
    assert report.built == pydl4j_bridge.UpdaterSpec(report.updater.updater, report.updater.fields)
    assert next(iter(report.native_not_enforced.updaters.values())).updater == "Sgd"
