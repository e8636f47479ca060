"""JSON: ``model.to_json()``, or an optimizer alone, from a file, from text or from a dict."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pydl4j_bridge.errors import NotAKerasFile
from pydl4j_bridge.kerasfile import jsontext
from pydl4j_bridge.kerasfile.config import CLASS_NAMES, parse_optimizer
from pydl4j_bridge.kerasfile.dialects import of_version
from pydl4j_bridge.kerasfile.model import KerasModelFile, NoOptimizer


def read_json_file(path: str) -> KerasModelFile:
    """What the JSON file at ``path`` says.

    Raises:
        KerasFileError: it is no JSON, or JSON that Keras does not write.
    """
    jsontext.check_size(os.path.getsize(path), file=path, where="")
    with open(path, "rb") as stream:
        return read_config(jsontext.parse(stream.read(), file=path, where=""), path)


def read_config(config: Mapping[str, Any], path: str | None = None) -> KerasModelFile:
    """What a config says: that of a model, of an optimizer, or the bare ``get_config()`` of an optimizer.

    Raises:
        KerasFileError: it is none of these.
    """
    inner = config.get("config")
    # Sequential configs of Keras 1 and early 2 are lists of layers; all others are objects that hold layers.
    known = str(config.get("class_name")).rpartition(">")[2].lower() in CLASS_NAMES
    if not known and (isinstance(inner, list) or (isinstance(inner, dict) and "layers" in inner)):
        return _model(config, path)
    if "class_name" in config and not known:
        # A layer or a model without layers looks like an optimizer of the user's; only a learning rate tells.
        if not (isinstance(inner, dict) and inner.keys() & {"lr", "learning_rate"}):
            raise NotAKerasFile(
                "JSON, but neither a Keras model nor an optimizer",
                because=f"class_name {config['class_name']!r}",
                file=path,
            )
    elif not config.keys() & {"class_name", "lr", "learning_rate", "name"}:
        raise NotAKerasFile(
            "JSON, but neither a Keras model nor an optimizer",
            because="it has no class_name and no learning rate",
            file=path,
        )
    optimizer = parse_optimizer(dict(config), None, file=path, where="optimizer")
    return KerasModelFile(
        path=path, container="json", saved="optimizer", dialect=optimizer.dialect, optimizer=optimizer
    )


def _model(config: Mapping[str, Any], path: str | None) -> KerasModelFile:
    version = config.get("keras_version")
    by_version = of_version(version, file=path) or ("keras-3" if "module" in config else "keras-1")
    compiled = config.get("compile_config")  # Keras 3 writes it into to_json() as well
    optimizer = None
    if compiled is not None:
        jsontext.expect(compiled, dict, file=path, where="compile_config")
    if compiled and compiled.get("optimizer") is not None:
        optimizer = parse_optimizer(compiled["optimizer"], by_version, file=path, where="compile_config.optimizer")
    return KerasModelFile(
        path=path,
        container="json",
        saved="config",
        dialect=optimizer.dialect if optimizer else by_version,
        keras_version=version,
        backend=jsontext.optional_text(config, "backend", file=path),
        model_class=jsontext.optional_text(config, "class_name", file=path),
        loss=compiled.get("loss") if compiled else None,
        loss_weights=compiled.get("loss_weights") if compiled else None,
        optimizer=optimizer,
        reason=None if optimizer else NoOptimizer.CONFIG_ONLY,
    )
