"""One optimizer config in, one spec with its findings out."""

import math
import pickle
from dataclasses import replace

import pytest

from pydl4j_bridge.errors import UnsupportedOptimizer, UnsupportedOption
from pydl4j_bridge.kerasfile import Optimizer
from pydl4j_bridge.mapping import LossyMappingWarning, Outcome, ScheduleSpec, UpdaterSpec, map_optimizer
from pydl4j_bridge.mapping.javacode import java_code
from pydl4j_bridge.mapping.rules import RULES


def keras(class_name: str, dialect: str = "keras-2", **config: object) -> Optimizer:
    """A Keras optimizer as a file would describe it."""
    return Optimizer(class_name, config, dialect)


def finding(spec: UpdaterSpec, key: str) -> tuple[object, Outcome, bool]:
    """The finding of one key."""
    (found,) = (f for f in spec.findings if f.key == key)
    return found.value, found.outcome, found.changes_training


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SGD", UpdaterSpec("Sgd", {"learningRate": 0.01})),
        ("RMSprop", UpdaterSpec("RmsProp", {"learningRate": 0.001, "rmsDecay": 0.9, "epsilon": 1e-8})),
        ("Adagrad", UpdaterSpec("AdaGrad", {"learningRate": 0.01, "epsilon": 1e-8})),
        ("Adadelta", UpdaterSpec("AdaDelta", {"rho": 0.95, "epsilon": 1e-8})),
        ("Adam", UpdaterSpec("Adam", {"learningRate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})),
        ("Adamax", UpdaterSpec("AdaMax", {"learningRate": 0.002, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})),
        ("Nadam", UpdaterSpec("Nadam", {"learningRate": 0.002, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8})),
    ],
)
def test_a_silent_config_gets_the_documented_defaults(name, expected):
    """Where a file says nothing but the class, the defaults are those of the README, each with a finding."""
    spec = map_optimizer(keras(name))
    assert expected == spec
    assert RULES[name].defaults.keys() == {f.key for f in spec.findings}
    assert all(f.outcome in (Outcome.DEFAULTED, Outcome.APPROXIMATED) for f in spec.findings)


def test_plain_sgd_becomes_sgd():
    """Without momentum the class is Sgd, whatever nesterov says: Keras ignores it then."""
    spec = map_optimizer(keras("SGD", lr=0.1, momentum=0.0, nesterov=True))
    assert UpdaterSpec("Sgd", {"learningRate": 0.1}) == spec
    assert finding(spec, "nesterov") == (True, Outcome.MAPPED, False)


def test_nesterov_becomes_nesterovs():
    """With nesterov=True the rules are the same, and nothing is approximated."""
    spec = map_optimizer(keras("SGD", lr=0.1, momentum=0.8, nesterov=True))
    assert UpdaterSpec("Nesterovs", {"learningRate": 0.1, "momentum": 0.8}) == spec
    assert finding(spec, "nesterov") == (True, Outcome.MAPPED, False)


def test_heavy_ball_becomes_nesterovs_and_says_how_it_differs():
    """ND4J has no heavy ball: Nesterovs is the nearest, and the finding says that training changes."""
    spec = map_optimizer(keras("SGD", lr=0.1, momentum=0.8, nesterov=False))
    assert UpdaterSpec("Nesterovs", {"learningRate": 0.1, "momentum": 0.8}) == spec
    assert finding(spec, "nesterov") == (False, Outcome.APPROXIMATED, True)


def test_amsgrad_chooses_the_class():
    """amsgrad=True becomes ND4J's AMSGrad."""
    assert map_optimizer(keras("Adam", amsgrad=True)).updater == "AMSGrad"
    assert map_optimizer(keras("Adam", amsgrad=False)).updater == "Adam"


def test_adamw_is_adam_with_weight_decay_on_the_layers():
    """Decoupled weight decay is a layer setting in DL4J, on weights and biases, times the learning rate."""
    spec = map_optimizer(keras("AdamW", "keras-3", learning_rate=0.01, weight_decay=0.05))
    assert spec.updater == "Adam"
    assert dict(spec.layer_settings) == {"weightDecay": (0.05, True), "weightDecayBias": (0.05, True)}


def test_weight_decay_without_a_rate_has_it_in_the_coefficient():
    """AdaDelta has no learning rate to multiply by, so the coefficient carries it."""
    config = keras("Adadelta", "keras-3", learning_rate=0.5, weight_decay=0.04)
    spec = map_optimizer(config, on_loss="ignore")
    assert spec.layer_settings["weightDecay"] == (0.02, False)


@pytest.mark.parametrize(
    ("key", "method"), [("clipnorm", "ClipL2PerParamType"), ("clipvalue", "ClipElementWiseAbsoluteValue")]
)
def test_clipping_names_the_layer_setting(key, method):
    """Clipping belongs to the layers in DL4J: the spec holds it and the finding names it."""
    spec = map_optimizer(keras("SGD", lr=0.1, **{key: 2}))
    assert {"gradientNormalization": (method,), "gradientNormalizationThreshold": (2.0,)} == dict(spec.layer_settings)
    assert finding(spec, key) == (2, Outcome.MAPPED, False)
    assert method in next(f.why for f in spec.findings if f.key == key)


def test_two_kinds_of_clipping_are_one_too_many():
    """DL4J clips in one way; the second one is refused by name instead of being dropped."""
    with pytest.raises(UnsupportedOption, match="clipvalue"):
        map_optimizer(keras("SGD", lr=0.1, clipnorm=1.0, clipvalue=0.5))


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adagrad", "Adam", "Adamax"])
def test_decay_becomes_an_inverse_schedule(name):
    """lr / (1 + decay * iteration) is ND4J's InverseSchedule with power 1."""
    spec = map_optimizer(keras(name, lr=0.1, decay=0.01))
    expected = ScheduleSpec(
        "InverseSchedule", {"scheduleType": "ITERATION", "initialValue": 0.1, "gamma": 0.01, "power": 1.0}
    )
    assert expected == spec.fields["learningRateSchedule"]
    assert spec.fields["learningRate"] == 0.1


def test_decay_of_a_legacy_nadam_is_its_schedule_decay():
    """tf.keras writes Nadam's schedule_decay under the key decay; it does not decay the rate."""
    spec = map_optimizer(keras("Nadam", "tf-keras-legacy", learning_rate=0.1, decay=0.004))
    assert "learningRateSchedule" not in spec.fields
    assert finding(spec, "decay") == (0.004, Outcome.APPROXIMATED, True)


def test_a_null_epsilon_is_the_backends():
    """null is not silence: it means the backend's 1e-7, and the finding says so."""
    spec = map_optimizer(keras("Adam", epsilon=None))
    assert spec.fields["epsilon"] == 1e-7
    assert "null" in next(f.why for f in spec.findings if f.key == "epsilon")


def test_an_integer_rate_is_a_number():
    """lr: 1 in JSON is as good as 1.0."""
    assert map_optimizer(keras("SGD", lr=1)).fields["learningRate"] == 1.0


def test_both_spellings_of_the_rate_leave_none_unnamed():
    """Where a config has lr and learning_rate, one is used and the other is refused by name."""
    with pytest.raises(UnsupportedOption, match="lr="):
        map_optimizer(keras("SGD", learning_rate=0.1, lr=0.2))


def test_global_clipnorm_is_a_listener():
    """It belongs neither to the updater nor to a layer; of two ways to clip the second is named as lost."""
    spec = map_optimizer(keras("Adam", global_clipnorm=1.5))
    assert (dict(spec.listeners), dict(spec.layer_settings)) == ({"GlobalClipNorm": (1.5,)}, {})
    assert UpdaterSpec.from_dict(spec.to_dict()) == spec != replace(spec, listeners={})
    assert "network.addListeners(new org.pydl4j.training.GlobalClipNorm(1.5));" in java_code(spec)
    with pytest.raises(UnsupportedOption, match="clipnorm"):
        map_optimizer(keras("Adam", global_clipnorm=1.5, clipnorm=1.0))


@pytest.mark.parametrize(
    ("name", "config", "key"),
    [
        ("RMSprop", {"momentum": 0.9}, "momentum"),
        ("RMSprop", {"centered": True}, "centered"),
        ("Adadelta", {"lr": 0.4}, "lr"),
        ("Adadelta", {"decay": 0.1}, "decay"),
        ("Adam", {"use_ema": True}, "use_ema"),
        ("Adam", {"gradient_accumulation_steps": 4}, "gradient_accumulation_steps"),
        ("Adam", {"a_setting_of_tomorrow": 4}, "a_setting_of_tomorrow"),
    ],
)
class TestOnLoss:
    """A setting that changes the training and that ND4J cannot say."""

    def test_is_an_error_by_default(self, name, config, key):
        """The error names the setting and its place."""
        with pytest.raises(UnsupportedOption, match=key) as caught:
            map_optimizer(keras(name, **config))
        assert caught.value.where == "config"

    def test_warns_when_asked_to(self, name, config, key):
        """on_loss="warn" maps the rest and warns."""
        with pytest.warns(LossyMappingWarning, match=key):
            spec = map_optimizer(keras(name, **config), on_loss="warn")
        assert (config[key], Outcome.NOT_CARRIED, True) == finding(spec, key)

    def test_is_a_finding_when_ignored(self, name, config, key):
        """on_loss="ignore" is silent, and the finding is there all the same."""
        spec = map_optimizer(keras(name, **config), on_loss="ignore")
        assert (key,) == tuple(f.key for f in spec.losses)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("TFOptimizer", "Adam"),
        ("Ftrl", "AdaGrad"),
        ("Lion", "Adam"),
        ("Adafactor", "RmsProp"),
        ("LossScaleOptimizer", "the optimizer inside of it"),
    ],
)
def test_optimizers_without_a_counterpart_are_refused_by_name(name, near):
    """The refusal names the class, the reason and the nearest choice."""
    with pytest.raises(UnsupportedOptimizer, match=name) as caught:
        map_optimizer(keras(name))
    assert (near,) == caught.value.near
    assert caught.value.because


def test_a_loss_scale_optimizer_names_the_optimizer_inside():
    """The nearest choice is what it wraps."""
    config = {"inner_optimizer": {"class_name": "Nadam", "config": {}}}
    with pytest.raises(UnsupportedOptimizer) as caught:
        map_optimizer(keras("LossScaleOptimizer", **config))
    assert caught.value.near == ("Nadam",)


def test_a_custom_class_is_refused_even_under_a_known_name():
    """A user's own Adam is not Keras's Adam."""
    with pytest.raises(UnsupportedOptimizer, match="not one of Keras's own"):
        map_optimizer(Optimizer("Adam", {}, "keras-3", custom=True))


def test_an_unknown_class_gets_near_names():
    """A misspelled class is answered with the known ones that look like it."""
    with pytest.raises(UnsupportedOptimizer) as caught:
        map_optimizer(keras("Adamm"))
    assert "Adam" in caught.value.near


def test_on_loss_takes_three_words():
    """Anything else is a mistake in the calling code."""
    with pytest.raises(ValueError, match="on_loss"):
        map_optimizer(keras("SGD"), on_loss="maybe")


def test_epsilon_inside_the_root_is_approximated_in_new_dialects_only():
    """Old RMSprop adds epsilon outside the root as ND4J does; the start of the accumulator differs in both."""
    old = next(f.why for f in map_optimizer(keras("RMSprop", epsilon=1e-7)).findings if f.key == "epsilon")
    new = next(f.why for f in map_optimizer(keras("RMSprop", "keras-3", epsilon=1e-7)).findings if f.key == "epsilon")
    assert "inside the square root" not in old
    assert "inside the square root" in new


def test_specs_survive_pickle_and_json():
    """A spec goes through other processes and comes back equal."""
    spec = map_optimizer(keras("Adam", lr=0.1, decay=0.01, clipnorm=1.0))
    assert spec == pickle.loads(pickle.dumps(spec))
    assert spec == UpdaterSpec.from_dict(spec.to_dict())


def test_findings_do_not_count_in_equality():
    """Two specs are equal when they describe the same updater, however it was found."""
    assert UpdaterSpec("Sgd", {"learningRate": 0.01}) == map_optimizer(keras("SGD"))


def test_rates_of_a_spec_cannot_be_changed():
    """A spec is frozen all the way down."""
    spec = map_optimizer(keras("SGD"))
    with pytest.raises(TypeError):
        spec.fields["learningRate"] = math.inf
