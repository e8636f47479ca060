"""What tests of every folder share: where the fixtures and the corpus are."""

import os
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent


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
