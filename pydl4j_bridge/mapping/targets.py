"""What ND4J 1.0.0-M2.1 offers: its updaters and schedules, and the names and kinds of their settings.

A test walks the classes of the real jar and fails where this table and the jar disagree, in either direction.
"""

from __future__ import annotations

from collections.abc import Mapping

BOOLEAN, DOUBLE, INT, SCHEDULE, SCHEDULE_TYPE = "boolean", "double", "int", "ISchedule", "ScheduleType"
INT_TO_DOUBLE = "Map<Integer,Double>"

_RATE = {"learningRate": DOUBLE, "learningRateSchedule": SCHEDULE}
_ADAM = {**_RATE, "beta1": DOUBLE, "beta2": DOUBLE, "epsilon": DOUBLE}

#: Updater → Builder name → kind. Nesterovs' deprecated ``momentumSchedule`` (a map that nothing reads) is left out.
UPDATERS: Mapping[str, Mapping[str, str]] = {
    "AMSGrad": _ADAM,
    "AdaBelief": _ADAM,
    "AdaDelta": {"rho": DOUBLE, "epsilon": DOUBLE},
    "AdaGrad": {**_RATE, "epsilon": DOUBLE},
    "AdaMax": _ADAM,
    "Adam": _ADAM,
    "Nadam": _ADAM,
    "Nesterovs": {**_RATE, "momentum": DOUBLE, "momentumISchedule": SCHEDULE},
    "NoOp": {},
    "RmsProp": {**_RATE, "rmsDecay": DOUBLE, "epsilon": DOUBLE},
    "Sgd": _RATE,
}

#: Keras's rules that ND4J lacks, as updaters of our own in ``jars/java``: class → name of a setter → kind.
OWN_UPDATERS: Mapping[str, Mapping[str, str]] = {
    "KerasAdaDelta": {**_RATE, "rho": DOUBLE, "epsilon": DOUBLE},
    "KerasAdaGrad": {**_RATE, "initialAccumulatorValue": DOUBLE, "epsilon": DOUBLE, "epsilonOutside": BOOLEAN},
    "KerasAdaMax": _ADAM,
    "KerasAdam": {**_ADAM, "amsgrad": BOOLEAN},
    "KerasMomentum": {**_RATE, "momentum": DOUBLE},
    "KerasNadam": {**_ADAM, "scheduleDecay": DOUBLE},
    "KerasRmsProp": {
        **_RATE,
        "rho": DOUBLE,
        "momentum": DOUBLE,
        "epsilon": DOUBLE,
        "centered": BOOLEAN,
        "epsilonOutside": BOOLEAN,
    },
}

#: ND4J's updater with Keras's rule → ours with the same one, for embeddings whose gradients come one by one.
ONE_BY_ONE: Mapping[str, tuple[str, Mapping[str, float]]] = {
    "AMSGrad": ("KerasAdam", {"amsgrad": True}),
    "AdaDelta": ("KerasAdaDelta", {"learningRate": 1.0}),
    "Adam": ("KerasAdam", {}),
}

#: Updaters whose Builder has no setters in this jar, or that have none; their own setters have the same names.
WITHOUT_BUILDER = frozenset({"AdaMax", "NoOp", *OWN_UPDATERS})

#: Schedule → arguments of its constructor, in order → kind.
SCHEDULES: Mapping[str, Mapping[str, str]] = {
    "CycleSchedule": {
        "scheduleType": SCHEDULE_TYPE,
        "initialLearningRate": DOUBLE,
        "maxLearningRate": DOUBLE,
        "cycleLength": INT,
        "annealingLength": INT,
        "annealingDecay": DOUBLE,
    },
    "ExponentialSchedule": {"scheduleType": SCHEDULE_TYPE, "initialValue": DOUBLE, "gamma": DOUBLE},
    "FixedSchedule": {"value": DOUBLE},
    "InverseSchedule": {"scheduleType": SCHEDULE_TYPE, "initialValue": DOUBLE, "gamma": DOUBLE, "power": DOUBLE},
    "MapSchedule": {"scheduleType": SCHEDULE_TYPE, "values": INT_TO_DOUBLE},
    "PolySchedule": {"scheduleType": SCHEDULE_TYPE, "initialValue": DOUBLE, "power": DOUBLE, "maxIter": INT},
    "RampSchedule": {"baseSchedule": SCHEDULE, "numIter": INT},
    "SigmoidSchedule": {"scheduleType": SCHEDULE_TYPE, "initialValue": DOUBLE, "gamma": DOUBLE, "stepSize": INT},
    "StepSchedule": {"scheduleType": SCHEDULE_TYPE, "initialValue": DOUBLE, "decayRate": DOUBLE, "step": DOUBLE},
}

#: Keras's schedules whose formulas ND4J lacks, as classes of our own in ``jars/java``: the same of them.
OWN_SCHEDULES: Mapping[str, Mapping[str, str]] = {
    "KerasCosineDecay": {
        "initialLearningRate": DOUBLE,
        "decaySteps": DOUBLE,
        "alpha": DOUBLE,
        "warmupTarget": DOUBLE,
        "warmupSteps": DOUBLE,
    },
    "KerasCosineDecayRestarts": {
        "initialLearningRate": DOUBLE,
        "firstDecaySteps": DOUBLE,
        "periodFactor": DOUBLE,
        "heightFactor": DOUBLE,
        "alpha": DOUBLE,
    },
    "KerasInverseTimeDecay": {"initialLearningRate": DOUBLE, "decaySteps": DOUBLE, "decayRate": DOUBLE},
    "KerasPolynomialDecay": {
        "initialLearningRate": DOUBLE,
        "decaySteps": DOUBLE,
        "endLearningRate": DOUBLE,
        "power": DOUBLE,
        "cycle": BOOLEAN,
    },
}
