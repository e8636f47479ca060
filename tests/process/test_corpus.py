"""Files that Keras 1, 2 and tf.keras wrote long ago, from a public corpus that is not part of this project.

Skipped where the corpus is not there: PYDL4J_CORPUS names its folder.
"""

import importlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pydl4j_bridge
from pydl4j_bridge.compare import Verdict
from pydl4j_bridge.compare.layers import Recorded
from pydl4j_bridge.errors import BridgeError, NotAKerasFile
from pydl4j_bridge.kerasfile import find_models, read
from pydl4j_bridge.mapping import map_optimizer
from pydl4j_bridge.oracles import Oracle

#: At least so many records of the corpus are right; the rest is refused by name. Raise it when more are.
RIGHT = 400


def test_every_file_is_read_and_mapped(corpus):
    """Each model file is read; each optimizer is mapped without a loss; every key of its config has a finding."""
    counts: Counter[str] = Counter()
    for path, _ in find_models([str(corpus)]):
        try:
            file = read(path)
        except NotAKerasFile:
            assert path.endswith("inputs_and_outputs.h5")
            continue
        if file.optimizer is None:
            counts[file.reason.value] += 1
            continue
        spec = map_optimizer(file.optimizer)
        assert set(file.optimizer.config) <= {finding.key for finding in spec.findings}
        counts["mapped"] += 1
    assert counts["mapped"] > 150
    assert counts.keys() == {"mapped", "not-compiled", "weights-only", "config-only"}


def test_native_imports_are_explained(corpus):
    """A file per optimizer and version of Keras: nothing is unexplained, and the quirks are the known ones."""
    files = sorted((corpus / "dl4j-test-resources" / "keras" / "optimizers").glob("*.h5"))
    found = dict(pydl4j_bridge.check_many(files))
    assert not any(isinstance(result, BridgeError) for result in found.values())
    verdicts = {Path(path).stem: report.verdict for path, report in found.items()}
    assert Verdict.UNEXPLAINED not in verdicts.values()
    expected = {
        "sgd": Verdict.EXPLAINED,
        "nadam": Verdict.EXPLAINED,
        "adagrad": Verdict.NATIVE_REFUSED,
        "adam": Verdict.AGREE,
        "adamax": Verdict.AGREE,
        "adadelta": Verdict.AGREE,
        "rmsprop": Verdict.AGREE,
    }
    assert {name: verdicts[name] for name in expected} == expected


def run_corpus_script(corpus, *arguments):
    """What scripts/corpus.py prints with --json, and its exit code."""
    script = Path(__file__).parents[2] / "scripts" / "corpus.py"
    done = subprocess.run(
        [sys.executable, script, "--json", *arguments],
        env={**os.environ, "PYDL4J_CORPUS": str(corpus)},
        stdout=subprocess.PIPE,
        check=False,
    )
    return json.loads(done.stdout), done.returncode


def test_imported_models_predict_what_keras_predicts(corpus):
    """Every model with recorded outputs is right within 3e-5 or refused by name; layers give what Keras's gave."""
    found, code = run_corpus_script(corpus)
    assert code == 0
    counts = Counter(result["verdict"] for result in found["results"])
    assert counts.keys() <= {"right", "near", "refused"}
    assert counts["right"] >= RIGHT
    assert all(result["error"] <= 3e-5 for result in found["results"] if result["verdict"] == "near")
    assert all(result["reasons"] for result in found["results"] if result["verdict"] == "refused")
    assert found["layers"]["compared"] == found["layers"]["right"] > 50


def test_verify_names_no_layer_that_is_right(corpus, monkeypatch):
    """Every model with recorded activations: all layers that are recorded are compared, and none differs."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "scripts"))
    records = importlib.import_module("corpus")
    models, layers = 0, 0
    for model, record in records.find(corpus):
        if not record.endswith("inputs_and_outputs.h5"):
            continue
        found = records.read_record(record)
        activations = {name: Recorded(values.shape, values) for name, values in found.activations.items()}
        oracle = Oracle("recorded", tuple(found.inputs), tuple(found.outputs), activations)
        report = pydl4j_bridge.verify(model, expected=oracle)
        assert report.equal, str(report)
        assert not any(layer.not_compared for layer in report.layers), str(report)
        models, layers = models + 1, layers + len(report.layers)
    assert (models, layers) == (45, 54)


def test_a_model_without_an_answer_in_time_is_counted_as_a_hang(corpus):
    """With no time at all every model hangs: each is counted, and the next one gets a fresh process."""
    found, code = run_corpus_script(corpus, "--only", "LU_0", "--time-limit", "0")
    assert [result["verdict"] for result in found["results"]] == ["hang"] * len(found["results"])
    assert len(found["results"]) > 1
    assert code == 1


def test_a_model_that_hangs_does_not_hang_us(corpus):
    """An LSTM of Keras 2: on many machines its native import does not end; whatever it does here, we get an answer."""
    path = corpus / "dl4j-test-resources" / "keras" / "examples" / "simple_flatten_rnn"
    report = pydl4j_bridge.check(path / "simple_flatten_rnn_tf_keras_2_model.h5", time_limit=10)
    assert report.updater.updater == "RmsProp"
    assert report.verdict in (Verdict.AGREE, Verdict.NATIVE_HUNG, Verdict.NATIVE_CRASHED)
