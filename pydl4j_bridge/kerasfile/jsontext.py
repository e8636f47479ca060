"""JSON text from an untrusted file: bounded in size and depth, every failure a named error."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, UnsafeFile

#: The largest config that is read, in bytes. NASNetLarge, the longest of keras.applications, has 0.4 MB.
MAX_CONFIG_BYTES = 16 * 2**20
#: The deepest nesting that is read. A model inside of a model adds about six levels.
MAX_DEPTH = 200
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


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
        decoded = text if isinstance(text, str) else text.decode(json.detect_encoding(text))
        _check_depth(decoded, file=file, where=where)
        value = json.loads(decoded.removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        raise InvalidConfig("the config is not UTF-8 text", because=str(error), file=file, where=where) from None
    except json.JSONDecodeError as error:
        raise InvalidConfig("the config is not valid JSON", because=str(error), file=file, where=where) from None
    except ValueError as error:  # an integer of more digits than Python converts
        raise InvalidConfig("a number in the config is too long", because=str(error), file=file, where=where) from None
    parsed: dict[str, Any] = expect(value, dict, file=file, where=where)
    return parsed


def _check_depth(text: str, *, file: str | None, where: str) -> None:
    # Before it is parsed: the parser recurses in C, which in a process with a JVM can end the process. What walks the
    # config afterwards recurses as well.
    depth = 0
    for token in _BRACKETS.finditer(text):
        found = token[0]
        depth += (found in "[{") - (found in "]}")
        if depth > MAX_DEPTH:
            because = f"the limit is {MAX_DEPTH} levels"
            raise InvalidConfig("the config is nested too deeply", because=because, file=file, where=where)


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


def optional_text(config: Mapping[str, Any], key: str, *, file: str | None, where: str = "") -> str | None:
    """The string under ``key``, None where there is none.

    Raises:
        InvalidConfig: it is something else.
    """
    value = config.get(key)
    return None if value is None else str(expect(value, str, file=file, where=f"{where}{key}"))


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python converts
        text = f"a very long {type(value).__name__}"
    return text if len(text) <= 60 else text[:57] + "..."
