"""Every file that real Keras wrote: the mapped values against what Keras's own get_config() said when it was saved."""

import json
from pathlib import Path

import pytest

from pydl4j_bridge.errors import UnsupportedOptimizer, UnsupportedOption
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.mapping import ScheduleSpec, map_optimizer
from pydl4j_bridge.mapping.rules import REFUSED, RULES

DATA = Path(__file__).parents[1] / "data"
RECORDED = {
    str(manifest.parent / name): entry
    for manifest in sorted(DATA.glob("*/manifest.json"))
    for name, entry in json.loads(manifest.read_text())["files"].items()
}
#: Keras key → ND4J field, written down here again: the table under test is not its own judge.
FIELDS = {
    "learning_rate": "learningRate",
    "momentum": "momentum",
    "rho": {"RMSprop": "rmsDecay", "Adadelta": "rho"},
    "beta_1": "beta1",
    "beta_2": "beta2",
    "epsilon": "epsilon",
}
UPDATERS = {
    "SGD": {"Sgd", "Nesterovs"},
    "RMSprop": {"RmsProp"},
    "Adagrad": {"AdaGrad"},
    "Adadelta": {"AdaDelta"},
    "Adam": {"Adam", "AMSGrad"},
    "AdamW": {"Adam", "AMSGrad"},
    "Adamax": {"AdaMax"},
    "Nadam": {"Nadam"},
}


WITH_OPTIMIZER = [path for path in RECORDED if read(path).optimizer is not None]
MAPPED = [
    path
    for path in WITH_OPTIMIZER
    if RECORDED[path]["optimizer"]["class_name"] in RULES and "custom" not in Path(path).name
]


def short(path: str) -> str:
    """The id of a test."""
    return f"{Path(path).parent.name}/{Path(path).name}"


def test_there_are_fixtures_of_every_dialect():
    """The tests below are about something: all optimizers, in all dialects."""
    for folder in ("keras3", "tfkeras", "tfkeras-legacy"):
        found = {RECORDED[path]["optimizer"]["class_name"] for path in MAPPED if Path(path).parent.name == folder}
        assert found >= RULES.keys() - {"AdamW"}


@pytest.mark.parametrize("path", MAPPED, ids=short)
def test_mapped_values_are_keras_own(path):
    """Each field of the updater holds the very number that Keras had; no key of the config is without a finding."""
    recorded = RECORDED[path]["optimizer"]
    name, config = recorded["class_name"], recorded["config"]
    optimizer = read(path).optimizer
    spec = map_optimizer(optimizer, on_loss="ignore")
    assert spec.updater in UPDATERS[name]
    assert set(optimizer.config) <= {f.key for f in spec.findings}
    fields = {key: value.get(name) if isinstance(value, dict) else value for key, value in FIELDS.items()}
    for key, field in fields.items():
        value = spec.fields.get(field)
        if key not in config or (name, key) in {("Adadelta", "learning_rate"), ("RMSprop", "momentum")}:
            assert value is None
        elif isinstance(config[key], dict):
            assert isinstance(spec.fields["learningRateSchedule"], ScheduleSpec)
        elif key == "momentum" and spec.updater == "Sgd":
            assert config[key] == 0
        elif config[key] is None:
            assert (key, 1e-7) == ("epsilon", value)
        elif optimizer.by_name_only:
            assert config[key] == pytest.approx(value, rel=1e-7)  # Keras rounds 0.001 to float32, the default is exact
        else:
            assert config[key] == value


@pytest.mark.parametrize("path", MAPPED, ids=short)
def test_layer_settings_are_keras_own(path):
    """Clipping and weight decay arrive with Keras's numbers, and are absent where Keras has none."""
    config = RECORDED[path]["optimizer"]["config"]
    spec = map_optimizer(read(path).optimizer, on_loss="ignore")
    clip = config.get("clipnorm") or config.get("clipvalue")
    assert (clip,) == spec.layer_settings.get("gradientNormalizationThreshold", (None,)) or clip is None
    assert ("gradientNormalization" in spec.layer_settings) == bool(clip)
    assert ("weightDecay" in spec.layer_settings) == bool(config.get("weight_decay"))
    if config.get("weight_decay"):
        assert config["weight_decay"] == spec.layer_settings["weightDecay"][0]


@pytest.mark.parametrize("path", [path for path in WITH_OPTIMIZER if path not in MAPPED], ids=short)
def test_the_rest_is_refused_by_name(path):
    """An optimizer that ND4J lacks, or that a user wrote, is refused and named; so is a schedule of a user's."""
    optimizer = read(path).optimizer
    expected = UnsupportedOption if "custom-schedule" in path else UnsupportedOptimizer
    with pytest.raises(expected) as caught:
        map_optimizer(optimizer, on_loss="ignore")
    if expected is UnsupportedOptimizer:
        assert optimizer.class_name in str(caught.value)
        assert caught.value.near or optimizer.class_name not in REFUSED
