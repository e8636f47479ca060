"""The one JVM of this process: started, or joined when somebody else's JPype code started one.

Importing this module starts nothing and loads no JPype. A JVM cannot be started twice in a process, cannot be stopped
and started again, and cannot be used in a forked child; this module says so in time and by name. It does not prepare
the start-up cache (``setup`` does) and knows no Deeplearning4j class beyond those that prove that ours can be loaded.

Ctrl-C
    The JVM is started with ``-Xrs``: it leaves SIGINT, SIGTERM and SIGHUP alone, so Python's handlers stay in place and
    work as without a JVM. A Java call is not interrupted; ``KeyboardInterrupt`` comes when it returns.
"""

from __future__ import annotations

import locale
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydl4j_bridge.errors import JarsMissing, JvmAfterFork, JvmAlreadyStarted, JvmError
from pydl4j_bridge.jvm.flags import arguments_for, startup_cache
from pydl4j_bridge.jvm.jars import class_path, fetch, folder
from pydl4j_bridge.jvm.java import JavaRuntime, find_java
from pydl4j_bridge.jvm.lock import DL4J
from pydl4j_bridge.jvm.names import java_class, java_names
from pydl4j_bridge.jvm.own_classes import own_jar
from pydl4j_bridge.jvm.settings import settings

if TYPE_CHECKING:
    import org as java_org  # what `pydl4j-bridge stubs` writes

__all__ = ["Jvm", "is_started", "running", "start"]


@dataclass(frozen=True, slots=True)
class Jvm:
    """The JVM of this process, and the way to its classes: ``jvm.Adam``, ``jvm.org.nd4j.linalg.factory.Nd4j``.

    Attributes:
        version: of Java, e.g. ``25.0.2``.
        joined: somebody else's JPype code started it.
        java: the runtime; None when joined.
        class_path: our jars; empty when joined and the JVM had them already.
        arguments: all arguments that it was started with; empty when joined.
        jvm_args: those among them that the caller asked for.
        startup_cache: the start-up cache in use, or None.
    """

    version: str
    joined: bool
    java: JavaRuntime | None
    class_path: tuple[Path, ...]
    arguments: tuple[str, ...]
    jvm_args: tuple[str, ...]
    startup_cache: Path | None

    @property
    def org(self) -> java_org.__module_protocol__:
        """The Java package ``org``, with everything below it."""
        import jpype

        return jpype.JPackage("org")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy and pickle ask for such
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return java_class(name, of="the JVM")

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *java_names()})


_jvm: Jvm | None = None
_forked = False
_starting = threading.RLock()


def start(
    *,
    java_home: str | os.PathLike[str] | None = None,
    jvm_args: Sequence[str] | None = None,
    progress: bool | None = None,
) -> Jvm:
    """Starts the JVM, or returns the one that runs. Jars that are missing are fetched first.

    Args:
        java_home: the Java runtime; None: whichever ``find_java`` finds, or whichever runs already.
        jvm_args: more arguments for the JVM, e.g. ``["-Xmx8g"]``, after ours; None: none, or whichever it runs with.
        progress: the progress bar of a fetch, see ``jars.fetch``.

    Raises:
        JvmAlreadyStarted: a JVM runs with other options than the ones given here, or is somebody else's and of no use.
        JvmAfterFork: the parent process had a JVM.
        NoJava: no Java runtime can serve.
        JarsMissing: jars are missing and cannot be fetched.
        JarCorrupt: a jar is not the one of the lock file.
        JvmError: Java refused to start.
    """
    global _jvm
    if _forked:
        raise JvmAfterFork(
            "this process was forked from one whose JVM was running",
            because="a fork copies the memory of a JVM but none of its threads",
            fix="Use multiprocessing's 'spawn' or 'forkserver', or start the JVM in the children only",
        )
    with _starting:
        if _jvm is not None:
            _same_or_error(_jvm, java_home, jvm_args)
        else:
            _jvm = _start(java_home, jvm_args, progress=progress)
            import jpype.imports  # noqa: F401 - makes Java's packages importable

            from pydl4j_bridge.jvm.customizers import customize

            customize()
        return _jvm


def running() -> Jvm | None:
    """The JVM that ``start`` returned in this process, or None."""
    return None if _forked else _jvm


def is_started() -> bool:
    """Whether ``start`` has succeeded in this process."""
    return running() is not None


def _start(java_home: str | os.PathLike[str] | None, jvm_args: Sequence[str] | None, *, progress: bool | None) -> Jvm:
    # Before the JVM: both bring libraries of the same names, and numpy's must be loaded first.
    import jpype
    import numpy  # noqa: F401

    if jpype.isJVMStarted():
        return _join(java_home, jvm_args, progress=progress)
    java = find_java(java_home)
    jars = _jars(progress=progress)
    jars = (*jars, own_jar(java, jars))
    _readable_or_error(jars)
    cache = startup_cache(java, jars)
    given = tuple(jvm_args or ())
    if cache is not None and not cache.is_file():
        cache = None
    arguments = arguments_for(java, given, cache=cache)
    # ND4J's threads would wait for each other by spinning. Where other processes want the processors as well, that
    # costs more than the work: a step of a small network took 400 ms instead of 15.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        # interrupt=True: JPype installs no signal handler of its own either.
        jpype.startJVM(*arguments, jvmpath=str(java.libjvm), classpath=[str(jar) for jar in jars], interrupt=True)
    except (RuntimeError, OSError, ValueError) as error:
        # OSError: the library cannot be loaded; RuntimeError: it refuses the arguments; ValueError: a class loader
        # among the arguments together with a path that is not ASCII.
        raise JvmError(
            f"Java {java.version} did not start",
            because=str(error),
            file=java.libjvm,
            fix=f"Check the arguments {list(given)}" if given else "Run: pydl4j-bridge doctor",
        ) from error
    from pydl4j_bridge.jvm.logs import forward_logs

    forward_logs(everything=True)
    if threading.current_thread() is not threading.main_thread():
        # Java takes this thread for its main thread and waits for it at exit, for ever if it ended before. Detached, it
        # is attached again at its next call, as a thread that Java does not wait for.
        jpype.JClass("java.lang.Thread").detach()
    return Jvm(
        version=java.version,
        joined=False,
        java=java,
        class_path=jars,
        arguments=arguments,
        jvm_args=given,
        startup_cache=cache,
    )


def _jars(*, progress: bool | None) -> tuple[Path, ...]:
    try:
        return class_path()
    except JarsMissing:
        return fetch(progress=progress)


def _readable_or_error(jars: Sequence[Path]) -> None:
    """Refuses a class path that Java would not find; it would end this process instead of raising."""
    odd = next((jar for jar in jars if not str(jar).isascii()), None)
    if odd is None or sys.platform in ("win32", "darwin"):
        return
    encoding = locale.nl_langinfo(locale.CODESET)
    if encoding.replace("-", "").upper() != "UTF8":
        raise JvmError(
            "Java cannot read the names of the jars",
            because=f"they are not ASCII and the locale's encoding is {encoding}",
            file=odd,
            fix="Set LC_ALL=C.UTF-8, or PYDL4J_CACHE to a folder with an ASCII name",
        )


def _same_or_error(jvm: Jvm, java_home: str | os.PathLike[str] | None, jvm_args: Sequence[str] | None) -> None:
    """Nothing when the options say what runs already or say nothing; otherwise an error with each difference."""
    differences = []
    if java_home is not None:
        runs = "somebody else's" if jvm.java is None else str(jvm.java.home)
        if jvm.java is None or find_java(java_home).libjvm.resolve() != jvm.java.libjvm.resolve():
            differences.append(f"java_home is {runs}, asked for {os.fspath(java_home)}")
    if jvm_args is not None and (jvm.joined or tuple(jvm_args) != jvm.jvm_args):
        runs = "somebody else's" if jvm.joined else str(list(jvm.jvm_args))
        if not (jvm.joined and not jvm_args):
            differences.append(f"jvm_args are {runs}, asked for {list(jvm_args)}")
    if differences:
        raise JvmAlreadyStarted(
            "a JVM runs in this process already, with other options",
            because="; ".join(differences),
            fix="Give the options before anything else starts it, or leave them out to use the JVM that runs",
        )


# Each from another jar; together they cover what we call. The last one is the native backend.
_PROOF = (
    "org.nd4j.linalg.learning.config.Adam",
    "org.deeplearning4j.nn.multilayer.MultiLayerNetwork",
    "org.deeplearning4j.nn.modelimport.keras.KerasModelImport",
    "org.bytedeco.openblas.global.openblas",
    "org.nd4j.linalg.cpu.nativecpu.CpuBackend",
)
_CLASS_LOADERS = (
    ("org.nd4j.common.config.ND4JClassLoading", "setNd4jClassloaderFromClass", _PROOF[0]),
    ("org.deeplearning4j.config.DL4JClassLoading", "setDl4jClassloaderFromClass", _PROOF[1]),
)
_OWN = "org.pydl4j.TranslatedLayer"
_VERSION_FILE = "META-INF/maven/org.nd4j/nd4j-api/pom.properties"


def _join(java_home: str | os.PathLike[str] | None, jvm_args: Sequence[str] | None, *, progress: bool | None) -> Jvm:
    """Uses a JVM that somebody else started: with their Deeplearning4j if it is ours too, else with our jars added."""
    import jpype

    system = jpype.JClass("java.lang.System")
    version = str(system.getProperty("java.version"))
    jvm = Jvm(version=version, joined=True, java=None, class_path=(), arguments=(), jvm_args=(), startup_cache=None)
    _same_or_error(jvm, java_home, jvm_args)

    def refuse(because: str) -> JvmAlreadyStarted:
        return JvmAlreadyStarted(
            f"a JVM (Java {version}) that somebody else started runs in this process, and it cannot be used",
            because=because,
            fix=f"Start ours first, or put the jars in {folder()} on the class path of the other",
        )

    there = {name for name in _PROOF if _has_class(name)}
    jars: tuple[Path, ...] = ()
    if not there:
        jars = _jars(progress=progress)
        for name, value in (
            ("org.bytedeco.javacpp.cachedir", str(settings().cache / "natives")),
            ("org.nd4j.log.initialization", "false"),
        ):
            if system.getProperty(name) is None:
                system.setProperty(name, value)
        for jar in jars:
            jpype.addClassPath(jar)
        there = {name for name in _PROOF if _has_class(name)}
        # ND4J and Deeplearning4j look for their services through the thread's class loader, which has none of our jars.
        for holder, setter, member in _CLASS_LOADERS:
            if member in there:
                getattr(jpype.JClass(holder), setter)(jpype.JClass(member).class_)
    if there != set(_PROOF):
        raise refuse(f"these classes cannot be loaded in it: {', '.join(sorted(set(_PROOF) - there))}")
    if not jars:
        theirs = _their_version()
        if theirs != DL4J:
            raise refuse(f"its class path holds ND4J {theirs or 'of an unknown version'}, and {DL4J} is needed")
    if not _has_class(_OWN):
        own = own_jar(find_java(), jars or _jars(progress=progress))
        jpype.addClassPath(own)
        jars = (*jars, own)
    from pydl4j_bridge.jvm.logs import forward_logs

    forward_logs(everything=False)
    return Jvm(version=version, joined=True, java=None, class_path=jars, arguments=(), jvm_args=(), startup_cache=None)


def _has_class(name: str) -> bool:
    """Whether the JVM can find a class; does not run the class's own initialiser."""
    import jpype

    loader = jpype.JClass("org.jpype.JPypeContext").getInstance().getClassLoader()
    try:
        jpype.JClass("java.lang.Class").forName(name, False, loader)
    except (jpype.JClass("java.lang.ClassNotFoundException"), jpype.JClass("java.lang.LinkageError")):
        return False
    return True


def _their_version() -> str | None:
    import jpype

    loader = jpype.JClass("org.jpype.JPypeContext").getInstance().getClassLoader()
    stream = loader.getResourceAsStream(_VERSION_FILE)
    if stream is None:
        return None
    with stream:
        properties = jpype.JClass("java.util.Properties")()
        properties.load(stream)
    value = properties.getProperty("version")
    return None if value is None else str(value)


def _after_fork_in_child() -> None:
    global _forked, _starting
    # Another thread of the parent may have held it.
    _starting = threading.RLock()
    if "jpype" not in sys.modules:
        return
    import jpype
    import jpype.config

    if jpype.isJVMStarted():
        _forked = True
        # JPype's exit waits for threads of the JVM that do not exist here: the child would never end.
        jpype.config.onexit = False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
