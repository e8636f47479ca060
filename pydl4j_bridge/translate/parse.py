"""From the config of a model, in any dialect, to a graph.

Nested models are flattened into the list of calls, and a layer that is called more than once has one call for each.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydl4j_bridge.errors import InvalidConfig, UnsupportedLayer
from pydl4j_bridge.translate.graph import MALFORMED, OURS, REARRANGEMENT, Call, Graph, Tensor, malformed
from pydl4j_bridge.translate.shapes import batch_shape

#: What tf.keras writes for the name of a layer where a call has a number for its first argument.
_CONSTANT = "_CONSTANT_VALUE"
#: Modules of Keras itself.
_OF_KERAS = re.compile(r"(tf_|tensorflow\.python\.|tensorflow\.|tf\.)?keras(_core)?(\.|$)")
MODELS = frozenset({"Sequential", "Functional", "Model"})
#: Layers that do the same to every number or to every vector along the last axis: time is an axis like the others.
_ON_LAST_AXIS = frozenset({"Activation", "Dense", "Dropout", "ELU", "LeakyReLU", "ReLU"})
#: Calls of layers and of models in one model. NASNetLarge has about 1000; models inside of models can double at every
#: level.
MAX_CALLS = 5_000


def parse_graph(config: Mapping[str, Any], keras_major: int, file: str | None = None) -> Graph:
    """The graph of a model's config.

    Args:
        config: ``{"class_name": "Functional", "config": {...}}`` of any dialect.
        keras_major: 1, 2 or 3: who wrote it.
        file: the file, for errors.

    Raises:
        InvalidConfig: a config that Keras does not write.
    """
    parser = _Parser(file)
    class_name = str(config.get("class_name"))
    try:
        inputs, outputs = parser.model(config, (), None)
    except MALFORMED as error:
        raise malformed(error, file) from error
    if not parser.calls:
        raise InvalidConfig("the model has no layers", file=file, where="model config")
    return Graph(tuple(parser.calls), inputs, outputs, class_name == "Sequential", keras_major)


class _Parser:
    """Collects the calls of a model and of the models inside of it."""

    def __init__(self, file: str | None) -> None:
        self.calls: list[Call] = []
        self.file = file
        self._models = 0
        self._frozen = False
        self._names: set[str] = set()
        self._counts: dict[tuple[str, ...], int] = {}

    def model(
        self, config: Mapping[str, Any], path: tuple[str, ...], given: tuple[str, ...] | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Add the calls of one model; ``given`` are its inputs where it stands inside of another one."""
        self._models += 1
        self._check_count(self._models)
        inner = config["config"]
        outside = self._frozen
        self._frozen = outside or (isinstance(inner, Mapping) and inner.get("trainable") is False)
        try:
            return self._inside(config, inner, path, given)
        finally:
            self._frozen = outside

    def _inside(
        self, config: Mapping[str, Any], inner: Any, path: tuple[str, ...], given: tuple[str, ...] | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if config["class_name"] == "Sequential":
            return self._sequential(config, inner, path, given)
        if not isinstance(inner, Mapping) or "layers" not in inner:
            raise InvalidConfig(
                f"a model of the class {config['class_name']} has no layers in its config",
                because="subclassed models keep their layers in code",
                file=self.file,
                where="model config",
                fix="Rebuild it as a functional model in Keras and save that",
            )
        return self._functional(inner, path, given)

    def _sequential(
        self, config: Mapping[str, Any], inner: Any, path: tuple[str, ...], given: tuple[str, ...] | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        layers = inner if isinstance(inner, list) else inner["layers"]
        last: tuple[str, ...] | None = given
        inputs: tuple[str, ...] = given or ()
        for layer in layers:
            if layer["class_name"] == "InputLayer":
                if last is None:
                    last = inputs = (self._add(layer, (), path),)
                continue
            if last is None:
                last = inputs = (self._invent_input(config, layer, path),)
            last = self._call(layer, last, path, None)
        return inputs, last or ()

    def _invent_input(self, config: Mapping[str, Any], first: Mapping[str, Any], path: tuple[str, ...]) -> str:
        # Keras 2 has the shape in the first layer (or the first layer of that), Keras 3 in the model's build_config.
        shape = None
        holder: Any = first
        while shape is None and isinstance(holder, Mapping):
            held = holder.get("config")
            if isinstance(held, list):
                holder = held[0]
                continue
            if not isinstance(held, Mapping):
                break
            shape = batch_shape(held)
            holder = held["layers"][0] if held.get("layers") else held.get("layer")
        if shape is None and isinstance(config.get("config"), Mapping):
            built = config.get("build_config") or {}
            shape = config["config"].get("build_input_shape") or built.get("input_shape")
        own = first["config"] if isinstance(first["config"], Mapping) else {}
        settings: dict[str, Any] = {"name": f"{own.get('name', 'model')}_input"}
        if shape is not None:  # else the caller has to say it: see inputs
            settings["batch_input_shape"] = list(shape)
        if "dtype" in own:
            settings["dtype"] = own["dtype"]
        return self._add({"class_name": "InputLayer", "config": settings}, (), path)

    def _functional(
        self, inner: Mapping[str, Any], path: tuple[str, ...], given: tuple[str, ...] | None
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        layers = {layer["config"].get("name", layer.get("name")) if isinstance(layer["config"], Mapping)
                  else layer["name"]: layer for layer in inner["layers"]}  # fmt: skip
        layers = {layer.get("name", name): layer for name, layer in layers.items()}
        nodes = {name: _nodes(layer) or [_Node([], {}, {})] for name, layer in layers.items()}
        wanted = [(name, node) for name, calls in nodes.items() for node in range(len(calls))]
        self._check_count(len(wanted))

        def real(name: str, at: int, tensor: int) -> tuple[str, int, int]:
            # tf.keras counts the making of a nested model as its first call.
            made_first = name in layers and layers[name].get("class_name") in MODELS and at == len(nodes[name])
            return name, at - 1 if made_first else at, tensor

        input_refs = [real(*ref) for ref in _refs(inner["input_layers"])]
        output_refs = [real(*ref) for ref in _refs(inner["output_layers"])]
        made: dict[tuple[str, int], tuple[str, ...]] = {}
        if given is not None:
            made.update({(name, 0): (given[at],) for at, (name, _, _) in enumerate(input_refs)})
        # Round by round in the order of the config, as if all that still waits were looked at in each.
        ready = [(0, position) for position in range(len(wanted))]
        waiting: dict[tuple[str, int], list[int]] = {}
        while ready:
            round_, position = heapq.heappop(ready)
            call = name, node = wanted[position]
            if call in made:
                continue
            read = nodes[name][node]
            refs = [real(*ref) for ref in read.refs]
            missing = next(((source, at) for source, at, _ in refs if (source, at) not in made), None)
            if missing is not None:
                waiting.setdefault(missing, []).append(position)
                continue
            made[call] = self._call(layers[name], tuple(self._output(made, *ref) for ref in refs), path, read)
            for after in waiting.pop(call, ()):
                heapq.heappush(ready, (round_ + (after < position), after))
        if waiting:
            names = [wanted[position][0] for position in sorted(p for some in waiting.values() for p in some)]
            raise InvalidConfig(
                f"layers take inputs that are not in the model: {', '.join(names[:10])}{', ...' * (len(names) > 10)}",
                file=self.file,
                where="model config",
            )
        inputs = tuple(self._output(made, *ref) for ref in input_refs)
        return inputs, tuple(self._output(made, *ref) for ref in output_refs)

    def _check_count(self, count: int) -> None:
        if count > MAX_CALLS:
            raise InvalidConfig(
                "the model has too many layers",
                because=f"the limit is {MAX_CALLS} calls",
                file=self.file,
                where="model config",
            )

    def _output(self, made: Mapping[tuple[str, int], tuple[str, ...]], name: str, node: int, tensor: int) -> str:
        outputs = made[name, node]
        if tensor < 0:
            raise ValueError(f"{name} has no output {tensor}")
        if tensor >= len(outputs):
            raise UnsupportedLayer(
                f"{name} has more than one output, which DL4J's layers do not",
                layers=[f"{name}: output {tensor} is used"],
                file=self.file,
                where="model config",
            )
        return outputs[tensor]

    def _call(
        self, layer: Mapping[str, Any], sources: tuple[str, ...], path: tuple[str, ...], node: _Node | None
    ) -> tuple[str, ...]:
        if layer["class_name"] in MODELS:
            name = layer.get("name") or (layer["config"].get("name") if isinstance(layer["config"], Mapping) else None)
            return self.model(layer, (*path, str(name or "sequential")), sources)[1]
        if class_name(layer) == "TimeDistributed":
            return self._over_time(layer, sources, path, node)
        return (self._add(layer, sources, path, node),)

    def _over_time(
        self, layer: Mapping[str, Any], sources: tuple[str, ...], path: tuple[str, ...], node: _Node | None
    ) -> tuple[str, ...]:
        """What TimeDistributed is around, on an array whose time steps are in the batch; they come out again behind."""
        inner, name = layer["config"]["layer"], str(layer["config"].get("name") or layer.get("name"))
        if inner["class_name"] in _ON_LAST_AXIS:
            return self._call(inner, sources, (*path, name), node)
        fold = self._rearrange(f"{name}_fold", {"operation": "fold"}, sources, path, node)
        outputs = self._call(inner, (fold,), (*path, name), None)
        return tuple(
            self._rearrange(f"{name}_unfold", {"operation": "unfold", "of": fold}, (output,), path, None)
            for output in outputs
        )

    def _rearrange(
        self,
        name: str,
        config: Mapping[str, Any],
        sources: tuple[str, ...],
        path: tuple[str, ...],
        node: _Node | None,
    ) -> str:
        made = self._add({"class_name": "Rearrangement", "config": {**config, "name": name}}, sources, path, node)
        self.calls[-1] = replace(self.calls[-1], class_name=REARRANGEMENT)
        return made

    def _add(
        self,
        layer: Mapping[str, Any],
        sources: tuple[str, ...],
        path: tuple[str, ...],
        node: _Node | None = None,
    ) -> str:
        self._check_count(len(self.calls) + 1)
        own = str(layer["config"].get("name") or layer.get("name"))
        own.encode()  # a half of a pair of surrogates is a ValueError: Java has no such names
        here = (*path, own)
        name, count = own, self._counts.get(here, 1)
        while name in self._names:
            # The same name inside of another model, or another call of the same layer.
            count += 1
            name = f"{'_'.join(here)}_{count}"
        self._counts[here] = count
        self._names.add(name)
        settings = {**layer["config"], "trainable": False} if self._frozen else layer["config"]
        kwargs, arguments = (node.kwargs, node.arguments) if node else ({}, {})
        self.calls.append(Call(name, class_name(layer), settings, sources, here, kwargs, arguments=arguments))
        return name


def class_name(layer: Mapping[str, Any]) -> str:
    """The class of a layer; a user's own one keeps the package that it is registered under, and is no class of Keras's.

    Operators of Keras 3 (``x + y``) have names of layers: they are told apart by ``ops.`` before the name. The names of
    our own classes are never a file's: their configs say which Java class is made.
    """
    name, module = str(layer["class_name"]), layer.get("module")
    if not isinstance(module, str) or _OF_KERAS.match(module):
        of_ops = isinstance(module, str) and ".ops." in module
        found = f"ops.{name}" if of_ops else name
    else:
        found = str(layer.get("registered_name") or f"{module}>{name}")
    return f"{found} of a file" if found.startswith(OURS) else found


def _refs(value: Any) -> list[tuple[str, int, int]]:
    """``["a", 0, 0]``, ``[["a", 0, 0], ...]`` or ``{"x": ["a", 0, 0]}`` as (layer, node, tensor)."""
    if isinstance(value, Mapping):
        return [ref for inner in value.values() for ref in _refs(inner)]
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"expected a list of tensors and found {type(value).__name__}")
    if len(value) >= 3 and isinstance(value[0], str):
        return [(value[0], int(value[1]), int(value[2]))]
    return [ref for inner in value for ref in _refs(inner)]


@dataclass(frozen=True, slots=True)
class _Node:
    """One call of a layer: its input tensors in order, its other arguments by name, and all of its arguments."""

    refs: list[tuple[str, int, int]]
    kwargs: dict[str, Any]
    arguments: dict[int | str, Any]


def _nodes(layer: Mapping[str, Any]) -> list[_Node]:
    found = []
    for node in layer.get("inbound_nodes") or ():
        refs: list[tuple[str, int, int]] = []
        if isinstance(node, Mapping):  # Keras 3
            args, kwargs = node.get("args", ()), node.get("kwargs", {})
            arguments: dict[int | str, Any] = {at: _argument(value, refs) for at, value in enumerate(args)}
            arguments |= {key: _argument(value, refs) for key, value in kwargs.items()}
            plain = {key: value for key, value in kwargs.items() if not list(_tensors(value))}
            numbers = [value for value in args if not list(_tensors(value))]
            if numbers:  # x * 2 is a layer Multiply with the 2 as an argument
                plain["a constant"] = numbers
            found.append(_Node(refs, plain, arguments))
            continue
        plain = {}
        first: list[Any] = []
        given: dict[str, Any] = {}
        entries = [node] if node and isinstance(node[0], str) else node
        for entry in entries:
            if entry[0] == _CONSTANT:
                plain["a constant"] = [entry[2]]
                first.append(entry[2])
            else:
                refs.append((str(entry[0]), int(entry[1]), int(entry[2])))
                first.append(Tensor(len(refs) - 1))
        for entry in entries:
            if len(entry) <= 3 or entry[3] == given:
                continue  # Keras writes the same for each tensor of a list
            given = entry[3]
            for key, value in given.items():
                if isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str):
                    refs.append((value[0], int(value[1]), int(value[2])))
                else:
                    plain[key] = value
        at = len(refs)
        arguments = {0: first[0] if len(first) == 1 else first}
        for key, value in reversed(given.items()):
            is_tensor = key not in plain
            at -= is_tensor
            arguments[key] = Tensor(at) if is_tensor else value
        found.append(_Node(refs, plain, arguments))
    return found


def _argument(value: Any, refs: list[tuple[str, int, int]]) -> Any:
    """An argument of Keras 3 with a ``Tensor`` for each tensor in it, which is added to ``refs``."""
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            refs += _tensors(value)
            return Tensor(len(refs) - 1)
        if value.get("class_name") == "__tuple__":
            return [_argument(inner, refs) for inner in value["items"]]
        return {key: _argument(inner, refs) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_argument(inner, refs) for inner in value]
    return value


def _tensors(value: Any) -> Iterator[tuple[str, int, int]]:
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            name, node, tensor = value["config"]["keras_history"]
            yield str(name), int(node), int(tensor)
        else:
            for inner in value.values():
                yield from _tensors(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _tensors(inner)
