"""A quantized convolution where no engine is chosen, which is how PyTorch is on processors that it has none for."""

import torch

torch.backends.quantized.engine = "none"
pixels = torch.quantize_per_tensor(torch.randn(1, 3, 28, 28), scale=0.1, zero_point=0, dtype=torch.quint8)
layer = torch.ao.nn.quantized.Conv2d(3, 32, kernel_size=3)
layer(pixels)
