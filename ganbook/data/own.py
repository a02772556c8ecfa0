"""Any map-style data set of torch, or a loader of one, as what a run can learn from."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from ganbook.arguments import check_whole, shown
from ganbook.data.encoded import OWNERS, ImageFiles
from ganbook.data.picture import eight_bits, squared
from ganbook.data.samples import Data

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["OwnImages", "as_data", "from_dataset"]

_SLACK = 1e-3
"""How far floats may leave [0, 1]: resampling does that to them."""


def as_data(source: Any) -> Data:
    """What :func:`ganbook.training.fit` needs of ``source``: a set of this library, or one of torch's.

    A :class:`torch.utils.data.DataLoader` stands for its data set: batch size and order are those of the run, so that
    it can be resumed. A class of one's own with ``batches`` and ``to``, as :class:`ganbook.data.samples.Data` has them,
    is taken as it is.

    Raises:
        TypeError, ValueError: if it is none of these; see :func:`from_dataset`.
    """
    if isinstance(source, DataLoader):
        return as_data(source.dataset)
    if callable(getattr(source, "batches", None)) and callable(getattr(source, "to", None)):
        found: Data = source
        return found
    return from_dataset(source)


def from_dataset(dataset: Any, size: int | None = None) -> OwnImages:
    """A map-style data set of images, or of (image, label), read when a batch needs it.

    An image is a picture of Pillow's, a uint8 tensor 0..255, or a float tensor, which is taken to hold 0..1 as
    ``ToTensor`` makes it; tensors are (H, W), (1, H, W) or (3, H, W). Floats of another range are refused when they are
    met: leave ``Normalize`` out. A label is a whole number; ``dataset.classes``, if there are any, name them.

    Args:
        dataset: has ``len(dataset)`` and ``dataset[i]``.
        size: side in pixels; the middle of every image is cut out and resized to it (default: the shorter side of
            the first image).

    Raises:
        TypeError, ValueError: if it is not such a data set, or empty; the sentence names what ``dataset[0]`` is.
    """
    try:
        n = len(dataset)
        dataset.__getitem__  # noqa: B018
    except (TypeError, AttributeError):
        raise TypeError(f"dataset is {shown(dataset)}: it needs a length and items, dataset[i]") from None
    if not n:
        raise ValueError("dataset is empty: it needs one image or more")
    if size is not None:
        check_whole(1, 1024, size=size)
    image, label = _parts(dataset[0], "dataset[0]")
    if isinstance(image, Tensor) and image.is_floating_point() and 0 < image.max() <= 1 / 255:
        raise ValueError("dataset[0] holds floats of 1/255 and less: it may have been divided by 255 twice")
    first = _picture(image, "dataset[0]")
    classes = tuple(map(str, getattr(dataset, "classes", ())))
    name, side, channels = type(dataset).__name__, size or min(first.size), len(first.getbands())
    seen: Any = {"channels": channels, "labelled": label is not None, "licence": OWNERS, "classes": classes}
    return OwnImages(name, "train", side, dataset, **seen)


@dataclass(frozen=True)
class OwnImages(ImageFiles):
    """A data set of torch's, each item made a square of uint8 when it is asked for.

    Attributes:
        files: the data set.
        labelled: whether items have labels.
    """

    labelled: bool = False

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """uint8 (channels, size, size), and the label (0 where there are none)."""
        called = f"dataset[{index}]"
        image, label = _parts(self.files[index], called)
        if self.labelled and label is None:
            raise ValueError(f"{called} has no label, and dataset[0] has one")
        if self.labelled and self.classes:
            check_whole(0, len(self.classes) - 1, **{f"the label of {called}": label})
        return squared(_picture(image, called), self.size, self.fit, self.channels), label or 0

    def label(self, index: int) -> int:
        return self[index][1]

    def sound(self, skip: bool = False) -> Self:
        """Itself: what its owner's code makes of an index is its owner's."""
        return self


def _parts(item: Any, called: str) -> tuple[Any, int | None]:
    """The image and the label of an item."""
    if not isinstance(item, tuple | list):
        return item, None
    if len(item) < 2:
        return item[0], None
    try:
        label = operator.index(item[1])
    except TypeError:
        raise TypeError(f"the label of {called} is {shown(item[1])}: allowed is a whole number") from None
    check_whole(**{f"the label of {called}": label})
    return item[0], label


def _picture(image: Any, called: str) -> PIL.Image.Image:
    """An image in 8 bits of grey or RGB."""
    from PIL import Image
    from torchvision.transforms.v2.functional import to_pil_image

    if isinstance(image, Image.Image):
        return eight_bits(image.copy())  # which turns a photograph upright in place
    if not isinstance(image, Tensor) or not (image.dtype == torch.uint8 or image.is_floating_point()):
        raise TypeError(f"{called} is {shown(image)}: allowed is a picture, a uint8 tensor or a float one in [0, 1]")
    if image.ndim not in (2, 3) or (image.ndim == 3 and len(image) not in (1, 3)):
        raise ValueError(f"{called} has shape {tuple(image.shape)}: allowed is (H, W), (1, H, W) or (3, H, W)")
    if image.is_floating_point():
        low, high = image.min().item(), image.max().item()
        if not (low >= -_SLACK and high <= 1 + _SLACK):
            raise ValueError(
                f"{called} holds values from {low:g} to {high:g}: allowed are floats in [0, 1] (no Normalize)"
            )
        image = image.mul(255).round().clamp(0, 255).to(torch.uint8)
    made: PIL.Image.Image = to_pil_image(image)
    return made
