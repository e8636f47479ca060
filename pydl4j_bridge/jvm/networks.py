"""What a DL4J network does once it is there: predict, train a step, carry an updater, be written and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pydl4j_bridge.errors import TranslationError
from pydl4j_bridge.jvm.arrays import TYPES, to_indarray, to_numpy, view
from pydl4j_bridge.jvm.configurations import activation_types, input_type, shape_of
from pydl4j_bridge.jvm.descriptions import is_graph
from pydl4j_bridge.jvm.exceptions import java_errors
from pydl4j_bridge.jvm.layers import CLIP, CLIPS, confs, holders, read_layers
from pydl4j_bridge.jvm.updaters import build_updater, with_built_schedules
from pydl4j_bridge.mapping import UpdaterSpec
from pydl4j_bridge.mapping.spec import LISTENER_PACKAGE
from pydl4j_bridge.mapping.targets import ONE_BY_ONE
from pydl4j_bridge.translate import ImportableModel


def predict(network: Any, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """The outputs of a network for inputs in the layout that it was imported with: Keras's.

    Raises:
        JavaError: the network failed.
    """
    import jpype

    with java_errors("the network cannot predict"):
        given = [to_indarray(one, copy=True) for one in inputs]  # DL4J writes into what it is given
        if is_graph(network):
            arrays = jpype.JArray(jpype.JClass("org.nd4j.linalg.api.ndarray.INDArray"))(given)
            return [to_numpy(output, copy=True) for output in network.output(arrays)]
        return [to_numpy(network.output(given[0]), copy=True)]


def outputs_for(network: Any, model: ImportableModel, inputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
    """:func:`predict`, with the outputs in Keras's layout as well.

    Raises:
        JavaError: the network failed.
    """
    outputs = predict(network, inputs)
    batch = inputs[0].shape[0]
    for at, (output, steps) in enumerate(zip(outputs, model.steps, strict=False)):
        if steps and output.ndim == 2 and output.shape[0] % batch == 0:
            # DL4J has put the time steps before the batch.
            outputs[at] = output.reshape(-1, batch, output.shape[1]).swapaxes(0, 1)
    for at, loss in enumerate(model.own_losses):
        outputs[at] = outputs[at].reshape(batch, *loss.shape)
    return outputs


def shapes_of_layers(network: Any, inputs: Sequence[tuple[int | None, ...]]) -> dict[str, tuple[int | None, ...]]:
    """Name of a layer or vertex → the shape of one sample of its output, channels last, in an imported network.

    Args:
        network: as the importer makes them, channels last.
        inputs: the shapes of its inputs; where one of them is open, nothing can be told.

    Raises:
        JavaError: DL4J cannot tell.
    """
    if not all(all(shape) for shape in inputs):
        return {}
    with java_errors("the shapes of the layers cannot be told"):
        found = activation_types(network, [input_type(shape, last=True) for shape in inputs])
        return {name: shape_of(kind) for name, kind in found.items()}


def as_double(network: Any) -> Any:
    """The network in double precision; its numbers are those that it had in single.

    Raises:
        JavaError: a layer cannot.
    """
    import jpype

    with java_errors("the network cannot be made one of doubles"):
        return network.convertDataType(jpype.JClass("org.nd4j.linalg.api.buffer.DataType").DOUBLE)


def rebuild(network: Any, spec: UpdaterSpec) -> Any:
    """A new network from the configuration of another one, with a copy of its parameters and a fresh updater.

    Raises:
        TranslationError: DL4J cannot train one of the layers.
        JavaError: Java refused a value.
    """
    import jpype

    with java_errors("the network cannot be built again"):
        package = "org.deeplearning4j.nn"
        # Through text and back, as when it is saved: a clone shares the layers that are inside of other ones.
        if is_graph(network):
            configurations = jpype.JClass(f"{package}.conf.ComputationGraphConfiguration")
            configuration = configurations.fromJson(network.getConfiguration().toJson())
            made = jpype.JClass(f"{package}.graph.ComputationGraph")(configuration)
        else:
            configurations = jpype.JClass(f"{package}.conf.MultiLayerConfiguration")
            configuration = configurations.fromJson(network.getLayerWiseConfigurations().toJson())
            made = jpype.JClass(f"{package}.multilayer.MultiLayerNetwork")(configuration)
        # The new updater has made no step yet, and some count them.
        for counted in (configuration, *confs(configuration)):
            counted.setIterationCount(0)
            counted.setEpochCount(0)
        made.init(network.params(), True)
    install_updater(made, spec)
    return made


def fit(network: Any, inputs: Sequence[NDArray[Any]], labels: Sequence[NDArray[Any]]) -> float:
    """One step on one batch; the loss before it, with the regularization.

    Args:
        network: a ``MultiLayerNetwork`` or a ``ComputationGraph``.
        inputs, labels: arrays of the type of the first of them, float32 or float64.

    Raises:
        JavaError: the network failed.
    """
    step, types = _step()
    kind = inputs[0].dtype
    arrays = [np.ascontiguousarray(one, dtype=kind) for one in (*inputs, *labels)]
    shapes = _shapes(tuple([one.shape for one in arrays]))
    with java_errors("the network cannot be trained"):
        return float(step(network, len(inputs), types[kind], [one.ctypes.data for one in arrays], shapes))


@cache
def _step() -> tuple[Any, Mapping[np.dtype[Any], Any]]:
    """What a step needs of Java, looked up once."""
    import jpype

    types = jpype.JClass("org.nd4j.linalg.api.buffer.DataType")
    return jpype.JClass("org.pydl4j.training.Step").fit, {kind: types.valueOf(name) for name, kind in TYPES.items()}


@lru_cache(maxsize=64)
def _shapes(shapes: tuple[tuple[int, ...], ...]) -> Any:
    """The shapes of a batch for Java: those of one are mostly those of the next."""
    import jpype

    return jpype.JLong[:][:](shapes)


def score(network: Any, inputs: Sequence[NDArray[Any]], labels: Sequence[NDArray[Any]]) -> float:
    """The loss on one batch as in inference, with the regularization.

    Raises:
        JavaError: the network failed.
    """
    import jpype

    package = "org.nd4j.linalg.dataset"
    kind = f"{package}.MultiDataSet" if is_graph(network) else f"{package}.DataSet"
    with java_errors("the network cannot be scored"):
        return float(network.score(jpype.JClass(kind)(*_batch(network, inputs, labels)), False))


def _batch(network: Any, inputs: Sequence[NDArray[Any]], labels: Sequence[NDArray[Any]]) -> list[Any]:
    import jpype

    pairs = [[to_indarray(one, copy=True) for one in arrays] for arrays in (inputs, labels)]
    if not is_graph(network):
        return [arrays[0] for arrays in pairs]
    return [jpype.JArray(jpype.JClass("org.nd4j.linalg.api.ndarray.INDArray"))(arrays) for arrays in pairs]


def install_updater(network: Any, spec: UpdaterSpec) -> None:
    """Put an updater with its layer settings on every layer that has parameters; its state starts fresh.

    Raises:
        TranslationError: DL4J cannot train one of the layers.
        JavaError: Java refused a value.
    """
    import jpype

    package = "org.deeplearning4j.nn"
    with java_errors("the updater cannot be put on the layers"):
        untrainable = _without_place(network)
        if untrainable is not None:
            raise TranslationError(
                f"DL4J cannot train {untrainable}",
                because="a Bidirectional layer without return_sequences has no place for an updater (N15)",
                fix="Import the model for inference: import_model(path, optimizer=False)",
            )
        built = with_built_schedules(spec)
        for neural_net in confs(network):
            for holder, made_of in holders(neural_net.getLayer()):
                if not hasattr(holder, "setIUpdater") or made_of.startswith("Frozen"):
                    continue
                # Each layer has one of its own, as DL4J's builder makes it.
                holder.setIUpdater(build_updater(one_by_one(built) if _is(holder, "KerasEmbedding") else built))
                _install_settings(holder, spec)
        install_listeners(network, spec)
        if network.getUpdater(False) is None:
            return  # DL4J makes it, and room for its state, when it is first asked for
        if is_graph(network):
            updater = jpype.JClass(f"{package}.updater.graph.ComputationGraphUpdater")(network)
        else:
            updater = jpype.JClass(f"{package}.updater.UpdaterCreator").getUpdater(network)
        network.setUpdater(updater)


def one_by_one(spec: UpdaterSpec) -> UpdaterSpec:
    """The updater of ours with the same rule: ND4J's cannot be told of the gradients of each occurrence of an index."""
    name, fields = ONE_BY_ONE.get(spec.updater, (spec.updater, {}))
    return replace(spec, updater=name, fields={**spec.fields, **fields})


def _is(layer: Any, name: str) -> bool:
    return str(layer.getClass().getSimpleName()) == name


def _install_settings(layer: Any, spec: UpdaterSpec) -> None:
    """Clipping and weight decay, in the place of what an updater before this one has left on the layer."""
    import jpype

    settings = spec.layer_settings
    clip, threshold = settings.get("gradientNormalization", ("None",))[0], 1.0
    if clip != "None":
        threshold = settings["gradientNormalizationThreshold"][0]
    decay = jpype.JClass("org.nd4j.linalg.learning.regularization.WeightDecay")
    lists = {}
    for name, getter in (("weightDecay", "getRegularization"), ("weightDecayBias", "getRegularizationBias")):
        kept = jpype.JClass("java.util.ArrayList")()
        for regularization in getattr(layer, getter)() or ():
            if str(regularization.getClass().getSimpleName()) not in (CLIP, "WeightDecay"):
                kept.add(regularization)
        lists[name, getter.replace("get", "set", 1)] = kept
    # DL4J clips before it adds L1 and L2, Keras after; and of a BatchNormalization it clips the averages as well.
    of_ours = any(kept.size() for kept in lists.values()) or _is(layer, "KerasBatchNormalization")
    for (name, setter), kept in lists.items():
        if name in settings:
            coefficient, apply_rate = settings[name]
            kept.add(decay(jpype.JDouble(coefficient), apply_rate))
        if of_ours and clip != "None":
            by_norm = clip == CLIPS[True]
            kept.add(jpype.JClass(f"{LISTENER_PACKAGE}.{CLIP}")(jpype.JDouble(threshold), jpype.JBoolean(by_norm)))
        getattr(layer, setter)(kept)
    kind = jpype.JClass("org.deeplearning4j.nn.conf.GradientNormalization")
    layer.setGradientNormalization(kind.valueOf("None" if of_ours else clip))
    layer.setGradientNormalizationThreshold(1.0 if of_ours else threshold)


def install_listeners(network: Any, spec: UpdaterSpec) -> None:
    """Put an updater's listeners on a network, in the place of those of an updater before it; others stay.

    Raises:
        JavaError: Java refused a value.
    """
    import jpype

    with java_errors("the listeners cannot be put on the network"):
        kept = jpype.JClass("java.util.ArrayList")()
        for listener in network.getListeners() or ():
            if not str(listener.getClass().getName()).startswith(f"{LISTENER_PACKAGE}."):
                kept.add(listener)
        for name, arguments in spec.listeners.items():
            kept.add(jpype.JClass(f"{LISTENER_PACKAGE}.{name}")(*map(jpype.JDouble, arguments)))
        network.setListeners(kept)


def updaters(network: Any) -> dict[str, UpdaterSpec]:
    """Layer name → the updater that it carries, with the settings that DL4J keeps beside it."""
    return read_layers(network)[0]


def set_learning_rate(network: Any, rate: float) -> None:
    """Set the learning rate of every layer.

    Raises:
        JavaError: an updater has none.
    """
    import jpype

    with java_errors("the learning rate cannot be set"):
        network.setLearningRate(jpype.JDouble(rate))


def save(network: Any, path: str) -> None:
    """Write a network with its updater and the updater's state, as DL4J's ModelSerializer does.

    A network that has no place for an updater (N15) is written without one.

    Raises:
        JavaError: it cannot be written.
    """
    import jpype

    with java_errors("the network cannot be written", file=path):
        jpype.JClass("org.deeplearning4j.util.ModelSerializer").writeModel(
            network, path, _without_place(network) is None
        )


def load(path: str, *, graph: bool) -> Any:
    """The network in a file that :func:`save` has written, with its updater's state.

    Args:
        path: the file.
        graph: it is a ``ComputationGraph``; otherwise a ``MultiLayerNetwork``.

    Raises:
        JavaError: it cannot be read.
    """
    import jpype

    with java_errors("the network cannot be read back", file=path):
        serializer = jpype.JClass("org.deeplearning4j.util.ModelSerializer")
        restore = serializer.restoreComputationGraph if graph else serializer.restoreMultiLayerNetwork
        return restore(path, True)


def same_parameters(one: Any, other: Any) -> bool:
    """Whether two networks have the same parameters and the same state of their updaters, to the bit."""
    trainable = [network for network in (one, other) if _without_place(network) is None]
    states = [network.updaterState() for network in trainable] or [None, None]
    if (states[0] is None) != (states[1] is None):
        return False
    pairs = [(one.params(), other.params()), *([tuple(states)] if states[0] is not None else [])]
    return all(view(a).tobytes() == view(b).tobytes() for a, b in pairs)


def _without_place(network: Any) -> str | None:
    """The first layer for whose updater DL4J has no place, so that the network cannot have any; None: all have one."""
    for neural_net in confs(network):
        if any("Bidirectional/LastTimeStep/" in made_of for _, made_of in holders(neural_net.getLayer())):
            return str(neural_net.getLayer().getLayerName())
    return None
