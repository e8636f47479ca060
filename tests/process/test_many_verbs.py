"""``convert`` and ``check`` for many models, and a check held against an earlier one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import pydl4j_bridge
from pydl4j_bridge.cli import cli
from pydl4j_bridge.results import report_changes

DATA = Path(__file__).parents[1] / "data"


def run(*arguments: object):
    """The command line, in this process."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], standalone_mode=False)


def test_a_folder_is_converted(tmp_path):
    """Each model under its own name, read back and found equal; what is no model is passed over."""
    made = run("convert", DATA / "verify", tmp_path / "out", "--verify", "--json")
    assert made.return_value == 0
    values = json.loads(made.stdout)["models"]
    assert {(Path(one["path"]).name, one["status"]) for one in values} == {
        (name, "same") for name in ("vision.keras", "text.keras", "chain.keras", "old-vision.h5", "old-chain.h5")
    }
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(
        f"{Path(one['path']).name}.zip" for one in values
    )
    assert pydl4j_bridge.load(tmp_path / "out" / "chain.keras.zip").predict([[[0.0] * 3] * 7]).shape == (1, 2)


def test_a_check_is_held_against_an_earlier_one(tmp_path):
    """The same files say that nothing changed; another verdict, and a file more, are named."""
    files = [DATA / "keras3" / "adamw.keras", DATA / "tfkeras-legacy" / "adam.h5"]
    first = run("check", *files, "--json")
    kept = tmp_path / "before.json"
    kept.write_text(first.stdout)
    again = run("check", *files, "--against", kept)
    assert again.return_value == 0
    assert "nothing changed" in again.output
    values = json.loads(kept.read_text())
    values["files"][1]["verdict"] = "unexplained"
    values["files"].pop(0)
    kept.write_text(json.dumps(values))
    changed = run("check", *files, "--against", kept, "--json")
    assert changed.return_value == 1
    found = json.loads(changed.stdout)["changes"]
    assert [(Path(one["path"]).name, one["was"].split(",")[0]) for one in found] == [
        ("adamw.keras", "not there"),
        ("adam.h5", "unexplained"),
    ]


@pytest.mark.parametrize("verb", ["check", "convert"])
def test_an_interrupted_run_goes_on(verb, tmp_path):
    """What is in the file of results is not done again: a verdict that was put there by hand is what is said."""
    kept = tmp_path / "kept.jsonl"
    out = [tmp_path / "out"] if verb == "convert" else []
    command = [verb, DATA / "keras3" / "adam.keras", DATA / "keras3" / "sgd.keras", *out, "--results", kept, "--json"]
    first = json.loads(run(*command).stdout)
    lines = kept.read_text().splitlines(keepends=True)
    assert len(lines) == 3
    key, said = ("verdict", "agree") if verb == "check" else ("cause", "by hand")
    done = json.loads(lines[1])
    kept.write_text(lines[0] + json.dumps({**done, key: said}) + "\n" + lines[2][:-9])  # the last one is cut off
    again = json.loads(run(*command).stdout)
    files = "files" if verb == "check" else "models"
    found, before = ({one["path"]: one for one in run[files]} for run in (again, first))
    assert found.keys() == before.keys()
    assert [one[key] for path, one in found.items() if path == done["path"]] == [said]
    assert [one[key] for path, one in found.items() if path != done["path"]] == [
        one[key] for path, one in before.items() if path != done["path"]
    ]
    other = run(*[*command, "--time-limit", 41] if verb == "check" else [*command, "--verify"])
    assert "with other options" in str(other.exception)


def test_an_error_is_a_change():
    """Where a file could be read before."""
    good = {"path": "a", "error": None, "differences": [], "updater": None, "verdict": "agree",
            "native": {"quirk": None, "status": "imported"}, "predictions": {"status": "same"}}  # fmt: skip
    bad = {"path": "a", "error": {"type": "Truncated", "what": "cut off"}}
    assert report_changes([good], [good]) == []
    assert report_changes([good], [bad])[0][2] == "Truncated: cut off"
