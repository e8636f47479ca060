"""What Java's objects get for Python beyond their Java methods: arrays are arrays, updaters are tables in notebooks."""

from __future__ import annotations

from typing import Any

from pydl4j_bridge.jvm import indarrays


def customize() -> None:
    """For all objects of this process. Loads no class of Java's."""
    import jpype

    array = indarrays.implementation()
    for name in indarrays.CLASSES:
        jpype.JImplementationFor(name)(array)
    jpype.JImplementationFor("org.nd4j.linalg.learning.config.IUpdater")(ShownUpdater)


class ShownUpdater:
    """The methods; ``self`` is the Java object."""

    def __jclass_init__(cls: Any) -> None:  # noqa: N805 - JPype gives it each class that is an updater
        cls._customize("__repr__", lambda self: str(self.toString()))

    def _repr_html_(self) -> str:
        from pydl4j_bridge.jvm.updaters import read_updater

        return read_updater(self)._repr_html_()
