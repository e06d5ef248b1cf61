"""The layer of the question, with a picture that is no batch."""

import tensorflow as tf

tf.keras.layers.Conv2D(filters=32, kernel_size=3, activation="relu")(tf.random.normal((28, 28, 3)))
