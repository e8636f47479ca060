"""Type stubs of Deeplearning4j's classes, written by stubgenj from the classes themselves.

What stubgenj lacks is added: the names of parameters, which it takes only from class files that were compiled with
``-parameters``; that they are positional, since JPype takes no keywords; that variable ones may be given as a sequence;
what a constructor returns, without which mypy --strict takes it for untyped; and that a builder returns itself.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydl4j_bridge.errors import MissingExtra
from pydl4j_bridge.jvm.names import java_names

__all__ = ["generate"]

#: Described with every package below them; the packages of ``java_names`` are described, too, and what all of these
#: refer to once.
_ROOTS = (
    "org.nd4j.linalg.learning.config",
    "org.nd4j.linalg.schedule",
    "org.nd4j.linalg.activations",
    "org.nd4j.linalg.lossfunctions",
    "org.deeplearning4j.nn.conf",
)
_FOLLOWED = re.compile(r"import ((?:java|org\.nd4j(?!\.shade)|org\.deeplearning4j)\.[\w.]+)$", re.MULTILINE)

#: Interfaces have no local variables, so no names either: a class that implements them has.
_NAMED_BY = {"org.nd4j.linalg.api.ndarray.INDArray": "org.nd4j.linalg.api.ndarray.BaseNDArray"}

_SIGNATURE = re.compile(r"^( +def \w+\()([^()]*)(\).*)$", re.MULTILINE)


def generate(folder: Path, *, suffix: str) -> None:
    """Writes the stubs as one folder for each top-level package.

    Args:
        folder: where to; it exists.
        suffix: of the folders' names: ``"-stubs"`` for site-packages (PEP 561), ``""`` for a checker's search path.

    Raises:
        MissingExtra: stubgenj is not installed.
        JvmError: no Java, no jars.
    """
    try:
        from stubgenj import _stubgenj as stubgenj
    except ImportError as error:
        raise MissingExtra.of("stubgenj", "stubs") from error
    from pydl4j_bridge.jvm.session import start

    start()
    import jpype

    # It says which classes cannot be loaded because of jars that are not needed here.
    logging.getLogger("stubgenj").setLevel(logging.ERROR)
    packages = {name.rpartition(".")[0] for name in java_names().values()}
    for root in _ROOTS:
        packages |= {package.__name__ for package in stubgenj.packageAndSubPackages(jpype.JPackage(root))}

    def write(packages: Iterable[str]) -> Iterator[Path]:
        stubgenj.generateJavaStubs(
            [jpype.JPackage(package) for package in sorted(packages)],
            useStubsSuffix=bool(suffix),
            outputDir=folder,
            jpypeJPackageStubs=False,
            includeJavadoc=False,
        )
        return folder.rglob("*.pyi")

    with _better(stubgenj):
        references = {name for stub in write(packages) for name in _FOLLOWED.findall(stub.read_text("utf-8"))}
        for stub in write(packages | references):
            stub.write_text(_fluent(_SIGNATURE.sub(_better_signature, stub.read_text("utf-8"))), "utf-8")


@contextmanager
def _better(stubgenj: Any) -> Iterator[None]:
    """Lets stubgenj describe the packages that it is given alone, all of their classes, with the parameters' names."""
    classes, method = stubgenj.packageClasses, stubgenj.generateJavaMethodStub

    def all_classes(package: Any) -> Iterator[Any]:
        # JPype's dir() of a package leaves out the largest classes, such as Nd4j and MultiLayerNetwork.
        known = {name for name, full in java_names().items() if full.rpartition(".")[0] == package.__name__}
        yield from {*classes(package), *(getattr(package, name) for name in known)}

    def named(parent: str, name: str, overloads: Iterable[Any], *rest: Any, **options: Any) -> None:
        method(parent, name, [_Method(overload) for overload in overloads], *rest, **options)

    ours = {
        "packageAndSubPackages": lambda package: iter([package]),
        "packageClasses": all_classes,
        "generateJavaMethodStub": named,
    }
    theirs = {name: getattr(stubgenj, name) for name in ours}
    vars(stubgenj).update(ours)
    try:
        yield
    finally:
        vars(stubgenj).update(theirs)


class _Method:
    """A ``java.lang.reflect`` method or constructor whose parameters have their names."""

    def __init__(self, java: Any) -> None:
        self._java = java

    def __getattr__(self, name: str) -> Any:
        return getattr(self._java, name)

    def __str__(self) -> str:
        return str(self._java)

    def getParameters(self) -> list[Any]:  # noqa: N802 - Java's name
        parameters = list(self._java.getParameters())
        names = _names(self._java)
        # Compilers add parameters of their own to those of inner classes, and names that only Java can spell.
        if len(names) != len(parameters) or not all(name.isidentifier() for name in names):
            return parameters
        return [_Parameter(parameter, name) for parameter, name in zip(parameters, names, strict=True)]


class _Parameter:
    """A ``java.lang.reflect.Parameter`` with its name."""

    def __init__(self, java: Any, name: str) -> None:
        self._java, self._name = java, name

    def __getattr__(self, name: str) -> Any:
        return getattr(self._java, name)

    def isNamePresent(self) -> bool:  # noqa: N802 - Java's name
        return True

    def getName(self) -> str:  # noqa: N802 - Java's name
        return self._name


def _names(java: Any) -> tuple[str, ...]:
    """The names of a method's parameters; empty where they are not known."""
    import jpype

    if isinstance(java, jpype.JClass("java.lang.reflect.Constructor")):
        name, returns = "<init>", jpype.JClass("java.lang.Void").TYPE
    else:
        name, returns = str(java.getName()), java.getReturnType()
    method_type = jpype.JClass("java.lang.invoke.MethodType").methodType(returns, java.getParameterTypes())
    owner = str(java.getDeclaringClass().getName())
    key = (name, str(method_type.toMethodDescriptorString()))
    return _names_in(_NAMED_BY.get(owner, owner)).get(key, ())


@functools.cache
def _names_in(owner: str) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """The names in a class file's table of local variables, which the jars have, by method and descriptor."""
    import jpype

    stream = jpype.JClass(owner).class_.getResourceAsStream(f"/{owner.replace('.', '/')}.class")
    if stream is None:
        return {}
    with stream:
        reader = jpype.JClass("org.eclipse.jdt.internal.compiler.classfmt.ClassFileReader").read(stream, owner)
    return {
        (_text(method.getSelector()), _text(method.getMethodDescriptor())): tuple(map(_text, method.getArgumentNames()))
        for method in reader.getMethods() or ()
    }


def _text(characters: Any) -> str:
    return "".join(characters)


def _better_signature(signature: re.Match[str]) -> str:
    before, arguments, after = signature.groups()
    after = re.sub(r"^\):", ") -> None:", after)
    named, star, variable = arguments.partition("*")
    parts = [part for part in named.rstrip(", ").split(", ") if part]
    if parts and parts != ["self"]:
        parts.append("/")
    if star:
        # Java's variable arguments are an array, and JPype makes one of a sequence.
        name, _, kind = variable.partition(": ")
        parts.append(f"*{name}: typing.Union[{kind}, typing.Sequence[{kind}]]")
    return f"{before}{', '.join(parts)}{after}"


def _fluent(stub: str) -> str:
    """``class Builder<T extends Builder<T>>``: what returns a ``T`` returns ``self``, as checkers understand it."""
    for variable, bound in re.findall(r"^(\w+) = typing\.TypeVar\('\w+', bound='([\w.]+)'\)", stub, re.MULTILINE):
        if variable == f"_{bound.replace('.', '__')}__T":
            stub = re.sub(rf"\(self\b(.*)-> {variable}:", r"(self: _Self\1-> _Self:", stub)
    if "_Self" in stub:
        stub = stub.replace("\nimport typing\n", "\nimport typing\n\n_Self = typing.TypeVar('_Self')\n", 1)
    return stub
