"""Java in a notebook that a real kernel runs, and in IPython's completion."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

from pydl4j_bridge.jvm import jars
from pydl4j_bridge.jvm.setup import isolated

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "tests" / "data" / "keras3" / "adamw.keras"

CELLS = {
    "start": """
import jpype, pydl4j_bridge
dl4j = pydl4j_bridge.start()
from java.lang import System
""",
    "print": "System.out.println('täglich'); System.err.println('to err'); System.out.print_('no end')",
    "listener": f"""
model = pydl4j_bridge.import_model({str(MODEL)!r})
network = model.java
network.setListeners(dl4j.ScoreIterationListener(1))
x, y = dl4j.Nd4j.rand('c', [4, 3]), dl4j.Nd4j.rand('c', [4, 1])
network.fit(x, y)
""",
    "nothing": "pass",
    "shape": "network.fit(dl4j.Nd4j.rand('c', [4, 30]), y)",
    "native": """
def convolve():
    op = dl4j.DynamicCustomOp.builder("conv2d").addInputs(x.reshape(jpype.JLong[:]([1, 3, 2, 2])), x)
    return dl4j.Nd4j.exec_(op.addIntegerArguments(jpype.JInt[:]([3, 3, 1, 1, 0, 0, 1, 1, 0, 0])).build())
convolve()
""",
    "causes": """
from java.io import IOException
from java.lang import IllegalStateException
from java.util.concurrent import CompletableFuture
CompletableFuture.failedFuture(IllegalStateException('no weights', IOException('the disk is gone'))).get()
""",
    "ours": """
from pydl4j_bridge.jvm.exceptions import java_errors
from java.lang import Integer
with java_errors("the number was not read"):
    Integer.parseInt("seven")
""",
    "child": "import os; os.system('echo from a child'); None",
    "unload": "%unload_ext pydl4j_bridge",
    "unloaded": "os.system('echo another'); None",
    "load": "%load_ext pydl4j_bridge\nSystem.out.println('and on')",
}


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Kernels find this package, and nobody's settings."""
    jars.fetch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
            patch.setenv(name, str(tmp_path_factory.mktemp(name.lower())))
        yield


Output = Callable[[str, str], str]


@pytest.fixture(scope="module")
def outputs(kernels: None) -> Output:
    """What stands below a cell: its stdout, its stderr, or the traceback."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, allow_errors=True, timeout=120, kernel_name="python3").execute()

    def output(cell: str, kind: str) -> str:
        found = notebook.cells[list(CELLS).index(cell)].outputs
        if kind == "error":
            return "\n".join("\n".join(one.traceback) for one in found if one.output_type == "error")
        return "".join(one.text for one in found if one.output_type == "stream" and one.name == kind)

    return output


def test_what_java_prints_is_in_the_cell_that_printed(outputs: Output) -> None:
    """Both streams, with a line that has not ended; and nothing in the next ones."""
    assert (outputs("print", "stdout"), outputs("print", "stderr")) == ("täglich\nno end", "to err\n")
    assert (outputs("nothing", "stdout"), outputs("nothing", "stderr")) == ("", "")
    assert outputs("start", "stdout") == ""


def test_the_log_of_a_listener_is_in_the_cell_that_trained(outputs: Output) -> None:
    """From INFO on, where nobody configured logging."""
    assert "Score at iteration " in outputs("listener", "stderr")


def test_a_java_exception_is_a_line_to_act_on_and_ones_own_lines(outputs: Output) -> None:
    """No frames of JPype's or ours, no exception that JPype made up."""
    lines = outputs("shape", "error").splitlines()
    assert lines[0].startswith("DL4JInvalidInputException: Input size (30 columns; shape = [4, 30]) is invalid")
    assert lines[2].startswith("org.deeplearning4j.exception.DL4JInvalidInputException: Input size (30 columns;")
    assert lines[3].startswith("    at org.deeplearning4j.nn.layers.")
    assert lines[4:] == ["", "Cell In[5], line 1, in <module>", f"    {CELLS['shape']}"]


def test_the_reason_that_libnd4j_printed_is_on_top(outputs: Output) -> None:
    """The exception itself says that something failed; and the text is in the cell's output as well."""
    error = outputs("native", "error")
    assert "failed to execute" in error
    top = error.splitlines()[0]
    assert top.startswith("ND4JIllegalStateException: ")
    reason = top.partition(": ")[2]
    assert reason.startswith("CUSTOM CONV2D OP: ")
    assert reason in " ".join(outputs("native", "stdout").split())
    assert "Cell In[6], line 3, in convolve" in error


def test_the_whole_chain_of_causes_is_shown(outputs: Output) -> None:
    """The innermost says what was wrong; then the outermost first."""
    lines = [line for line in outputs("causes", "error").splitlines() if not line.startswith("    at ")]
    assert lines[:5] == [
        "IOException: the disk is gone",
        "",
        "java.util.concurrent.ExecutionException: java.lang.IllegalStateException: no weights",
        "caused by java.lang.IllegalStateException: no weights",
        "caused by java.io.IOException: the disk is gone",
    ]


def test_our_own_java_errors_are_shown_alike(outputs: Output) -> None:
    """What was being done, on top."""
    lines = outputs("ours", "error").splitlines()
    assert lines[0].startswith("JavaError: the number was not read: java.lang.NumberFormatException")
    assert lines[2] == 'java.lang.NumberFormatException: For input string: "seven"'
    assert lines[-2:] == ["Cell In[8], line 3, in <module>", '    with java_errors("the number was not read"):']


def test_other_output_is_where_it_was(outputs: Output) -> None:
    """That of child processes, and of everything once the extension is unloaded and loaded again."""
    assert outputs("child", "stdout") == "from a child\n"
    assert outputs("unloaded", "stdout") == "another\n"
    assert outputs("load", "stdout") == "and on\n"


ENDLESS = """
import jpype, pydl4j_bridge
pydl4j_bridge.start()
from java.lang import Runnable, Thread, Void
from java.lang.invoke import MethodHandleProxies, MethodHandles, MethodType
dump = MethodHandles.lookup().findStatic(Thread, "dumpStack", MethodType.methodType(Void.TYPE))
pool = jpype.JClass("java.util.concurrent.ForkJoinPool").commonPool()
for _ in range(50000):
    pool.execute(MethodHandleProxies.asInterfaceInstance(Runnable, dump))
"""


def test_a_kernel_ends_while_java_threads_print(kernels: None) -> None:
    """At once, and as if nothing were."""
    manager, client = start_new_kernel(stderr=subprocess.DEVNULL)
    try:
        assert client.execute_interactive(ENDLESS, output_hook=lambda _: None, timeout=60)["content"]["status"] == "ok"
        began = time.monotonic()
        client.shutdown()
        assert manager.provisioner.process.wait(20) == 0
        assert time.monotonic() - began < 10
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


COMPLETE = """
import logging, warnings
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
warnings.simplefilter("ignore")
logging.getLogger("pydl4j_bridge.java").setLevel("CRITICAL")
shell = InteractiveShell.instance()
shell.run_cell('''
import jpype, pydl4j_bridge, pydl4j_bridge.java as names
dl4j = pydl4j_bridge.start()
import org
from org.nd4j.linalg.learning.config import Adam
from org.deeplearning4j.nn.conf import NeuralNetConfiguration
adam, builder, array = Adam(), Adam.builder(), dl4j.Nd4j.eye(3)
network = pydl4j_bridge.import_model(%r).java
broken, unlisted = org.nd4j.common.util, org.nd4j.shade.thirdparty.publicsuffix
try:
    jpype.java.lang.Integer.parseInt("seven")
except jpype.JException as error:
    thrown = error
''').raise_error()

def complete(text):
    with provisionalcompleter():
        found = [completion.text for completion in shell.Completer.completions(text, len(text))]
    return {name.rpartition(".")[2] for name in found + shell.complete(None, text, len(text))[1]}

for jedi in (True, False):
    shell.Completer.use_jedi = jedi
    for evaluation in ("minimal", "limited", "unsafe"):
        shell.Completer.evaluation = evaluation
        for text, name in [
            ("dl4j.", "org"), ("dl4j.Nd", "Nd4j"), ("names.Ad", "Adam"), ("Adam.", "builder"), ("adam.", "getBeta1"),
            ("builder.learn", "learningRate"), ("array.", "mmul"), ("network.", "fit"), ("thrown.", "getMessage"),
            ("import org.nd4j.common.util.", "ArchiveUtils"), ("from org.nd4j.linalg.factory import ", "Nd4j"),
            ("import org.nd4j.lin", "linalg"), ("from org.nd4j.linalg.", "learning"),
            ("org.nd4j.linalg.", None), ("org.nd4j.linalg.learning.config.Adam.", None), ("broken.Archive", None),
            ("org.nd4j.common.util.ArchiveUtils.", None), ("unlisted.", None), ("array.shape().", None),
            ("from org.nd4j.shade.thirdparty.publicsuffix import ", "PublicSuffixType"),
            ("network.getLayers()[0].", None),
            ("from org.nope import ", None), ("org.nope.", None), ("Adam.builder().learningRate(0.1).", None),
            ("NeuralNetConfiguration.Builder().seed(1).", None), ("Adam(", None), ("network.paramTable()['", None),
        ]:
            found = complete(text)
            # The least evaluation looks at no attribute, by itself.
            if name and name not in found and (jedi or evaluation != "minimal" or "import" in text):
                print("missing", jedi, evaluation, text, name)
            if jedi and evaluation == "limited" and text.endswith("(0.1).") and "build" not in found:
                print("no methods of the builder")
for name in ("Adam", "adam", "array", "network", "builder", "broken", "thrown", "array.add", "broken.ArchiveUtils"):
    shell.object_inspect(name)
print("done")
"""


def test_completion_in_ipython_never_raises() -> None:
    """Packages, classes, builders, a network, an array; also where classes cannot be loaded, with jedi and without."""
    done = isolated(COMPLETE % str(MODEL), time_limit=120)
    # IPython catches what a completer raises, and prints it.
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_completing_names_starts_no_jvm() -> None:
    """Listing what there is costs nothing."""
    code = """
import sys, warnings
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
warnings.simplefilter("ignore")
shell = InteractiveShell.instance()
shell.run_cell("import pydl4j_bridge, pydl4j_bridge.java as names")
with provisionalcompleter():
    print(sorted({c.text for text in ("names.Ada", "from pydl4j_bridge.java import Ada", "pydl4j_bridge.sta")
                  for c in shell.Completer.completions(text, len(text))}))
print("jpype" in sys.modules)
"""
    done = isolated(code, time_limit=60)
    names = ["AdaBelief", "AdaDelta", "AdaGrad", "AdaMax", "Adam", "start"]
    assert (done.stdout, done.stderr) == (f"{names}\nFalse\n", "")
