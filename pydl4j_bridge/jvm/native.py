"""DL4J's own ``KerasModelImport`` on an untouched file, and what the network that it makes carries.

The import can hang, and can kill the process: call this in a worker process (``worker``), not in the user's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydl4j_bridge.errors import NativeImportError
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.jvm.layers import read_layers
from pydl4j_bridge.jvm.updaters import read_updater
from pydl4j_bridge.mapping.spec import UpdaterSpec

_KERAS = "org.deeplearning4j.nn.modelimport.keras"

#: What was imported last: path, entry and enforce_training_config, and what came out.
_last: tuple[tuple[str, str, bool], Any] | None = None


def native_import(path: str, entry: str, *, enforce_training_config: bool) -> dict[str, Any]:
    """Import the file at ``path`` natively and read the updater of every layer.

    Args:
        path: the file.
        entry: which door of ``KerasModelImport``: ``sequential`` or ``model``, ``sequential-config`` or
            ``model-config`` for a config alone, ``optimizer`` for the JSON of an optimizer alone.
        enforce_training_config: passed on.

    Returns:
        A JSON object: ``status`` (``imported`` or ``refused``), ``seconds``, then ``network`` and ``updaters`` (layer
        name → spec) and ``without_updater`` (layer name → what the layer is made of), or ``error`` and ``stack``.
    """
    global _last
    _last = None
    began = time.perf_counter()
    try:
        imported = _import(path, entry, enforce_training_config)
    except NativeImportError as error:
        return {
            "status": "refused",
            "error": error.to_dict(),
            "stack": error.stack,
            "seconds": time.perf_counter() - began,
        }
    seconds = time.perf_counter() - began
    _last = (path, entry, enforce_training_config), imported
    with java_errors("the updaters of the imported network cannot be read", file=path):
        updaters: dict[str, UpdaterSpec]
        without: dict[str, str]
        if entry == "optimizer":
            updaters, without = {"optimizer": read_updater(imported)}, {}
        else:
            updaters, without = read_layers(imported)
    return {
        "status": "imported",
        "network": str(imported.getClass().getSimpleName()),
        "updaters": {layer: spec.to_dict() for layer, spec in updaters.items()},
        "without_updater": without,
        "seconds": seconds,
    }


def imported_again(path: str, entry: str, *, enforce_training_config: bool) -> Any:
    """The network that :func:`native_import` made last, or another import where that was of something else.

    Raises:
        NativeImportError: the import refused the file.
    """
    if _last is not None and _last[0] == (path, entry, enforce_training_config):
        return _last[1]
    return _import(path, entry, enforce_training_config)


def _import(path: str, entry: str, enforce: bool) -> Any:
    with _hdf5_scope(), java_errors("KerasModelImport refused the file", error=NativeImportError, file=path):
        return _DOORS[entry](path, enforce)


@contextmanager
def _hdf5_scope() -> Iterator[None]:
    # A failed import leaves HDF5 objects behind. JavaCPP's deallocator thread would close them while a later import is
    # inside libhdf5, which is not thread-safe and then corrupts the heap. The scope closes them here and now.
    import jpype

    jpype.JClass(f"{_KERAS}.Hdf5Archive")  # loads libhdf5 before the scope begins
    classes = jpype.JArray(jpype.JClass("java.lang.Class"))
    scope = jpype.JClass("org.bytedeco.javacpp.PointerScope")(
        classes([jpype.JClass("org.bytedeco.hdf5.IdComponent").class_])
    )
    try:
        yield
    finally:
        scope.close()


def _door(method: str) -> Callable[[str, bool], Any]:
    def run(path: str, enforce: bool) -> Any:
        import jpype

        return getattr(jpype.JClass(f"{_KERAS}.KerasModelImport"), method)(path, enforce)

    return run


def _optimizer(path: str, enforce: bool) -> Any:  # noqa: ARG001
    # There is no door for an optimizer alone; this is the code behind all of them.
    import jpype

    with open(path, encoding="utf-8") as stream:
        config = jpype.JClass(f"{_KERAS}.utils.KerasModelUtils").parseJsonString(stream.read())
    return jpype.JClass(f"{_KERAS}.utils.KerasOptimizerUtils").mapOptimizer(config)


_DOORS: dict[str, Callable[[str, bool], Any]] = {
    "sequential": _door("importKerasSequentialModelAndWeights"),
    "model": _door("importKerasModelAndWeights"),
    "sequential-config": _door("importKerasSequentialConfiguration"),
    "model-config": _door("importKerasModelConfiguration"),
    "optimizer": _optimizer,
}
