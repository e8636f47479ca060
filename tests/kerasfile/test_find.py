"""Which files a command line means."""

from pydl4j_bridge.kerasfile import find_models


def _touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_a_folder_stands_for_the_models_below_it(tmp_path):
    """By the endings of their names, in the order of their names, and each as not named itself."""
    _touch(tmp_path, "b.h5", "a.keras", "c/d.hdf5", "c/e.json", "notes.txt")
    expected = [(str(tmp_path / name), False) for name in ("a.keras", "b.h5", "c/d.hdf5", "c/e.json")]
    assert list(find_models([str(tmp_path)])) == expected


def test_a_file_stands_for_itself(tmp_path):
    """Whatever its name, and even where there is none: reading it will say so."""
    assert list(find_models([str(tmp_path / "model.bin")])) == [(str(tmp_path / "model.bin"), True)]


def test_a_pattern_stands_for_what_it_matches(tmp_path):
    """For shells that leave patterns alone."""
    _touch(tmp_path, "b.h5", "a.h5", "c/d.h5", "a.txt")
    expected = [(str(tmp_path / name), True) for name in ("a.h5", "b.h5", "c/d.h5")]
    assert list(find_models([f"{tmp_path}/**/*.h5"])) == expected


def test_a_pattern_that_matches_nothing_is_left_to_fail(tmp_path):
    """It is one file that does not exist, not no files at all."""
    assert list(find_models([f"{tmp_path}/*.h5"])) == [(f"{tmp_path}/*.h5", True)]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    """What exists is meant literally."""
    _touch(tmp_path, "model[1].h5")
    assert list(find_models([str(tmp_path / "model[1].h5")])) == [(str(tmp_path / "model[1].h5"), True)]
