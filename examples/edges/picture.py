"""Paint a picture to try the example with: `picture.py OUT.png`, an orange disc on blue."""

from __future__ import annotations

import sys

import numpy
from PIL import Image

WIDTH, HEIGHT, RADIUS = 640, 480, 150

y, x = numpy.mgrid[:HEIGHT, :WIDTH]
disc = ((x - WIDTH / 2) ** 2 + (y - HEIGHT / 2) ** 2 < RADIUS**2) * 255
Image.fromarray(numpy.dstack([disc, disc // 2, 255 - disc]).astype("uint8")).save(sys.argv[1])
