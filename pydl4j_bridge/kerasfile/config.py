"""From parsed JSON values to an :class:`Optimizer`: the shapes in which Keras writes one.

``{"class_name": "Adam", "config": {...}}``
    Keras 1, Keras 2, tf.keras; the new optimizers of tf.keras are ``Custom>Adam`` in an ``.h5``.
``{"module": "keras.optimizers", "class_name": "Adam", "config": {...}, "registered_name": null}``
    Keras 3, and ``.keras`` files of tf_keras.
``"adam"``
    What ``compile("adam")`` leaves in a ``.keras`` file.
``{"name": "adam", "learning_rate": ...}``
    A bare ``get_config()``; the class is taken from ``name`` where that is the name of a class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, near_names
from pydl4j_bridge.kerasfile.dialects import of_optimizer
from pydl4j_bridge.kerasfile.jsontext import expect
from pydl4j_bridge.kerasfile.model import Optimizer

#: Names of Keras's own optimizers, as ``compile("name")`` and ``get_config()["name"]`` spell them, in lower case.
CLASS_NAMES = {
    name.lower(): name
    for name in (
        "SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Ftrl", "Lion", "Adafactor",
        "LossScaleOptimizer", "Lamb", "Muon", "TFOptimizer",
    )
}  # fmt: skip

_KERAS_MODULES = ("keras", "tf_keras", "tensorflow")


def parse_optimizer(value: Any, version_dialect: str | None, *, file: str | None, where: str) -> Optimizer:
    """The optimizer that ``value`` describes.

    Args:
        value: one of the shapes above.
        version_dialect: the dialect of the file's Keras version, None where it names none.
        file: the file, for errors.
        where: the place in it, for errors.

    Raises:
        InvalidConfig: a shape that Keras does not write.
    """
    if isinstance(value, str):
        if not value:
            raise InvalidConfig("an optimizer without a class name", file=file, where=where)
        class_name = CLASS_NAMES.get(value.lower(), value)
        dialect = of_optimizer(class_name, {}, version_dialect)
        return Optimizer(class_name, {}, dialect, value, where, file, by_name_only=True)
    expect(value, dict, file=file, where=where)
    if "class_name" not in value:
        return _bare_config(value, version_dialect, file=file, where=where)
    spelled = expect(value["class_name"], str, file=file, where=f"{where}.class_name")
    if "config" not in value:
        raise InvalidConfig("an optimizer without its config", file=file, where=where)
    config = expect(value["config"], dict, file=file, where=f"{where}.config")
    registered = value.get("registered_name") or spelled
    module = value.get("module")
    package, _, class_name = spelled.rpartition(">")
    if not class_name:
        raise InvalidConfig("an optimizer without a class name", file=file, where=f"{where}.class_name")
    custom = package not in ("", "Custom") or (
        isinstance(module, str) and module.split(".")[0] not in _KERAS_MODULES
    ) or ("module" in value and module is None)  # fmt: skip
    return Optimizer(
        class_name=class_name,
        config=config,
        dialect=of_optimizer(spelled, config, version_dialect),
        registered_name=str(registered),
        where=f"{where}.config",
        file=file,
        custom=custom,
    )


def _bare_config(config: Mapping[str, Any], version_dialect: str | None, *, file: str | None, where: str) -> Optimizer:
    name = config.get("name")
    class_name = CLASS_NAMES.get(name.lower()) if isinstance(name, str) else None
    if class_name is None:
        raise InvalidConfig(
            "the config does not say which optimizer it belongs to",
            because=f"its name is {name!r}" if "name" in config else "it has neither class_name nor name",
            file=file,
            where=where,
            near=near_names(str(name), CLASS_NAMES.values()),
            fix='Write it as {"class_name": "Adam", "config": {...}}',
        )
    return Optimizer(class_name, config, of_optimizer(class_name, config, version_dialect), class_name, where, file)
