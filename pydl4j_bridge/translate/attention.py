"""Keras's attention layers, as the layers with weights and the vertices without that they are made of.

Every projection is an EinsumDense, as it is in Keras; what weighs the values is one vertex, ``Attention.java``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydl4j_bridge.translate.graph import Call, Graph, Tensor
from pydl4j_bridge.translate.output_shapes import OpenShape, open_shapes
from pydl4j_bridge.translate.own import part

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_GROUPED = ("GroupQueryAttention", "GroupedQueryAttention")


def attention(graph: Graph) -> Graph:
    """Attention layers → their parts; what of them is not computed keeps its class and says why."""
    for call in graph.calls:
        rule = _RULES.get(call.class_name)
        if rule is None:
            continue
        shapes = open_shapes(graph)
        if any(name not in shapes for name in call.inputs):
            continue
        try:
            why = _refused(graph, call)
            parts = [] if why else rule(graph, call, [shapes[name] for name in call.inputs])
        except _Refused as refused:
            why, parts = str(refused), []
        graph = graph.replaced(call.name, [call.with_config(dl4j_refused=why)] if why else parts)
    return graph


class _Refused(Exception):
    """Why a layer is refused."""


def _refused(graph: Graph, call: Call) -> str | None:
    """What no attention layer of ours computes."""
    known = {0, 1, 2, "inputs", "query", "value", "key", "use_causal_mask", "training", "return_attention_scores"}
    for key, value in call.arguments.items():
        if key not in known and value is not None:
            return f"called with {key}"
    if call.arguments.get("training") is True:
        return "called with training=True"
    for setting in ("use_gate", "sliding_window"):
        if call.config.get(setting):
            return f"{setting}={call.config[setting]}"
    if _masked(graph, call.inputs):
        return "a mask of a layer before it"
    return None


def _masked(graph: Graph, names: tuple[str, ...]) -> bool:
    seen, waiting = set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        call = graph[name]
        if call.class_name == "Masking" or call.config.get("mask_zero"):
            return True
        waiting += call.inputs
    return False


def _roles(call: Call) -> tuple[str, str, str]:
    """The inputs that are query, key and value."""
    first = call.arguments.get(0, call.arguments.get("inputs", call.arguments.get("query")))
    given = dict(call.arguments)
    if isinstance(first, list):  # one list of two or three: query, value, key
        given = dict(enumerate(first))
    query = given.get(0, given.get("query"))
    value = given.get(1, given.get("value"))
    key = given.get(2, given.get("key"))
    found = [one for one in (query, value if key is None else key, value) if isinstance(one, Tensor)]
    if len(found) != 3:
        raise _Refused("called otherwise than with query and value")
    query_name, key_name, value_name = (call.inputs[one.at] for one in found)
    return query_name, key_name, value_name


def _causal(call: Call) -> bool:
    return bool(call.arguments.get("use_causal_mask") or call.config.get("causal"))


def _multi_head(graph: Graph, call: Call, _: list[OpenShape]) -> list[Call]:
    config = call.config
    query, key, value = _roles(call)
    shapes = open_shapes(graph)
    rank = len(shapes[query]) + 1
    if len(shapes[key]) + 1 != rank or len(shapes[value]) + 1 != rank or rank < 3:
        raise _Refused("on arrays of different dimensions")
    if call.class_name in _GROUPED:
        heads, repeats = config["num_query_heads"], config["num_query_heads"] // config["num_key_value_heads"]
        key_dim = value_dim = config["head_dim"]
        axes, target = [1], None
        if rank != 3:
            raise _Refused("on other arrays than time steps")
    else:
        heads, repeats = config["num_heads"], 1
        key_dim = config["key_dim"]
        value_dim = config.get("value_dim") or key_dim
        given = config.get("attention_axes") or list(range(1, rank - 1))
        axes = sorted(axis % rank for axis in (given if isinstance(given, list) else [given]))
        target = config.get("output_shape")
    if 0 in axes or rank - 1 in axes or (_causal(call) and len(axes) != 1):
        raise _Refused(f"attention_axes={config.get('attention_axes')}")
    target = list(shapes[query][-1:]) if target is None else target if isinstance(target, list) else [target]
    batch = _LETTERS[: rank - 1]  # the axes of a source before its features
    project = f"{batch}x,xyz->{batch}yz"
    parts: list[Call] = []
    projected = {}
    for role, source, size in (("query", query, key_dim), ("key", key, key_dim), ("value", value, value_dim)):
        name = graph.unused(f"{call.name}_{role}")
        parts.append(
            part(
                call,
                name,
                "EinsumDense",
                {"equation": project, "activation": "linear"},
                (*shapes[source][:-1], heads if role == "query" else heads // repeats, size),
                (source,),
                {f"{role}_kernel": "kernel", f"{role}_bias": "bias"},
            )
        )
        projected[role] = name
    # Letters of the key's attended axes: those of the query, as capitals.
    of_key = "".join(letter.upper() if at in axes else letter for at, letter in enumerate(batch))
    free = "".join(letter for at, letter in enumerate(batch) if at not in axes)
    attended = "".join(batch[at] for at in axes)
    scores = f"{free}y{attended}{attended.upper()}"
    weighted = graph.unused(f"{call.name}_attention")
    parts.append(
        part(
            call,
            weighted,
            "Attention",
            {
                "scores": f"{batch}yz,{of_key}yz->{scores}",
                "values": f"{scores},{of_key}yz->{batch}yz",
                "scale": 1 / math.sqrt(key_dim),
                "attended": len(axes),
                "causal": _causal(call),
                "repeats": repeats,
            },
            (*shapes[query][:-1], heads, value_dim),
            tuple(projected[role] for role in ("query", "key", "value")),
        )
    )
    out = "uvw"[: len(target)]
    if len(out) != len(target):
        raise _Refused(f"output_shape={target}")
    parts.append(
        part(
            call,
            call.name,
            "EinsumDense",
            {"equation": f"{batch}yz,yz{out}->{batch}{out}", "activation": "linear"},
            (*shapes[query][:-1], *target),
            (weighted,),
            {"output_kernel": "kernel", "output_bias": "bias"},
        )
    )
    return parts


def _dot_product(graph: Graph, call: Call, _: list[OpenShape]) -> list[Call]:
    query, key, value = _roles(call)
    shapes = open_shapes(graph)
    if any(len(shapes[name]) != 2 for name in (query, key, value)):
        raise _Refused("on other arrays than time steps")
    additive = call.class_name == "AdditiveAttention"
    settings = {
        "scores": "abx,aBx->abB",
        "values": "abB,aBx->abx",
        "scale": 1.0,
        "attended": 1,
        "causal": _causal(call),
        "repeats": 1,
    }
    shape = (shapes[query][0], shapes[value][1])
    if not additive and _mode(call.config) == "dot":
        parts = []
        if "scale" in call.shapes:
            scaled = graph.unused(f"{call.name}_query")
            parts.append(part(call, scaled, "Scale", {}, shapes[query], (query,), {"scale": "gamma"}))
            query = scaled
        return [*parts, part(call, call.name, "Attention", settings, shape, (query, key, value))]
    pairs = (shapes[query][0], shapes[key][0])
    features = shapes[query][1]
    names = [graph.unused(f"{call.name}_{step}") for step in ("pairs", "scale", "tanh", "sum", "scores")]
    parts = [part(call, names[0], "PairSums", {}, (*pairs, features), (query, key))]
    if not additive and "scale" in call.shapes:
        parts.append(part(call, names[1], "Scale", {}, (*pairs, features), (parts[-1].name,), {"scale": "gamma"}))
    parts.append(part(call, names[2], "Activation", {"activation": "tanh"}, (*pairs, features), (parts[-1].name,)))
    if additive and "scale" in call.shapes:
        equation = {"equation": "abcx,x->abc", "activation": "linear"}
        parts.append(part(call, names[3], "EinsumDense", equation, pairs, (parts[-1].name,), {"scale": "kernel"}))
    else:
        reduced = {"op": "sum", "axis": [3], "keepdims": False}
        parts.append(part(call, names[3], "Reduce", reduced, pairs, (parts[-1].name,)))
    if not additive:
        weight = {"concat_score_weight": "gamma"}
        parts.append(part(call, names[4], "Scale", {}, pairs, (parts[-1].name,), weight))
    return [*parts, part(call, call.name, "Attention", settings, shape, (parts[-1].name, value))]


def _mode(config: Mapping[str, Any]) -> str:
    """How an ``Attention`` layer scores."""
    mode = config.get("score_mode", "dot")
    if mode not in ("dot", "concat"):
        raise _Refused(f"score_mode={mode}")
    return str(mode)


_RULES = {
    "AdditiveAttention": _dot_product,
    "Attention": _dot_product,
    "MultiHeadAttention": _multi_head,
    **dict.fromkeys(_GROUPED, _multi_head),
}
