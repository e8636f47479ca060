"""Java in IPython and in notebooks. ``pydl4j_bridge.start()`` turns it on there; so does ``%load_ext pydl4j_bridge``.

- ``System.out``, ``System.err``, Java's logs from INFO on, and what libnd4j prints appear in the cell that runs.
- A Java exception is shown as a line to act on, its causes, and the lines of one's own that led to it.
- ``import org.nd4j.<TAB>`` completes; IPython's own completion stumbles over classes that cannot be loaded.

``%unload_ext pydl4j_bridge`` turns it off, but for how exceptions are shown. Does not import IPython: it is given.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from pydl4j_bridge.jvm import session
from pydl4j_bridge.jvm.logs import LOGGER
from pydl4j_bridge.jvm.native_output import NativeOutput
from pydl4j_bridge.jvm.output import forward_output, rest_of_output, stop_output
from pydl4j_bridge.jvm.packages import members
from pydl4j_bridge.jvm.rendering import render_java_exceptions
from pydl4j_bridge.jvm.session import Jvm

if TYPE_CHECKING:
    _StreamHandler = logging.StreamHandler[Any]
else:
    _StreamHandler = logging.StreamHandler  # Python 3.10 has no parameter for it

__all__ = ["attach", "load_ipython_extension", "start", "unload_ipython_extension"]

#: On INFO these say what every network and every start is like.
_OF_NO_NEWS = (
    "org.deeplearning4j.nn.graph.ComputationGraph",
    "org.deeplearning4j.nn.multilayer.MultiLayerNetwork",
    "org.nd4j.linalg.cpu.nativecpu.CpuNDArrayFactory",
)
_FROM = re.compile(r"\s*from\s+([\w.]+)\s+import\s+(?:\w+\s*,\s*)*\w*$")
_IMPORT = re.compile(r"\s*(?:from|import)\s+([\w.]+)\.\w*$")


def start(**options: Any) -> Jvm:
    """:func:`pydl4j_bridge.jvm.session.start`, and ``attach`` where this is IPython."""
    jvm = session.start(**options)
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None:
        attach(shell)
    return jvm


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext pydl4j_bridge``: starts the JVM, if none runs."""
    session.start()
    attach(shell)


def unload_ipython_extension(_: Any) -> None:
    """``%unload_ext pydl4j_bridge``."""
    if _attached:
        _attached.pop().detach()


def attach(shell: Any) -> None:
    """Turns everything on in an IPython shell, once."""
    if not _attached:
        _attached.append(_Attached(shell))


class _Attached:
    def __init__(self, shell: Any) -> None:
        self._shell = shell
        forward_output()
        self._logs = _ToTheCell()
        logger = logging.getLogger(LOGGER)
        logger.addHandler(self._logs)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        for name in _OF_NO_NEWS:
            one = logging.getLogger(f"{LOGGER}.{name}")
            one.setLevel(one.level or logging.WARNING)
        # On a terminal what native code prints is where it belongs, and a pipe would not be a terminal any more.
        in_notebook = hasattr(shell, "kernel") and os.name == "posix"
        self._native = NativeOutput() if in_notebook else None
        render_java_exceptions(self._native.settle if self._native else str, self._place)
        shell.events.register("pre_run_cell", self._before_a_cell)
        shell.events.register("post_run_cell", self._after_a_cell)
        for command in ("import", "from"):
            # Before IPython's own, which has 50.
            shell.set_hook("complete_command", _complete_import, priority=0, str_key=command)

    def detach(self) -> None:
        self._shell.events.unregister("pre_run_cell", self._before_a_cell)
        self._shell.events.unregister("post_run_cell", self._after_a_cell)
        logging.getLogger(LOGGER).removeHandler(self._logs)
        stop_output()
        if self._native:
            self._native.close()
        render_java_exceptions(str, self._place)

    def _place(self, filename: str) -> str:
        """``Cell In[3]`` for a cell."""
        return " ".join(self._shell.compile.format_code_name(filename) or ("File", filename))

    def _before_a_cell(self, _: Any) -> None:
        if self._native:
            self._native.begin()

    def _after_a_cell(self, _: Any) -> None:
        rest_of_output()
        if self._native:
            self._native.settle()


class _ToTheCell(_StreamHandler):
    """Prints to whatever ``sys.stderr`` is, where nobody has configured logging."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        if not logging.getLogger().handlers:
            super().emit(record)


def _complete_import(_: Any, event: Any) -> list[str]:
    """Names for ``import org.nd4j.<TAB>`` and ``from org.nd4j import <TAB>``."""
    from IPython.core.error import TryNext

    of = _FROM.match(event.line)
    found = of or _IMPORT.match(event.line)
    names = members(found[1]) if found else None
    if found is None or names is None:
        raise TryNext
    return names if of else [f"{found[1]}.{name}" for name in names]


_attached: list[_Attached] = []
