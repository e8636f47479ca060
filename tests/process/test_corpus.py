"""Files that Keras 1, 2 and tf.keras wrote long ago, from a public corpus that is not part of this project.

Skipped where the corpus is not there: PYDL4J_CORPUS names its folder.
"""

from collections import Counter
from pathlib import Path

import numpy as np

import pydl4j_bridge
from pydl4j_bridge.compare import Verdict
from pydl4j_bridge.errors import BridgeError, NotAKerasFile, TranslationError
from pydl4j_bridge.kerasfile import find_models, read
from pydl4j_bridge.mapping import map_optimizer


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


def test_imported_models_predict_what_keras_predicts(corpus):
    """Every model of Keras 2 with recorded outputs is right within 3e-5 or refused by name; none is silently wrong."""
    counts: Counter[str] = Counter()
    for path in sorted(corpus.rglob("*.keras-output.npz")):
        file = str(path).removesuffix(".keras-output.npz")
        try:
            model = pydl4j_bridge.import_model(file, optimizer=False)
        except TranslationError as error:
            counts[type(error).__name__] += 1
            continue
        with np.load(path) as arrays:
            inputs = [arrays[f"input_{at}"] for at in range(sum(name.startswith("input") for name in arrays))]
            keras = [arrays[f"output_{at}"] for at in range(sum(name.startswith("output") for name in arrays))]
        outputs = model.predict(inputs if len(inputs) > 1 else inputs[0])
        for ours, theirs in zip(outputs if isinstance(outputs, list) else [outputs], keras, strict=True):
            assert ours.shape == theirs.shape
            assert np.abs(ours - theirs).max() <= 3e-5 * np.abs(theirs).max()
        counts["right"] += 1
    assert counts["right"] >= 330
    assert counts.keys() <= {"right", "UnsupportedLayer", "TranslationError"}


def test_a_model_that_hangs_does_not_hang_us(corpus):
    """An LSTM of Keras 2: on many machines its native import does not end; whatever it does here, we get an answer."""
    path = corpus / "dl4j-test-resources" / "keras" / "examples" / "simple_flatten_rnn"
    report = pydl4j_bridge.check(path / "simple_flatten_rnn_tf_keras_2_model.h5", time_limit=10)
    assert report.updater.updater == "RmsProp"
    assert report.verdict in (Verdict.AGREE, Verdict.NATIVE_HUNG, Verdict.NATIVE_CRASHED)
