"""The dialects of Keras that are known, as a table: how each is told from the others, and how it names things.

A new dialect is one row here and a folder of fixtures.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydl4j_bridge.errors import UnknownDialect


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of writing optimizers.

    Attributes:
        id: the stable name that ``--json`` prints.
        title: the name for people.
        aliases: optimizer class (or ``*``) → key of this dialect → the key that the mapping table uses.
        by_name: settings that ``compile("name")`` gives, where they differ from the mapping table's defaults:
            optimizer class (or ``*``) → key → value. Only for dialects that save such a name.
    """

    id: str
    title: str
    aliases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    by_name: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


_OLD_NAMES = {"*": {"lr": "learning_rate"}}
# Signatures of the optimizers of Keras >= 2.11 where they differ from the defaults for silent files.
_SIGNATURES = {
    "*": {"epsilon": 1e-7},
    "Adagrad": {"learning_rate": 0.001, "initial_accumulator_value": 0.1},
    "Adadelta": {"learning_rate": 0.001},
    "Adamax": {"learning_rate": 0.001},
    "Nadam": {"learning_rate": 0.001},
}

DIALECTS: Mapping[str, Dialect] = {
    row.id: row
    for row in (
        Dialect("keras-1", "Keras 1", _OLD_NAMES),
        Dialect("keras-2", "Keras 2", _OLD_NAMES),
        Dialect(
            "tf-keras-legacy",
            "tf.keras, legacy optimizers",
            # tf.keras writes Nadam's schedule_decay under the key of everybody's time decay.
            {**_OLD_NAMES, "Nadam": {"decay": "schedule_decay"}},
        ),
        Dialect("tf-keras", "tf.keras >= 2.11", by_name=_SIGNATURES),
        Dialect("keras-3", "Keras 3", by_name=_SIGNATURES),
    )
}

#: Dialects whose optimizers are written as before Keras 2.11: ``decay``, epsilon outside the root.
LEGACY = frozenset({"keras-1", "keras-2", "tf-keras-legacy"})

_NEW_STYLE_KEYS = {"jit_compile", "is_legacy_optimizer", "use_ema", "weight_decay"}
_KERAS_3_KEYS = {"gradient_accumulation_steps", "loss_scale_factor"}
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?![0-9])")


def of_version(version: Any, *, file: str | None = None, where: str = "keras_version") -> str | None:
    """The dialect that a Keras of this version writes by default; None for no version.

    Raises:
        UnknownDialect: a version that is none, or is newer than what is known here.
    """
    if version is None:
        return None
    match = _VERSION.match(version) if isinstance(version, str) else None
    if match is None or not 1 <= int(match[1]) <= 3:
        raise UnknownDialect(
            f"Keras version {version!r:.40} is not known",
            because="versions 1, 2 and 3 are",
            file=file,
            where=where,
            fix="Save the model with Keras 3, or use a newer pydl4j_bridge",
        )
    major, minor = int(match[1]), int(match[2])
    if major != 2:
        return f"keras-{major}"
    if (major, minor) >= (2, 11):
        return "tf-keras"
    # Keras 2.4 and later are front-ends of tf.keras; tf.keras marks its own earlier versions with -tf.
    return "tf-keras-legacy" if minor >= 4 or version.endswith("-tf") else "keras-2"


def of_optimizer(registered_name: str, config: Mapping[str, Any], by_version: str | None) -> str:
    """The dialect of one optimizer config.

    Its own keys decide before the file's version does: tf_keras 2.21 can hold a ``legacy`` optimizer.
    """
    if by_version in ("keras-1", "keras-2"):
        return by_version
    inner = config.get("inner_optimizer")  # of a LossScaleOptimizer, which has no settings that tell
    if isinstance(inner, Mapping) and isinstance(inner.get("config"), Mapping):
        config = inner["config"]
    if _KERAS_3_KEYS & config.keys():
        return "keras-3"
    if config.get("is_legacy_optimizer") is True:
        return "tf-keras-legacy"
    if registered_name.startswith("Custom>") or _NEW_STYLE_KEYS & config.keys():
        return "keras-3" if by_version == "keras-3" else "tf-keras"
    if by_version == "keras-3" or not config:
        return by_version or "keras-2"  # a config that says nothing is an old one
    return "tf-keras-legacy" if by_version or "learning_rate" in config else "keras-2"
