"""How many of the thousand modes of stacked digits a generator reaches."""

from __future__ import annotations

from typing import NamedTuple, cast

import torch
from torch import Tensor

from ganbook.arguments import check_tensor
from ganbook.metrics.features import DigitsNet, features

__all__ = ["StackedModes", "report_stacked", "stacked_modes"]

MODES = 1000


class StackedModes(NamedTuple):
    """What :func:`stacked_modes` found.

    Attributes:
        modes: modes with at least one image.
        reverse_kl: KL(share of images per mode || uniform), in nats. It is biased upwards: n fair images give about
            999 / 2n.
        counts: (1000,) images of each mode.
    """

    modes: int
    reverse_kl: float
    counts: Tensor


@torch.no_grad()
def stacked_modes(images: Tensor) -> StackedModes:
    """Name the digit in each channel by the digits classifier and count the numbers 0..999 that occur.

    The protocol of Metz et al. 2017 and PacGAN (Lin et al. 2018), who draw 25 600 and 26 000 images. A mode counts from
    one image on, and an image always counts for some mode, however bad it looks: the figure says nothing of quality.

    Args:
        images: float (N, 3, 28, 28) in [-1, 1], N of 1 or more.
    """
    check_tensor("images", images, "N", 3, 28, 28)
    judge = cast(DigitsNet, features("digits")).to(images.device)
    named = judge.logits(images.reshape(-1, 1, 28, 28)).argmax(dim=1).view(-1, 3).cpu()
    counts = torch.bincount(named @ torch.tensor([100, 10, 1]), minlength=MODES)
    share = counts / len(images)
    reverse_kl = torch.special.xlogy(share, share * MODES).sum().item()
    return StackedModes(int((counts > 0).sum()), reverse_kl, counts)


def report_stacked(samples: Tensor) -> dict[str, object]:
    """Modes covered and reverse KL, with n, the judge, and the reverse KL that n fair images would have."""
    found = stacked_modes(samples)
    return {
        "modes": found.modes,
        "modes_total": MODES,
        "reverse_kl": found.reverse_kl,
        "reverse_kl_floor": (MODES - 1) / (2 * len(samples)),
        "n": len(samples),
        "features": "digits classifier, channel by channel",
        "split": "no real images: the modes are equally likely by construction",
    }
