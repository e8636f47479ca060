"""What is in a Java package, for completion."""

from __future__ import annotations

from pydl4j_bridge.jvm.names import java_names

__all__ = ["members"]


def members(package: str) -> list[str] | None:
    """The names of the packages and the classes in a package; None where there is no such package, or no JVM.

    Classes that cannot be loaded, for want of jars that are not needed here, are among them.
    """
    import jpype

    if not jpype.isJVMStarted():
        return None
    java = jpype.JPackage(package)
    try:
        names = set(dir(java))
    except AttributeError:  # not a package
        return None
    except jpype.JException:  # one that JPype cannot list, for a fault of its own
        names = set()
    # JPype leaves out the largest classes, such as Nd4j and MultiLayerNetwork.
    names |= {name for name, full in java_names().items() if full.rpartition(".")[0] == package}
    return sorted(names)
