"""The verdict of one file."""

import pytest

from pydl4j_bridge.compare import NativeAttempt, Report, Verdict
from pydl4j_bridge.errors import UnsupportedOptimizer
from pydl4j_bridge.kerasfile import KerasModelFile, NoOptimizer, Optimizer
from pydl4j_bridge.mapping import UpdaterSpec, map_optimizer

ADAM = Optimizer("Adam", {"lr": 0.1}, "keras-2")
COMPILED = KerasModelFile("m.h5", "h5", "whole model", "keras-2", optimizer=ADAM)
UNCOMPILED = KerasModelFile("m.h5", "h5", "whole model", "keras-2", reason=NoOptimizer.NOT_COMPILED)
SPEC = map_optimizer(ADAM)
NOT_ENFORCED = NativeAttempt(
    enforce_training_config=False, status="imported", updaters={"dense": UpdaterSpec("Sgd", {"learningRate": 0.001})}
)


def attempt(status: str, **updaters: UpdaterSpec) -> NativeAttempt:
    """One native attempt."""
    return NativeAttempt(enforce_training_config=True, status=status, updaters=updaters)


def report(native: NativeAttempt, file: KerasModelFile = COMPILED, **changes: object) -> Report:
    """A report of it."""
    spec = SPEC if file.optimizer else None
    fields = {"updater": spec, "built": spec, "error": None, "native_not_enforced": NOT_ENFORCED, **changes}
    return Report(file=file, native=native, **fields)


@pytest.mark.parametrize(
    ("native", "file", "expected"),
    [
        (attempt("imported", dense=SPEC), COMPILED, Verdict.AGREE),
        (attempt("imported", dense=UpdaterSpec("Sgd", {"learningRate": 0.1})), COMPILED, Verdict.UNEXPLAINED),
        (attempt("refused"), COMPILED, Verdict.NATIVE_REFUSED),
        (attempt("crashed"), COMPILED, Verdict.NATIVE_CRASHED),
        (attempt("hung"), COMPILED, Verdict.NATIVE_HUNG),
        (attempt("imported", dense=SPEC), UNCOMPILED, Verdict.NO_OPTIMIZER),
        (attempt("refused"), UNCOMPILED, Verdict.NO_OPTIMIZER),
        (attempt("hung"), UNCOMPILED, Verdict.NATIVE_HUNG),
    ],
)
def test_verdict(native, file, expected):
    """A dead process comes first, then a missing optimizer, then a refusal, then the comparison."""
    assert expected == report(native, file).verdict


def test_one_layer_that_differs_is_named():
    """Where the layers do not all carry the same updater, a difference says which ones do."""
    other = UpdaterSpec("Adam", {**SPEC.fields, "learningRate": 0.2})
    (difference,) = report(attempt("imported", a=SPEC, b=other, c=SPEC)).differences
    assert (
        difference.field,
        difference.bridge,
        difference.native,
        difference.layers,
    ) == ("learningRate", 0.1, 0.2, ("b",))


def test_an_import_without_a_single_updater_is_no_agreement():
    """A network with nothing to train proves nothing about its optimizer."""
    assert report(attempt("imported")).verdict == Verdict.UNEXPLAINED


def test_a_native_import_of_what_we_refuse_is_unexplained():
    """The bridge must not refuse what the native import carries."""
    error = UnsupportedOptimizer("refused")
    assert report(attempt("imported", dense=SPEC), updater=None, error=error).verdict == Verdict.UNEXPLAINED


def test_a_loss_matters_even_where_both_sides_agree():
    """A Keras setting that ND4J cannot express is for a person to know."""
    rmsprop = Optimizer("RMSprop", {"lr": 0.1, "momentum": 0.9}, "tf-keras-legacy")
    file = KerasModelFile("m.h5", "h5", "whole model", "tf-keras-legacy", optimizer=rmsprop)
    spec = map_optimizer(rmsprop, on_loss="ignore")
    native = attempt("imported", dense=UpdaterSpec("RmsProp", spec.fields))
    checked = report(native, file, updater=spec)
    assert checked.verdict == Verdict.EXPLAINED
    assert checked.matters


def test_the_documented_keys_are_there():
    """The JSON of a report has the keys that docs/json.md names."""
    found = report(attempt("imported", dense=SPEC)).to_dict()
    assert found["updater"]["class"] == "org.nd4j.linalg.learning.config.Adam"
    assert found["updater"]["fields"] == {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    assert {"key", "value", "outcome", "why", "changes_training"} == set(found["findings"][0])
    assert tuple(found[key] for key in ("path", "dialect", "optimizer", "reason", "verdict")) == (
        "m.h5",
        "keras-2",
        "Adam",
        None,
        "agree",
    )


def test_a_notebook_shows_what_was_found():
    """Verdict, both native imports, our updater, each difference with its quirk, and text of the file as text."""
    file = KerasModelFile("<m>.h5", "h5", "whole model", "keras-2", optimizer=ADAM)
    shown = report(attempt("imported", dense=UpdaterSpec("Sgd", {"learningRate": 0.1})), file)._repr_html_()
    for text in (
        "unexplained",
        "enforceTrainingConfig=false",
        "learning.config.Adam, from Adam",
        "<td",
        "&lt;m&gt;.h5",
    ):
        assert text in shown
    assert "<m>" not in shown
    assert "written by" in file._repr_html_()
    assert "not compiled" in UNCOMPILED._repr_html_()


def test_an_error_is_shown():
    """Where our side refuses the optimizer."""
    error = UnsupportedOptimizer("ND4J has no Ftrl")
    assert "ND4J has no Ftrl" in report(attempt("refused"), error=error, updater=None)._repr_html_()
