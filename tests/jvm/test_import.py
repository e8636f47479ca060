"""Models that real Keras saved, imported and held against what Keras itself computed."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

import pydl4j_bridge
from pydl4j_bridge.errors import InvalidConfig, TranslationError, UnsupportedLayer
from pydl4j_bridge.mapping import UpdaterSpec

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data"
ZOO = DATA / "zoo"
MANIFEST = json.loads((ZOO / "cases.json").read_text())["cases"]
#: Keras computed these in half precision; here they are computed in single.
HALF = {"keras3/mixed-float16-dense", "tfkeras/mixed-float16-dense"}
#: At least so many models of the zoo are right; the rest is refused by name. Raise it when more are.
RIGHT = 420
right: list[str] = []


def files() -> list[str]:
    """Every saved model of the zoo."""
    return [f"{case}.{container}" for case, entry in MANIFEST.items() for container in entry["containers"]]


def recorded(case: str, kind: str) -> list[np.ndarray]:
    """The inputs or outputs that Keras recorded, in order."""
    with np.load(ZOO / f"{case}.npz") as arrays:
        return [arrays[f"{kind}_{at}"] for at in range(sum(name.startswith(kind) for name in arrays))]


def relative_error(ours: np.ndarray, keras: np.ndarray) -> float:
    """max |difference| / max |Keras's value|."""
    assert ours.shape == keras.shape
    return float(np.abs(ours - keras).max() / max(np.abs(keras).max(), 1e-30))


@pytest.mark.parametrize("name", files())
def test_the_zoo_is_right_or_refused_by_name(name):
    """Each model predicts what Keras predicted, or is refused with the layers that cannot be brought over."""
    case = name.rpartition(".")[0]
    try:
        model = pydl4j_bridge.import_model(ZOO / name, optimizer=False)
    except UnsupportedLayer as error:
        assert error.layers  # noqa: PT017 - either of two outcomes is right
        return
    inputs = recorded(case, "input")
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0])
    outputs = outputs if isinstance(outputs, list) else [outputs]
    keras = recorded(case, "output")
    assert len(outputs) == len(keras)
    worst = max(relative_error(ours, theirs) for ours, theirs in zip(outputs, keras, strict=True))
    assert worst < (2e-3 if case in HALF else 1e-5)
    right.append(name)


def test_enough_of_the_zoo_is_right():
    """Refusing everything would pass the test above."""
    if len(right) == 0:
        pytest.skip("the models of the zoo were not selected")
    assert len(right) >= RIGHT


OPTIMIZERS = ("adam", "adamw", "adam-clipnorm", "sgd-momentum-nesterov", "nadam", "adam-cosine-decay", "adagrad")


@pytest.mark.parametrize(
    "path",
    [p for d in ("keras3", "tfkeras", "tfkeras-legacy") for o in OPTIMIZERS for p in sorted((DATA / d).glob(f"{o}.*"))],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_the_mapped_updater_sits_on_every_layer(path):
    """Read back through Java: class, fields, and the settings that DL4J keeps beside it."""
    model = pydl4j_bridge.import_model(path)
    expected = pydl4j_bridge.map_optimizer(path)
    assert model.updaters() == {"dense": expected, "dense_1": expected}
    assert model.findings == expected.findings


def compiled() -> list[str]:
    """Every saved model of the zoo that was compiled."""
    return [name for name in files() if MANIFEST[name.rpartition(".")[0]]["compiled"]]


@pytest.mark.parametrize("name", compiled())
def test_a_loss_and_an_updater_do_not_change_a_prediction(name):
    """With its optimizer on every layer and its loss at the end, a model predicts what it predicted."""
    case = name.rpartition(".")[0]
    try:
        model = pydl4j_bridge.import_model(ZOO / name, on_loss="ignore")
    except TranslationError:
        return  # refused by name: the test of the whole zoo looks at that
    inputs = recorded(case, "input")
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0])
    outputs = outputs if isinstance(outputs, list) else [outputs]
    worst = max(relative_error(*pair) for pair in zip(outputs, recorded(case, "output"), strict=True))
    assert worst < 1e-5
    classes = {str(layer.getClass().getSimpleName()) for layer in model.java.getLayers()}
    assert ("LossLayer" in classes) != any("fit cannot train it" in note for note in model.notes)


def test_a_step_of_training_is_keras_own():
    """One batch of plain SGD on the imported network moves its weights as the formula of the gradient says."""
    from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy

    model = pydl4j_bridge.import_model(DATA / "tfkeras" / "sgd.keras")
    assert model.notes == ()
    rate = model.updaters()["dense"].fields["learningRate"]
    names = ("0_W", "0_b", "1_W", "1_b")
    w0, b0, w1, b1 = before = [to_numpy(model.java.getParam(name), copy=True) for name in names]
    random = np.random.default_rng(7)
    x, y = random.normal(size=(8, 3)).astype("f4"), random.normal(size=(8, 1)).astype("f4")
    hidden = np.tanh(x @ w0 + b0)
    error = 2 * (hidden @ w1 + b1 - y) / y.size
    back = (error @ w1.T) * (1 - hidden**2)
    gradients = [x.T @ back, back.sum(0, keepdims=True), hidden.T @ error, error.sum(0, keepdims=True)]
    model.java.fit(to_indarray(x), to_indarray(y))
    for name, old, gradient in zip(names, before, gradients, strict=True):
        assert to_numpy(model.java.getParam(name)) == pytest.approx(
            (old - rate * gradient.reshape(old.shape)), abs=1e-6
        )


def test_a_model_without_its_training_config_carries_no_optimizer():
    """As in DL4J; then a learning rate or an updater can be set."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras", enforce_training_config=False)
    assert model.updater is None
    assert {spec.updater for spec in model.updaters().values()} == {"Sgd"}
    model.set_learning_rate(0.25)
    assert {spec.fields["learningRate"] for spec in model.updaters().values()} == {0.25}
    adam = UpdaterSpec("Adam", {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-7})
    model.set_updater(adam)
    assert set(map(repr, model.updaters().values())) == {repr(adam)}


def test_a_model_without_its_optimizer_can_be_trained():
    """With the loss of the file, or with one that the caller gives, and with an updater that is set or built anew."""
    x, y = np.random.default_rng(0).random((8, 3)), np.zeros((8, 1))
    adam = UpdaterSpec("Adam", {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-7})
    file = DATA / "keras3" / "adam.keras"
    not_enforced = pydl4j_bridge.import_model(file, enforce_training_config=False)
    not_enforced.set_learning_rate(0.1)
    given = pydl4j_bridge.import_model(file, optimizer=False, loss={"class_name": "Huber", "config": {"delta": 0.5}})
    given.set_updater(adam)
    for model in (not_enforced, not_enforced.rebuild(adam), given):
        before = model.score(x, y)
        model.fit(x, y, epochs=3)
        assert model.score(x, y) < before
    assert not pydl4j_bridge.import_model(file, optimizer=False).is_trainable
    with pytest.raises(InvalidConfig, match="nonsense"):
        pydl4j_bridge.import_model(file, loss="nonsense")


def test_a_saved_network_comes_back(tmp_path):
    """ModelSerializer reads what was written: the same outputs and the same updater, and no other file is left."""
    import jpype

    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras")
    model.save(tmp_path / "m.zip")
    assert [path.name for path in tmp_path.iterdir()] == ["m.zip"]
    assert {"configuration.json", "coefficients.bin"} <= set(zipfile.ZipFile(tmp_path / "m.zip").namelist())
    serializer = jpype.JClass("org.deeplearning4j.util.ModelSerializer")
    back = serializer.restoreMultiLayerNetwork(str(tmp_path / "m.zip"))
    assert back.params().equals(model.java.params())
    assert back.getLayerWiseConfigurations().toJson() == model.java.getLayerWiseConfigurations().toJson()


def test_wrong_shapes_are_refused_before_java_sees_them():
    """Java has crashed on some of these."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras")
    for shape in [(2, 4), (3,), (2, 3, 1), (0, 3)]:
        with pytest.raises(InvalidConfig, match="shape"):
            model.predict(np.zeros(shape))


def test_a_bidirectional_without_sequences_can_be_trained():
    """The importer's has no place for an updater (N15); two layers and their merge have."""
    case = next(
        case
        for case, entry in MANIFEST.items()
        if case.startswith("keras3/bidirectional-lstm-concat")
        and "sequences" not in case
        and "keras" in entry["containers"]
    )
    model = pydl4j_bridge.import_model(ZOO / f"{case}.keras", optimizer=False)
    model.set_updater(UpdaterSpec("Sgd", {"learningRate": 0.1}))
    assert all("forward" in name or "backward" in name for name in model.updaters())


def test_lambda_layers_are_never_executed():
    """They are refused by name, whatever is in them."""
    with pytest.raises(UnsupportedLayer, match="Lambda"):
        pydl4j_bridge.import_model(ZOO / "keras3" / "lambda.keras")


@pytest.mark.parametrize("name", ["keras3/dense-l1-l2.keras", "tfkeras/dense-l1-l2.h5"])
def test_regularizers_have_keras_own_factors(name):
    """Keras adds l2 * w^2 to the loss and ND4J half of that, so ND4J gets twice the number; l1 is the same in both."""
    import jpype

    model = pydl4j_bridge.import_model(ZOO / name, optimizer=False)
    layer = model.java.getLayers()[0].conf().getLayer()
    found = {str(one.getClass().getSimpleName()): one for one in layer.getRegularization()}
    from pydl4j_bridge.kerasfile.contents import open_model

    with open_model(ZOO / name, name.rpartition(".")[2]) as contents:
        configs = [one["config"] for one in contents.config["config"]["layers"] if one["class_name"] == "Dense"]
    keras = configs[0]["kernel_regularizer"]["config"]
    assert set(found) == {f"L{at}Regularization" for at in (1, 2) if keras.get(f"l{at}")}
    for name_, factor in (("L1Regularization", 1), ("L2Regularization", 2)):
        if name_ in found:
            value = float(getattr(found[name_], f"getL{factor}")().valueAt(jpype.JInt(0), jpype.JInt(0)))
            assert value == pytest.approx(factor * keras[f"l{factor}"], rel=1e-7)


def test_what_keras_shares_is_noted():
    """Predictions are the same; training is not, and the notes say so by name."""
    shared = pydl4j_bridge.import_model(ZOO / "keras3" / "shared-dense.keras", optimizer=False)
    assert any("a layer that Keras shares is a copy here" in note for note in shared.notes)


def test_a_model_of_theano_is_read_as_tf_keras_reads_it_and_says_so():
    """Theano itself computes something else of the file, since it turns kernels: the note names the layer."""
    model = pydl4j_bridge.import_model(DATA / "theano" / "conv2d.h5", optimizer=False)
    with np.load(DATA / "theano" / "conv2d.npz") as arrays:
        ours, tf_keras, theano = model.predict(arrays["input"]), arrays["tf_keras"], arrays["theano"]
    assert relative_error(ours, tf_keras) < 1e-5
    assert relative_error(ours, theano) > 0.1
    (note,) = [note for note in model.notes if "Theano" in note]
    assert note.startswith("conv2d_1: ")


def test_another_updater_leaves_nothing_of_the_one_before():
    """Weight decay does not add up, and clipping goes with the updater that it came with."""
    model = pydl4j_bridge.import_model(DATA / "keras3" / "adamw.keras")
    model.set_updater(model.updater)
    assert set(map(repr, model.updaters().values())) == {repr(UpdaterSpec.from_dict(model.updater.to_dict()))}
    clipped = pydl4j_bridge.map_optimizer(DATA / "keras3" / "adam-clipnorm.keras")
    model.set_updater(clipped)
    model.set_updater(plain := UpdaterSpec("Sgd", {"learningRate": 0.1}))
    assert set(map(repr, model.updaters().values())) == {repr(plain)}


def test_the_state_of_an_updater_is_made_when_it_is_needed():
    """An import without state makes no room for moments; whoever trains gets fresh ones, also after another updater."""
    from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy

    model = pydl4j_bridge.import_model(DATA / "keras3" / "adam.keras", state=False)
    assert model.java.getUpdater(False) is None
    model.java.fit(to_indarray(np.ones((4, 3))), to_indarray(np.ones((4, 1))))
    assert np.any(to_numpy(model.java.getUpdater(False).getStateViewArray()) != 0)
    model.set_updater(model.updater)
    assert not np.any(to_numpy(model.java.getUpdater(False).getStateViewArray()))


def test_a_network_of_images_can_be_trained():
    """The importer's dropout of nothing, with which training an image fails, is taken off."""
    from pydl4j_bridge.jvm.arrays import to_numpy

    case = next(
        c for c in compiled() if "conv2d" in c and pydl4j_bridge.read(ZOO / c).loss is not None and trainable(c)
    )
    model = pydl4j_bridge.import_model(ZOO / case, on_loss="ignore")
    before = to_numpy(model.java.params(), copy=True)
    (inputs,), (outputs,) = recorded(case.rpartition(".")[0], "input"), recorded(case.rpartition(".")[0], "output")
    model.train_on_batch(inputs, np.clip(outputs, 0, 1))
    assert np.abs(to_numpy(model.java.params()) - before).max() > 0


def trainable(name: str) -> bool:
    """Whether a model of the zoo comes with its loss."""
    try:
        return pydl4j_bridge.import_model(ZOO / name, on_loss="ignore").notes == ()
    except TranslationError:
        return False


def test_open_sizes_take_inputs_of_any_size():
    """As in Keras: what a network predicts for one size does not depend on the sizes that it has seen before."""
    x = np.random.default_rng(7).normal(size=(2, 9, 8, 3)).astype("f4")
    path = ZOO / "keras3" / "conv2d-any-size.keras"
    model, fixed = pydl4j_bridge.import_model(path), pydl4j_bridge.import_model(path, inputs=(9, 8, 3))
    (recorded_input,), (output,) = (recorded("keras3/conv2d-any-size", kind) for kind in ("input", "output"))
    assert relative_error(model.predict(recorded_input), output) < 1e-5
    assert relative_error(model.predict(x), fixed.predict(x)) < 1e-6
    assert relative_error(model.predict(recorded_input), output) < 1e-5
    with pytest.raises(InvalidConfig, match="shape"):
        fixed.predict(recorded_input)


def test_sizes_that_a_layer_needs_can_be_given():
    """Without them its refusal says how; with them the model is right, by position and by name."""
    path, case = ZOO / "keras3" / "rescaling-any-size.keras", "keras3/rescaling-any-size"
    with pytest.raises(UnsupportedLayer) as caught:
        pydl4j_bridge.import_model(path, optimizer=False)
    assert "inputs=" in caught.value.fix
    (x,), (y,) = recorded(case, "input"), recorded(case, "output")
    (name,) = [one["config"]["name"] for one in layers_of(path) if one["class_name"] == "InputLayer"]
    for inputs in (x.shape[1:], [x.shape[1:]], {name: x.shape[1:]}):
        model = pydl4j_bridge.import_model(path, optimizer=False, inputs=inputs)
        assert relative_error(model.predict(x), y) < 1e-5


def layers_of(path: Path) -> list[dict]:
    """The layers in the config of a model."""
    from pydl4j_bridge.kerasfile.contents import open_model

    with open_model(path, path.suffix[1:]) as contents:
        return contents.config["config"]["layers"]
