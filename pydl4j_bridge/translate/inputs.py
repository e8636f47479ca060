"""The shapes of a model's inputs: as the file says them, and as the caller does where the file leaves sizes open."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, TypeAlias

from pydl4j_bridge.errors import InvalidConfig
from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.shapes import batch_shape

#: A shape without the batch; None leaves a size open.
InputShape: TypeAlias = Sequence["int | None"]
#: The shape of the only input, one for each input in order, or input → shape.
InputShapes: TypeAlias = "InputShape | Sequence[InputShape] | Mapping[str, InputShape]"

GIVE_THEM = "Say them: import_model(path, inputs=(224, 224, 3)), or inputs={'name': shape, ...} where there are several"


def open_sizes(graph: Graph) -> tuple[str, ...]:
    """The inputs that have sizes which neither the file nor the caller says."""
    shapes = {name: batch_shape(graph[name].config) for name in graph.inputs}
    return tuple(name for name, shape in shapes.items() if shape is None or None in shape[1:])


def with_inputs(graph: Graph, given: InputShapes | None, file: str | None = None) -> Graph:
    """The graph with the shapes that the caller gives for its inputs.

    Args:
        graph: as it was parsed.
        given: shapes without the batch; see :data:`InputShapes`.
        file: the file, for errors.

    Raises:
        InvalidConfig: the model has no such input, an input is of another shape, or one has no shape at all.
    """
    shapes = _by_name(graph, given, file)
    changed = {name: _shaped(graph[name], shape, file) for name, shape in shapes.items()}
    graph = replace(graph, calls=tuple(changed.get(call.name, call) for call in graph.calls))
    for name in graph.inputs:
        if batch_shape(graph[name].config) is None:
            raise InvalidConfig(
                f"the model does not say the shape of its input {name}", file=file, where="model config", fix=GIVE_THEM
            )
    return graph


def _by_name(graph: Graph, given: InputShapes | None, file: str | None) -> Mapping[str, Any]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        unknown = [str(name) for name in given if name not in graph.inputs]
        if unknown:
            near = [name for one in unknown for name in get_close_matches(one, graph.inputs, n=3)]
            raise InvalidConfig(
                f"the model has no input {', '.join(unknown)}",
                because=f"it has {', '.join(graph.inputs)}",
                near=near,
                file=file,
            )
        return given
    single = not any(isinstance(one, Sequence) for one in given)
    shapes = [given] if single else list(given)
    if len(shapes) != len(graph.inputs):
        names = ", ".join(graph.inputs)
        raise InvalidConfig(
            f"{len(shapes)} shapes were given, and the model has {len(graph.inputs)} inputs",
            because=f"they are {names}",
            file=file,
        )
    return dict(zip(graph.inputs, shapes, strict=True))


def _shaped(call: Call, given: Any, file: str | None) -> Call:
    try:
        shape = [None if size is None else operator.index(size) for size in given]
    except TypeError:
        shape = [0]
    if any(size is not None and size < 1 for size in shape):
        raise InvalidConfig(
            f"{given!r} is no shape of the input {call.name}",
            because="a shape is positive sizes, without the batch",
            file=file,
        )
    known = batch_shape(call.config)
    if known is not None:
        expected = known[1:]
        pairs = zip(expected, shape, strict=False)
        if len(expected) != len(shape) or any(None not in pair and pair[0] != pair[1] for pair in pairs):
            raise InvalidConfig(
                f"the input {call.name} cannot have the shape {tuple(shape)}",
                because=f"the file says {tuple(expected)}, without the batch",
                file=file,
            )
        shape = [size if mine is None else mine for size, mine in zip(expected, shape, strict=True)]
    config = {key: value for key, value in call.config.items() if key not in ("batch_shape", "input_shape")}
    return replace(call, config={**config, "batch_input_shape": [None, *shape]})
