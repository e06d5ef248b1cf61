"""Find the edges of a picture with a small convolutional network: `edges.py IN.png OUT.png`.

A real application in the small: it loads an image, runs convolutions in PyTorch and writes an image. The weights are
not learned but known: a Gaussian blur, then Sobel's two derivatives, then their length.
"""

from __future__ import annotations

import sys
import time

import numpy
import torch
from PIL import Image


class Edges(torch.nn.Module):
    """1x3xHxW in 0..1 → 1x1xHxW in 0..1: grey, blur 5x5, Sobel 3x3, gradient length."""

    def __init__(self) -> None:
        super().__init__()
        self.grey = torch.nn.Conv2d(3, 1, kernel_size=1, bias=False)
        self.blur = torch.nn.Conv2d(1, 1, kernel_size=5, padding=2, padding_mode="replicate", bias=False)
        self.slope = torch.nn.Conv2d(1, 2, kernel_size=3, padding=1, padding_mode="replicate", bias=False)
        bell = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
        sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
        with torch.no_grad():
            # ITU-R BT.601: how bright the eye finds red, green and blue.
            self.grey.weight.copy_(torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1))
            self.blur.weight.copy_(torch.outer(bell, bell).view(1, 1, 5, 5))
            self.slope.weight.copy_(torch.stack([sobel, sobel.T]).unsqueeze(1))

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Edges, scaled so that the strongest is 1."""
        length = self.slope(self.blur(self.grey(picture))).norm(dim=1, keepdim=True)
        return length / length.max().clamp(min=1e-6)


def main() -> int:
    """Read, convolve, write, say how long it took."""
    try:
        source, target = sys.argv[1:]
    except ValueError:
        print(__doc__, file=sys.stderr)
        return 2
    pixels = numpy.asarray(Image.open(source).convert("RGB"), dtype=numpy.float32) / 255
    picture = torch.from_numpy(pixels.transpose(2, 0, 1).copy()).unsqueeze(0)
    network = Edges().eval()
    with torch.inference_mode():
        started = time.process_time()
        edges = network(picture)
        seconds = time.process_time() - started
    Image.fromarray((edges[0, 0].numpy() * 255).astype("uint8")).save(target)
    shapes = f"{tuple(picture.shape)} -> {tuple(edges.shape)}"
    print(f"{shapes} in {seconds:.3f} CPU seconds, {torch.get_num_threads()} threads")
    return 0


if __name__ == "__main__":
    sys.exit(main())
