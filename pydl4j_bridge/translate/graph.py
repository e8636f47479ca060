"""A Keras model as a list of layer calls, whatever the dialect that its config was written in. See ``parse``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydl4j_bridge.errors import InvalidConfig

#: What the names of our own classes in a graph begin with; ``parse`` lets no class of a file have it.
OURS = "pydl4j>"
#: The class under which the importer knows the layers that are our own; see ``own_layers``.
OWN_LAYER = f"{OURS}Translated"
#: The class of calls that say which steps count; see ``recurrence``.
MASK = f"{OURS}Mask"

#: A call of ours in a graph; see ``Rearrangement.java``. Parse takes such a prefix off the classes of a file.
REARRANGEMENT = f"{OURS}Rearrangement"
#: The class of calls of the activation ``glu``, which halves the last axis.
GLU = f"{OURS}GLU"

#: What a config raises that is not as Keras writes it.
MALFORMED = (KeyError, TypeError, IndexError, ValueError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Tensor:
    """Stands for an input among the arguments of a call: ``inputs[at]``."""

    at: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one layer.

    Attributes:
        name: unique in the graph; the layer's own name where that is unique.
        class_name: Keras's class, without the prefix of a registration.
        config: the layer's config.
        inputs: names of the calls whose outputs it takes, in order.
        layer: the names of the models that hold the layer and its own, from the outside in: where its weights are.
        kwargs: other arguments of the call that are no tensors.
        shapes: Keras 2's name of each weight → its shape in Keras's layout.
        arguments: all arguments of the call, by position or keyword, with a ``Tensor`` for each input.
    """

    name: str
    class_name: str
    config: Mapping[str, Any]
    inputs: tuple[str, ...]
    layer: tuple[str, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    arguments: Mapping[int | str, Any] = field(default_factory=dict)

    def with_config(self, **changes: Any) -> Call:
        """The same call with some settings changed; a setting of None stays as null."""
        return replace(self, config={**self.config, **changes})


@dataclass(frozen=True, slots=True)
class Graph:
    """A model: its calls in an order in which each follows its inputs.

    Attributes:
        calls: the calls; the first ones are ``InputLayer``.
        inputs, outputs: names of calls.
        sequential: the model is a ``Sequential``: a chain of layers.
        keras_major: 1, 2 or 3.
        axes: name of a call whose output has its axes in another order than in Keras → where each of Keras's is,
            counted behind the batch.
    """

    calls: tuple[Call, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sequential: bool
    keras_major: int
    axes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    _by_name: Mapping[str, Call] = field(init=False, repr=False, compare=False)
    _known: dict[str, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {call.name: call for call in self.calls})

    def __getitem__(self, name: str) -> Call:
        return self._by_name[name]

    def unused(self, name: str) -> str:
        """``name``, or with underscores behind it if a call has it already."""
        while name in self._by_name:
            name += "_"
        return name

    def replaced(self, name: str, calls: Sequence[Call]) -> Graph:
        """The graph with ``calls`` in the place of the call ``name``; the last of them has its name."""
        found: list[Call] = []
        for call in self.calls:
            found.extend(calls if call.name == name else [call])
        return replace(self, calls=tuple(found))

    def each(self, change: Callable[[Call], Call]) -> Graph:
        """The graph with every call changed."""
        calls = tuple(change(call) for call in self.calls)
        unchanged = all(new is old for new, old in zip(calls, self.calls, strict=True))
        return self if unchanged else replace(self, calls=calls)

    def once(self, what: str, compute: Callable[[Graph], Any]) -> Any:
        """What ``compute`` makes of the graph, under a name; it is made once for a graph, which never changes."""
        if what not in self._known:
            self._known[what] = compute(self)
        return self._known[what]

    def followed(self, call: Call, after: Call) -> Graph:
        """The graph with ``call`` for the one of its name, and ``after`` between it and all that take its output.

        ``call`` keeps the inputs that it has in this graph: those of an older one may have moved since.
        """
        calls: list[Call] = []
        for one in self.calls:
            if one.name == call.name:
                calls += [replace(call, inputs=one.inputs), replace(after, inputs=(call.name,))]
            else:
                calls.append(replace(one, inputs=tuple(after.name if i == call.name else i for i in one.inputs)))
        outputs = tuple(after.name if output == call.name else output for output in self.outputs)
        return replace(self, calls=tuple(calls), outputs=outputs)

    def before(self, name: str, source: str, between: Call) -> Graph:
        """The graph with ``between`` on the way from ``source`` to the call ``name`` alone."""
        calls: list[Call] = []
        for one in self.calls:
            if one.name == name:
                one = replace(one, inputs=tuple(between.name if i == source else i for i in one.inputs))
                calls.append(between)
            calls.append(one)
        return replace(self, calls=tuple(calls))

    def without(self, name: str) -> Graph:
        """The graph without the call ``name``, whose only input takes its place."""
        (source,) = self[name].inputs
        return replace(
            self,
            calls=tuple(
                replace(call, inputs=tuple(source if i == name else i for i in call.inputs))
                for call in self.calls
                if call.name != name
            ),
            outputs=tuple(source if output == name else output for output in self.outputs),
        )


def malformed(error: Exception, file: str | None) -> InvalidConfig:
    """The error of ours for one of ``MALFORMED`` that a config has raised."""
    return InvalidConfig(
        "the model's config is not as Keras writes it",
        because=f"{type(error).__name__}: {error}",
        file=file,
        where="model config",
    )
