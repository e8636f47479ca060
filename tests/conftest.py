"""What tests of every folder share: where the fixtures and the corpus are."""

import gc
import os
from pathlib import Path

import pytest

# The networks of the tests are small, and ND4J's threads wait for each other in busy loops: with two of them a step of
# training takes seven times the processor's time. Set before any JVM starts; processes of tests inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")

TESTS = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that start Java in this process come last: JPype then looks after Java at each of Python's collections.

    Those that read a hundred thousand layers then take ten times as long.
    """
    items.sort(key=lambda item: (TESTS / "jvm") in item.path.parents)


def pytest_collection_finish() -> None:
    """Takes fifteen thousand tests out of the garbage collector's sight: it would go through them again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of files that real Keras wrote (scripts/make_fixtures.py)."""
    return TESTS / "data"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of model files of old Keras versions; a test that wants it is skipped where it is absent."""
    folder = Path(os.environ.get("PYDL4J_CORPUS", TESTS.parent.parent / "shared" / "corpus"))
    if not folder.is_dir():
        pytest.skip(f"no corpus of old Keras files in {folder}; PYDL4J_CORPUS says where it is")
    return folder
