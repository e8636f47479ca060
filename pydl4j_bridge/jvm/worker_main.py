"""The worker process: reads one JSON request a line from stdin, answers one JSON line each on its own stdout.

Run as ``python -m pydl4j_bridge.jvm.worker_main`` by ``worker``; not meant to be called by hand. Whatever Java and its
native libraries print goes to stderr, which the parent keeps for the report of a crash.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from pydl4j_bridge.errors import BridgeError
from pydl4j_bridge.mapping.spec import UpdaterSpec


def main() -> None:
    """Serve requests until stdin ends."""
    # The answers get a descriptor of their own: libnd4j and HDF5 print to descriptor 1.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            json.dump(_answer(json.loads(line)), answers)
            answers.write("\n")
            answers.flush()


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        return _OPERATIONS[request.pop("operation")](**request)
    except BridgeError as error:
        return {"failed": error.to_dict()}


def _start(memory: int | None = None) -> dict[str, Any]:
    from pydl4j_bridge.jvm.session import start

    limits = None
    if memory is not None:
        # JavaCPP, which allocates for ND4J, looks at what the whole process has.
        javacpp = "-Dorg.bytedeco.javacpp.max"
        limits = [f"-Xmx{memory // 2}", f"{javacpp}bytes={memory}", f"{javacpp}physicalbytes={memory}"]
    return {"java": start(jvm_args=limits).version}


def _memory() -> dict[str, Any]:
    import jpype

    return {"bytes": int(jpype.JClass("org.bytedeco.javacpp.Pointer").physicalBytes())}


def _build(spec: dict[str, Any]) -> dict[str, Any]:
    from pydl4j_bridge.jvm.updaters import build_updater, read_updater

    updater = build_updater(UpdaterSpec.from_dict(spec))
    return {"updater": read_updater(updater).to_dict(), "text": str(updater.toString())}


def _native(path: str, entry: str, enforce_training_config: bool) -> dict[str, Any]:
    from pydl4j_bridge.jvm.native import native_import

    return native_import(path, entry, enforce_training_config=enforce_training_config)


def _predict_bridge(path: str) -> dict[str, Any]:
    from pydl4j_bridge.jvm.predictions import predict_bridge

    return predict_bridge(path)


def _predict_native(path: str, entry: str, enforce_training_config: bool) -> dict[str, Any]:
    from pydl4j_bridge.jvm.predictions import predict_native

    return predict_native(path, entry, enforce_training_config)


def _verify(path: str, **options: Any) -> dict[str, Any]:
    # The one operation that is above this package: what it needs of Java is here, what it holds it against is not.
    from importlib import import_module

    report: dict[str, Any] = import_module("pydl4j_bridge.verifying").verify(path, **options).to_dict()
    return report


def _convert(path: str, out: str, *, verify: bool, **options: Any) -> dict[str, Any]:
    from importlib import import_module

    said: dict[str, Any] = import_module("pydl4j_bridge.bridge").convert(path, out, verify=verify, **options)
    return said


_OPERATIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "start": _start,
    "memory": _memory,
    "build": _build,
    "native": _native,
    "predict_bridge": _predict_bridge,
    "predict_native": _predict_native,
    "verify": _verify,
    "convert": _convert,
}

if __name__ == "__main__":
    main()
