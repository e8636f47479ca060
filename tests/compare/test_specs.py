"""Differences between two specs, and the quirks that explain them."""

import math

import pytest

from pydl4j_bridge.compare import compare_specs
from pydl4j_bridge.compare.numbers import same
from pydl4j_bridge.kerasfile import Optimizer
from pydl4j_bridge.mapping import ScheduleSpec, UpdaterSpec, map_optimizer
from pydl4j_bridge.mapping.schedules import inverse


def differences(optimizer: Optimizer, native: UpdaterSpec) -> list[tuple[str, object, object, str | None]]:
    """Our mapping of an optimizer against a native updater."""
    spec = map_optimizer(optimizer, on_loss="ignore")
    return [(d.field, d.bridge, d.native, d.quirk) for d in compare_specs(optimizer, spec, native)]


def test_float32_is_the_measure():
    """A double and the float32 that Keras made of it are the same setting; the next float32 is not."""
    assert same(0.001, 0.0010000000474974513)
    assert not same(0.001, 0.00100000016)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (math.nan, math.nan, True),
        (1e300, 2e300, True),
        (True, 1.0, True),
        (None, 0.0, False),
        ((0.1, True), (0.1, True), True),
        ((0.1, True), (0.1,), False),
        (inverse(0.1, 0.01), inverse(0.1, 0.01), True),
        (inverse(0.1, 0.01), inverse(0.1, 0.02), False),
        (inverse(0.1, 0.01), ScheduleSpec("FixedSchedule", {"value": 0.1}), False),
    ],
)
def test_equality_of_settings(one, other, expected):
    """Numbers as float32, all else as it is, schedules by their class and fields."""
    assert expected == same(one, other)


def test_equal_specs_do_not_differ():
    """The same updater on both sides is no difference."""
    adam = Optimizer("Adam", {"lr": 0.1}, "keras-2")
    assert differences(adam, map_optimizer(adam)) == []


def test_plain_sgd_as_nesterovs_is_n02():
    """The class and the momentum of 0 that comes with it."""
    sgd = Optimizer("SGD", {"lr": 0.1, "momentum": 0.0, "nesterov": False, "decay": 0.0}, "keras-2")
    native = UpdaterSpec("Nesterovs", {"learningRate": 0.1, "momentum": 0.0})
    assert differences(sgd, native) == [("class", "Sgd", "Nesterovs", "N02"), ("momentum", None, 0.0, "N02")]


def test_a_momentum_out_of_nowhere_is_unexplained():
    """N02 explains Keras's own momentum, not any number."""
    sgd = Optimizer("SGD", {"lr": 0.1, "momentum": 0.0}, "keras-2")
    native = UpdaterSpec("Nesterovs", {"learningRate": 0.1, "momentum": 0.5})
    assert ("momentum", None, 0.5, None) in differences(sgd, native)


def test_a_momentum_from_epsilon_is_n03():
    """The native import reads SGD's momentum from the key epsilon where there is one."""
    sgd = Optimizer("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "epsilon": 0.3}, "keras-2")
    native = UpdaterSpec("Nesterovs", {"learningRate": 0.1, "momentum": 0.3})
    assert ("momentum", 0.9, 0.3, "N03") in differences(sgd, native)


def test_amsgrad_as_adam_is_n07():
    """The native import drops amsgrad."""
    adam = Optimizer("Adam", {"lr": 0.1, "amsgrad": True}, "keras-2")
    native = UpdaterSpec("Adam", map_optimizer(adam).fields)
    assert differences(adam, native) == [("class", "AMSGrad", "Adam", "N07")]


def test_what_rmsprop_loses_is_n08():
    """The bridge names what ND4J cannot express; the native import drops it in silence."""
    rmsprop = Optimizer("RMSprop", {"lr": 0.1, "momentum": 0.9, "centered": True}, "tf-keras-legacy")
    native = UpdaterSpec("RmsProp", map_optimizer(rmsprop, on_loss="ignore").fields)
    assert differences(rmsprop, native) == [("momentum", 0.9, None, "N08"), ("centered", True, None, "N08")]


def test_what_adadelta_loses_is_n09():
    """Its learning rate."""
    adadelta = Optimizer("Adadelta", {"lr": 0.4}, "keras-2")
    native = UpdaterSpec("AdaDelta", {"rho": 0.95, "epsilon": 1e-8})
    assert differences(adadelta, native) == [("lr", 0.4, None, "N09")]


def test_the_decay_of_adamax_is_n09():
    """The bridge has a schedule, the native import none."""
    adamax = Optimizer("Adamax", {"lr": 0.1, "decay": 0.01}, "keras-2")
    fields = {k: v for k, v in map_optimizer(adamax).fields.items() if k != "learningRateSchedule"}
    assert [("learningRateSchedule", inverse(0.1, 0.01), None, "N09")] == differences(
        adamax, UpdaterSpec("AdaMax", fields)
    )


def test_a_schedule_from_schedule_decay_is_n10():
    """The native import takes Nadam's schedule_decay for a decay of the rate; another number is unexplained."""
    nadam = Optimizer("Nadam", {"lr": 0.1, "schedule_decay": 0.004}, "keras-2")
    fields = map_optimizer(nadam).fields
    native = UpdaterSpec("Nadam", {**fields, "learningRateSchedule": inverse(0.1, 0.004)})
    assert [("learningRateSchedule", None, inverse(0.1, 0.004), "N10")] == differences(nadam, native)
    native = UpdaterSpec("Nadam", {**fields, "learningRateSchedule": inverse(0.1, 0.005)})
    assert [("learningRateSchedule", None, inverse(0.1, 0.005), None)] == differences(nadam, native)


def test_dropped_clipping_is_n11():
    """Clipping is in our layer settings and nowhere in the native network."""
    sgd = Optimizer("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "clipnorm": 1.0}, "tf-keras-legacy")
    native = UpdaterSpec("Nesterovs", {"learningRate": 0.1, "momentum": 0.9})
    assert differences(sgd, native) == [
        ("gradientNormalization", ("ClipL2PerParamType",), None, "N11"),
        ("gradientNormalizationThreshold", (1.0,), None, "N11"),
    ]


def test_another_learning_rate_is_unexplained():
    """No quirk explains a wrong number."""
    adam = Optimizer("Adam", {"lr": 0.1}, "keras-2")
    native = UpdaterSpec("Adam", {**map_optimizer(adam).fields, "learningRate": 0.2})
    assert differences(adam, native) == [("learningRate", 0.1, 0.2, None)]
