"""Real ND4J objects: built from specs, read back, and held against our table of them by reflection."""

import json
import re
from pathlib import Path

import pytest

from pydl4j_bridge import build_updater, read_updater
from pydl4j_bridge.errors import UnsupportedOptimizer
from pydl4j_bridge.jvm.updaters import build_schedule, read_schedule
from pydl4j_bridge.kerasfile import read
from pydl4j_bridge.mapping import ScheduleSpec, UpdaterSpec, map_optimizer
from pydl4j_bridge.mapping.rules import RULES
from pydl4j_bridge.mapping.spec import OWN_UPDATER_PACKAGE, SCHEDULE_PACKAGE, UPDATER_PACKAGE
from pydl4j_bridge.mapping.targets import OWN_SCHEDULES, OWN_UPDATERS, SCHEDULES, UPDATERS, WITHOUT_BUILDER

pytestmark = pytest.mark.usefixtures("jvm")

DATA = Path(__file__).parents[1] / "data"
ITERATION = {"scheduleType": "ITERATION"}
SCHEDULE_VALUES = {
    "CycleSchedule": {
        **ITERATION,
        "initialLearningRate": 0.01,
        "maxLearningRate": 0.1,
        "cycleLength": 20,
        "annealingLength": 4,
        "annealingDecay": 0.5,
    },
    "ExponentialSchedule": {**ITERATION, "initialValue": 0.1, "gamma": 0.99},
    "FixedSchedule": {"value": 0.1},
    "InverseSchedule": {"scheduleType": "EPOCH", "initialValue": 0.1, "gamma": 0.01, "power": 0.75},
    "MapSchedule": {**ITERATION, "values": {0: 0.1, 10: 0.01}},
    "PolySchedule": {**ITERATION, "initialValue": 0.1, "power": 2.0, "maxIter": 100},
    "RampSchedule": {"baseSchedule": ScheduleSpec("FixedSchedule", {"value": 0.1}), "numIter": 10},
    "SigmoidSchedule": {**ITERATION, "initialValue": 0.1, "gamma": 0.01, "stepSize": 10},
    "StepSchedule": {**ITERATION, "initialValue": 0.1, "decayRate": 0.5, "step": 10.0},
    **{
        name: {field: True if kind == "boolean" else 0.5 + at for at, (field, kind) in enumerate(fields.items())}
        for name, fields in OWN_SCHEDULES.items()
    },
}
KINDS = {
    "double": "double",
    "int": "int",
    f"{SCHEDULE_PACKAGE}.ISchedule": "ISchedule",
    f"{SCHEDULE_PACKAGE}.ScheduleType": "ScheduleType",
    "java.util.Map": "Map<Integer,Double>",
}


def classes_of(package: str) -> set[str]:
    """Simple names of the concrete public classes that the real jar has in a package."""
    import jpype

    source = jpype.JClass(f"{UPDATER_PACKAGE}.IUpdater").class_.getProtectionDomain().getCodeSource().getLocation()
    path = package.replace(".", "/")
    with jpype.JClass("java.util.jar.JarFile")(jpype.JClass("java.io.File")(source.toURI())) as jar:
        names = [str(entry.getName()) for entry in jar.stream().iterator()]
    found = {m[1] for name in names if (m := re.fullmatch(rf"{path}/(\w+)\.class", name))}
    java = {name: jpype.JClass(f"{package}.{name}").class_ for name in found}
    return {name for name, java_class in java.items() if not java_class.isInterface() and not java_class.isEnum()}


def setters(java_class) -> dict[str, str]:
    """Name → kind of the methods of a Builder that take one argument and return the Builder."""
    return {
        str(method.getName()): KINDS[str(method.getParameterTypes()[0].getName())]
        for method in java_class.getDeclaredMethods()
        if method.getParameterCount() == 1 and method.getReturnType().equals(java_class)
    }


def test_the_table_has_every_updater_and_schedule_of_the_jar():
    """A class that ND4J gains or loses fails here."""
    assert set(UPDATERS) == classes_of(UPDATER_PACKAGE)
    assert set(SCHEDULES) == classes_of(SCHEDULE_PACKAGE)


@pytest.mark.parametrize("name", sorted(UPDATERS.keys() - WITHOUT_BUILDER))
def test_the_table_has_every_builder_setter_of_the_jar(name):
    """Names and kinds agree in both directions."""
    import jpype

    found = setters(jpype.JClass(f"{UPDATER_PACKAGE}.{name}$Builder").class_)
    if name == "Nesterovs":
        # Deprecated: a map of momenta that nothing in ND4J reads; momentumISchedule is the one that counts.
        assert found.pop("momentumSchedule") == "Map<Integer,Double>"
    assert dict(UPDATERS[name]) == found


@pytest.mark.parametrize("name", sorted(WITHOUT_BUILDER - OWN_UPDATERS.keys()))
def test_updaters_without_a_builder_have_setters_of_their_own(name):
    """A jar whose Builder gains setters fails here, and the exception can go."""
    import jpype

    java_class = jpype.JClass(f"{UPDATER_PACKAGE}.{name}").class_
    for inner in java_class.getDeclaredClasses():
        assert setters(inner) == {}
    own = {
        str(m.getName()): KINDS[str(m.getParameterTypes()[0].getName())]
        for m in java_class.getDeclaredMethods()
        if m.getParameterCount() == 1
        and str(m.getName()).startswith("set")
        and "Occurrences" not in str(m.getName())  # how an embedding ties an updater to itself
    }
    assert {f"set{field[0].upper()}{field[1:]}": kind for field, kind in UPDATERS[name].items()} == own


@pytest.mark.parametrize("name", sorted(OWN_UPDATERS))
def test_the_updaters_of_our_own_have_the_setters_of_the_table(name):
    """The table and the Java classes agree, in both directions; the learning rate's are the base class's."""
    import jpype

    java_class = jpype.JClass(f"{OWN_UPDATER_PACKAGE}.{name}").class_
    own = {
        str(m.getName()): str(m.getParameterTypes()[0].getSimpleName())
        for m in (*java_class.getDeclaredMethods(), *java_class.getSuperclass().getDeclaredMethods())
        if m.getParameterCount() == 1
        and str(m.getName()).startswith("set")
        and "Occurrences" not in str(m.getName())  # how an embedding ties an updater to itself
    }
    assert {f"set{field[0].upper()}{field[1:]}": kind for field, kind in OWN_UPDATERS[name].items()} == own


@pytest.mark.parametrize("name", sorted(SCHEDULES))
def test_the_table_has_the_constructor_of_every_schedule(name):
    """The arguments of the widest constructor, in order: their kinds, and their names as fields of the class."""
    import jpype

    java_class = jpype.JClass(f"{SCHEDULE_PACKAGE}.{name}").class_
    widest = max(java_class.getConstructors(), key=lambda constructor: constructor.getParameterCount())
    assert [KINDS[str(kind.getName())] for kind in widest.getParameterTypes()] == list(SCHEDULES[name].values())
    assert {str(field.getName()) for field in java_class.getDeclaredFields()} >= SCHEDULES[name].keys()


@pytest.mark.parametrize("name", sorted({**SCHEDULES, **OWN_SCHEDULES}))
def test_schedules_round_trip(name):
    """Every schedule of ND4J and of our own is built and read back the same."""
    spec = ScheduleSpec(name, SCHEDULE_VALUES[name])
    assert spec == read_schedule(build_schedule(spec))


@pytest.mark.parametrize("name", sorted(UPDATERS))
def test_updaters_round_trip(name):
    """Every updater of ND4J is built with a value of its own in each field and read back the same."""
    values = {
        field: ScheduleSpec("FixedSchedule", {"value": 0.5}) if kind == "ISchedule" else 0.1 + 0.01 * position
        for position, (field, kind) in enumerate(UPDATERS[name].items())
    }
    spec = UpdaterSpec(name, values)
    updater = build_updater(spec)
    assert f"{UPDATER_PACKAGE}.{name}" == str(updater.getClass().getName())
    assert spec == read_updater(updater)


def test_updaters_of_other_makers_are_refused():
    """A class outside ND4J's package cannot be read into a spec."""
    import jpype

    with pytest.raises(UnsupportedOptimizer, match=r"java\.lang\.Object"):
        read_updater(jpype.JClass("java.lang.Object")())


def mapped_fixtures() -> list[str]:
    """Fixtures that become an updater."""
    found = []
    for manifest in sorted(DATA.glob("*/manifest.json")):
        for name, entry in json.loads(manifest.read_text())["files"].items():
            known = entry["optimizer"] and entry["optimizer"]["class_name"] in RULES
            if known and "custom" not in name and entry["compiled"] and entry["saved"] in ("whole", "optimizer"):
                found.append(f"{manifest.parent.name}/{name}")
    return [name for name in found if name != "keras3/adam-keras-after-h5.keras"]


@pytest.mark.parametrize("name", mapped_fixtures())
def test_every_fixture_becomes_a_real_updater(name):
    """The object in the JVM holds exactly what the spec of the file says."""
    spec = map_optimizer(read(DATA / name).optimizer, on_loss="ignore")
    read_back = read_updater(build_updater(spec))
    assert UpdaterSpec(spec.updater, spec.fields) == read_back


def schedules() -> list[tuple[str, list[list[float]]]]:
    """Fixtures with a schedule of Keras's own, and the values that Keras gave for some steps."""
    return [
        (f"{manifest.parent.name}/{name}", entry["schedule_values"])
        for manifest in sorted(DATA.glob("*/manifest.json"))
        for name, entry in json.loads(manifest.read_text())["files"].items()
        if entry.get("schedule_values") and "custom" not in name
    ]


@pytest.mark.parametrize("fidelity", ["nd4j", "exact"])
@pytest.mark.parametrize(("name", "recorded"), schedules())
def test_schedules_give_keras_own_rates(name, recorded, fidelity):
    """valueAt(iteration) is what Keras's schedule(step) gave, to 4e-7 of the highest rate: Keras has float32."""
    spec = map_optimizer(read(DATA / name).optimizer, fidelity=fidelity)
    schedule = build_schedule(spec.fields["learningRateSchedule"])
    near = 4e-7 * max(rate for _, rate in recorded)
    for step, expected in recorded:
        assert expected == pytest.approx(float(schedule.valueAt(step, 0)), rel=0, abs=near)


def test_an_updater_shows_its_settings_in_python():
    """In one line where it is printed, and as a table in a notebook, also one of ours."""
    updater = build_updater(UpdaterSpec("Adam", {"learningRate": 0.25}))
    assert repr(updater).startswith("Adam(learningRate=0.25, ")
    assert "org.nd4j.linalg.learning.config.Adam</caption>" in updater._repr_html_()
    own = build_updater(map_optimizer(read(DATA / "keras3" / "nadam.keras").optimizer, fidelity="exact"))
    assert "KerasNadam</caption>" in own._repr_html_()


@pytest.mark.parametrize("dialect", ["keras3", "tfkeras"])
def test_an_exact_schedule_is_a_formula(dialect):
    """It has a few numbers where ND4J needs one for each step, and no finding says that it ends."""
    names = {name.rpartition("/")[2]: name for name, _ in schedules() if name.startswith(f"{dialect}/")}
    for name in (
        "sgd-cosine-decay-restarts.h5",
        "sgd-polynomial-decay-cycle.h5",
        "sgd-inverse-time-decay-staircase.h5",
    ):
        near, exact = (map_optimizer(read(DATA / names[name]).optimizer, fidelity=f) for f in ("nd4j", "exact"))
        assert len(near.fields["learningRateSchedule"].fields["values"]) == 100_000
        assert exact.fields["learningRateSchedule"].schedule in OWN_SCHEDULES
        assert not any(finding.changes_training for finding in exact.findings)
        both = [build_schedule(one.fields["learningRateSchedule"]) for one in (near, exact)]
        for step in (0, 1, 7, 40, 99, 1000, 12_345, 99_999):
            assert both[0].valueAt(step, 0) == pytest.approx(both[1].valueAt(step, 0), rel=1e-9)
