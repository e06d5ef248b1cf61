"""The question's own layer in Keras, and one that is large enough for oneDNN."""

import tensorflow as tf

with tf.device("/cpu:0"):
    layer = tf.keras.layers.Conv2D(filters=32, kernel_size=3, activation="relu", input_shape=(28, 28, 3))
    print("shape", *layer(tf.random.normal((1, 28, 28, 3))).shape)
    tf.keras.layers.Conv2D(filters=64, kernel_size=3)(tf.random.normal((2, 56, 56, 64)))
print("convolved")
