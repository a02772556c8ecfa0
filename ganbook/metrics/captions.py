"""Are captions obeyed? Painted digits are read back without them; other pictures are looked up among real ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import normalize

from ganbook.arguments import check_tensor, check_whole, typed
from ganbook.metrics._shapes import check_features, share
from ganbook.metrics.features import Classifier, classifier

__all__ = ["PaintedDigits", "caption_agreement", "r_precision", "read_painted_digits", "retrieval"]

INK_PIXELS = 20
"""The pixels farthest from the ground, whose median is the ink: fewer than the thinnest digit has."""

SAME = 1e-4
"""Distances that differ by less belong to equal pictures, apart from rounding."""


class PaintedDigits(NamedTuple):
    """What pictures of painted digits show, each (N,): digit 0..9, colours as indices of the palette, share of ink."""

    digits: Tensor
    inks: Tensor
    grounds: Tensor
    coverage: Tensor


@typed
@torch.no_grad()
def read_painted_digits(
    images: Tensor, palette: Sequence[tuple[int, int, int]], judge: Classifier | None = None
) -> PaintedDigits:
    """Read digit, colour and ground off pictures, knowing nothing of what was asked for.

    The ground is the median of the border; the ink the median of the pixels that differ most from it; each is named by
    the nearest colour of the palette. Between the two lies the digit in grey, which the classifier reads.

    Args:
        images: float (N, 3, 28, 28) in [-1, 1].
        palette: the colours, 0..255.
        judge: the classifier (default: the digits network).
    """
    check_tensor("images", images, "N", 3, 28, 28, finite=True)
    network, images = classifier(judge), images.float()
    colours = torch.tensor(palette, device=images.device).float() / 127.5 - 1
    check_tensor("palette", colours, "colours", 3)
    pixels = images.flatten(2)
    border = torch.cat((images[:, :, 0], images[:, :, -1], images[:, :, :, 0], images[:, :, :, -1]), dim=2)
    ground = border.median(dim=2, keepdim=True).values
    farthest = (pixels - ground).norm(dim=1).topk(INK_PIXELS, dim=1).indices
    ink = pixels.gather(2, farthest[:, None].expand(-1, 3, -1)).median(dim=2, keepdim=True).values
    way = ink - ground
    between = ((pixels - ground) * way).sum(1) / way.square().sum(1).clamp_min(1e-6)
    grey = between.clamp(0, 1).view(-1, 1, 28, 28)
    inks, grounds = (torch.cdist(colour.squeeze(2), colours).argmin(1) for colour in (ink, ground))
    return PaintedDigits(network.logits(grey * 2 - 1).argmax(1), inks, grounds, grey.flatten(1).mean(1))


@typed
def caption_agreement(
    images: Tensor,
    digits: Tensor,
    inks: Tensor,
    grounds: Tensor,
    palette: Sequence[tuple[int, int, int]],
    judge: Classifier | None = None,
) -> dict[str, float]:
    """Shares of painted digits that show what their captions say: "digit", "ink", "ground", and "all" three.

    Print the same shares of real pictures beside them, and those with the captions in another order.

    Args:
        images: float (N, 3, 28, 28) in [-1, 1], drawn for
        digits, inks, grounds: (N,) int64, what their captions say.
        palette, judge: as for :func:`read_painted_digits`.
    """
    check_tensor("images", images, "N", 3, 28, 28)
    asked = {"digit": digits, "ink": inks, "ground": grounds}
    for name, values in asked.items():
        check_tensor(f"{name}s", values, len(images), kind="whole", finite=True)
    seen = read_painted_digits(images, palette, judge)
    right = {name: asked[name].to(found.device) == found for name, found in zip(asked, seen[:3], strict=True)}
    right["all"] = right["digit"] & right["ink"] & right["ground"]
    return {name: share(hits) for name, hits in right.items()}


def retrieval(queries: Tensor, gallery: Tensor, right: Tensor, among: Tensor | None = None) -> float:
    """R@1: the share of queries whose nearest entry of the gallery is a right one.

    Distances are Euclidean. Where a wrong entry is the same as a right one, as two names of one picture, the query is
    answered rightly: nobody could tell.

    Args:
        queries: (N, dim) floats, such as generated images in rows.
        gallery: (M, dim) floats, such as real images in rows.
        right: (N, M) bool, which entries answer which query: one or more of those that are looked at.
        among: (N, M) bool, which entries are looked at (default: all).
    """
    # In double precision, so that what rounding adds is far below the distance of two different pictures.
    queries, gallery = check_features(at_least=1, queries=queries, gallery=gallery)
    for name, table in (("right", right), ("among", right if among is None else among)):
        check_tensor(name, table, len(queries), len(gallery), kind="bool", finite=True)
    right = right.cpu()
    looked_at = torch.ones_like(right) if among is None else among.cpu()
    if not (right & looked_at).any(1).all():
        raise ValueError("right marks no entry for a query: each needs one or more among those that are looked at")
    distances = torch.cdist(queries, gallery)
    nearest = distances.masked_fill(~looked_at, torch.inf).min(1).values
    nearest_right = distances.masked_fill(~(right & looked_at), torch.inf).min(1).values
    return share(nearest_right <= nearest + SAME)


@typed
def r_precision(images: Tensor, texts: Tensor, fits: Tensor, wrong: int = 99, seed: int = 0) -> float:
    """R-precision with R = 1: how often a picture's own caption is the most similar of 1 + ``wrong`` (Xu et al. 2018).

    :func:`retrieval` with captions for a gallery: pictures ask, their own caption is right, ``wrong`` others that do
    not fit are drawn for each, and what is near is told by the angle. By chance 1 in 1 + ``wrong`` is right. The
    vectors come from a network that was trained, apart from the generator, to bring pictures near their captions:
    print what it makes of real pictures beside the score.

    Args:
        images: (N, dim) floats, the network's vectors of N pictures.
        texts: (N, dim) floats, those of their own captions.
        fits: (N, N) bool, which captions describe which picture, the own ones among them.
        wrong: captions beside the own one, drawn from those that do not fit; 99 in the paper.
        seed: of the draw.
    """
    images, texts = check_features(at_least=1, images=images, texts=texts)
    check_tensor("texts", texts, *images.shape)
    check_tensor("fits", fits, len(images), len(images), kind="bool", finite=True)
    check_whole(1, wrong=wrong)
    fits = fits.cpu()
    fewest = int((~fits).sum(1).min())
    if not fits.diagonal().all() or fewest < wrong:
        raise ValueError(
            f"fits leaves {fewest} captions that are wrong: allowed is {wrong} or more, never a picture's own"
        )
    places = torch.rand(fits.shape, generator=torch.Generator().manual_seed(seed)).masked_fill(fits, -1)
    own = torch.eye(len(fits), dtype=torch.bool)
    among = own.scatter(1, places.topk(wrong, dim=1).indices, True)
    return retrieval(normalize(images), normalize(texts), own, among)
