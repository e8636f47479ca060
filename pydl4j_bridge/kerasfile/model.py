"""The values that reading a Keras file gives. Frozen, and free of h5py, Keras and Java."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

from pydl4j_bridge import tables

Container = Literal["h5", "keras", "json", "live"]
Saved = Literal["whole model", "weights", "config", "optimizer"]


class NoOptimizer(Enum):
    """Why there is no optimizer, and what a person can do about it.

    The value is the stable name that ``--json`` prints as ``reason``.
    """

    NOT_COMPILED = "not-compiled"
    WEIGHTS_ONLY = "weights-only"
    CONFIG_ONLY = "config-only"
    CLASS_LOST = "optimizer-class-lost"
    NOT_ENFORCED = "training-config-not-enforced"

    @property
    def why(self) -> str:
        """The reason in one sentence."""
        return _NO_OPTIMIZER[self][0]

    @property
    def fix(self) -> str:
        """What to do to get the optimizer, or to train on without it."""
        return _NO_OPTIMIZER[self][1]


_WITHOUT = (
    "To train on without it, import with enforceTrainingConfig=false and set the learning rate, or rebuild through "
    "NeuralNetConfiguration.Builder from the imported configuration"
)
_NO_OPTIMIZER = {
    NoOptimizer.NOT_COMPILED: (
        "the model was not compiled before it was saved, so no optimizer was written",
        f"Call model.compile(optimizer=..., loss=...) and save it again. {_WITHOUT}",
    ),
    NoOptimizer.WEIGHTS_ONLY: (
        "the file holds weights only (save_weights), not a model and not its optimizer",
        f"Save the whole compiled model: model.save('model.keras') or model.save('model.h5'). {_WITHOUT}",
    ),
    NoOptimizer.CONFIG_ONLY: (
        "the file holds the architecture only (to_json), not the optimizer",
        f"Save the whole compiled model: model.save('model.keras') or model.save('model.h5'). {_WITHOUT}",
    ),
    NoOptimizer.CLASS_LOST: (
        "the file holds the optimizer's variables but not its class and settings; Keras 3 drops them from a .keras "
        "file when the same model object was saved as .h5 before",
        "Load the model in Keras, compile it with its optimizer and save it as .keras before any .h5",
    ),
    NoOptimizer.NOT_ENFORCED: (
        "enforceTrainingConfig is false: the model serves for inference and its training settings are not read",
        "Use enforceTrainingConfig=true (the default), or set the learning rate of the imported network",
    ),
}


@dataclass(frozen=True, slots=True)
class Optimizer:
    """One Keras optimizer as its file describes it, untouched.

    Attributes:
        class_name: the class without the prefix of its registration: ``Adam``, not ``Custom>Adam``.
        config: what the optimizer's ``get_config()`` gave when it was saved.
        dialect: id of a row of ``pydl4j_bridge.kerasfile.dialects.DIALECTS``.
        registered_name: the class as the file spells it.
        where: the place of ``config`` in its file.
        file: the file, where there is one.
        by_name_only: the file names the optimizer (``compile("adam")``) and holds none of its settings.
        custom: the file says that the class is not Keras's own.
    """

    class_name: str
    config: Mapping[str, Any]
    dialect: str
    registered_name: str = ""
    where: str = "config"
    file: str | None = None
    by_name_only: bool = False
    custom: bool = False

    def _repr_html_(self) -> str:
        settings = {key: str(value) for key, value in self.config.items()}
        return tables.pairs(settings, title=f"{self.class_name}, as {self.dialect} has saved it")


@dataclass(frozen=True, slots=True)
class KerasModelFile:
    """What a saved Keras model says about itself.

    Attributes:
        path: the file; None for JSON text, a config dict or a live object.
        container: ``h5``, ``keras``, ``json`` or ``live``.
        saved: what was saved: the whole model, its weights, its config, or an optimizer alone.
        dialect: which Keras wrote it (a row of ``DIALECTS``).
        keras_version: as the file says it.
        backend: ``tensorflow``, ``theano``, ...; as the file says it.
        model_class: ``Sequential``, ``Functional`` (``Model`` in old files) or a class of the user's.
        loss: the loss as JSON values; None where there is none.
        loss_weights: what the losses of several outputs count, as JSON values; None: each the same.
        optimizer: the optimizer; None where ``reason`` says why there is none.
        reason: why there is no optimizer; None where there is one.
        has_optimizer_state: the file holds variables of the optimizer (moments, iteration).
        model_config: the model's config as JSON values, where a whole model was saved: parsed once for all readers.
    """

    path: str | None
    container: Container
    saved: Saved
    dialect: str
    keras_version: str | None = None
    backend: str | None = None
    model_class: str | None = None
    loss: Any = None
    loss_weights: Any = None
    optimizer: Optimizer | None = None
    reason: NoOptimizer | None = None
    has_optimizer_state: bool = field(default=False)
    model_config: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    def _repr_html_(self) -> str:
        said = {
            "written by": f"{self.dialect}, version {self.keras_version or 'unknown'}",
            "saved": f"{self.saved} ({self.container})",
            "model": self.model_class,
            "loss": None if self.loss is None else str(self.loss),
            "optimizer": f"none: {self.reason.why}" if self.reason else None,
        }
        shown = tables.pairs({name: value for name, value in said.items() if value}, title=self.path or "")
        return shown + (self.optimizer._repr_html_() if self.optimizer else "")
