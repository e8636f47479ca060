"""The lock file and how it is read."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from pydl4j_bridge.errors import JarsMissing
from pydl4j_bridge.jvm.lock import current_platform, lock, lock_folder


def test_every_jar_has_a_size_and_a_sha256() -> None:
    """Nothing is in the lock that could be loaded unchecked."""
    assert [jar.name for jar in lock().jars if jar.bytes <= 0 or not re.fullmatch("[0-9a-f]{64}", jar.sha256)] == []


def test_file_names_are_unique() -> None:
    """The jars lie flat in one folder, so no name may come twice."""
    assert [name for name, count in Counter(jar.name for jar in lock().jars).items() if count > 1] == []


def test_paths_are_those_of_a_maven_repository() -> None:
    """A mirror is asked for group/artifact/version/artifact-version[-classifier].jar."""
    for jar in lock().jars:
        suffix = f"-{jar.classifier}" if jar.classifier else ""
        folder = f"{jar.group.replace('.', '/')}/{jar.artifact}/{jar.version}"
        assert jar.path == f"{folder}/{jar.artifact}-{jar.version}{suffix}.jar"


@pytest.mark.parametrize("platform", lock().platforms)
def test_every_native_artifact_is_locked_or_recorded_as_absent(platform: str) -> None:
    """No platform lacks a native library without the lock saying so."""
    natives = {jar.artifact for jar in lock().jars if jar.classifier}
    here = {jar.artifact for jar in lock().needed(platform) if jar.classifier}
    absent = {entry.artifact for entry in lock().absent if entry.platform == platform}
    assert here | absent == natives
    assert here & absent == set()


def test_the_set_for_linux_is_31_jars() -> None:
    """The lean set: half of what Maven resolves, in jars."""
    needed = lock().needed("linux-x86_64")
    assert (len(needed), sum(jar.bytes for jar in needed)) == (31, 136955591)


def test_an_unknown_platform_is_refused_with_the_known_ones() -> None:
    """A platform without natives is said by name, before anything is downloaded."""
    with pytest.raises(JarsMissing, match=r"no natives for linux-s390x.*linux-x86_64"):
        lock().needed("linux-s390x")


def test_this_platform_is_one_of_the_lock() -> None:
    """The name is in JavaCPP's spelling."""
    assert current_platform() in lock().platforms


def test_coordinates_leave_out_what_is_not_there() -> None:
    """A jar without a classifier has three parts."""
    by_name = {jar.name: jar.coordinates for jar in lock().jars}
    assert by_name["gson-2.8.0.jar"] == "com.google.code.gson:gson:2.8.0"
    assert by_name["javacpp-1.5.7-linux-x86_64.jar"] == "org.bytedeco:javacpp:1.5.7:linux-x86_64"


def test_the_startup_model_lies_beside_the_lock() -> None:
    """What the set-up run imports is shipped with the lock."""
    assert (lock_folder() / "startup-model.h5").is_file()
