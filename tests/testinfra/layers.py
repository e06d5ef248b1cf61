"""The convolution layers of the question, as a user's program has them: what runs through `dnnready run`.

Each program prints the shape of the question's own layer, then convolves something large enough for every framework
to hand it to oneDNN; ONEDNN_VERBOSE shows whether it did.
"""

from __future__ import annotations

PYTORCH = """
import torch
print("shape", *torch.nn.Conv2d(3, 32, kernel_size=3)(torch.randn(1, 3, 28, 28)).shape)
torch.nn.Conv2d(64, 64, kernel_size=3)(torch.randn(2, 64, 56, 56))
"""
TENSORFLOW = """
import tensorflow as tf
with tf.device("/cpu:0"):
    layer = tf.keras.layers.Conv2D(filters=32, kernel_size=3, activation="relu", input_shape=(28, 28, 3))
    print("shape", *layer(tf.random.normal((1, 28, 28, 3))).shape)
    tf.keras.layers.Conv2D(filters=64, kernel_size=3)(tf.random.normal((2, 56, 56, 64)))
"""
# By stack: the program, and the line that shows the shape.
PROGRAMS = {
    "pytorch": (PYTORCH, "shape 1 32 26 26"),
    "tensorflow": (TENSORFLOW, "shape 1 26 26 32"),
}

# Loads the library that the argument names, and prints the file that it came from.
LIBRARY = """
import ctypes, sys
ctypes.CDLL(sys.argv[1])
maps = open("/proc/self/maps").read()
print(next(line.split()[-1] for line in maps.splitlines() if sys.argv[1].split(".so")[0] in line))
"""
