"""What ``ImportedModel.save`` puts into DL4J's zip beside what DL4J puts there, so that ``load`` brings all of it back.

DL4J's zip has the network, its updater and the updater's state. It has no place for what Keras called the weights, in
which layouts it kept them, and what became of the optimizer's settings: these are one more entry, which DL4J ignores.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, replace
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, NotAKerasFile, UnsafeFile
from pydl4j_bridge.mapping import Finding, UpdaterSpec
from pydl4j_bridge.mapping.spec import Outcome
from pydl4j_bridge.translate import ImportableModel
from pydl4j_bridge.translate.stored import from_dict, to_dict

ENTRY = "pydl4j_bridge.json"
#: Goes up when a reader of the old form could not read the new one.
_VERSION = 1
#: The largest entry that is read, in bytes.
_MAX_BYTES = 256 * 2**20


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
    values = {
        "version": _VERSION,
        "model": to_dict(description.model),
        "updater": updater and {**updater.to_dict(), "findings": [found.to_dict() for found in updater.findings]},
        "notes": description.notes,
    }
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(ENTRY, json.dumps(values))


def read_description(path: str | os.PathLike[str]) -> Description:
    """The description in a zip.

    Raises:
        NotAKerasFile: it is no zip, or none that ``ImportedModel.save`` has written.
        InvalidConfig: what it says cannot be read.
        UnsafeFile: it is larger than 256 MiB.
    """
    file = os.fspath(path)
    try:
        with zipfile.ZipFile(path) as archive:
            if ENTRY not in archive.namelist():
                raise NotAKerasFile(
                    f"{file} was not written by ImportedModel.save",
                    because=f"it has no {ENTRY}, which says what the weights are in Keras",
                    file=file,
                    fix="A network of DL4J's own: ModelSerializer.restoreMultiLayerNetwork or restoreComputationGraph",
                )
            if archive.getinfo(ENTRY).file_size > _MAX_BYTES:
                raise UnsafeFile(f"{ENTRY} is larger than {_MAX_BYTES} bytes", file=file, where=ENTRY)
            values = json.loads(archive.read(ENTRY))
        if values["version"] != _VERSION:
            raise InvalidConfig(
                f"{ENTRY} is of version {values['version']}",
                because=f"this package reads version {_VERSION}",
                file=file,
                where=ENTRY,
                fix="Load it with the version of pydl4j_bridge that saved it",
            )
        return Description(from_dict(values["model"]), _updater(values["updater"]), tuple(values["notes"]))
    except OSError as error:
        raise NotAKerasFile(f"{file} cannot be read", because=error.strerror or str(error), file=file) from error
    except zipfile.BadZipFile as error:
        raise NotAKerasFile(f"{file} is no whole zip", because=str(error), file=file) from error
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise InvalidConfig(f"{ENTRY} cannot be read", because=repr(error), file=file, where=ENTRY) from error


def _updater(values: Any) -> UpdaterSpec | None:
    if values is None:
        return None
    findings = tuple(Finding(**{**found, "outcome": Outcome(found["outcome"])}) for found in values["findings"])
    return replace(UpdaterSpec.from_dict(values), findings=findings)
