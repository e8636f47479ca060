#!/usr/bin/env python3
"""Resolves Deeplearning4j with Maven and writes ``jars/dl4j-<version>.lock.json``.

Needs ``mvn`` on PATH and a repository that Maven can reach. Needed only to make a new lock file; a user never runs it.

    python scripts/lock_jars.py              # writes the lock
    python scripts/lock_jars.py --check      # says whether the committed lock is what Maven resolves today

What it does: lets Maven resolve the dependency tree of the three coordinates in ``ROOTS``, keeps the artifacts named in
``KEEP`` in the versions that Maven chose (so that the native import is the one upstream ships), fetches the natives of
every platform, compares each jar with the sha1 that the repository publishes, and records size and sha256.

What it does not do: choose newer versions, or decide that an artifact is not needed. ``KEEP`` is the result of running
import, prediction and training on real models without the others.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "1.0.0-M2.1"
LOCK = Path(__file__).resolve().parent.parent / "jars" / f"dl4j-{VERSION}.lock.json"

ROOTS = (
    f"org.deeplearning4j:deeplearning4j-modelimport:{VERSION}",
    f"org.nd4j:nd4j-native-platform:{VERSION}",
    # Not upstream's: sends SLF4J to java.util.logging, which jvm/logs.py forwards to Python. Same version as slf4j-api.
    "org.slf4j:slf4j-jdk14:1.7.21",
    # Not upstream's: compiles jars/java where there is no JDK. The newest that runs on Java 11.
    "org.eclipse.jdt:ecj:3.32.0",
)

KEEP = frozenset(
    {
        "com.google.code.gson:gson",
        "com.google.flatbuffers:flatbuffers-java",
        "com.jakewharton.byteunits:byteunits",
        "commons-io:commons-io",
        "net.ericaro:neoitertools",
        "org.apache.commons:commons-collections4",
        "org.apache.commons:commons-lang3",
        "org.apache.commons:commons-math3",
        "org.bytedeco:hdf5",
        "org.bytedeco:javacpp",
        "org.bytedeco:openblas",
        "org.deeplearning4j:deeplearning4j-modelimport",
        "org.deeplearning4j:deeplearning4j-nn",
        "org.deeplearning4j:deeplearning4j-utility-iterators",
        "org.deeplearning4j:resources",
        "org.eclipse.jdt:ecj",
        "org.nd4j:guava",
        "org.nd4j:jackson",
        "org.nd4j:nd4j-api",
        "org.nd4j:nd4j-common",
        "org.nd4j:nd4j-native",
        "org.nd4j:nd4j-native-api",
        "org.nd4j:nd4j-native-preset",
        "org.nd4j:nd4j-presets-common",
        "org.nd4j:protobuf",
        "org.slf4j:slf4j-api",
        "org.slf4j:slf4j-jdk14",
    }
)

# nd4j-native-preset has classified jars too; there is nothing in them but a manifest.
NATIVE = ("org.bytedeco:hdf5", "org.bytedeco:javacpp", "org.bytedeco:openblas", "org.nd4j:nd4j-native")

PLATFORMS = ("linux-x86_64", "linux-arm64", "macosx-x86_64", "macosx-arm64", "windows-x86_64")

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin"

POM = """<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>lock</groupId><artifactId>lock</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>{dependencies}</dependencies>
</project>
"""


def maven(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Maven with strict checksums: a download that does not match the repository's sha1 is an error.

    ``--update-snapshots`` makes it ask again for what the repository lacked the last time, and use the same words.
    """
    return subprocess.run(
        ["mvn", "--batch-mode", "--strict-checksums", "--update-snapshots", "-Dstyle.color=never", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def local_repository() -> Path:
    """The folder in which Maven keeps what it downloaded."""
    result = maven("--quiet", "help:evaluate", "-Dexpression=settings.localRepository", "-DforceStdout")
    if result.returncode:
        sys.exit(f"mvn failed:\n{result.stdout}{result.stderr}")
    # Debian's Maven prints colour codes around the value, even in batch mode.
    return Path(re.sub(r"\x1b\[[0-9;]*m", "", result.stdout).strip())


def resolve(roots: tuple[str, ...]) -> dict[str, str]:
    """``group:artifact`` → version, as Maven chooses it for the whole tree."""
    with tempfile.TemporaryDirectory() as name:
        pom, listing = Path(name, "pom.xml"), Path(name, "list.txt")
        dependencies = "".join(
            "<dependency><groupId>{}</groupId><artifactId>{}</artifactId><version>{}</version></dependency>".format(
                *root.split(":")
            )
            for root in roots
        )
        pom.write_text(POM.format(dependencies=dependencies))
        result = maven("--file", str(pom), f"{PLUGIN}:list", f"-DoutputFile={listing}", "-DincludeScope=runtime")
        if result.returncode:
            sys.exit(f"mvn could not resolve {', '.join(roots)}:\n{result.stdout}{result.stderr}")
        # group:artifact:jar[:classifier]:version:scope
        found = re.findall(r"^\s+([\w.-]+):([\w.-]+):jar(?::[\w.-]+)?:([\w.-]+):\w+", listing.read_text(), re.MULTILINE)
    return {f"{group}:{artifact}": version for group, artifact, version in found}


def fetched(repository: Path, coordinate: str, version: str, classifier: str | None) -> Path | None:
    """The jar in Maven's local repository, downloaded if need be; None when the repository has no such artifact."""
    group, artifact = coordinate.split(":")
    suffix = f"-{classifier}" if classifier else ""
    path = repository / group.replace(".", "/") / artifact / version / f"{artifact}-{version}{suffix}.jar"
    if not (path.exists() and path.with_name(path.name + ".sha1").exists()):
        wanted = f"{coordinate}:{version}:jar" + (f":{classifier}" if classifier else "")
        result = maven(f"{PLUGIN}:get", f"-Dartifact={wanted}", "-Dtransitive=false")
        if result.returncode:
            # Only this sentence means that there is no such file; a network failure reads "Could not transfer".
            if "Could not find artifact" in result.stdout and "Could not transfer" not in result.stdout:
                return None
            sys.exit(f"mvn could not fetch {wanted}:\n{result.stdout}{result.stderr}")
    return path


def entry(repository: Path, jar: Path, coordinate: str, version: str, classifier: str | None) -> dict[str, object]:
    """One jar of the lock, after its bytes were compared with the sha1 that the repository publishes."""
    content = jar.read_bytes()
    published = jar.with_name(jar.name + ".sha1").read_text().split()[0].lower()
    found = hashlib.sha1(content).hexdigest()
    if published != found:
        sys.exit(f"{jar}: sha1 is {found}, the repository publishes {published}")
    group, artifact = coordinate.split(":")
    return {
        "group": group,
        "artifact": artifact,
        "version": version,
        "classifier": classifier,
        "platform": classifier,
        "path": jar.relative_to(repository).as_posix(),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def make_lock() -> dict[str, object]:
    """The whole lock as plain JSON values."""
    repository = local_repository()
    versions = resolve(ROOTS)
    missing = KEEP - versions.keys()
    if missing:
        sys.exit(f"not in Maven's tree any more: {', '.join(sorted(missing))}")
    jars: list[dict[str, object]] = []
    absent: list[dict[str, object]] = []
    for coordinate in sorted(KEEP):
        for platform in (None, *(PLATFORMS if coordinate in NATIVE else ())):
            version = versions[coordinate]
            jar = fetched(repository, coordinate, version, platform)
            if jar is not None:
                jars.append(entry(repository, jar, coordinate, version, platform))
                print(jar.name, file=sys.stderr)
            elif platform is None:
                sys.exit(f"{coordinate}:{version} has no jar")
            else:
                group, artifact = coordinate.split(":")
                absent.append({"group": group, "artifact": artifact, "version": version, "platform": platform})
    return {"format": 1, "dl4j": VERSION, "platforms": list(PLATFORMS), "jars": jars, "absent": absent}


def main() -> None:
    """Writes the lock, or compares it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed lock and write nothing")
    check = parser.parse_args().check
    text = json.dumps(make_lock(), indent=1) + "\n"
    if check:
        if LOCK.read_text(encoding="utf-8") != text:
            sys.exit(f"{LOCK.name} is not what Maven resolves today")
        print(f"{LOCK.name} is what Maven resolves today")
    else:
        LOCK.write_text(text, encoding="utf-8")
        print(LOCK)


if __name__ == "__main__":
    main()
