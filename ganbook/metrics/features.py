"""Feature networks: small classifiers trained on the real data and shipped with the library, Inception, and pixels."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from importlib import resources
from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from ganbook.arguments import check_choice, check_tensor, shown

__all__ = [
    "NAMES", "REFEREES", "Classifier", "DigitsNet", "DigitsReferee", "EmojiNet", "EmojiReferee", "FeaturesUnavailable",
    "InceptionNet", "PixelsNet", "classifier", "features", "referee_of",
]  # fmt: skip

_CHUNK = 500


@runtime_checkable
class Classifier(Protocol):
    """What names the class of images: the digits network, or one's own."""

    def logits(self, images: Tensor) -> Tensor:
        """(N, classes) scores of images (N, C, H, W) in [-1, 1]."""
        ...


def _convolution(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class _ShippedNet(nn.Module):
    """A body from images of a size to features, and a head from them to scores; many images pass in parts."""

    body: nn.Module
    head: nn.Linear
    shape: tuple[int | str, ...]
    size: int

    def forward(self, images: Tensor) -> Tensor:
        check_tensor("images", images, "N", *self.shape, finite=True)
        images = images.to(self.head.weight.dtype)
        parts = (images,) if self.training else torch.split(images, _CHUNK)
        return torch.cat([self.body(self._sized(part)) for part in parts])

    def logits(self, images: Tensor) -> Tensor:
        """Class scores (N, classes) of images as for ``forward``; the emoji's lie above 0 where a word is likely."""
        return cast(Tensor, self.head(self(images)))

    def _sized(self, images: Tensor) -> Tensor:
        if images.shape[-2:] == (self.size, self.size):
            return images
        return interpolate(images, (self.size, self.size), mode="bilinear", antialias=True)


class DigitsNet(_ShippedNet):
    """A classifier of 28 x 28 digits whose last hidden layer serves as features.

    ``forward`` maps float images (N, 1, 28, 28) in [-1, 1] to features (N, 64); :meth:`logits` maps them to the
    ten classes (N, 10). Trained by ``tools/train_features.py`` on the training split of "digits".
    """

    dim, size, shape = 64, 28, (1, 28, 28)

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_convolution(1, 16), *_convolution(16, 16), nn.MaxPool2d(2),
            *_convolution(16, 32), *_convolution(32, 32), nn.MaxPool2d(2),
            *_convolution(32, self.dim), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Linear(self.dim, 10)


class DigitsReferee(DigitsNet):
    """A second classifier of digits, for scores of what was tuned by the first: LeNet's plan (LeCun et al. 1998).

    It shares nothing with :class:`DigitsNet` but its data: wide kernels, group norm, a fully connected layer whose 64
    outputs are the features, another seed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 24, 5, 1, 2), nn.GroupNorm(4, 24), nn.GELU(), nn.MaxPool2d(2),
            nn.Conv2d(24, 48, 5, 1, 2), nn.GroupNorm(8, 48), nn.GELU(), nn.MaxPool2d(2),
            nn.Conv2d(48, 48, 3, 2, 1), nn.GELU(),
            nn.Flatten(), nn.Dropout(0.5), nn.Linear(48 * 4 * 4, self.dim), nn.GELU(),
        )  # fmt: skip


class EmojiNet(_ShippedNet):
    """A network that reads the words of an emoji's name off its picture; its last hidden layer serves as features.

    ``forward`` maps float images (N, 3, H, W) in [-1, 1], of any size, to features (N, 96); they are enlarged or
    reduced to 64 x 64 first. :meth:`logits` maps them to one score per word (N, len(words)). Trained by
    ``tools/train_features.py emoji`` on the training split of "emoji"; held-out emoji are new to it.

    Args:
        words: the words it knows, in the order of its scores.
    """

    dim, size, shape = 96, 64, (3, "H", "W")

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__()
        self.words = tuple(words)
        self.body = nn.Sequential(
            *_convolution(3, 16, 2), *_convolution(16, 32), nn.MaxPool2d(2), *_convolution(32, 48), nn.MaxPool2d(2),
            *_convolution(48, 64), nn.MaxPool2d(2), *_convolution(64, self.dim), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Linear(self.dim, len(self.words))


class EmojiReferee(EmojiNet):
    """A second reader of emoji's names: wide strided kernels, group norm, features of each quarter of the picture.

    Args:
        words: as for :class:`EmojiNet`.
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words)
        self.body = nn.Sequential(
            nn.Conv2d(3, 24, 7, 2, 3), nn.GroupNorm(4, 24), nn.GELU(),
            nn.Conv2d(24, 48, 5, 2, 2), nn.GroupNorm(8, 48), nn.GELU(),
            nn.Conv2d(48, 64, 3, 1, 1), nn.GroupNorm(8, 64), nn.GELU(),
            nn.Conv2d(64, 96, 3, 2, 1), nn.GroupNorm(8, 96), nn.GELU(),
            nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2), nn.Linear(96 * 4, self.dim), nn.GELU(),
        )  # fmt: skip


class PixelsNet(nn.Module):
    """No network, for want of one: every picture reduced to 8 x 8 pixels, in rows.

    ``forward`` maps float images (N, C, H, W) in [-1, 1], of any size, to features (N, C * 64). They tell where which
    colours are and how that varies; sharpness, texture and what is shown are invisible to them, so a score by
    them finds faults and proves no quality.
    """

    size = 8

    def forward(self, images: Tensor) -> Tensor:
        check_tensor("images", images, "N", "C", "H", "W", finite=True)
        parts = torch.split(images, _CHUNK)
        return torch.cat([adaptive_avg_pool2d(part, self.size) for part in parts]).flatten(1)


class FeaturesUnavailable(OSError):
    """A feature network's weights or package cannot be had on this machine; the message says what to do."""


class InceptionNet(nn.Module):
    """Inception-v3 as the reference FID uses it: torch-fidelity's conversion of the 2015 TensorFlow weights.

    ``forward`` maps float images (N, 1 or 3, H, W) in [-1, 1] to features (N, 2048); :meth:`logits` maps them to 1 008
    class scores without their bias, the Inception score's. Images are rounded to the 8 bits that files hold, grey
    ones repeated, and resized to 299 x 299 as TensorFlow 1 did, without antialiasing: published scores depend on it.

    Raises:
        FeaturesUnavailable: if torch-fidelity is not installed, or the weights (95 MB, downloaded once into torch's hub
            folder) cannot be had.
    """

    dim = 2048
    _LAYERS = ("2048", "logits_unbiased")
    _BATCH = 50

    def __init__(self) -> None:
        super().__init__()
        try:
            from torch_fidelity import feature_extractor_inceptionv3 as fidelity
        except ImportError as error:
            raise FeaturesUnavailable(
                'features("inception") needs the package torch-fidelity: pip install "ganbook[inception]"'
            ) from error
        try:
            # First by hand, so that the file is compared with its hash and cannot hold code; then from the cache.
            torch.hub.load_state_dict_from_url(
                fidelity.URL_INCEPTION_V3, progress=False, check_hash=True, weights_only=True
            )
            self.network: Any = fidelity.FeatureExtractorInceptionV3("inception", list(self._LAYERS))
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise FeaturesUnavailable(
                f"the weights of Inception cannot be had ({_reason(error)}): put the file from "
                f"{fidelity.URL_INCEPTION_V3} into {torch.hub.get_dir()}/checkpoints, or choose other features"
            ) from error

    def forward(self, images: Tensor) -> Tensor:
        return self._layer(images, 0)

    def logits(self, images: Tensor) -> Tensor:
        """(N, 1008) class scores of images as for ``forward``."""
        return self._layer(images, 1)

    def _layer(self, images: Tensor, which: int) -> Tensor:
        check_tensor("images", images, "N", "C", "H", "W", finite=True)
        if images.shape[1] not in (1, 3):
            raise ValueError(f"images has {images.shape[1]} channels: allowed is 1 or 3")
        stored = ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).expand(-1, 3, -1, -1)
        return torch.cat([self.network(part)[which] for part in torch.split(stored, self._BATCH)])


def _reason(error: BaseException) -> str:
    """An error in a few words: what a network error hides behind its wrapper."""
    return str(getattr(error, "reason", "") or error or type(error).__name__).splitlines()[0]


def features(name: str) -> DigitsNet | EmojiNet | InceptionNet | PixelsNet:
    """The feature network called ``name``, in evaluation mode, its parameters frozen.

    Args:
        name: "digits" (:class:`DigitsNet`), "emoji" (:class:`EmojiNet`), or the second network for each,
            "digits-referee" (:class:`DigitsReferee`) and "emoji-referee" (:class:`EmojiReferee`); "inception"
            (:class:`InceptionNet`); or "pixels" (:class:`PixelsNet`).

    Raises:
        ValueError: if no network has that name.
        FeaturesUnavailable: if its weights cannot be had on this machine.
    """
    check_choice(NAMES, name=name)
    network: DigitsNet | EmojiNet | InceptionNet | PixelsNet
    if name in _MADE:
        network = _MADE[name]()
    else:
        weights, texts = _shipped(f"{name}.safetensors")
        with torch.device("meta"):  # no random numbers are drawn for weights that are thrown away
            network = _SHIPPED[name](*([texts["words"].split("\n")] if texts else []))
        network.load_state_dict(weights, assign=True)
    return network.eval().requires_grad_(False)


_SHIPPED: dict[str, Any] = {
    "digits": DigitsNet, "digits-referee": DigitsReferee, "emoji": EmojiNet, "emoji-referee": EmojiReferee,
}  # fmt: skip


_MADE: dict[str, Any] = {"inception": InceptionNet, "pixels": PixelsNet}

NAMES = (*_SHIPPED, *_MADE)
"""Names that :func:`features` knows."""


REFEREES = {"digits": "digits-referee", "emoji": "emoji-referee"}
"""Which network looks again at what was tuned by another: of other architecture, trained from another seed."""


def referee_of(name: str) -> str | None:
    """The name of the network that looks again at what the one called ``name`` has scored; None where there is none.

    >>> referee_of("digits")
    'digits-referee'
    """
    return REFEREES.get(name)


def classifier(judge: Classifier | None) -> Classifier:
    """``judge``, by default the digits network; raises TypeError for what names no classes."""
    if judge is not None and not isinstance(judge, Classifier):
        raise TypeError(f"judge is {shown(judge)}: allowed is a classifier with a method logits(images)")
    return judge or cast(Classifier, features("digits"))


def _shipped(file: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Weights that come with the library, in float32, and the texts kept beside them."""
    from safetensors import safe_open

    place = resources.files("ganbook.metrics").joinpath(file)
    with resources.as_file(place) as path, safe_open(path, framework="pt") as opened:
        tensors = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118 - it is no dict
        texts = opened.metadata() or {}
    return {key: w.float() if w.is_floating_point() else w for key, w in tensors.items()}, texts
