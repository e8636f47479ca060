"""How many dimensions the output of each call has, the batch included; by the classes of the layers alone."""

from __future__ import annotations

from pydl4j_bridge.translate.graph import Call, Graph
from pydl4j_bridge.translate.output_shapes import open_shapes

_OF_CLASS = {
    **dict.fromkeys(("Conv1D", "Cropping1D", "RepeatVector", "UpSampling1D", "ZeroPadding1D"), 3),
    **dict.fromkeys(("Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "SeparableConv2D"), 4),
    **dict.fromkeys(("Conv3D", "Conv3DTranspose"), 5),
    "Flatten": 2,
}


def ranks(graph: Graph) -> dict[str, int]:
    """Call → the rank of its output, where the classes of the layers tell it."""
    shapes = open_shapes(graph)
    found: dict[str, int] = {}
    for call in graph.calls:
        if call.name in shapes:
            found[call.name] = len(shapes[call.name]) + 1
            continue
        rank = _rank(call, [found.get(name) for name in call.inputs])
        if rank is not None:
            found[call.name] = rank
    return found


def _rank(call: Call, inputs: list[int | None]) -> int | None:
    config = call.config
    if call.class_name == "InputLayer":
        return len(config["batch_input_shape"])
    if call.class_name in _OF_CLASS:
        return _OF_CLASS[call.class_name]
    before = inputs[0] if inputs else None
    if call.class_name in ("LSTM", "SimpleRNN", "GRU"):
        return 3 if config.get("return_sequences") else 2
    if call.class_name == "Bidirectional":
        return 3 if config["layer"]["config"].get("return_sequences") else 2
    if call.class_name == "Reshape":
        return len(config["target_shape"]) + 1
    if call.class_name == "Embedding":
        return None if before is None else before + 1
    if call.class_name.startswith("Global"):
        return before if config.get("keepdims") else 2
    return before
