"""Makes the models of import.py. Run by an interpreter that has Keras 3, tf_keras and TensorFlow:

    KERAS_PYTHON benchmarks/import_models.py FOLDER

Each model is written three times: NAME.keras and NAME.h5 by Keras 3, NAME-keras2.h5 by tf_keras in the legacy format,
which is what the native import reads. Random weights, the same layers. About 2.5 GB.
"""

import os
import sys

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

import keras
import tf_keras

APPLICATIONS = ("ResNet50", "InceptionV3", "DenseNet121")
#: Name → units of each of five dense layers: 100 and 500 MB of weights.
DENSE = {"dense-100MB": 2236, "dense-500MB": 5000}


def models(k):
    """Name → a function that makes the model, with Keras 3 or tf_keras as ``k``."""
    layers = k.layers

    def chain(*inner):
        model = k.Sequential([*inner, layers.Dense(10, activation="softmax")])
        # The native import knows the optimizers of Keras 2 alone.
        optimizer = k.optimizers.Adam() if k is keras else k.optimizers.legacy.Adam()
        model.compile(optimizer=optimizer, loss="categorical_crossentropy")
        return model

    def dense(units):
        return lambda: chain(layers.Input((units,)), *(layers.Dense(units, activation="relu") for _ in range(5)))

    return {
        **{name: lambda name=name: getattr(k.applications, name)(weights=None) for name in APPLICATIONS},
        **{name: dense(units) for name, units in DENSE.items()},
        "lstm": lambda: chain(layers.Input((20, 128)), layers.LSTM(512, return_sequences=True), layers.LSTM(512)),
    }


def main(folder):
    """Write them all."""
    for k in (keras, tf_keras):
        for name, make in models(k).items():
            k.utils.set_random_seed(1)
            model = make()
            for suffix in (".keras", ".h5") if k is keras else ("-keras2.h5",):
                model.save(os.path.join(folder, name + suffix))
            del model
            k.backend.clear_session()


if __name__ == "__main__":
    main(sys.argv[1])
