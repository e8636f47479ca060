"""Starting, joining, forking and interrupting: each in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pydl4j_bridge.jvm import jars, setup

DATA = Path(__file__).resolve().parents[1] / "data"

ROOT = str(Path(setup.__file__).resolve().parents[2])

ADAM = """
import jpype
print(jpype.JClass("org.nd4j.linalg.learning.config.Adam")(0.5).toString())
"""
SAYS = "Adam(learningRate=0.5, learningRateSchedule=null, beta1=0.9, beta2=0.999, epsilon=1.0E-8)\n"


@pytest.fixture(autouse=True, scope="module")
def _jars() -> None:
    jars.fetch()


def run(code: str, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of Python code."""
    done = setup.isolated(code, *arguments, time_limit=120)
    return done.returncode, done.stdout, done.stderr


def test_a_start_and_an_updater_print_nothing() -> None:
    """Nothing of Java's reaches the terminal."""
    assert run(f"from pydl4j_bridge.jvm.session import start; start(){ADAM}") == (0, SAYS, "")


@pytest.mark.parametrize(("given", "found"), [(None, "passive"), ("active", "active")])
def test_threads_do_not_spin_unless_they_are_told_to(given: str | None, found: str) -> None:
    """Where other processes want the processors, spinning threads of ND4J's take 30 times as long."""
    before = f"os.environ['OMP_WAIT_POLICY'] = {given!r}" if given else "os.environ.pop('OMP_WAIT_POLICY', None)"
    code = f"""
import os
{before}
from pydl4j_bridge.jvm.session import start
start()
print(os.environ["OMP_WAIT_POLICY"])
"""
    assert run(code) == (0, f"{found}\n", "")


def test_nd4j_and_an_import_print_nothing() -> None:
    """Nor of ND4J's and the importer's log, where Python's logging is not configured."""
    code = """
from pydl4j_bridge.jvm.session import start
from pydl4j_bridge.jvm.lock import lock_folder
start()
import jpype
importer = jpype.JClass("org.deeplearning4j.nn.modelimport.keras.KerasModelImport")
model = importer.importKerasSequentialModelAndWeights(str(lock_folder() / "startup-model.h5"), True)
print(model.numParams())
"""
    assert run(code) == (0, "38\n", "")


def test_java_logs_go_to_python_logging() -> None:
    """Under the name of the Java logger, with its level, its message and its exception."""
    code = """
import logging
logging.basicConfig(level="INFO", format="%(levelname)s %(name)s %(message)s")
from pydl4j_bridge.jvm.session import start
start()
import jpype
logger = jpype.JClass("org.slf4j.LoggerFactory").getLogger("org.nd4j.some.Class")
logger.debug("not this")
logger.info("one")
logger.warn("watch out")
failure = jpype.JClass("java.lang.IllegalStateException")("no")
logger.error(jpype.JString("oh"), jpype.JObject(failure, "java.lang.Throwable"))
"""
    code_, out, err = run(code)
    lines = err.splitlines()
    assert (code_, out) == (0, ""), err
    assert lines[:4] == [
        "INFO pydl4j_bridge.java.org.nd4j.some.Class one",
        "WARNING pydl4j_bridge.java.org.nd4j.some.Class watch out",
        "ERROR pydl4j_bridge.java.org.nd4j.some.Class oh",
        "java.lang.IllegalStateException: no",
    ]


def test_importing_loads_no_jpype_and_no_numpy() -> None:
    """Nothing heavy, for nothing was asked for yet."""
    code = """
import sys
import pydl4j_bridge.jvm.session, pydl4j_bridge.jvm.setup, pydl4j_bridge.jvm.exceptions, pydl4j_bridge.doctor
print([name for name in ("jpype", "_jpype", "numpy", "h5py", "pooch", "requests", "tqdm") if name in sys.modules])
"""
    assert run(code) == (0, "[]\n", "")


def test_the_main_thread_keeps_its_stack() -> None:
    """Java does not shrink it: what needs more than 1 MB of it works with a JVM as without one."""
    code = """
import h5py, io, numpy
from pydl4j_bridge.jvm.session import start
start()
def depth(n):
    return n if n == 0 else depth(n - 1)
import sys
sys.setrecursionlimit(5000)
print(depth(4000))
deep = []
for _ in range(100000):
    deep = [deep]
try:
    repr(deep)
except RecursionError:
    print("too deep")
with h5py.File(io.BytesIO(), "w") as file:
    print(file.create_dataset("a", data=numpy.arange(1000), compression="lzf")[5])
"""
    assert run(code) == (0, "0\ntoo deep\n5\n", "")


def test_threads_that_start_at_once_get_the_same_jvm() -> None:
    """One starts it and the others wait."""
    code = """
from concurrent.futures import ThreadPoolExecutor
from pydl4j_bridge.jvm.session import start
with ThreadPoolExecutor(8) as pool:
    print(len({id(jvm) for jvm in pool.map(lambda _: start(), range(8))}))
"""
    assert run(code) == (0, "1\n", "")


def test_the_callers_arguments_reach_java() -> None:
    """And are named when they are not the ones that a later start asks for."""
    code = """
from pydl4j_bridge.jvm.session import start
from pydl4j_bridge.errors import JvmAlreadyStarted
start(jvm_args=["-Xmx300m", "-XX:+UseParallelGC"])
import jpype
print(jpype.JClass("java.lang.Runtime").getRuntime().maxMemory() <= 300 * 2**20)
start(); start(jvm_args=["-Xmx300m", "-XX:+UseParallelGC"])
try:
    start(jvm_args=[])
except JvmAlreadyStarted as error:
    print(error.because)
"""
    assert run(code) == (0, "True\njvm_args are ['-Xmx300m', '-XX:+UseParallelGC'], asked for []\n", "")


def test_arguments_that_java_refuses_are_an_error_of_ours() -> None:
    """Named, with what Java is; not a crash and not ignored."""
    code = """
from pydl4j_bridge.jvm.session import start
from pydl4j_bridge.errors import JvmError
try:
    start(jvm_args=["-Xmxlots"])
except JvmError as error:
    print(type(error).__name__, error.what.startswith("Java "), error.fix)
"""
    code_, out, _ = run(code)
    assert (code_, out) == (0, "JvmError True Check the arguments ['-Xmxlots']\n")


def test_a_damaged_jar_keeps_the_jvm_from_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found before any of its classes is loaded."""
    folder = tmp_path / "jars"
    folder.mkdir()
    for jar in jars.class_path():
        (folder / jar.name).symlink_to(jar)
    (folder / "gson-2.8.0.jar").unlink()
    (folder / "gson-2.8.0.jar").write_bytes(b"PK")
    monkeypatch.setenv("PYDL4J_JARS", str(folder))
    code = """
from pydl4j_bridge.jvm.session import start
from pydl4j_bridge.errors import JarCorrupt
try:
    start()
except JarCorrupt as error:
    import jpype
    print(error.what, jpype.isJVMStarted())
"""
    assert run(code) == (0, "gson-2.8.0.jar is not the jar of the lock file False\n", "")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="file names do not depend on the locale there")
@pytest.mark.parametrize(
    ("encoding", "said"),
    [("C.UTF-8", SAYS), ("C", "they are not ASCII and the locale's encoding is ANSI_X3.4-1968\n")],
)
def test_a_cache_folder_that_is_not_ascii(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, said: str
) -> None:
    """It works where the locale can express it; elsewhere Java would end the process."""
    folder = tmp_path / "größe"
    folder.mkdir()
    for jar in jars.class_path():
        (folder / jar.name).symlink_to(jar)
    monkeypatch.setenv("PYDL4J_JARS", str(folder))
    monkeypatch.setenv("LC_ALL", encoding)
    code = f"""
from pydl4j_bridge.jvm.session import start
from pydl4j_bridge.errors import JvmError
try:
    start()
except JvmError as error:
    print(error.because)
    raise SystemExit
{ADAM}"""
    assert run(code) == (0, said, "")


THEIRS = """
import jpype
from pydl4j_bridge.jvm import jars, java
def theirs(*class_path):
    libjvm = java.find_java().libjvm
    flags = ["--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow", "-Xlog:disable"]
    jpype.startJVM(*flags, jvmpath=str(libjvm), classpath=[str(jar) for jar in class_path], ignoreUnrecognized=True)
from pydl4j_bridge.jvm.session import start
from pydl4j_bridge.errors import JvmAlreadyStarted
"""

USE = """
import jpype
print(jpype.JClass("org.nd4j.linalg.learning.config.Adam")(0.5).toString())
nd4j = jpype.JClass("org.nd4j.linalg.factory.Nd4j")
one = nd4j.createFromArray(jpype.JFloat[:]([1, 1]))
print(one.add(one).toString())
from pydl4j_bridge.jvm.lock import lock_folder
importer = jpype.JClass("org.deeplearning4j.nn.modelimport.keras.KerasModelImport")
print(importer.importKerasSequentialModelAndWeights(str(lock_folder() / "startup-model.h5"), True).numParams())
"""


def test_a_jvm_without_our_jars_is_joined() -> None:
    """They are added to it, and all works: updaters, arrays, the import."""
    code, out, err = run(
        f"{THEIRS}theirs()\njvm = start()\nprint(jvm.joined, len(jvm.class_path), start() is jvm){USE}"
    )
    assert (code, out) == (0, f"True 32 True\n{SAYS}[    2.0000,    2.0000]\n38\n"), err


def test_a_jvm_with_our_jars_is_joined_as_it_is() -> None:
    """Only our own classes are added, and a layer of ours can be built."""
    code, out, err = run(
        f"""{THEIRS}theirs(*jars.class_path())
jvm = start()
print(jvm.joined, [jar.name.partition("-")[0] for jar in jvm.class_path]){ADAM}
import pydl4j_bridge
model = pydl4j_bridge.import_model({str(DATA / "zoo" / "keras3" / "gru.keras")!r}, on_loss="ignore")
print(model.java.getLayer(0).conf().getLayer().getClass().getName())"""
    )
    assert (code, out) == (0, f"True ['pydl4j']\n{SAYS}org.pydl4j.layers.Recurrent\n"), err


def test_a_jvm_with_some_of_our_classes_is_refused() -> None:
    """Half of ours in their class loader and half in another one could not see each other."""
    code = f"""{THEIRS}
theirs(*(jar for jar in jars.class_path() if "modelimport" not in jar.name))
try:
    start()
except JvmAlreadyStarted as error:
    print(error.because)
"""
    missing = "org.deeplearning4j.nn.modelimport.keras.KerasModelImport"
    assert run(code)[:2] == (0, f"these classes cannot be loaded in it: {missing}\n")


def test_a_jvm_with_another_nd4j_is_refused(tmp_path: Path) -> None:
    """The version is read from the jar's own properties, not from its name."""
    code = f"""{THEIRS}
import sys
theirs(sys.argv[1], *jars.class_path())
try:
    start()
except JvmAlreadyStarted as error:
    print(error.because)
"""
    properties = tmp_path / "META-INF/maven/org.nd4j/nd4j-api/pom.properties"
    properties.parent.mkdir(parents=True)
    properties.write_text("version=1.0.0-beta7\n")
    said = "its class path holds ND4J 1.0.0-beta7, and 1.0.0-M2.1 is needed\n"
    assert run(code, str(tmp_path))[:2] == (0, said)


def test_options_are_refused_for_a_jvm_that_somebody_else_started() -> None:
    """They come too late."""
    code = f"""{THEIRS}theirs()
try:
    start(jvm_args=["-Xmx1g"])
except JvmAlreadyStarted as error:
    print(error.because)
"""
    assert run(code)[:2] == (0, "jvm_args are somebody else's, asked for ['-Xmx1g']\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_gets_an_error_and_ends() -> None:
    """It would hang at the first call, and JPype's exit would hang at its end."""
    code = """
import os, sys, warnings
from pydl4j_bridge.jvm.session import start, is_started
from pydl4j_bridge.errors import JvmAfterFork
start()
warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of forks of processes with threads
child = os.fork()
if child == 0:
    try:
        start()
    except JvmAfterFork as error:
        print(error.what, is_started(), flush=True)
    sys.exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert run(code) == (0, "this process was forked from one whose JVM was running False\n7\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_forked_before_the_start_may_start_its_own() -> None:
    """Only a running JVM cannot be copied."""
    code = """
import os, sys
from pydl4j_bridge.jvm.session import start
child = os.fork()
if child == 0:
    start()
    sys.exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
start()
"""
    assert run(code) == (0, "7\n", "")


BUSY = {
    "in Python": "time.sleep(60)",
    "calling Java": """
Adam = jpype.JClass("org.nd4j.linalg.learning.config.Adam")
while True:
    Adam(0.5)""",
    "in Java": """jpype.JClass("java.lang.Thread").sleep(1500)
time.sleep(60)""",
}


def hear_ctrl_c() -> None:
    """In a new process: a shell's background jobs, and so these tests in one, are deaf to SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(sys.platform == "win32", reason="signals to one process")
@pytest.mark.parametrize("busy", BUSY.values(), ids=BUSY.keys())
def test_ctrl_c_is_a_keyboard_interrupt(busy: str) -> None:
    """At once in Python, after the call in Java."""
    body = "\n".join(f"    {line}" for line in busy.splitlines())
    code = f"""
import time
from pydl4j_bridge.jvm.session import start
start()
import jpype
print("ready", flush=True)
try:
{body}
except KeyboardInterrupt:
    print("interrupted")
"""
    environment = os.environ | {"PYTHONPATH": ROOT}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=hear_ctrl_c,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out) == (0, "interrupted\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals to one process")
def test_a_handler_that_python_code_installed_stays() -> None:
    """A service that ends cleanly on SIGTERM still does."""
    code = """
import os, signal
signal.signal(signal.SIGTERM, lambda *_: print("ending cleanly"))
from pydl4j_bridge.jvm.session import start
start()
os.kill(os.getpid(), signal.SIGTERM)
"""
    assert run(code) == (0, "ending cleanly\n", "")
