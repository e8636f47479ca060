"""Operators in models: ``x * 2``, ``keras.ops.exp(x)``, ``tf.math.add(x, y)``, → layers that compute them.

Keras 3 keeps them as layers of modules called ``ops``, tf.keras as ``TFOpLambda`` and ``SlicingOpLambda``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydl4j_bridge.translate.graph import Call, Graph, Tensor
from pydl4j_bridge.translate.output_shapes import OpenShape, broadcast, open_shapes
from pydl4j_bridge.translate.own import own_call

#: Operators of two arrays: Keras 3's name, TensorFlow's names → ours.
_BINARY: Mapping[str, str] = {
    "ops.Add": "add",
    "ops.Subtract": "subtract",
    "ops.Multiply": "multiply",
    "ops.Divide": "divide",
    "ops.TrueDivide": "divide",
    "ops.Power": "power",
    "ops.Maximum": "maximum",
    "ops.Minimum": "minimum",
    "math.add": "add",
    "__operators__.add": "add",
    "math.subtract": "subtract",
    "math.multiply": "multiply",
    "math.divide": "divide",
    "math.truediv": "divide",
    "math.pow": "power",
    "math.maximum": "maximum",
    "math.minimum": "minimum",
}
#: Functions of each number, the same way → the names that ``Functions.java`` has for them.
_UNARY: Mapping[str, str] = {
    "ops.Abs": "abs",
    "ops.Absolute": "abs",
    "ops.Cos": "cos",
    "ops.Erf": "erf",
    "ops.Exp": "exponential",
    "ops.HardSilu": "hard_silu",
    "ops.HardSigmoid": "hard_sigmoid",
    "ops.Log": "log",
    "ops.LogSigmoid": "log_sigmoid",
    "ops.Negative": "negative",
    "ops.Reciprocal": "reciprocal",
    "ops.Relu": "relu",
    "ops.Relu6": "relu6",
    "ops.Rsqrt": "rsqrt",
    "ops.Selu": "selu",
    "ops.Sigmoid": "sigmoid",
    "ops.Silu": "silu",
    "ops.Sin": "sin",
    "ops.Softplus": "softplus",
    "ops.Softsign": "softsign",
    "ops.Sqrt": "sqrt",
    "ops.Square": "square",
    "ops.Tanh": "tanh",
    "math.abs": "abs",
    "math.cos": "cos",
    "math.erf": "erf",
    "math.exp": "exponential",
    "math.log": "log",
    "math.negative": "negative",
    "math.reciprocal": "reciprocal",
    "math.rsqrt": "rsqrt",
    "math.sigmoid": "sigmoid",
    "math.sin": "sin",
    "math.softplus": "softplus",
    "math.sqrt": "sqrt",
    "math.square": "square",
    "math.tanh": "tanh",
    "nn.relu": "relu",
    "nn.relu6": "relu6",
    "nn.selu": "selu",
    "nn.sigmoid": "sigmoid",
    "nn.softplus": "softplus",
    "nn.softsign": "softsign",
    "nn.tanh": "tanh",
}
_REDUCTIONS: Mapping[str, str] = {
    "ops.Max": "max",
    "ops.Mean": "mean",
    "ops.Min": "min",
    "ops.Prod": "prod",
    "ops.Sum": "sum",
    "math.reduce_max": "max",
    "math.reduce_mean": "mean",
    "math.reduce_min": "min",
    "math.reduce_prod": "prod",
    "math.reduce_sum": "sum",
}


class _Refused(Exception):
    """Why an operator is refused."""


@dataclass(frozen=True, slots=True)
class _Operator:
    """An operator with the shapes of its inputs, without the batch."""

    call: Call
    name: str
    shapes: tuple[OpenShape, ...]

    def value(self, at: int, *names: str, default: Any = None) -> Any:
        """An argument by its position or by one of its names, which may be settings of the operator as well."""
        keys: tuple[int | str, ...] = (at, *names)
        for key in keys:
            if key in self.call.arguments:
                return self.call.arguments[key]
        return next((self.call.config[name] for name in names if name in self.call.config), default)

    def only(self, *names: str) -> None:
        """Refuse arguments other than those ``names``; ``name`` is one of TensorFlow's that means nothing."""
        for key, value in self.call.arguments.items():
            if isinstance(key, str) and key not in ("name", *names) and value not in (None, False):
                raise _Refused(f"called with {key}")

    def tensor(self, at: int = 0, *names: str) -> int:
        """Which input an argument is."""
        value = self.value(at, *(names or ("x", "input", "inputs", "input_tensor", "features", "tensor")))
        if not isinstance(value, Tensor):
            raise _Refused("called with a constant")
        return value.at

    @property
    def shape(self) -> OpenShape:
        """The shape of the only input."""
        self.tensor()
        if len(self.shapes) != 1:
            raise _Refused(f"called with {len(self.shapes)} arrays")
        return self.shapes[0]

    def layer(self, class_name: str, **config: Any) -> Call:
        """A layer of Keras's that computes the same."""
        settings = {"name": self.call.config.get("name"), **config}
        return replace(self.call, class_name=class_name, config=settings, kwargs={}, arguments={})

    def own(self, java_class: str, settings: Mapping[str, Any], shape: OpenShape) -> Call:
        """A layer or a vertex of our own."""
        if not shape:
            raise _Refused("DL4J has no arrays of one axis")
        return replace(own_call(self.call, java_class, settings, shape), arguments={})


#: Operators that have the name of a layer.
_LAYERS_TOO = frozenset({"Add", "Concatenate", "Maximum", "Minimum", "Multiply", "Reshape", "Softmax", "Subtract"})


def unmarked_operators(graph: Graph) -> Graph:
    """Operators of Keras 3 in ``.h5`` files, which do not say the module: a layer would have ``trainable``."""

    def change(call: Call) -> Call:
        name = f"ops.{call.class_name}"
        is_layer = graph.keras_major != 3 or "trainable" in call.config or "dtype" in call.config
        if call.class_name in _LAYERS_TOO:  # which are called with one argument, and compute the same then
            is_layer = is_layer or not (1 in call.arguments or "newshape" in call.config)
        return call if is_layer or _rule(name) is None else replace(call, class_name=name)

    return graph.each(change)


def operators(graph: Graph) -> Graph:
    """Operators → layers; what is not computed keeps its class and says why."""
    for call in graph.calls:
        name = call.class_name
        if name in ("TFOpLambda", "SlicingOpLambda"):
            name = str(call.config.get("function"))
        elif not name.startswith("ops."):
            continue
        shapes = open_shapes(graph)
        rule = _rule(name)
        if rule is None:
            changed = call.with_config(dl4j_refused=f"the operator {name.removeprefix('ops.')} is not known")
        elif any(source not in shapes for source in call.inputs):
            changed = call.with_config(dl4j_refused="the shapes around it are not known")
        else:
            try:
                changed = rule(_Operator(call, name, tuple(shapes[source] for source in call.inputs)))
            except _Refused as refused:
                changed = call.with_config(dl4j_refused=str(refused))
        graph = graph.replaced(call.name, [changed])
    return graph


def _rule(name: str) -> Callable[[_Operator], Call] | None:
    for names, rule in ((_BINARY, _binary), (_UNARY, _unary), (_REDUCTIONS, _reduction)):
        if name in names:
            return rule
    return _RULES.get(name)


def _binary(of: _Operator) -> Call:
    of.only("x1", "x2", "x", "y")
    op = _BINARY[of.name]
    first, second = of.value(0, "x1", "x"), of.value(1, "x2", "y")
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        one, other = (of.shapes[tensor.at] for tensor in (first, second))
        if len(one) != len(other):
            raise _Refused("arrays of different dimensions")
        if (first.at, second.at) != (0, 1):
            raise _Refused("called otherwise than with two arrays")
        if op.capitalize() in ("Add", "Subtract", "Multiply", "Maximum", "Minimum"):
            return of.layer(op.capitalize())
        shape = broadcast(one, other)
        return of.own("Merge", {"op": op}, shape)
    first_is_constant = not isinstance(first, Tensor)
    numbers, sizes = _constant(first if first_is_constant else second)
    shape = of.shapes[0]
    if len(of.shapes) != 1 or len(sizes) > len(shape):
        raise _Refused("a constant of more dimensions than the array")
    settings = {"op": op, "constant": numbers, "shape": sizes, "constant_first": first_is_constant}
    return of.own("Arithmetic", settings, broadcast(shape, (1,) * (len(shape) - len(sizes)) + tuple(sizes)))


def _constant(value: Any) -> tuple[list[float], list[int]]:
    """Numbers in a list, and their shape."""
    if isinstance(value, Mapping) and value.get("class_name") in ("__numpy__", "__tensor__", "__array__"):
        value = value["config"]["value"]
    sizes: list[int] = []
    flat = [value]
    while isinstance(flat[0], list):
        length = len(flat[0])
        if not length or any(not isinstance(one, list) or len(one) != length for one in flat):
            raise _Refused("a constant that is no array")
        sizes.append(length)
        flat = [inner for one in flat for inner in one]
    if any(isinstance(one, bool) or not isinstance(one, (int, float)) for one in flat):
        raise _Refused("a constant that is no array of numbers")
    return [float(one) for one in flat], sizes


def _function(of: _Operator, function: str) -> Call:
    return of.own("Activation", {"activation": function}, of.shape)


def _unary(of: _Operator) -> Call:
    of.only("x", "input", "inputs", "features")
    return _function(of, _UNARY[of.name])


def _gelu(of: _Operator) -> Call:
    of.only("x", "features", "approximate")
    approximate = of.value(1, "approximate", default=of.name.startswith("ops."))
    return _function(of, "gelu_approximate" if approximate else "gelu")


def _leaky_relu(of: _Operator) -> Call:
    of.only("x", "features", "negative_slope", "alpha")
    slope = of.value(1, "negative_slope", "alpha", default=0.2)
    return of.own("Rectifier", {"threshold": 0.0, "negative_slope": slope, "max_value": None}, of.shape)


def _elu(of: _Operator) -> Call:
    of.only("x", "features", "alpha")
    if of.value(1, "alpha", default=1.0) != 1.0:
        raise _Refused("alpha")
    return _function(of, "elu")


def _silu(of: _Operator) -> Call:
    of.only("features", "beta")
    if of.value(1, "beta", default=1.0) != 1.0:
        raise _Refused("beta")
    return _function(of, "silu")


def _softmax(of: _Operator) -> Call:
    of.only("x", "logits", "axis")
    shape = of.shape if of.name.startswith("ops.") else of.shapes[of.tensor(0, "logits")]
    axis = of.value(1, "axis", default=-1)
    if axis not in (-1, None, len(shape)):
        raise _Refused(f"axis={axis}")
    function = "log_softmax" if "log" in of.name.lower() else "softmax"
    return of.own("Activation", {"activation": function}, shape)


def _reduction(of: _Operator) -> Call:
    of.only("x", "input_tensor", "axis", "keepdims")
    shape, keep = of.shape, bool(of.value(2, "keepdims", default=False))
    axes = _axes(of.value(1, "axis"), len(shape) + 1)
    kept = tuple(1 if at in axes else size for at, size in enumerate(shape, 1) if keep or at not in axes)
    return of.own("Reduce", {"op": _REDUCTIONS[of.name], "axis": axes, "keepdims": keep}, kept)


def _axes(given: Any, rank: int) -> list[int]:
    """Axes, counted with the batch, from the first; the batch is not one of them."""
    axes = given if isinstance(given, list) else list(range(rank)) if given is None else [given]
    if any(not isinstance(axis, int) or not -rank <= axis < rank for axis in axes):
        raise _Refused(f"axis={given}")
    found = sorted({axis % rank for axis in axes})
    if 0 in found:
        raise _Refused("an operator over the batch")
    return found


def _clip(of: _Operator) -> Call:
    of.only("x", "t", "x_min", "x_max", "clip_value_min", "clip_value_max")
    at = of.tensor(0, "x", "t")
    low = of.value(1, "x_min", "clip_value_min")
    high = of.value(2, "x_max", "clip_value_max")
    if not all(isinstance(bound, (int, float)) for bound in (low, high)):
        raise _Refused("bounds that are no numbers")
    return of.own("Clip", {"low": low, "high": high}, of.shapes[at])


def _reshape(of: _Operator) -> Call:
    of.only("x", "tensor", "newshape", "shape")
    target, shape = of.value(1, "newshape", "shape"), of.shape
    if not isinstance(target, list) or len(target) < 2 or not all(isinstance(size, int) for size in target[1:]):
        raise _Refused(f"the shape {target}")
    inner = target[1:]
    # -1 for the batch is right only where all the rest stays in its example.
    same = None not in shape and -1 not in inner and math.prod(inner) == math.prod(s for s in shape if s is not None)
    if not same and (target[0] is not None or inner.count(-1) > 1):
        raise _Refused(f"the shape {target}, which moves numbers between examples")
    if target[0] not in (-1, None):
        raise _Refused("a fixed batch")
    return of.layer("Reshape", target_shape=inner)


def _transpose(of: _Operator) -> Call:
    of.only("x", "a", "axes", "perm")
    at = of.tensor(0, "x", "a")
    axes, rank = of.value(1, "axes", "perm"), len(of.shapes[at]) + 1
    if not isinstance(axes, list) or sorted(axis % rank for axis in axes) != list(range(rank)) or axes[0] != 0:
        raise _Refused(f"the axes {axes}")
    return of.layer("Permute", dims=[axis % rank for axis in axes[1:]])


def _expand(of: _Operator) -> Call:
    of.only("x", "input", "axis")
    axis, shape = of.value(1, "axis"), of.shape
    if not isinstance(axis, int) or axis % (len(shape) + 2) == 0:
        raise _Refused(f"axis={axis}")
    at = axis % (len(shape) + 2) - 1
    return _reshaped(of, (*shape[:at], 1, *shape[at:]))


def _squeeze(of: _Operator) -> Call:
    of.only("x", "input", "axis")
    shape = of.shape
    given = of.value(1, "axis")
    axes = _axes(given, len(shape) + 1) if given not in (None, []) else []
    if not axes or any(shape[axis - 1] != 1 for axis in axes):
        raise _Refused(f"axis={given}")
    return _reshaped(of, tuple(size for at, size in enumerate(shape, 1) if at not in axes))


def _reshaped(of: _Operator, shape: OpenShape) -> Call:
    if shape.count(None) > 1 or not shape:
        raise _Refused("sizes that are not known")
    return of.layer("Reshape", target_shape=[-1 if size is None else size for size in shape])


def _concatenate(of: _Operator) -> Call:
    of.only("xs", "values", "axis")
    tensors = of.value(0, "xs", "values")
    if tensors != [Tensor(at) for at in range(len(of.shapes))]:
        raise _Refused("called otherwise than with arrays")
    axis = of.value(1, "axis", default=0)
    if "tack" in of.name:
        rank = len(of.shapes[0]) + 2
        (at,) = _axes(axis, rank)
        if len(set(of.shapes)) != 1:
            raise _Refused("arrays of different shapes")
        shape = (*of.shapes[0][: at - 1], len(of.shapes), *of.shapes[0][at - 1 :])
        return of.own("Concatenate", {"axis": [at], "stack": True}, shape)
    _axes(axis, len(of.shapes[0]) + 1)
    return of.layer("Concatenate", axis=axis)


def _matmul(of: _Operator) -> Call:
    of.only("x1", "x2", "a", "b", "transpose_a", "transpose_b")
    first, second = of.value(0, "x1", "a"), of.value(1, "x2", "b")
    if (first, second) != (Tensor(0), Tensor(1)) or any(len(shape) != 2 for shape in of.shapes):
        raise _Refused("on other arrays than one matrix for each example")
    left = "aji" if of.value(2, "transpose_a", default=False) else "aij"
    right = "akj" if of.value(3, "transpose_b", default=False) else "ajk"
    sizes = {**dict(zip(left[1:], of.shapes[0], strict=True)), **dict(zip(right[1:], of.shapes[1], strict=True))}
    settings = {"equation": f"{left},{right}->aik", "normalize": False}
    return of.own("Product", settings, (sizes["i"], sizes["k"]))


def _get_item(of: _Operator) -> Call:
    of.only("x", "key", "slice_spec")
    key, shape = of.value(1, "key", "slice_spec"), of.shape
    items = key if isinstance(key, list) else [key]
    begin, size, kept = [], [], []
    if len(items) > len(shape) + 1 or None in shape:
        raise _Refused("sizes that are not known")
    for at, length in enumerate((None, *shape)):
        item = items[at] if at < len(items) else {}
        if isinstance(item, Mapping) and item.get("class_name") == "__slice__":
            item = item["config"]
        if isinstance(item, int) and length is not None and -length <= item < length:
            begin.append(item % length)
            size.append(1)
            continue
        if not isinstance(item, Mapping) or not item.keys() <= {"start", "stop", "step"}:
            raise _Refused(f"the index {item}")
        bounds = [item.get("start"), item.get("stop")]
        if item.get("step") not in (None, 1) or any(not isinstance(one, (int, type(None))) for one in bounds):
            raise _Refused("a slice with steps")
        if length is None:
            if bounds != [None, None]:
                raise _Refused("a part of the batch")
            continue
        start, stop, _ = slice(*bounds).indices(length)
        if stop <= start:
            raise _Refused("a slice of nothing")
        begin.append(start)
        size.append(stop - start)
        kept.append(stop - start)
    return of.own("Slice", {"begin": begin, "size": size, "shape": kept}, tuple(kept))


_RULES: Mapping[str, Callable[[_Operator], Call]] = {
    "__operators__.getitem": _get_item,
    "clip_by_value": _clip,
    "compat.v1.squeeze": _squeeze,
    "compat.v1.transpose": _transpose,
    "concat": _concatenate,
    "expand_dims": _expand,
    "linalg.matmul": _matmul,
    "nn.elu": _elu,
    "nn.gelu": _gelu,
    "nn.leaky_relu": _leaky_relu,
    "nn.log_softmax": _softmax,
    "nn.silu": _silu,
    "nn.softmax": _softmax,
    "nn.swish": _silu,
    "ops.Clip": _clip,
    "ops.Concatenate": _concatenate,
    "ops.Elu": _elu,
    "ops.ExpandDims": _expand,
    "ops.Gelu": _gelu,
    "ops.GetItem": _get_item,
    "ops.LeakyRelu": _leaky_relu,
    "ops.LogSoftmax": _softmax,
    "ops.Matmul": _matmul,
    "ops.Reshape": _reshape,
    "ops.Softmax": _softmax,
    "ops.Squeeze": _squeeze,
    "ops.Stack": _concatenate,
    "ops.Transpose": _transpose,
    "reshape": _reshape,
    "squeeze": _squeeze,
    "stack": _concatenate,
    "transpose": _transpose,
}
