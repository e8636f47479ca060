"""The documentation as a site: ``scripts/docs`` builds it. No network and no JVM is needed.

What the code knows is asked of the code: the public names of ``__all__``, the names of ``nn`` and of ``java``. A name
that is added there is on the site, or its docstring fails the build.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import pydl4j_bridge
from pydl4j_bridge import errors
from pydl4j_bridge.jvm.names import java_names
from pydl4j_bridge.mapping.construction import ROWS

project = "pydl4j_bridge"
release = pydl4j_bridge.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"{project} {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False

myst_heading_anchors = 3

#: Shown by their names in signatures, not as the unions that they stand for; docstrings say what they are.
NAMED_TYPES = ("ArrayLike", "Arrays", "Fidelity", "InputShape", "InputShapes", "NDArray", "OnLoss", "Shape", "Shapes")
autodoc_type_aliases = {name: name for name in NAMED_TYPES}
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
napoleon_use_rtype = False

# A reference to a name of ours that is nowhere fails the build, also the type of an argument or a result.
nitpicky = True
nitpick_ignore_regex = [
    ("py:class", r"(collections\.abc|enum|np|numpy|os|pathlib)\..*"),
    ("py:class", "|".join(NAMED_TYPES)),
    # Inside of the package; whoever wants these reads the code.
    ("py:class", r"pydl4j_bridge\.(mapping\.construction\.Row|translate\..*)|java_org\..*"),
]


class _Rows(SphinxDirective):
    """Writes reStructuredText and reads it."""

    def parsed(self, lines: list[str]) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(lines))


class PublicNames(_Rows):
    """``.. public-names:: functions``: those in ``__all__``; ``classes``: all else that is in it."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A description of each, from its docstring."""
        lines = []
        for name in sorted(pydl4j_bridge.__all__):
            value = getattr(pydl4j_bridge, name)
            # Errors have a page of their own, which has all of them.
            if getattr(value, "__module__", "") == errors.__name__ or inspect.isroutine(value) == self._classes:
                continue
            lines.append(f".. auto{'class' if self._classes else 'function'}:: pydl4j_bridge.{name}")
            if getattr(value, "__bases__", (object,)) != (object,):
                lines.append("   :show-inheritance:")
            lines.append("")
        return self.parsed(lines)

    @property
    def _classes(self) -> bool:
        return bool(self.arguments[0] == "classes")


class Makers(_Rows):
    """``.. makers::``: the names of ``nn`` that make Java objects, from the table that makes them."""

    def run(self) -> list[nodes.Node]:
        """A table. Their docstrings are not asked: these start the JVM."""
        lines = [
            ".. list-table::",
            "   :header-rows: 1",
            "   :widths: auto",
            "",
            "   * - name",
            "     - may be given without a name",
        ]
        lines += ["     - unless given", "     - DL4J's class"]
        for name, row in sorted(ROWS.items()):
            defaults = ", ".join(f"``{setting}={value!r}``" for setting, value in row.defaults.items())
            lines += [f"   * - ``{name}``", f"     - {', '.join(f'``{one}``' for one in row.positional)}"]
            lines += [f"     - {defaults}", f"     - ``{row.java_class.rpartition('.')[2]}``"]
        return self.parsed(lines)


class JavaNames(_Rows):
    """``.. java-names::``: the short names of ``pydl4j_bridge.java``, by the package of their classes."""

    def run(self) -> list[nodes.Node]:
        """A definition list."""
        packages: dict[str, list[str]] = {}
        for name, full in java_names().items():
            packages.setdefault(full.rpartition(".")[0], []).append(name)
        return self.parsed(
            [f"``{package}``\n   {', '.join(f'``{name}``' for name in names)}" for package, names in packages.items()]
        )


def _readable(_app: Sphinx, what: str, name: str, _object: Any, _options: Any, arguments: str, result: str) -> Any:
    """A signature that parses: Sphinx 9 writes inner names of types, and dataclasses their factories, as no Python.

    All errors have the fields of ``BridgeError``: it alone shows them.
    """

    def readable(text: str) -> str:
        return re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text).replace("<factory>", "...")

    if what == "exception" and not name.endswith(".BridgeError"):
        return "", result
    return tuple(text and readable(text) for text in (arguments, result))


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx's hook."""
    app.add_directive("public-names", PublicNames)
    app.add_directive("makers", Makers)
    app.add_directive("java-names", JavaNames)
    app.connect("autodoc-process-signature", _readable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
