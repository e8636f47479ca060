"""What is in a Java package, for completion."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

from pydl4j_bridge.jvm.jars import class_path
from pydl4j_bridge.jvm.names import java_names

__all__ = ["members"]


def members(package: str) -> list[str] | None:
    """The names of the packages and the classes in a package; None where there is no such package, or no JVM.

    Classes that cannot be loaded, for want of jars that are not needed here, are among them.
    """
    import jpype

    if not jpype.isJVMStarted():
        return None
    try:
        names = set(dir(jpype.JPackage(package)))
    except AttributeError:  # not a package
        return None
    except jpype.JException:  # one that JPype cannot list, by a fault of its own
        names = set(_in_jars(package))
    # JPype leaves out the largest classes, such as Nd4j and MultiLayerNetwork.
    names |= {name for name, full in java_names().items() if full.rpartition(".")[0] == package}
    return sorted(names)


def _in_jars(package: str) -> Iterator[str]:
    folder = package.replace(".", "/") + "/"
    for jar in class_path():
        with zipfile.ZipFile(jar) as archive:
            for entry in archive.namelist():
                name, slash, _ = entry.removeprefix(folder).partition("/")
                if entry.startswith(folder) and (slash or name.endswith(".class")) and "$" not in name:
                    yield name.removesuffix(".class")
