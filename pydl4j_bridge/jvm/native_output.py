"""What native code prints to the process's stdout: passed on to Python's ``sys.stdout``, and its end kept.

libnd4j says why an operation failed with C's ``printf``, while the Java exception says "execution failed". Only for
notebooks, whose stdout is no terminal anyway: descriptor 1 becomes a pipe, for child processes as well.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading

__all__ = ["NativeOutput"]

#: Comes back from the pipe when everything before it has been passed on. No end of it is a beginning of it.
_BARRIER = b"\0pydl4j-bridge\1"
_PATIENCE = 2.0
_KEPT = 2000


class NativeOutput:
    """Takes descriptor 1 until ``close``."""

    def __init__(self) -> None:
        self._text = ""
        self._passed = threading.Event()
        self._before = os.dup(1)
        read, write = os.pipe()
        os.dup2(write, 1)
        os.close(write)
        # A daemon: it waits for the pipe, also when Python ends.
        self._reader = threading.Thread(target=self._pass_on, args=(read,), daemon=True)
        self._reader.start()
        # When Python ends, sys.stdout becomes the descriptor again: what is passed on would come back.
        atexit.register(self.close)

    def begin(self) -> None:
        """Forgets what has been printed: a new cell."""
        self.settle()
        self._text = ""

    def settle(self) -> str:
        """Waits until all that has been printed is passed on; the end of what was printed since ``begin``."""
        self._passed.clear()
        os.write(1, _BARRIER)
        # Somebody else may have taken the descriptor since.
        self._passed.wait(_PATIENCE)
        return self._text[-_KEPT:]

    def close(self) -> None:
        """Gives the descriptor back."""
        atexit.unregister(self.close)
        self.settle()
        os.dup2(self._before, 1)
        os.close(self._before)
        # The last writing end is gone, so the reader ends.
        self._reader.join(_PATIENCE)

    def _pass_on(self, read: int) -> None:
        left = b""
        with os.fdopen(read, "rb", buffering=0) as pipe:
            while content := pipe.read(65536):
                content = left + content
                # A barrier may come in two parts.
                end = next((size for size in range(len(_BARRIER) - 1, 0, -1) if content.endswith(_BARRIER[:size])), 0)
                content, left = content[: len(content) - end], content[len(content) - end :]
                parts = content.split(_BARRIER)
                text = b"".join(parts).decode(errors="replace")
                self._text = (self._text + text)[-2 * _KEPT :]
                if text and sys.stdout is not None:
                    sys.stdout.write(text)
                if len(parts) > 1:
                    self._passed.set()
