"""Feature networks: small classifiers trained on the real data, shipped with the library."""

from __future__ import annotations

from importlib import resources
from typing import cast

import torch
from torch import Tensor, nn

__all__ = ["DigitsNet", "features"]

_CHUNK = 500


class DigitsNet(nn.Module):
    """A classifier of 28 x 28 digits whose last hidden layer serves as features.

    ``forward`` maps float images (N, 1, 28, 28) in [-1, 1] to features (N, 64); :meth:`logits` maps them to the
    ten classes (N, 10). Trained by ``tools/train_features.py`` on the training split of "digits".
    """

    dim = 64

    def __init__(self) -> None:
        super().__init__()

        def block(inputs: int, outputs: int) -> list[nn.Module]:
            return [nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]

        self.body = nn.Sequential(
            *block(1, 16), *block(16, 16), nn.MaxPool2d(2), *block(16, 32), *block(32, 32), nn.MaxPool2d(2),
            *block(32, self.dim), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Linear(self.dim, 10)

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[1:] != (1, 28, 28) or not images.is_floating_point():
            raise ValueError(
                f"images is {images.dtype} {tuple(images.shape)}: allowed is float (N, 1, 28, 28) in [-1, 1]"
            )
        if self.training:
            return cast(Tensor, self.body(images))
        return torch.cat([self.body(part) for part in torch.split(images, _CHUNK)])

    def logits(self, images: Tensor) -> Tensor:
        """(N, 10) class scores of images as for ``forward``."""
        return cast(Tensor, self.head(self(images)))


def features(name: str) -> nn.Module:
    """The feature network called ``name``, in evaluation mode, its parameters frozen.

    Args:
        name: "digits" (:class:`DigitsNet`).

    Raises:
        ValueError: if no network has that name.
    """
    if name != "digits":
        raise ValueError(f"name is {name!r}: allowed is 'digits'")
    from safetensors.torch import load

    weights = load(resources.files("ganbook.metrics").joinpath("digits.safetensors").read_bytes())
    network = DigitsNet()
    network.load_state_dict({key: w.float() if w.is_floating_point() else w for key, w in weights.items()})
    return network.eval().requires_grad_(False)
