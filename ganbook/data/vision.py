"""torchvision's sets by name, and folders of image files."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ganbook.data.batch import Batch, index_batches
from ganbook.data.cache import cache_dir
from ganbook.data.errors import DataError
from ganbook.data.images import ImageSet, resize, to_float

if TYPE_CHECKING:
    import PIL.Image

__all__ = ["ImageFolder", "load_folder", "load_torchvision"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".tif", ".tiff"})
_CLASSES = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST", "cifar10": "CIFAR10"}
_LICENCES = {
    "mnist": "MNIST (LeCun, Cortes and Burges), CC BY-SA 3.0",
    "fashion-mnist": "Fashion-MNIST (Zalando Research), MIT",
    "cifar10": "CIFAR-10 (Krizhevsky 2009), free for research with citation",
}


def load_torchvision(name: str, split: str, size: int | None, root: str | Path | None) -> ImageSet:
    """MNIST, Fashion-MNIST or CIFAR-10, downloaded once by torchvision (checksum verified).

    Raises:
        DataError: if the set is not below ``root`` and cannot be downloaded.
    """
    import torchvision.datasets

    folder = Path(root) if root is not None else cache_dir() / name
    kind = getattr(torchvision.datasets, _CLASSES[name])
    try:
        found = kind(str(folder), train=split == "train", download=True)
    except Exception as error:  # torchvision raises an AssertionError, among others, for a truncated file
        broken = any(path.is_file() for path in folder.rglob("*"))
        first = f"delete {folder}, whose files are broken or incomplete, and " if broken else ""
        raise DataError(
            f"{name} is not in {folder} and could not be downloaded ({_first_line(error)}): "
            f'{first}connect to the network once, or use data.load("digits"), which works offline'
        ) from error
    pixels = torch.as_tensor(found.data)
    images = pixels[:, None] if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2)
    return ImageSet(
        name=name,
        split=split,
        images=resize(images.contiguous(), size or images.shape[-1]),
        labels=torch.as_tensor(found.targets).long(),
        licence=_LICENCES[name],
        classes=tuple(found.classes),
    )


@dataclass(frozen=True)
class ImageFolder(Dataset[tuple[Tensor, int]]):
    """Image files, decoded when a batch needs them; sub-folders of the root are the classes, if there are any.

    It is read like an :class:`ganbook.data.ImageSet`; asking for ``images`` decodes every file.
    """

    root: Path
    split: str
    files: tuple[Path, ...]
    classes: tuple[str, ...]
    size: int
    name: str = "folder"
    licence: str = "as stated by the owner of the images"

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """uint8 (3, size, size), centre-cropped to a square, and the class (0 where there are none)."""
        from PIL import Image, ImageOps
        from torchvision.transforms.v2.functional import pil_to_tensor

        path = self.files[index]
        try:
            with Image.open(path) as image:
                square = ImageOps.fit(_rgb(image), (self.size, self.size), Image.Resampling.LANCZOS)
        except Exception as error:  # a decoder raises whatever it stumbles over
            reason = _first_line(error)
            raise DataError(f"{path} cannot be read as an image ({reason}): remove or replace it") from error
        label = self.classes.index(path.relative_to(self.root).parts[0]) if self.classes else 0
        return pil_to_tensor(square), label

    @cached_property
    def images(self) -> Tensor:
        """All images at once, uint8 (N, 3, size, size); decodes every file."""
        return torch.stack([self[i][0] for i in range(len(self))])

    @cached_property
    def labels(self) -> Tensor | None:
        """(N,) int64, or None without sub-folders."""
        if not self.classes:
            return None
        return torch.tensor([self.classes.index(path.relative_to(self.root).parts[0]) for path in self.files])

    def to(self, device: torch.device | str) -> ImageFolder:
        """Itself: a folder stays on the disk, and a batch moves to the device after decoding."""
        return self

    def batches(
        self, batch_size: int, *, seed: int = 0, start: int = 0, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Batches without end, decoded ahead by worker processes where there are cores to spare."""
        order = index_batches(len(self), batch_size, seed, start, rank, world)
        spare = max(0, min(8, (os.cpu_count() or 1) - 2))
        sampler = (indices.tolist() for indices in order)
        # Workers draw no random numbers, so their number changes no batch.
        loader = DataLoader(self, batch_sampler=sampler, num_workers=spare, pin_memory=torch.cuda.is_available())
        try:
            for images, labels in loader:
                yield Batch(real=to_float(images), labels=labels if self.classes else None)
        except DataError as error:  # a worker's error comes with its traceback as text, the message last
            raise DataError(str(error).strip().rsplit("DataError: ", 1)[-1]) from None


def load_folder(split: str, size: int | None, root: str | Path | None) -> ImageFolder:
    """Image files below ``root``, at any depth; about one file in ten, chosen by its path, is the test split.

    Raises:
        ValueError: without ``root``.
        DataError: if the folder is not there or holds no image of this split.
    """
    if root is None:
        raise ValueError('root is None: data.load("folder") needs the folder that holds the images')
    base = Path(root)
    if not base.is_dir():
        raise DataError(f"{base} is not a folder: root names the folder that holds the images")
    found = sorted(path for path in base.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    # Hidden files are thumbnails and macOS's "._" companions, not images of the owner's.
    found = [path for path in found if not any(part.startswith(".") for part in path.relative_to(base).parts)]
    relative = [path.relative_to(base) for path in found]
    wanted = split == "test"
    files = tuple(
        path
        for path, name in zip(found, relative, strict=True)
        if (zlib.crc32(name.as_posix().encode()) % 10 == 0) is wanted
    )
    if not files:
        raise DataError(
            f"{base} holds {len(found)} images, none of them in the {split} split: "
            f"supported are {', '.join(sorted(SUFFIXES))}"
        )
    in_folders = bool(relative) and all(len(name.parts) > 1 for name in relative)
    classes = tuple(sorted({name.parts[0] for name in relative})) if in_folders else ()
    return ImageFolder(base, split, files, classes, size or 64)


def _rgb(image: PIL.Image.Image) -> PIL.Image.Image:
    """Upright, 8 bits a channel, on white where it is transparent."""
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits of grey, which Pillow would clip at 255 instead of scaling
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0].rstrip(".:") or type(error).__name__
