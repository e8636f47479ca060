"""A Keras model, rewritten into the dialect that the native importer reads. Pure: needs neither Keras nor a JVM."""

from pydl4j_bridge.translate.emit import translate
from pydl4j_bridge.translate.keras1 import from_keras_1
from pydl4j_bridge.translate.plan import ImportableModel, LayerPlan
from pydl4j_bridge.translate.variables import Array, bind_weights, trainable_variables

__all__ = [
    "Array",
    "ImportableModel",
    "LayerPlan",
    "bind_weights",
    "from_keras_1",
    "trainable_variables",
    "translate",
]
