"""The layers of a network or of a configuration, and the updater that each of them carries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydl4j_bridge.jvm.updaters import read_updater
from pydl4j_bridge.mapping.spec import UpdaterSpec

#: Our clipping after L1 and L2, and by whether it takes the norm what DL4J calls the same before them.
CLIP = "ClipAfterRegularization"
CLIPS = {True: "ClipL2PerParamType", False: "ClipElementWiseAbsoluteValue"}


def read_layers(imported: Any) -> tuple[dict[str, UpdaterSpec], dict[str, str]]:
    """The updater of every layer that has parameters to train, with the settings that DL4J keeps beside it.

    Then the layers that should have one and have none, with the classes that they are made of, from the outside in.
    """
    found, without = {}, {}
    for index, neural_net in enumerate(confs(imported)):
        layer = neural_net.getLayer()
        name = str(layer.getLayerName() or index)
        for holder, made_of in holders(layer):  # both directions of a Bidirectional are one layer
            parameters = holder.initializer()
            updaters = [holder.getUpdaterByParam(parameter) for parameter in parameters.paramKeys(holder)]
            # The running statistics of BatchNormalization have NoOp.
            trained = [u for u in updaters if u is not None and str(u.getClass().getSimpleName()) != "NoOp"]
            if trained:  # the import sets the same for all parameters of a layer
                spec = read_updater(trained[0])
                found[name] = UpdaterSpec(spec.updater, spec.fields, _layer_settings(holder, parameters))
            elif updaters and "Frozen" not in made_of:
                without[name] = made_of
    return found, without


def holders(layer: Any, outside: str = "") -> Iterator[tuple[Any, str]]:
    """The layers that have the parameters: those inside of LastTimeStep, MaskZeroLayer, Bidirectional and the like."""
    made_of = f"{outside}/{layer.getClass().getSimpleName()}".lstrip("/")
    if hasattr(layer, "getUnderlying"):
        yield from holders(layer.getUnderlying(), made_of)
    elif hasattr(layer, "getFwd"):
        yield from holders(layer.getFwd(), made_of)
        yield from holders(layer.getBwd(), made_of)
    else:
        yield layer, made_of


def confs(imported: Any) -> Iterator[Any]:
    """The configuration of each layer of a network, or of the configuration of one."""
    if hasattr(imported, "getLayerWiseConfigurations"):  # MultiLayerNetwork
        imported = imported.getLayerWiseConfigurations()
    elif hasattr(imported, "getConfiguration"):  # ComputationGraph
        imported = imported.getConfiguration()
    if hasattr(imported, "getConfs"):  # MultiLayerConfiguration
        yield from imported.getConfs()
        return
    for vertex in imported.getVertices().values():  # ComputationGraphConfiguration
        if hasattr(vertex, "getLayerConf"):
            yield vertex.getLayerConf()


def _layer_settings(layer: Any, parameters: Any) -> dict[str, tuple[Any, ...]]:
    settings: dict[str, tuple[Any, ...]] = {}
    normalization = layer.getGradientNormalization()
    if normalization is not None and str(normalization.name()) != "None":
        settings["gradientNormalization"] = (str(normalization.name()),)
        settings["gradientNormalizationThreshold"] = (float(layer.getGradientNormalizationThreshold()),)
    for parameter in parameters.paramKeys(layer):
        for regularization in layer.getRegularizationByParam(parameter) or ():
            kind = str(regularization.getClass().getSimpleName())
            if kind == CLIP:
                settings["gradientNormalization"] = (CLIPS[bool(regularization.getByNorm())],)
                settings["gradientNormalizationThreshold"] = (float(regularization.getThreshold()),)
            elif kind == "WeightDecay":
                name = "weightDecayBias" if parameters.isBiasParam(layer, parameter) else "weightDecay"
                settings[name] = (float(regularization.getCoeff().valueAt(0, 0)), bool(regularization.isApplyLR()))
    return settings
