"""The question's own layer in PyTorch, and one that is large enough for oneDNN."""

import torch

print("shape", *torch.nn.Conv2d(3, 32, kernel_size=3)(torch.randn(1, 3, 28, 28)).shape)
torch.nn.Conv2d(64, 64, kernel_size=3)(torch.randn(2, 64, 56, 56))
print("convolved")
