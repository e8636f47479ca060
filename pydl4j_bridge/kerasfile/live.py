"""A live Keras optimizer or compiled model object, by its methods alone: Keras is not imported."""

from __future__ import annotations

import sys
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, NotAKerasFile
from pydl4j_bridge.kerasfile.dialects import of_optimizer, of_version
from pydl4j_bridge.kerasfile.model import KerasModelFile, NoOptimizer, Optimizer


def read_live(thing: Any) -> KerasModelFile:
    """What a live object says: an optimizer (``get_config``) or a model (``layers``, ``optimizer``).

    Raises:
        NotAKerasFile: it is neither.
    """
    version = _version(thing)
    by_version = of_version(version, where="version of the live object's Keras")
    if hasattr(thing, "layers"):
        live = getattr(thing, "optimizer", None)
        optimizer = None if live is None else _optimizer(live, by_version)
        return KerasModelFile(
            path=None,
            container="live",
            saved="whole model",
            dialect=optimizer.dialect if optimizer else by_version or "keras-3",
            keras_version=version,
            model_class=type(thing).__name__,
            loss=_name(getattr(thing, "loss", None)),
            optimizer=optimizer,
            reason=None if optimizer else NoOptimizer.NOT_COMPILED,
            has_optimizer_state=live is not None and bool(getattr(live, "variables", None)),
        )
    optimizer = _optimizer(thing, by_version)
    return KerasModelFile(
        path=None,
        container="live",
        saved="optimizer",
        dialect=optimizer.dialect,
        keras_version=version,
        optimizer=optimizer,
    )


def _optimizer(live: Any, by_version: str | None) -> Optimizer:
    if not hasattr(live, "get_config"):
        raise NotAKerasFile(
            f"expected a path, JSON text, a config, or a Keras model or optimizer, and got {type(live).__name__}"
        )
    try:
        config = {key: _plain(value) for key, value in live.get_config().items()}
    except Exception as error:  # whatever the code of somebody else's class raises
        raise InvalidConfig(
            f"get_config() of {type(live).__name__} gives no config", because=f"{type(error).__name__}: {error}"
        ) from error
    class_name = type(live).__name__
    return Optimizer(
        class_name=class_name,
        config=config,
        dialect=of_optimizer(class_name, config, by_version),
        registered_name=class_name,
        where="get_config()",
        custom=type(live).__module__.split(".")[0] not in ("keras", "tf_keras", "tensorflow"),
    )


def _plain(value: Any) -> Any:
    # get_config() gives numpy scalars, and a schedule as an object where it is not serialised.
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": _plain(dict(value.get_config()))}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value


def _name(loss: Any) -> Any:
    return loss if loss is None or isinstance(loss, (str, dict, list)) else getattr(loss, "name", type(loss).__name__)


def _version(thing: Any) -> str | None:
    # The class of the object, or one of its bases, comes from the package that knows the version.
    for cls in type(thing).__mro__:
        package = sys.modules.get(cls.__module__.split(".")[0])
        if package is not None and package.__name__ in ("keras", "tf_keras"):
            version = getattr(package, "__version__", None)
            return None if version is None else str(version)
    return None
