"""The pages run: each Python and shell block in its order, in a process for each page, and prints what the page says.

Blocks that are only indented are for people: they install, or need a cluster.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from markdown_it import MarkdownIt

import pydl4j_bridge
from pydl4j_bridge.jvm.flags import arguments_for
from pydl4j_bridge.jvm.jars import class_path
from pydl4j_bridge.jvm.java import find_java
from pydl4j_bridge.jvm.own_classes import own_jar

ROOT = Path(__file__).parents[2]
DOCS, DATA = ROOT / "docs", ROOT / "tests" / "data"
#: What a reader has: name in the page → the file that stands for it.
FILES = {
    "tutorial": {name: f"../../notebooks/{name}" for name in ("digits.keras", "digits.npz", "digits-keras.npz")},
    "how-to/without-an-optimizer": {
        "model.keras": "zoo/keras3/activation-softmax.keras",
        "compiled.keras": "keras3/adam.keras",
    },
    "how-to/open-sizes": {"model.keras": "zoo/keras3/rescaling-any-size.keras"},
    "how-to/lambda-layers": {"model.keras": "zoo/keras3/lambda.keras", "model.npz": "zoo/keras3/lambda.npz"},
    "how-to/exact-training": {"model.keras": "training/keras3/nadam.keras"},
    "how-to/regression-test": {},
    "how-to/many-models": {"model.keras": "keras3/adam.keras", "other.h5": "tfkeras-legacy/adam.h5"},
    "how-to/running-jvm": {"model.keras": "training/keras3/adam.keras"},
}
#: Arrays that a reader has.
GIVEN = {
    "how-to/without-an-optimizer": f"""
import numpy as np
x = np.load({str(DATA / "zoo/keras3/activation-softmax.npz")!r})["input_0"]
y = np.eye(5)[[0] * len(x)]""",
}
#: Printed between blocks.
END = "\x1e"


def fences(page: str) -> list[tuple[str, str, int]]:
    """Of each block its language, its text, and the line before it."""
    tokens = MarkdownIt().parse((DOCS / f"{page}.md").read_text("utf-8"))
    return [(token.info, token.content, token.map[0] + 1) for token in tokens if token.type == "fence"]


def program(page: str) -> tuple[str, list[str]]:
    """The page as one program, and what it is to print for each of its blocks."""
    code, promised = ["import subprocess", GIVEN.get(page, "")], []
    for language, text, line in fences(page):
        if language == "text":
            promised[-1] = text
        elif language in ("python", "sh"):
            # As many lines as there are before it, so that a traceback has those of the page.
            source = "\n" * line + text
            run = f"exec(compile({source!r}, {page + '.md'!r}, 'exec'))"
            code.append(run if language == "python" else f"subprocess.run(['bash', '-c', {text!r}])")
            code.append(f"print({END!r}, flush=True)")
            promised.append("")
    return "\n".join(code), promised


@pytest.mark.parametrize("page", FILES)
def test_a_page_runs_and_prints_what_it_says(page, tmp_path):
    """From the first block to the last, in a folder that has the files it names."""
    for name, source in FILES[page].items():
        (tmp_path / name).write_bytes((DATA / source).read_bytes())
    code, promised = program(page)
    # One thread: beside other work, waiting for threads takes longer than these small networks do.
    surroundings = os.environ | {"OMP_NUM_THREADS": "1", "JAVA_HOME": str(find_java().home)}
    surroundings["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    printed = done.stdout.split(f"{END}\n")[:-1]
    assert len(printed) == len(promised)
    checker, flags = doctest.OutputChecker(), doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    differing = [
        (want, got)
        for want, got in zip(promised, printed, strict=True)
        if want and not checker.check_output(want, got, flags)
    ]
    assert differing == []


def test_every_page_with_code_is_run():
    """No page has Python that is not in the table above, but for the older ones, which describe."""
    found = {str(path.relative_to(DOCS).with_suffix("")) for path in [DOCS / "tutorial.md", *DOCS.glob("how-to/*.md")]}
    assert {page for page in found if any(language == "python" for language, *_ in fences(page))} == FILES.keys()


def test_the_java_program_restores_a_model(tmp_path):
    """The program of the page, compiled and run with what the page puts on its class path."""
    (text,) = (text for language, text, _ in fences("how-to/java-program") if language == "java")
    (tmp_path / "Restore.java").write_text(text)
    java = find_java()
    path = os.pathsep.join(map(str, (tmp_path, *class_path(), own_jar(java, class_path()))))
    command = [str(java.home / "bin" / "java"), *arguments_for(java), "-cp", path]
    compiler = "org.eclipse.jdt.internal.compiler.batch.Main"
    subprocess.run(
        [*command, compiler, "-cp", path, "-source", "11", "-target", "11", str(tmp_path / "Restore.java")],
        check=True,
        timeout=120,
    )
    model = DATA / "training" / "keras3" / "nadam.keras"
    convert = [sys.executable, "-m", "pydl4j_bridge", "convert", str(model), str(tmp_path / "model.zip")]
    subprocess.run([*convert, "--fidelity", "exact", "--verify"], check=True, timeout=120)
    done = subprocess.run(
        [*command, "Restore", str(tmp_path / "model.zip")], capture_output=True, text=True, check=True, timeout=120
    )
    model = pydl4j_bridge.load(tmp_path / "model.zip")
    numbers = [float(number) for number in re.findall(r"[\d.]+", done.stdout)]
    np.testing.assert_allclose(numbers, model.predict(np.zeros((2, 4))).ravel(), atol=1e-4)
