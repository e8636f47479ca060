"""Training that goes on in DL4J where real Keras stopped, held against what Keras itself went on to."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.errors import InvalidConfig, StateError

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data" / "training"
DIALECTS = ("keras3", "tfkeras", "tfkeras-legacy")
#: Steps after the file at which Keras's weights are recorded.
STEPS = (1, 10, 100)


@cache
def recorded(dialect: str) -> tuple[dict, dict]:
    """Case → what scripts/make_training.py says of it, and its arrays."""
    with np.load(DATA / f"{dialect}.npz") as arrays:
        return json.loads((DATA / f"{dialect}.json").read_text())["cases"], dict(arrays)


@cache
def batches(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """What Keras got of a kind of batches, but for the coding of the labels."""
    with np.load(DATA / "batches.npz") as arrays:
        x = arrays[f"{kind}|x"].astype("f4")
        return (x if kind == "embedding" else x / 8), arrays[f"{kind}|y"]


def labels(y: np.ndarray, loss: str) -> np.ndarray:
    """As the loss takes them."""
    if loss == "categorical_crossentropy":
        return np.eye(3, dtype="f4")[y]
    return 2.0 * y - 1 if "hinge" in loss else y.astype("f4")


def goes_on(dialect: str, case: str, name: str, **options) -> list[float]:
    """Train as Keras did; how far the weights are from Keras's after 1, 10 and 100 steps, relative to the largest."""
    entry, arrays = recorded(dialect)[0][case], recorded(dialect)[1]
    model = pydl4j_bridge.import_model(DATA / name, on_loss="ignore", **options)
    x, y = batches(entry["batches"])
    found = []
    for step in range(STEPS[-1]):
        model.train_on_batch(x[step], labels(y[step], entry["loss"]))
        if step + 1 in STEPS:
            weights = model.weights()
            ours = np.concatenate([array.ravel() for array in weights.values()])
            keras = arrays[f"{case}|weights"][STEPS.index(step + 1)]
            found.append(float(np.abs(ours - keras).max() / np.abs(keras).max()))
    return found


FILES = [
    (dialect, case, name)
    for dialect in DIALECTS
    for case, entry in recorded(dialect)[0].items()
    for name in entry["files"]
]
#: Those of cases that are saved in both containers, but for the first of each.
TWICE = [(dialect, case, name) for dialect, case, name in FILES if name != recorded(dialect)[0][case]["files"][0]]


@pytest.mark.parametrize(("dialect", "case", "name"), [one for one in FILES if one not in TWICE])
def test_training_goes_on_where_keras_stopped(dialect, case, name):
    """After 100 more steps on the same batches every weight is Keras's; in float64 but for the rounding of doubles."""
    found = goes_on(dialect, case, name, fidelity="exact")
    assert max(found) <= (1e-12 if recorded(dialect)[0][case]["dtype"] == "float64" else 1e-5)


@pytest.mark.parametrize(("dialect", "case", "name"), TWICE)
def test_the_other_container_holds_the_same(dialect, case, name):
    """What is carried from the .keras and the .h5 of one training is the same to the bit, and so is what follows."""
    names = [recorded(dialect)[0][case]["files"][0], name]
    one, other = (pydl4j_bridge.import_model(DATA / n, fidelity="exact", on_loss="ignore") for n in names)
    np.testing.assert_equal(other.weights(), one.weights())
    np.testing.assert_equal(other.optimizer_state(), one.optimizer_state())
    assert (other.iterations, other.updaters(), other.notes) == (20, one.updaters(), one.notes)


def test_a_model_in_float64_can_be_had_in_float32():
    """Where it is asked for, and then it is a float32 one throughout."""
    found = goes_on("keras3", "adam-float64", "keras3/adam-float64.keras", fidelity="exact", dtype="float32")
    assert 1e-9 < max(found) <= 1e-5
    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam-float64.keras", dtype="float32")
    assert {array.dtype for array in model.weights().values()} == {np.dtype("f4")} == {model.dtype}


@pytest.mark.parametrize("sum_of", ["adam", "amsgrad", "adagrad", "nadam"])
def test_repeated_indices_are_not_squared_by_their_sum(sum_of):
    """With ND4J's rule an embedding ends elsewhere, and its note says why: the test above would see it."""
    name = f"keras3/embedding-{sum_of}.keras"
    assert goes_on("keras3", f"embedding-{sum_of}", name, fidelity="nd4j")[-1] > 1e-3
    assert any("squares each of them; here" in note for note in pydl4j_bridge.import_model(DATA / name).notes)


@pytest.mark.parametrize("case", ["adam", "amsgrad", "nadam", "rmsprop-momentum", "sgd-momentum", "adagrad", "adamax"])
def test_a_cold_start_is_another_training(case):
    """Without the state the same files end elsewhere: the test above would see it."""
    name = recorded("keras3")[0][case]["files"][0]
    assert goes_on("keras3", case, name, fidelity="exact", state=False)[-1] > 1e-3


@pytest.mark.parametrize(("dialect", "case", "name"), FILES[::7])
def test_the_state_is_read_back_as_it_was_written(dialect, case, name):
    """Every slot of every weight, to the bit of a float32, and the number of the step."""
    from pydl4j_bridge.kerasfile import read
    from pydl4j_bridge.kerasfile.contents import open_model
    from pydl4j_bridge.kerasfile.optimizer_state import read_state
    from pydl4j_bridge.translate import bind_weights, trainable_variables

    model = pydl4j_bridge.import_model(DATA / name, on_loss="ignore", fidelity="exact")
    file = read(DATA / name)
    with open_model(DATA / name, file.container) as contents:
        bound = bind_weights(contents)
        variables = [
            ("/".join((*path, key)), bound[path][key].shape)
            for path, key in trainable_variables(contents.config, bound)
        ]
        state = read_state(contents, file.optimizer, variables)
        ours = model.optimizer_state()
        for slot, weights in ours.items():
            assert list(weights) == [key for key, _ in variables]
            for array, expected in zip(weights.values(), state.slots[slot], strict=True):
                np.testing.assert_array_equal(array, expected.read().astype(array.dtype))
    assert model.iterations == 20


def test_the_state_is_saved_and_goes_on(tmp_path):
    """The zip has the moments and the step: the network that DL4J restores trains on as the other one does."""
    import jpype

    from pydl4j_bridge.jvm.networks import fit

    model = pydl4j_bridge.import_model(DATA / "keras3" / "nadam.keras", fidelity="exact")
    model.save(tmp_path / "m.zip")
    restored = jpype.JClass("org.deeplearning4j.util.ModelSerializer").restoreMultiLayerNetwork(str(tmp_path / "m.zip"))
    x, y = batches("dense")
    for step in range(5):
        given = [x[step]], [labels(y[step], "categorical_crossentropy")]
        assert fit(model.java, *given) == fit(restored, *given)
    assert restored.params().equals(model.java.params())


@pytest.mark.parametrize(("dialect", "case", "name"), FILES[::5])
def test_there_and_back(dialect, case, name, tmp_path):
    """Half of the training, written back as a Keras file, is imported again and ends where it ends without a break."""
    entry = recorded(dialect)[0][case]
    x, y = batches(entry["batches"])
    path = DATA / name
    through = pydl4j_bridge.import_model(path, on_loss="ignore", fidelity="exact")
    back = tmp_path / f"back{path.suffix}"
    for step in range(20):
        if step == 10:
            pydl4j_bridge.export_keras(through, back, like=path)
            again = pydl4j_bridge.import_model(back, on_loss="ignore", fidelity="exact")
            assert again.iterations == 30
        through.train_on_batch(x[step], labels(y[step], entry["loss"]))
        if step >= 10:
            again.train_on_batch(x[step], labels(y[step], entry["loss"]))
    for key, array in through.weights().items():
        np.testing.assert_array_equal(array, again.weights()[key])


def test_another_models_file_is_not_written_to(tmp_path):
    """The weights of one model have no place in another's file."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras")
    with pytest.raises(InvalidConfig, match="is not in the file"):
        pydl4j_bridge.export_keras(model, tmp_path / "m.keras", like=DATA / "keras3" / "lstm-adam.keras")
    with pytest.raises(InvalidConfig, match="another suffix"):
        pydl4j_bridge.export_keras(model, tmp_path / "m.h5", like=DATA / "keras3" / "adam.keras")
    assert list(tmp_path.iterdir()) == []


def test_classes_are_not_labels_of_a_loss_that_is_not_sparse():
    """The error says how to make labels of them."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras")
    with pytest.raises(InvalidConfig, match=r"np\.eye\(3\)\[y\]"):
        model.train_on_batch(np.zeros((2, 4)), np.array([0, 2]))


def test_memory_in_any_order_is_the_same_batch():
    """A step copies the numbers in C order, however numpy has them."""
    one, other = (pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras") for _ in range(2))
    x, y = batches("dense")[0][0], np.eye(3, dtype="f4")[batches("dense")[1][0]]
    strided = np.repeat(x, 2, axis=1)[:, ::2]
    assert one.train_on_batch(x, y) == other.train_on_batch(np.asfortranarray(strided), np.asfortranarray(y))
    assert one.java.params().equals(other.java.params())


def test_half_of_a_state_is_not_written_back(tmp_path):
    """ND4J's RmsProp has no momentum: Keras would go on from the old one."""
    path = DATA / "keras3" / "rmsprop-momentum.keras"
    model = pydl4j_bridge.import_model(path, on_loss="ignore")
    assert any("no place for momentum" in note for note in model.notes)
    with pytest.raises(StateError, match="no momentum of the optimizer"):
        pydl4j_bridge.export_keras(model, tmp_path / "m.keras", like=path)
    pydl4j_bridge.export_keras(model, tmp_path / "m.keras", like=path, state=False)


def test_a_file_without_state_says_so():
    """The optimizer starts fresh with a note, or not at all where the state is demanded."""
    path = Path(__file__).parents[1] / "data" / "tfkeras-legacy" / "adam.keras"
    assert any("starts fresh" in note for note in pydl4j_bridge.import_model(path).notes)
    with pytest.raises(StateError, match="no state to carry"):
        pydl4j_bridge.import_model(path, state=True)
