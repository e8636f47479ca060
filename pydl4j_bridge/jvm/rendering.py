"""How IPython and notebooks show a Java exception: a line to act on, its causes, and the user's own lines.

IPython asks an exception for ``_render_traceback_``; that is all it takes. JPype's exceptions get one, and so does our
``JavaError``. By itself, IPython shows the innermost cause first and frames of Java's for which there is no source.
"""

from __future__ import annotations

import contextlib
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydl4j_bridge.errors import JavaError
from pydl4j_bridge.jvm.exceptions import advice, cause_chain, described

__all__ = ["render_java_exceptions"]

#: What Java says when libnd4j has printed the reason.
_NATIVE = re.compile(r"execution failed|failed to execute|error from c\+\+", re.IGNORECASE)
#: Where in libnd4j's source, on the machine that it was built on.
_PLACE = re.compile(r"^Error at \[.*\]:?$")
#: Frames of nobody's who reads the message: IPython's, ours, and those of our context managers.
_NOT_THEIRS = re.compile(
    "|".join([r"[/\\](IPython|ipykernel)[/\\]", *map(re.escape, (str(Path(__file__).parents[1]), contextlib.__file__))])
)


def render_java_exceptions(native: Callable[[], str], place: Callable[[str], str]) -> None:
    """Begins to, for the exceptions of all JPype code in this process.

    Args:
        native: the end of what native code has printed in this cell.
        place: what to call the source file of that name.
    """
    import jpype

    def render(thrown: Any) -> list[str]:
        return [*_rendered(thrown, native()), *_their_lines(thrown, place)]

    def render_ours(error: JavaError) -> list[str]:
        java = error.__cause__
        # It has none where it comes from another process.
        below = list(_rendered(java, native()))[1:] if isinstance(java, jpype.JException) else []
        return [f"{type(error).__name__}: {error}", *below, *_their_lines(error, place)]

    jpype.JException._render_traceback_ = render
    JavaError._render_traceback_ = render_ours  # type: ignore[attr-defined]


def _rendered(thrown: Any, native: str) -> Iterator[str]:
    chain = cause_chain(thrown)
    texts = [described(link) for link in chain]
    said = _said(native) if any(_NATIVE.search(text) for text in texts) else ""
    fix = advice(thrown)
    innermost = chain[-1]
    reason = said or str(innermost.getMessage() or "").strip()
    # One line: a message of several stands below.
    about = " ".join(reason.split())
    name = str((thrown if said else innermost).getClass().getSimpleName())
    yield ". ".join(part for part in (f"{name}: {about}" if about else name, fix) if part)
    yield ""
    for number, (link, text) in enumerate(zip(chain, texts, strict=True)):
        yield f"caused by {text}" if number else text
        frames = link.getStackTrace()
        if len(frames):
            yield f"    at {frames[0]}"
    if said:
        yield "libnd4j said:"
        yield from (f"    {line}" for line in native.strip().splitlines()[-6:])


def _said(native: str) -> str:
    """libnd4j's reason: the last thing that it printed, without the place in its source."""
    lines = [line for line in native.strip().splitlines() if line.strip()]
    places = [number for number, line in enumerate(lines) if _PLACE.match(line)]
    return "\n".join(lines[places[-1] + 1 :] if places else lines[-1:])


def _their_lines(error: BaseException, place: Callable[[str], str]) -> Iterator[str]:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _NOT_THEIRS.search(frame.filename)]
    if frames:
        yield ""
    for frame in frames:
        yield f"{place(frame.filename)}, line {frame.lineno}, in {frame.name}"
        if frame.line:
            yield f"    {frame.line}"
