"""Keras models, with the optimizer they were trained with, in Deeplearning4j from Python.

Importing this package starts no JVM and loads neither JPype, h5py nor numpy: what it offers is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module

# typing itself would be most of what importing this package costs. Not the literal False: jedi, which completes in
# IPython and many editors, would take it at its word.
TYPE_CHECKING = bool()  # noqa: UP018

__version__ = "0.1.0"

__all__ = [
    "BridgeError",
    "Evaluation",
    "Finding",
    "History",
    "ImportedModel",
    "KerasModelFile",
    "LayersReport",
    "LiveCurve",
    "Network",
    "NoOptimizer",
    "Optimizer",
    "RegressionEvaluation",
    "Report",
    "ScheduleSpec",
    "TrainingReport",
    "Trajectory",
    "UpdaterSpec",
    "Verdict",
    "build_updater",
    "check",
    "check_many",
    "compare_recorded",
    "compare_training",
    "export_keras",
    "import_model",
    "load",
    "map_optimizer",
    "read",
    "read_trajectory",
    "read_updater",
    "record",
    "record_dl4j",
    "record_training",
    "start",
    "to_indarray",
    "to_numpy",
    "verify",
]

if TYPE_CHECKING:
    from typing import Any

    from pydl4j_bridge.arrays import to_indarray, to_numpy
    from pydl4j_bridge.bridge import (
        build_updater,
        check,
        check_many,
        import_model,
        load,
        map_optimizer,
        read,
        read_updater,
        start,
    )
    from pydl4j_bridge.carried import export_keras
    from pydl4j_bridge.compare import Report, TrainingReport, Verdict
    from pydl4j_bridge.compare.layers import LayersReport
    from pydl4j_bridge.curves import LiveCurve
    from pydl4j_bridge.errors import BridgeError
    from pydl4j_bridge.evaluation import Evaluation, RegressionEvaluation
    from pydl4j_bridge.imported import ImportedModel
    from pydl4j_bridge.kerasfile import KerasModelFile, NoOptimizer, Optimizer
    from pydl4j_bridge.mapping import Finding, ScheduleSpec, UpdaterSpec
    from pydl4j_bridge.network import Network
    from pydl4j_bridge.training import History
    from pydl4j_bridge.trajectories import Trajectory, compare_training, read_trajectory, record_training
    from pydl4j_bridge.verifying import compare_recorded, record, record_dl4j, verify

_HOMES = {
    "arrays": ("to_indarray", "to_numpy"),
    "bridge": (
        "build_updater",
        "check",
        "check_many",
        "import_model",
        "load",
        "map_optimizer",
        "read",
        "read_updater",
        "start",
    ),
    "carried": ("export_keras",),
    "compare.layers": ("LayersReport",),
    "compare": ("Report", "TrainingReport", "Verdict"),
    "curves": ("LiveCurve",),
    "errors": ("BridgeError",),
    "evaluation": ("Evaluation", "RegressionEvaluation"),
    "imported": ("ImportedModel",),
    "jupyter": ("load_ipython_extension", "unload_ipython_extension"),
    "kerasfile": ("KerasModelFile", "NoOptimizer", "Optimizer"),
    "mapping": ("Finding", "ScheduleSpec", "UpdaterSpec"),
    "network": ("Network",),
    "training": ("History",),
    "trajectories": ("Trajectory", "compare_training", "read_trajectory", "record_training"),
    "verifying": ("compare_recorded", "record", "record_dl4j", "verify"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
