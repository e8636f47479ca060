"""JSON text from an untrusted file: bounded in size and depth, every failure a named error."""

from __future__ import annotations

import json
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, UnsafeFile

#: The largest config that is read, in bytes. NASNetLarge, the longest of keras.applications, has 0.4 MB.
MAX_CONFIG_BYTES = 64 * 2**20


def check_size(size: int, *, file: str | None, where: str) -> None:
    """Refuse a config that claims more than ``MAX_CONFIG_BYTES``.

    Raises:
        UnsafeFile: it does.
    """
    if size > MAX_CONFIG_BYTES:
        raise UnsafeFile(
            f"a config of {size} bytes is not read",
            because=f"the limit is {MAX_CONFIG_BYTES} bytes",
            file=file,
            where=where,
        )


def parse(text: str | bytes, *, file: str | None, where: str) -> dict[str, Any]:
    """The JSON object in ``text``.

    Raises:
        InvalidConfig: it is no JSON, is nested too deeply, or is not an object.
        UnsafeFile: it is larger than ``MAX_CONFIG_BYTES``.
    """
    check_size(len(text), file=file, where=where)
    try:
        value = json.loads(text)
    except UnicodeDecodeError as error:
        raise InvalidConfig("the config is not UTF-8 text", because=str(error), file=file, where=where) from None
    except json.JSONDecodeError as error:
        raise InvalidConfig("the config is not valid JSON", because=str(error), file=file, where=where) from None
    except RecursionError:
        raise InvalidConfig("the config is nested too deeply", file=file, where=where) from None
    parsed: dict[str, Any] = expect(value, dict, file=file, where=where)
    return parsed


def expect(value: Any, kind: type, *, file: str | None, where: str) -> Any:
    """``value``, which must be a ``kind``.

    Raises:
        InvalidConfig: it is something else.
    """
    names: dict[type, str] = {dict: "an object", str: "a string", list: "a list"}
    if not isinstance(value, kind):
        raise InvalidConfig(
            f"expected {names[kind]} and found {_short(value)}",
            file=file,
            where=where,
        )
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
