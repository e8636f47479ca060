"""What ``save`` puts into DL4J's zip beside what DL4J puts there, so that ``load`` brings all of it back.

DL4J's zip has the network, its updater and the updater's state. It has no place for what Keras called the weights, in
which layouts it kept them, and what became of the optimizer's settings: these are one more entry, which DL4J ignores.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, NotAKerasFile, UnsafeFile
from pydl4j_bridge.mapping import Finding, UpdaterSpec
from pydl4j_bridge.mapping.spec import Outcome
from pydl4j_bridge.translate import ImportableModel
from pydl4j_bridge.translate.stored import from_dict, to_dict

ENTRY = "pydl4j_bridge.json"
#: Goes up when a reader of the old form could not read the new one.
_VERSION = 1
#: Of DL4J's.
_CONFIGURATION = "configuration.json"
#: The largest entry that is read, in bytes.
_MAX_BYTES = 256 * 2**20


@dataclass(frozen=True, slots=True)
class NetworkDescription:
    """What the zip of a network that was not imported says of its arrays; of DL4J's own, nothing.

    Attributes:
        graph: it is a ``ComputationGraph``.
        inputs, outputs: shapes of one sample; None: not known.
        channels_last: as of :class:`pydl4j_bridge.Network`.
        layers: name → the shape of one sample of its output.
    """

    graph: bool
    inputs: tuple[tuple[int | None, ...], ...] | None = None
    outputs: tuple[tuple[int | None, ...], ...] | None = None
    channels_last: bool = False
    layers: Mapping[str, tuple[int | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Description:
    """What a network's zip says of it beside the network itself.

    Attributes:
        model: the translated model that it was built from.
        updater: the updater that sits on its layers, with its findings; None where the model had no optimizer.
        notes: what of the training was not carried.
    """

    model: ImportableModel
    updater: UpdaterSpec | None
    notes: tuple[str, ...]


def add_description(path: str | os.PathLike[str], description: Description) -> None:
    """Add the description to a zip that DL4J has written."""
    updater = description.updater
    kept = None
    if updater is not None:
        findings = [found.to_dict() for found in updater.findings]
        kept = {**updater.to_dict(), "origin": updater.origin, "findings": findings}
    _add(
        path,
        {"version": _VERSION, "model": to_dict(description.model), "updater": kept, "notes": description.notes},
    )


def add_arrays(path: str | os.PathLike[str], arrays: NetworkDescription) -> None:
    """Add to a zip that DL4J has written what the arrays of a network are that was not imported."""
    _add(path, {"version": _VERSION, "arrays": asdict(arrays)})


def _add(path: str | os.PathLike[str], values: Mapping[str, Any]) -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ENTRY, json.dumps(values))


def read_description(path: str | os.PathLike[str]) -> Description | NetworkDescription:
    """The description in a zip that we have saved, or what is known of one that DL4J has.

    Raises:
        NotAKerasFile: it is no zip with a network of DL4J's.
        InvalidConfig: what it says cannot be read.
        UnsafeFile: it is larger than 256 MiB.
    """
    file = os.fspath(path)
    try:
        with zipfile.ZipFile(path) as archive:
            if ENTRY not in archive.namelist():
                if _CONFIGURATION not in archive.namelist():
                    raise NotAKerasFile(
                        f"{file} holds no network",
                        because=f"it has no {_CONFIGURATION}, which DL4J's ModelSerializer writes",
                        file=file,
                    )
                return NetworkDescription(graph="networkInputs" in json.loads(_read(archive, _CONFIGURATION, file)))
            values = json.loads(_read(archive, ENTRY, file))
        if values["version"] != _VERSION:
            raise InvalidConfig(
                f"{ENTRY} is of version {values['version']}",
                because=f"this package reads version {_VERSION}",
                file=file,
                where=ENTRY,
                fix="Load it with the version of pydl4j_bridge that saved it",
            )
        if "arrays" in values:
            return _arrays(**values["arrays"])
        return Description(from_dict(values["model"]), _updater(values["updater"]), tuple(values["notes"]))
    except OSError as error:
        raise NotAKerasFile(f"{file} cannot be read", because=error.strerror or str(error), file=file) from error
    except zipfile.BadZipFile as error:
        raise NotAKerasFile(f"{file} is no whole zip", because=str(error), file=file) from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InvalidConfig(f"{ENTRY} cannot be read", because=repr(error), file=file, where=ENTRY) from error


def _read(archive: zipfile.ZipFile, entry: str, file: str) -> bytes:
    if archive.getinfo(entry).file_size > _MAX_BYTES:
        raise UnsafeFile(f"{entry} is larger than {_MAX_BYTES} bytes", file=file, where=entry)
    return archive.read(entry)


def _arrays(*, graph: bool, inputs: Any, outputs: Any, channels_last: bool, layers: Any) -> NetworkDescription:
    return NetworkDescription(
        graph,
        None if inputs is None else tuple(map(tuple, inputs)),
        None if outputs is None else tuple(map(tuple, outputs)),
        channels_last,
        {name: tuple(shape) for name, shape in layers.items()},
    )


def _updater(values: Any) -> UpdaterSpec | None:
    if values is None:
        return None
    findings = tuple(Finding(**{**found, "outcome": Outcome(found["outcome"])}) for found in values["findings"])
    return replace(UpdaterSpec.from_dict(values), findings=findings, origin=values.get("origin", ""))
