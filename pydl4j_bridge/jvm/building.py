"""Real DL4J networks from translated models, through the native importer's own classes.

The importer's ``KerasModel`` gets the config as text and makes a configuration of it. Then each of its layers gets its
weights as INDArrays, so that every transpose is still the importer's, and what it makes of them is copied into the
network. One layer follows the other: no more than one's weights are in memory beside the network's own. No file and no
HDF5 in the JVM.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.errors import TranslationError
from pydl4j_bridge.jvm.arrays import to_indarray, uninitialized, view
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.jvm.layers import confs, holders
from pydl4j_bridge.jvm.logs import unheard
from pydl4j_bridge.jvm.room import Room, copy
from pydl4j_bridge.translate import Array, ImportableModel, LayerPlan
from pydl4j_bridge.translate.inputs import GIVE_THEM

_KERAS = "org.deeplearning4j.nn.modelimport.keras"
_ACTIVATIONS = "org.nd4j.linalg.activations.impl"


#: The importer takes a loss only with an optimizer. The mapped one takes the place of this.
_ANY_OPTIMIZER = {"class_name": "SGD", "config": {"lr": 0.01, "momentum": 0.0, "decay": 0.0, "nesterov": False}}


def build_network(
    model: ImportableModel, weights: Mapping[tuple[str, ...], Mapping[str, Array]], file: str | None
) -> Any:
    """The ``MultiLayerNetwork`` or ``ComputationGraph`` of a translated model, with its weights.

    Args:
        model: the model in the importer's dialect.
        weights: layer → Keras 2 name → array, of an open file.
        file: the file, for errors.

    Raises:
        JavaError: the importer refused it.
        TranslationError: what the importer made of it does not fit the weights.
        KerasFileError: a weight cannot be read.
    """
    import jpype

    # Before anybody makes room for them.
    given = {
        name: _used(weights.get(model.layers.get(name, ()), {}), model.plans.get(name, LayerPlan()))
        for name in model.layers.keys() | model.plans.keys()
    }
    for arrays in given.values():
        for array in arrays.values():
            array.check()
    fix: dict[str, Any] = {"fix": GIVE_THEM} if any(None in shape for shape in model.inputs) else {}
    with java_errors("the importer refused the translated model", file=file, **fix):
        keras = importer_model(model)
        layers = {str(entry.getKey()): entry.getValue() for entry in keras.getLayers().entrySet()}
        for name, layer in layers.items():
            if layer.isLayer():
                _finish(layer, model.plans.get(name, LayerPlan()), given.get(name, {}))
        network = _network(keras, given, model, file)
        _copy_weights(network, layers, model, given, file)
        if model.sequential:
            # In a chain, some layers fail to predict inside of DL4J's workspaces. In a graph the workspaces are needed:
            # without them an activation works in place, on an array that another layer may read as well.
            mode = jpype.JClass("org.deeplearning4j.nn.conf.WorkspaceMode").NONE
            network.getLayerWiseConfigurations().setInferenceWorkspaceMode(mode)
        return network


def importer_model(model: ImportableModel) -> Any:
    """The importer's ``KerasModel``, with its layers and without weights."""
    import jpype

    jpype.JClass("org.pydl4j.KerasTranslated").register()
    builder = jpype.JClass(f"{_KERAS}.KerasModel")().modelBuilder()
    builder = builder.modelJson(json.dumps(model.config)).enforceTrainingConfig(model.losses is not None)
    if model.losses is not None:
        builder = builder.trainingJson(json.dumps({"optimizer_config": _ANY_OPTIMIZER, "loss": dict(model.losses)}))
    with unheard("org.deeplearning4j.nn.conf.inputs.InputType"):  # that a layer without weights has none
        return builder.buildSequential() if model.sequential else builder.buildModel()


def _used(arrays: Mapping[str, Array], plan: LayerPlan) -> Mapping[str, Array]:
    """The weights of a layer that the importer takes, by its names for them."""
    if plan.renamed is None:
        return arrays
    return {plan.renamed[name]: array for name, array in arrays.items() if name in plan.renamed}


def _constants(name: str, model: ImportableModel) -> Mapping[str, Sequence[float]]:
    return model.plans[name].constants if name in model.plans else {}


def _network(keras: Any, given: Mapping[str, Mapping[str, Array]], model: ImportableModel, file: str | None) -> Any:
    """The network of the importer's model, with room for its parameters that nobody has written to yet.

    Raises:
        TranslationError: a layer has not as many parameters as Keras has saved for it.
    """
    import jpype

    conf = keras.getMultiLayerConfiguration() if model.sequential else keras.getComputationGraphConfiguration()
    for neural_net in confs(conf):
        plan = model.plans.get(str(neural_net.getLayer().getLayerName()), LayerPlan())
        if plan.frozen:
            neural_net.setLayer(_frozen(neural_net.getLayer(), between=plan.between))
    total = 0
    for name, size in _parameters(conf):
        stored = sum(array.size for array in given.get(name, {}).values())
        stored += sum(map(len, _constants(name, model).values()))
        if stored != size:
            raise TranslationError(
                f"the importer made layer {name} in another shape than Keras did",
                because=f"it has {size} numbers here and {stored} in Keras",
                file=file,
                where=f"layer {name}",
            )
        total += size
    kind = "multilayer.MultiLayerNetwork" if model.sequential else "graph.ComputationGraph"
    network = jpype.JClass(f"org.deeplearning4j.nn.{kind}")(conf)
    # As DL4J makes it, but neither cleared nor filled with first values: all of it is overwritten.
    shape = (total,) if model.sequential else (1, total)
    network.init(uninitialized(shape) if total else None, False)
    return network


def _frozen(layer: Any, *, between: bool) -> Any:
    """A layer that is computed as in inference and never trained.

    DL4J's FrozenLayer lets no gradient through; where layers before it are trained, it is the one that does.
    """
    import jpype

    if between:
        for holder, _ in holders(layer):
            if hasattr(holder, "setIUpdater"):
                # Here the layer's own settings count: a gradient of nothing would still decay its weights.
                holder.setIUpdater(jpype.JClass("org.nd4j.linalg.learning.config.NoOp")())
                holder.setRegularization(jpype.JClass("java.util.ArrayList")())
                holder.setRegularizationBias(jpype.JClass("java.util.ArrayList")())
    name = "FrozenLayerWithBackprop" if between else "FrozenLayer"
    frozen = jpype.JClass(f"org.deeplearning4j.nn.conf.layers.misc.{name}")(layer)
    frozen.setLayerName(layer.getLayerName())
    return frozen


def _parameters(conf: Any) -> Iterator[tuple[str, int]]:
    """The name of each layer of a configuration and how many parameters it has."""
    if hasattr(conf, "getConfs"):
        for one in conf.getConfs():
            layer = one.getLayer()
            yield str(layer.getLayerName()), int(layer.initializer().numParams(one))
        return
    for entry in conf.getVertices().entrySet():
        yield str(entry.getKey()), int(entry.getValue().numParams(True))


def _copy_weights(
    network: Any,
    layers: dict[str, Any],
    model: ImportableModel,
    given: Mapping[str, Mapping[str, Array]],
    file: str | None,
) -> None:
    """Read the weights of one layer after the other, let the importer transpose them, and copy them into the network.

    Raises:
        TranslationError: a weight does not fit, there is none for a parameter, or nothing that one is for.
    """
    sizes = [
        sum(array.size for array in arrays.values()) + sum(map(len, _constants(name, model).values()))
        for name, arrays in given.items()
    ]
    room = Room(max(sizes, default=0))
    try:
        for layer in network.getLayers():
            name = str(layer.conf().getLayer().getLayerName())
            keras = layers.pop(name)
            if given.get(name) or _constants(name, model):
                room.clear()
                plan = model.plans.get(name, LayerPlan())
                _set_weights(keras, plan, _java_map(given[name], plan, room))
                _copy(keras.getWeights(), layer, name, file)
            elif layer.numParams():
                raise TranslationError(f"Keras has no weights for layer {name}", file=file, where=f"layer {name}")
    finally:
        room.close()
    for name, keras in layers.items():
        if keras.getNumParams() > 0:
            raise TranslationError(f"the importer made nothing of the weights of layer {name}", file=file)


def give_weights(keras: Any, plan: LayerPlan, arrays: Mapping[str, Array], room: Room | None = None) -> None:
    """Hand a layer of the importer's its weights: its ``getWeights()`` are then in DL4J's layout.

    Args:
        keras: the importer's layer.
        plan: of the layer.
        arrays: by Keras's names.
        room: where to read them into; None: into arrays of their own.
    """
    _set_weights(keras, plan, _java_map(_used(arrays, plan), plan, room))


def _set_weights(keras: Any, plan: LayerPlan, weights: Any) -> None:
    """Give a layer of the importer's its weights, which it transposes into DL4J's order."""
    import jpype

    if not plan.depthwise:
        keras.setWeights(weights)
        return
    # The stand-in would transpose a kernel; the real one takes Keras's as it is.
    placeholder = {"kernel": to_indarray(np.zeros((1, 1, 1, 1))), "bias": to_indarray(np.zeros(1))}
    keras.setWeights(jpype.JClass("java.util.HashMap")(placeholder))
    for name, parameter in (("depthwise_kernel", "W"), ("bias", "b")):
        if weights.containsKey(name):
            keras.getWeights().put(parameter, weights.get(name))


def _copy(weights: Any, layer: Any, name: str, file: str | None) -> None:
    """Copy the transposed weights of a layer over its parameters.

    The importer's own copyWeightsToLayer leaves PReLU out, does not compare the sizes, so that a weight of another size
    than the parameter's overwrites whatever lies behind it, and takes a native call for every array.

    Raises:
        TranslationError: a weight does not fit, or there is none for a parameter.
    """
    import jpype

    # In a JVM of somebody else's, what the importer makes anew may be of another type.
    single = jpype.JClass("org.nd4j.linalg.api.buffer.DataType").FLOAT
    found = {str(entry.getKey()): entry.getValue().castTo(single) for entry in weights.entrySet()}
    for entry in layer.paramTable().entrySet():
        parameter, target = str(entry.getKey()), view(entry.getValue())
        array = found.pop(parameter, None)
        weight = None if array is None else view(array)
        if weight is None or weight.size != target.size:
            sizes = f"{'no' if weight is None else weight.size} numbers in Keras and {target.size} here"
            raise TranslationError(
                f"the importer made layer {name} in another shape than Keras did",
                because=f"{parameter} has {sizes}",
                file=file,
                where=f"layer {name}",
            )
        copy(weight.reshape(target.shape), target)
    if found:
        raise TranslationError(f"layer {name} has no place for {', '.join(found)}", file=file, where=f"layer {name}")


def _java_map(arrays: Mapping[str, Array], plan: LayerPlan, room: Room | None) -> Any:
    """The weights of a layer by the importer's names, read into ``room``."""
    import jpype

    found = jpype.JClass("java.util.HashMap")()
    for name, values in plan.constants.items():
        array, memory = _taken((len(values),), room)
        memory[...] = values
        found.put(name, array)
    for name, stored in arrays.items():
        array, memory = _taken(plan.reshaped.get(name, stored.shape), room)
        stored.read_into(memory)
        found.put(name, array)
    return found


def _taken(shape: Sequence[int], room: Room | None) -> tuple[Any, NDArray[np.float32]]:
    if room is not None:
        return room.take(shape)
    array = uninitialized(tuple(shape) or (1,))
    return array, view(array).ravel()


def _finish(keras: Any, plan: LayerPlan, weights: Mapping[str, Array]) -> None:
    """What the importer's config cannot say, and what it leaves behind."""
    import jpype

    layer = keras.getLayer()
    for holder, _ in holders(layer):
        # The importer leaves a dropout of nothing on every layer, and training an image with it fails.
        dropout = holder.getIDropout() if hasattr(holder, "getIDropout") else None
        if dropout is not None and hasattr(dropout, "getP") and float(dropout.getP()) == 1.0:
            holder.setIDropout(None)
        # Where the importer cannot tell the size of a step, it takes it from the weights, which come later here.
        for kernel in ("kernel", "forward_kernel") if hasattr(holder, "getNIn") else ():
            if kernel in weights and kernel.replace("kernel", "recurrent_kernel") in weights:
                holder.setNIn(jpype.JLong(weights[kernel].shape[0]))
    if plan.activation:
        kind, arguments = plan.activation
        layer.setActivationFn(jpype.JClass(f"{_ACTIVATIONS}.{kind}")(*arguments.values()))
    if plan.pooling:
        pooling = jpype.JClass("org.deeplearning4j.nn.conf.layers.PoolingType")
        layer.setPoolingType(pooling.valueOf(plan.pooling))
    for setter, (l1, l2) in (
        ("setRegularization", plan.regularization),
        ("setRegularizationBias", plan.bias_regularization),
    ):
        if l1 or l2:
            for holder, _ in holders(layer):
                getattr(holder, setter)(_regularization(l1, l2))
    if plan.depthwise:
        _replace_by_depthwise(keras, plan.depthwise)
    if plan.statistics:
        own = jpype.JClass("org.pydl4j.training.KerasBatchNormalization")
        keras.setLayer(own.of(layer, plan.statistics == "unbiased"))
    if plan.one_by_one:
        keras.setLayer(jpype.JClass("org.pydl4j.training.KerasEmbedding").of(layer))


def _replace_by_depthwise(keras: Any, channels: int) -> None:
    """Put a DepthwiseConvolution2D in the place of the convolution that stood in for it."""
    import jpype

    stand_in = keras.getLayer()
    builder = jpype.JClass("org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D$Builder")
    made = builder(*_ints(stand_in.getKernelSize()))  # without arguments it takes an empty kernel and fails
    layer = (
        made.name(stand_in.getLayerName())
        .nIn(jpype.JLong(channels))
        .nOut(jpype.JLong(stand_in.getNOut()))
        .depthMultiplier(jpype.JInt(stand_in.getNOut() // channels))
        .activation(stand_in.getActivationFn())
        .stride(*_ints(stand_in.getStride()))
        .dilation(*_ints(stand_in.getDilation() or (1, 1)))
        .convolutionMode(stand_in.getConvolutionMode())
        .hasBias(stand_in.hasBias())
        .dataFormat(stand_in.getCnn2dDataFormat())
        .build()
    )
    layer.setDefaultValueOverriden(True)
    keras.setLayer(layer)


def _ints(array: Any) -> list[Any]:
    import jpype

    return [jpype.JInt(value) for value in array]


def _regularization(l1: float, l2: float) -> Any:
    import jpype

    package = "org.nd4j.linalg.learning.regularization"
    found = jpype.JClass("java.util.ArrayList")()
    if l1:
        found.add(jpype.JClass(f"{package}.L1Regularization")(l1))
    if l2:
        # Keras adds l2 * w^2 to the loss, ND4J half of that.
        found.add(jpype.JClass(f"{package}.L2Regularization")(2 * l2))
    return found
