"""A process of its own for what can hang or crash: one JVM, one request at a time, a time limit for each.

This module starts and ends the process and carries JSON to it and back. What the requests do is in ``worker_main``.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import IO, Any

from pydl4j_bridge import errors
from pydl4j_bridge.errors import JvmError, WorkerCrashed, WorkerTimeout

#: Seconds that starting Java may take, on top of a request's own limit: a cold disk is slow.
START_LIMIT = 120.0
_TAIL = 4000
#: What HotSpot prints when native code crashes.
_FATAL = "A fatal error has been detected by the Java Runtime Environment"


class Worker:
    """A worker process, started with the first request and again after one that ended it.

    A context manager; not for use by several threads at once.

    Args:
        time_limit: seconds that one request may take.
        threads: of ND4J's native operations; None: one for each core. Several workers on the same cores need fewer:
            OpenMP's threads spin while they wait for each other, and two processes with two threads on two cores take
            more than ten times as long.
        memory: bytes that the process may have: half of them are Java's heap, and ND4J allocates nothing beyond them,
            which is a Java exception; :meth:`shrink` replaces one that keeps too much. None: Java's own limits.
    """

    def __init__(self, time_limit: float = 40.0, threads: int | None = None, memory: int | None = None) -> None:
        self.time_limit = time_limit
        self.threads = threads
        self.memory = memory
        #: How many processes there have been.
        self.generation = 0
        self._ready = False
        self._ended = False
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._errors: IO[bytes] | None = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = True  # another thread may be at a request, and would start a new process for it
        self.close()

    def prepare(self) -> None:
        """Start the process, without waiting for it: Java starts while the caller does something else."""
        if self._process is None:
            self._spawn()
            self._send({"operation": "start", "memory": self.memory})

    def ready(self) -> None:
        """Wait until the process has started Java, starting it if it is not there.

        Raises:
            WorkerTimeout, WorkerCrashed: it did not.
            BridgeError: of the environment: no Java, no jars.
        """
        self.prepare()
        if not self._ready:
            started = self._receive(START_LIMIT, "start")
            if "failed" in started:
                self.close()
            self._failed(started)
            self._ready = True

    @property
    def pid(self) -> int | None:
        """The id of the process that runs, None where none does."""
        process = self._process
        return None if process is None else process.pid

    def request(self, operation: str, *, limit: float | None = None, **arguments: Any) -> dict[str, Any]:
        """Send one request and wait for its answer.

        Args:
            operation: one of those in ``worker_main``.
            limit: seconds that it may take; None for the worker's own time limit.
            arguments: those of the operation.

        Raises:
            WorkerTimeout: it took longer than the time limit; the process is ended.
            WorkerCrashed: the process died; carries what it wrote last.
            BridgeError: what the operation raised in the worker; of the environment (no Java, no jars) with the first.
        """
        self.ready()
        self._send({"operation": operation, **arguments})
        answer = self._receive(self.time_limit if limit is None else limit, operation)
        self._failed(answer)
        return answer

    def shrink(self) -> None:
        """Replace a process that keeps more than half of what it may have: what is left is too little for the next.

        Raises:
            WorkerTimeout, WorkerCrashed: it died.
        """
        if self.memory is not None and self._ready and self.request("memory")["bytes"] > self.memory / 2:
            self.close()

    def close(self) -> None:
        """End the process, if it runs."""
        process, self._process = self._process, None
        self._ready = False
        if process is None:
            return
        # Kill, not terminate: after a crash in native code a JVM may hang instead of ending.
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            if stream is not None:
                # A request that a dead process did not take is still to be written, and closing tries to.
                with suppress(BrokenPipeError):
                    stream.close()
        self._errors = None

    def _spawn(self) -> None:
        if self._ended:
            raise JvmError("the worker has been ended")
        self.generation += 1
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pydl4j_bridge.jvm.worker_main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            # Ctrl-C is for the parent, which then ends the worker.
            start_new_session=True,
            env=_environment(self.threads),
        )
        self._answers = queue.Queue()
        threading.Thread(target=_pump, args=(self._process.stdout, self._answers), daemon=True).start()

    def _send(self, request: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is dead: receiving says how

    def _receive(self, limit: float, operation: str) -> dict[str, Any]:
        try:
            line = self._wait(limit)
        except queue.Empty:
            tail = self._tail()
            self.close()
            raise WorkerTimeout(
                f"the worker did not finish '{operation}' within {limit:g} seconds and was ended", because=tail
            ) from None
        except BaseException:
            self.close()  # Ctrl-C: leave no process behind
            raise
        if line is None:
            raise self._crashed(operation)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _wait(self, limit: float) -> str | None:
        """The next line, None where the process has died.

        After a crash in native code Java may hang while it reports the crash: that is dead, too.
        """
        deadline = time.monotonic() + limit
        while True:
            left = deadline - time.monotonic()
            try:
                return self._answers.get(timeout=max(0.0, min(left, 1.0)))
            except queue.Empty:
                if left <= 0:
                    raise
                if _FATAL in self._tail():
                    return None

    def _crashed(self, operation: str) -> WorkerCrashed:
        process = self._process
        if process is None:
            raise JvmError("the worker has been ended")
        try:
            code = process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            how = "crashed in native code and hung while Java reported it"
        else:
            how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        tail = self._tail()
        self.close()
        return WorkerCrashed(f"the worker {how} during '{operation}'", because=tail)

    def _failed(self, answer: Mapping[str, Any]) -> None:
        failed = answer.get("failed")
        if failed is not None:
            fields = {key: value for key, value in failed.items() if key not in ("type", "what")}
            raise getattr(errors, failed["type"])(failed["what"], **fields)

    def _tail(self) -> str:
        """The end of what the process wrote to stderr."""
        if self._errors is None:
            return ""
        size = os.fstat(self._errors.fileno()).st_size
        self._errors.seek(max(0, size - _TAIL))
        return self._errors.read().decode(errors="replace").strip()


def _pump(stream: IO[str], answers: queue.Queue[str | None]) -> None:
    for line in stream:
        answers.put(line)
    answers.put(None)


def _environment(threads: int | None) -> dict[str, str]:
    # The package may be on sys.path by other means than an installation.
    path = [entry for entry in sys.path if entry]
    limited = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    return {**os.environ, **limited, "PYTHONPATH": os.pathsep.join(path)}
