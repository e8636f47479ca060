"""Networks of DL4J written in Python: ``Sequential([Dense(64, activation="relu"), ...], updater=Adam(1e-3))``.

Layers, vertices, updaters, schedules, losses and the rest are the real Java objects, made by DL4J's own Builders; what
``Sequential`` and ``Graph`` return holds the real network as ``.java``. Names are Keras's where the thing is the same
(``Dense``, ``kernel_size``, ``padding="same"``), DL4J's where it is not: every class of DL4J's configuration can be
imported from here by its own name and takes its Builder's settings, ``nOut`` as ``n_out``. Arguments are checked before
Java sees them. Importing this module starts nothing; making the first object starts the JVM.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

from pydl4j_bridge.errors import InvalidArgument
from pydl4j_bridge.jupyter import start
from pydl4j_bridge.mapping.construction import PACKAGES, ROWS, Row
from pydl4j_bridge.network import Network

__all__ = ["Graph", "Maker", "Sequential", "from_json", "from_yaml", *sorted(ROWS)]

#: The shape of one sample in Keras's layout, channels and features last, or a Java ``InputType``.
InputShape: TypeAlias = "int | Sequence[int | None] | Any"


class Maker:
    """Makes Java objects of one class from Python's arguments.

    Attributes:
        name: in this module.
        java_class: the full name of the Java class.
    """

    __slots__ = ("_row", "java_class", "name")

    def __init__(self, name: str, row: Row) -> None:
        self.name = name
        self.java_class = row.java_class
        self._row = row

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        """The real Java object.

        Raises:
            InvalidArgument: the class has no such setting, or it does not take the value.
            JavaError: Java refused a value.
        """
        start()
        from pydl4j_bridge.jvm.builders import make

        return make(self.name, self._row, arguments, settings)

    @property
    def java(self) -> Any:
        """The Java class itself, with its constructors and its Builder."""
        start()
        from pydl4j_bridge.jvm.builders import java_class

        return java_class(self.java_class)

    @property
    def settings(self) -> dict[str, tuple[str, ...]]:
        """Name of a setting → what it takes."""
        start()
        from pydl4j_bridge.jvm.builders import settings_of

        return settings_of(self._row)

    @property
    def __signature__(self) -> inspect.Signature:
        """For help and completion: what may be given without a name, then all settings."""
        kind = inspect.Parameter
        first = [kind(name, kind.POSITIONAL_OR_KEYWORD, default=kind.empty) for name in self._row.positional]
        others = sorted(set(self.settings) - set(self._row.positional))
        return inspect.Signature([*first, *(kind(name, kind.KEYWORD_ONLY, default=None) for name in others)])

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        lines = [f"{self.java_class}", "", "Settings:"]
        lines += [f"    {name}: {' or '.join(dict.fromkeys(takes))}" for name, takes in sorted(self.settings.items())]
        if self._row.defaults:
            given = ", ".join(f"{name}={value!r}" for name, value in self._row.defaults.items())
            lines += ["", f"Unless given: {given}."]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<{self.name}: makes {self.java_class}>"


_makers = {name: Maker(name, row) for name, row in ROWS.items()}


def __getattr__(name: str) -> Maker:
    if name in _makers:
        return _makers[name]
    if not name[:1].isupper():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    start()
    from pydl4j_bridge.jvm.builders import class_names, find_class

    full = find_class(name, PACKAGES)
    if full is None:
        near = get_close_matches(name, [*ROWS, *class_names(PACKAGES)], 3)
        raise AttributeError(f"DL4J has no {name}" + (f"; near: {', '.join(near)}" if near else ""))
    return _makers.setdefault(name, Maker(name, Row(full)))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def Sequential(  # noqa: N802 - as Keras's
    layers: Sequence[Any], *, input_type: InputShape | None = None, **settings: Any
) -> Network:
    """A ``MultiLayerNetwork`` with first weights drawn from ``seed``.

    Args:
        layers: DL4J's layers; each is copied, so that they can be used again.
        input_type: the shape of one sample: ``784``, ``(steps, features)`` with ``None`` steps for any number,
            ``(height, width, channels)``, ``(depth, height, width, channels)``: arrays have these shapes, and the
            network gets them with channels first, as DL4J wants them. Or a Java ``InputType``: arrays are DL4J's then.
            None: the first layer says ``n_in``, no layer needs to know more, and arrays are DL4J's.
        settings: of ``NeuralNetConfiguration.Builder`` and its ``ListBuilder``: ``updater``, ``seed``, ``l2``,
            ``weight_init``, ``activation``, ``data_type`` ...

    Raises:
        InvalidArgument: a setting or a value that DL4J does not have.
        JavaError: DL4J refused the configuration.
    """
    start()
    from pydl4j_bridge.jvm.configurations import sequential

    return _network(sequential(list(layers), input_type, settings))


def Graph(  # noqa: N802 - as Sequential
    inputs: Mapping[str, InputShape | None],
    vertices: Mapping[str, tuple[Any, ...]],
    outputs: str | Sequence[str],
    **settings: Any,
) -> Network:
    """A ``ComputationGraph`` with first weights drawn from ``seed``.

    Args:
        inputs: name → the shape of one sample, as in :func:`Sequential`; None for all of them where layers say
            ``n_in``.
        vertices: name → the layer or vertex, then the names of what goes into it:
            ``{"dense": (Dense(8), "left"), "both": (Concatenate(), "dense", "right")}``.
        outputs: the names of the output layers.
        settings: of ``NeuralNetConfiguration.Builder`` and its ``GraphBuilder``.

    Raises:
        InvalidArgument: a name that is nowhere, a setting or a value that DL4J does not have.
        JavaError: DL4J refused the configuration.
    """
    names = [*inputs, *vertices]
    outputs = [outputs] if isinstance(outputs, str) else list(outputs)
    for name, (_, *sources) in vertices.items():
        _known_or_error(f"{name} takes", sources, [one for one in names if one != name])
        if not sources:
            raise InvalidArgument(f"{name} takes nothing", because="a vertex is (layer, name of an input, ...)")
    _known_or_error("the outputs are", outputs, list(vertices))
    start()
    from pydl4j_bridge.jvm.configurations import graph

    return _network(graph(inputs, vertices, outputs, settings))


def from_json(text: str) -> Network:
    """A network of a configuration as :meth:`pydl4j_bridge.Network.to_json` writes it, with first weights drawn anew.

    The text names the Java classes of its parts, as DL4J writes it: take it from where you would take code.

    Raises:
        JavaError: DL4J cannot read it.
    """
    start()
    from pydl4j_bridge.jvm.configurations import read

    return _network(read(text, "json"))


def from_yaml(text: str) -> Network:
    """:func:`from_json`, of YAML."""
    start()
    from pydl4j_bridge.jvm.configurations import read

    return _network(read(text, "yaml"))


def _known_or_error(what: str, names: Sequence[Any], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            raise InvalidArgument(
                f"{what} {name!r}, which is nowhere",
                near=get_close_matches(str(name), known, 3),
                because=f"there are {', '.join(known)}",
            )


def _network(made: Any) -> Network:
    return Network(made.java, made.inputs, made.outputs, channels_last=made.channels_last, layer_shapes=made.layers)
