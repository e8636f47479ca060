"""The optimizer's state in a file, paired with the model's variables, against what real Keras says it remembers."""

import json
import shutil
from functools import cache
from pathlib import Path

import h5py
import numpy as np
import pytest

from pydl4j_bridge.errors import StateError, UnsafeFile
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.kerasfile.contents import open_model
from pydl4j_bridge.kerasfile.optimizer_state import NoState, OptimizerState, read_state
from pydl4j_bridge.translate import bind_weights, trainable_variables

DATA = Path(__file__).parents[1] / "data"
DIALECTS = ("keras3", "tfkeras", "tfkeras-legacy")


@cache
def recorded(dialect: str) -> tuple[dict, dict]:
    """Case → what Keras said, and the arrays (scripts/make_state_data.py)."""
    with np.load(DATA / "state" / f"{dialect}.npz") as arrays:
        return json.loads((DATA / "state" / f"{dialect}.json").read_text()), dict(arrays)


FILES = [
    (dialect, case, name)
    for dialect in DIALECTS
    for case, entry in recorded(dialect)[0].items()
    for name in entry["files"]
]


def state_of(path: Path, change=None) -> tuple[list[np.ndarray], OptimizerState | NoState, dict]:
    """The trainable variables, the state, and its slots as arrays; ``change`` gets the list of trainable ones."""
    file = read(path)
    with open_model(path, file.container) as contents:
        bound = bind_weights(contents)
        arrays = [(f"{'/'.join(layer)}/{name}", bound[layer][name]) for layer, name in
                  trainable_variables(contents.config, bound)]  # fmt: skip
        trainable = [(name, array.shape) for name, array in arrays]
        if change:
            change(trainable)
        state = read_state(contents, file.optimizer, trainable)
        slots = {} if isinstance(state, NoState) else state.slots
        return (
            [array.read() for _, array in arrays],
            state,
            {slot: [array.read() for array in kept] for slot, kept in slots.items()},
        )


def with_state(dialect: str, name: str) -> bool:
    """A .keras file of a legacy optimizer has none."""
    return not (dialect == "tfkeras-legacy" and name.endswith(".keras"))


def test_every_optimizer_is_recorded():
    """The tests below are about all optimizers that have slots, and every slot."""
    slots = {name.split("|")[1] for dialect in DIALECTS for name in recorded(dialect)[1]}
    assert slots == {
        "trainable", "momentum", "velocity", "velocity_hat", "norm", "accumulator", "accumulated_grad",
        "accumulated_delta_var", "average_gradient", "average", "gradient_accumulator",
    }  # fmt: skip
    assert len(FILES) > 250


@pytest.mark.parametrize(("dialect", "case", "name"), [one for one in FILES if with_state(one[0], one[2])])
def test_the_state_is_keras_own(dialect, case, name):
    """Each trainable variable, in Keras's order, and each slot of it, to the bit; iterations and the other numbers."""
    entry, arrays = recorded(dialect)[0][case], recorded(dialect)[1]
    trainable, state, slots = state_of(DATA / name)
    found = {"trainable": trainable, **slots}
    expected = {key for key in arrays if key.startswith(f"{case}|")}
    # tf.keras keeps a momentum for an SGD without one, which it never touches.
    idle = dialect == "tfkeras" and {key.split("|")[1] for key in expected} == {"trainable"}
    assert {f"{case}|{slot}|{at}" for slot, kept in found.items() for at in range(len(kept))} == expected or idle
    for key in expected:
        _, slot, at = key.split("|")
        np.testing.assert_array_equal(found[slot][int(at)], arrays[key], err_msg=key)
    assert state.iterations == entry["iterations"]
    assert dict(state.extra) == pytest.approx(entry["extra"], rel=0, abs=0)


@pytest.mark.parametrize(("dialect", "case", "name"), [one for one in FILES if not with_state(one[0], one[2])])
def test_legacy_archives_hold_no_state(dialect, case, name):
    """tf.keras writes none into a .keras file for a legacy optimizer, and the reason says so."""
    assert state_of(DATA / name)[1] is NoState.LEGACY_ARCHIVE


@pytest.mark.parametrize("name", ["keras3/adam-untrained.h5", "keras3/adam-untrained.keras",
                                  "tfkeras/adam-untrained.h5", "tfkeras/adam-untrained.keras"])  # fmt: skip
def test_an_optimizer_that_made_no_step_is_fresh(name):
    """A model that was compiled and never trained has an iteration of 0 and no slots."""
    assert state_of(DATA / name)[1] is NoState.UNTRAINED


def test_a_file_without_the_group_has_no_state():
    """Legacy tf.keras writes no group before the first step."""
    assert state_of(DATA / "tfkeras-legacy" / "adam-untrained.h5")[1] is NoState.ABSENT


@pytest.mark.parametrize("dialect", ["keras3", "tfkeras"])
@pytest.mark.parametrize("suffix", ["h5", "keras"])
def test_a_state_of_other_variables_is_refused(dialect, suffix):
    """Fewer variables, more of them, and one of another shape: each is an error that names what does not fit."""
    path = DATA / dialect / f"adam.{suffix}"
    with pytest.raises(StateError, match=r"10 variables|9 variables"):
        state_of(path, lambda trainable: trainable.pop())
    with pytest.raises(StateError, match="were expected"):
        state_of(path, lambda trainable: trainable.append(("more/kernel", (1,))))
    with pytest.raises(StateError, match=r"momentum of dense_1/kernel has the shape \(2, 1\), and .* \(1, 2\)"):
        state_of(path, lambda trainable: trainable.__setitem__(2, ("dense_1/kernel", (1, 2))))


def changed(tmp_path: Path, name: str, change) -> Path:
    """A copy of a .h5 file, changed."""
    path = tmp_path / "model.h5"
    shutil.copy(DATA / name, path)
    with h5py.File(path, "r+") as file:
        change(file["optimizer_weights"])
    return path


@pytest.mark.parametrize("dialect", DIALECTS)
def test_slots_in_another_order_are_refused(dialect, tmp_path):
    """Two slots of one variable have the same shape: the names tell them apart."""

    def swap(group):
        names = list(group.attrs["weight_names"])
        first, *others = (at for at, name in enumerate(names) if group[name].shape == (3, 2))
        other = others[0]
        names[first], names[other] = names[other], names[first]
        group.attrs["weight_names"] = names

    with pytest.raises(StateError, match="expected the momentum of dense/kernel and found"):
        state_of(changed(tmp_path, f"{dialect}/adam.h5", swap))


@pytest.mark.parametrize("steps", [-1.0, 2.5, float("nan"), float("inf")])
def test_iterations_that_count_nothing_are_refused(steps, tmp_path):
    """The iteration is a whole number from 0 on."""

    def replace(group):
        del group["adam/iteration"]
        group["adam/iteration"] = steps

    with pytest.raises(StateError, match="steps"):
        state_of(changed(tmp_path, "keras3/adam.h5", replace))


def test_steps_without_slots_are_refused(tmp_path):
    """A file that counts steps and holds nothing else of them was not written by Keras."""

    def cut(group):
        group.attrs["weight_names"] = group.attrs["weight_names"][:2]

    with pytest.raises(StateError, match="2 variables"):
        state_of(changed(tmp_path, "keras3/adam.h5", cut))


def test_variables_elsewhere_are_not_followed(tmp_path):
    """A link out of the file, as for the weights."""

    def link(group):
        del group["adam/sequential_dense_kernel_momentum"]
        group["adam/sequential_dense_kernel_momentum"] = h5py.ExternalLink("/etc/passwd", "/")

    with pytest.raises(UnsafeFile, match="not followed"):
        state_of(changed(tmp_path, "keras3/adam.h5", link))


def test_optimizers_that_are_not_mapped_are_not_guessed():
    """What a user's own optimizer keeps is not known."""
    with pytest.raises(StateError, match="MyAdam"):
        state_of(DATA / "keras3" / "custom-optimizer.h5")


@pytest.mark.parametrize(
    ("name", "slot", "iterations"),
    [
        ("keras/examples/simple_rnn/simple_rnn_tf_keras_2_model.h5", "velocity", None),
        ("keras/weights/issue_9560.h5", "momentum", 1),
    ],
)
def test_files_of_old_versions(corpus, name, slot, iterations):
    """Keras 2's RMSprop has no iteration; TensorFlow 1's Adam is read as tf.keras's."""
    trainable, state, slots = state_of(corpus / "dl4j-test-resources" / name)
    assert (state.iterations is None) == (iterations is None)
    assert [kept.shape for kept in slots[slot]] == [variable.shape for variable in trainable]


def test_keras_1_does_not_say_whose_its_numbers_are(corpus):
    """It sorted the variables by names that it did not save."""
    path = corpus / "dl4j-test-resources/keras/examples/simple_lstm/simple_lstm_th_keras_1_model.h5"
    file = read(path)
    with open_model(path, file.container) as contents:
        assert read_state(contents, file.optimizer, []) is NoState.KERAS_1
