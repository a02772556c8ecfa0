"""What several networks ask of the numbers and the tensors that they are given."""

from __future__ import annotations

from torch import Tensor

from ganbook.arguments import check_choice, check_tensor

__all__ = ["SIZES", "check_labels", "stages"]

SIZES = (16, 28, 32, 64, 128)


def check_labels(labels: Tensor, n: int, classes: int) -> None:
    """Raise unless ``labels`` holds ``n`` whole numbers below ``classes``."""
    check_tensor("labels", labels, n, kind="int64")
    # On an accelerator, a look at the numbers would wait for all the work before it.
    if labels.device.type == "cpu" and n and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
        raise ValueError(f"labels holds {int(labels.min())} to {int(labels.max())}: allowed is 0 to {classes - 1}")


def stages(size: int) -> tuple[int, int]:
    """Side of the smallest feature map, and how often it is doubled to reach ``size``."""
    check_choice(SIZES, size=size)
    return (7, 2) if size == 28 else (4, size.bit_length() - 3)
