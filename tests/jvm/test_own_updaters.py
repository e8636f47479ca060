"""Updaters of our own as parts of DL4J: what is saved comes back, and a network trains with each of them."""

import numpy as np
import pytest

from pydl4j_bridge import build_updater, read_updater
from pydl4j_bridge.jvm import networks
from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy
from pydl4j_bridge.mapping import ScheduleSpec, UpdaterSpec
from pydl4j_bridge.mapping.targets import BOOLEAN, OWN_UPDATERS, SCHEDULE

pytestmark = pytest.mark.usefixtures("jvm")

NAMES = sorted(OWN_UPDATERS)
SCHEDULE_SPEC = ScheduleSpec(
    "InverseSchedule", {"scheduleType": "ITERATION", "initialValue": 0.01, "gamma": 0.02, "power": 1.0}
)


def spec_of(name: str, *, schedule: bool = True) -> UpdaterSpec:
    """An updater with a value of its own in each field, none of them the default."""
    values = {}
    for position, (field, kind) in enumerate(OWN_UPDATERS[name].items()):
        if kind == SCHEDULE:
            values.update({field: SCHEDULE_SPEC} if schedule else {})
        else:
            values[field] = True if kind == BOOLEAN else 0.01 + 0.1 * position
    return UpdaterSpec(name, values)


def network(spec: UpdaterSpec):
    """Two dense layers, the same weights each time."""
    import jpype

    layers = "org.deeplearning4j.nn.conf.layers"
    tanh = jpype.JClass("org.nd4j.linalg.activations.Activation").TANH
    loss = jpype.JClass("org.nd4j.linalg.lossfunctions.LossFunctions$LossFunction").MSE
    dense = jpype.JClass(f"{layers}.DenseLayer$Builder")().nIn(3).nOut(4).activation(tanh).build()
    output = jpype.JClass(f"{layers}.OutputLayer$Builder")(loss).nIn(4).nOut(2).activation(tanh).build()
    builder = jpype.JClass("org.deeplearning4j.nn.conf.NeuralNetConfiguration$Builder")().seed(jpype.JLong(7))
    # By their array: with no argument, JPype takes the list() that has to be given some.
    made = builder.updater(build_updater(spec)).list(jpype.JArray(jpype.JClass(f"{layers}.Layer"))([dense, output]))
    made = made.build()
    network = jpype.JClass("org.deeplearning4j.nn.multilayer.MultiLayerNetwork")(made)
    network.init()
    return network


def train(network, steps: int) -> np.ndarray:
    """The parameters after some steps, on the same batch each time."""
    rng = np.random.default_rng(5)
    x, y = to_indarray(rng.normal(size=(6, 3))), to_indarray(rng.normal(size=(6, 2)))
    for _ in range(steps):
        network.fit(x, y)
    return to_numpy(network.params(), copy=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_table_has_every_setter(name):
    """Fields of the table are the setters of the Java class and of its parent, in both directions.

    But those that no Keras setting has: how ND4J changes a rate, and how an embedding ties its updater to itself.
    """
    import jpype

    java_class = jpype.JClass(f"org.pydl4j.updaters.{name}").class_
    found = {str(m.getName())[3:] for m in java_class.getMethods() if str(m.getName()).startswith("set")}
    assert {f"{field[0].upper()}{field[1:]}" for field in OWN_UPDATERS[name]} == found - {
        "LrAndSchedule",
        "Occurrences",
        "OccurrencesOf",
    }


@pytest.mark.parametrize("name", NAMES)
def test_they_are_built_and_read_back_the_same(name):
    """The spec of the object is the spec that it was built from."""
    assert spec_of(name) == read_updater(build_updater(spec_of(name)))


@pytest.mark.parametrize("name", NAMES)
def test_clones_are_equal_and_others_are_not(name):
    """A clone is another object with the same settings and its own schedule; each setting counts."""
    spec = spec_of(name)
    updater = build_updater(spec)
    clone = updater.clone()
    assert clone is not updater
    assert bool(clone.equals(updater))
    assert int(clone.hashCode()) == int(updater.hashCode())
    assert clone.getLearningRateSchedule() is not updater.getLearningRateSchedule()
    for field, kind in OWN_UPDATERS[name].items():
        fixed = ScheduleSpec("FixedSchedule", {"value": 0.5})
        other = fixed if kind == SCHEDULE else (not spec.fields[field] if kind == BOOLEAN else 0.123)
        assert not build_updater(UpdaterSpec(name, {**spec.fields, field: other})).equals(updater)
    clone.setLearningRate(0.5)
    assert float(updater.getLearningRate()) == spec.fields["learningRate"]


@pytest.mark.parametrize("schedule", [False, True], ids=["rate", "schedule"])
@pytest.mark.parametrize("name", NAMES)
def test_they_survive_the_json_of_a_network(name, schedule):
    """The configuration of a network and of a layer as JSON, and as YAML, hold every setting."""
    import jpype

    spec = spec_of(name, schedule=schedule)
    conf = network(spec).getLayerWiseConfigurations()
    java_class = jpype.JClass("org.deeplearning4j.nn.conf.MultiLayerConfiguration")
    for back in (java_class.fromJson(conf.toJson()), java_class.fromYaml(conf.toYaml())):
        assert bool(back.equals(conf))
        assert spec == read_updater(back.getConf(0).getLayer().getIUpdater())
    single = jpype.JClass("org.deeplearning4j.nn.conf.NeuralNetConfiguration").fromJson(conf.getConf(0).toJson())
    assert spec == read_updater(single.getLayer().getIUpdater())


@pytest.mark.parametrize("name", NAMES)
def test_training_goes_on_from_the_zip(name, tmp_path):
    """A network saved in the middle of its training goes on to the very numbers, and elsewhere without its state."""
    import jpype

    spec = spec_of(name)
    trained = network(spec)
    start = to_numpy(trained.params(), copy=True)
    assert np.isfinite(train(trained, 4)).all()
    path = str(tmp_path / "network.zip")
    networks.save(trained, path)
    restored = jpype.JClass("org.deeplearning4j.util.ModelSerializer").restoreMultiLayerNetwork(path, True)
    cold = jpype.JClass("org.deeplearning4j.util.ModelSerializer").restoreMultiLayerNetwork(path, False)
    assert spec == read_updater(restored.getLayer(0).conf().getLayer().getIUpdater())
    assert int(restored.getIterationCount()) == 4
    np.testing.assert_array_equal(to_numpy(restored.updaterState()), to_numpy(trained.updaterState()))
    expected = train(trained, 3)
    assert np.abs(expected - start).max() > 1e-3
    np.testing.assert_array_equal(train(restored, 3), expected)
    assert np.abs(train(cold, 3) - expected).max() > 1e-4
