"""One JVM for all tests of this folder: a process can have only one."""

import pytest

import pydl4j_bridge


@pytest.fixture(scope="session")
def jvm():
    """The JVM of this process, started."""
    return pydl4j_bridge.start()
