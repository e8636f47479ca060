"""Writes tests/data/theano: a model that Keras 2 saved on Theano, and what two Keras versions compute of it.

    python3.7 scripts/make_theano.py save       # keras==2.1.3 on Theano, see make_keras_1.py
    python scripts/make_theano.py record        # tf_keras, pip install -e .[fixtures]

Theano turns the kernels of convolutions by 180 degrees when it computes. tf_keras takes them as they stand in the file.
"""

import os
import sys

import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "data", "theano")
MODEL, RECORD = os.path.join(FOLDER, "conv2d.h5"), os.path.join(FOLDER, "conv2d.npz")


def save():
    """The model, and what Theano computes."""
    os.environ.update(KERAS_BACKEND="theano", THEANO_FLAGS="floatX=float32")
    from keras.layers import Conv2D, Dense, Flatten
    from keras.models import Sequential

    model = Sequential([Conv2D(4, (3, 2), input_shape=(7, 6, 3), activation="tanh"), Flatten(), Dense(3)])
    random = np.random.RandomState(1)
    model.set_weights([random.uniform(-1, 1, weight.shape) for weight in model.get_weights()])
    inputs = random.normal(size=(3, 7, 6, 3)).astype("float32")
    if not os.path.isdir(FOLDER):
        os.makedirs(FOLDER)
    np.savez(RECORD, input=inputs, theano=model.predict(inputs))
    model.save(MODEL)


def record():
    """What tf_keras computes."""
    import tf_keras

    with np.load(RECORD) as arrays:
        recorded = dict(arrays)
    recorded["tf_keras"] = tf_keras.models.load_model(MODEL).predict(recorded["input"], verbose=0)
    np.savez(RECORD, **recorded)


if __name__ == "__main__":
    {"save": save, "record": record}[sys.argv[1]]()
