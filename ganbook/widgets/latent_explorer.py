"""Explorer of chapter 6: walk through the latent space of a trained generator."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ganbook.arguments import check_place, check_tensor, check_whole, typed
from ganbook.training.sampler import Sampler
from ganbook.widgets._model import LATENTS, ModelExplorer

__all__ = ["latent_explorer", "spherical", "straight"]


def straight(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points (T, dim) at the shares ``t`` (T,) of the straight line between two latents (dim,)."""
    _check_way(start, end, t)
    return torch.lerp(start, end, t[:, None])


def spherical(start: Tensor, end: Tensor, t: Tensor) -> Tensor:
    """Points (T, dim) at the shares ``t`` (T,) of the arc between two latents (dim,).

    Direction and length turn evenly, so a point on the way is as long as its neighbours, as Gaussian latents in many
    dimensions are (White 2016, equation 1). Latents of one direction, or of none, are joined by a
    straight line.
    """
    _check_way(start, end, t)
    angle = torch.arccos(torch.clamp(torch.cosine_similarity(start, end, dim=0), -1, 1))
    shortest = min(float(start.norm()), float(end.norm()))
    if math.isclose(float(angle.sin()), 0, abs_tol=1e-6) or shortest < 1e-6:
        return straight(start, end, t)
    lengths = torch.lerp(start.norm(), end.norm(), t)[:, None]
    from_start, from_end = torch.sin((1 - t) * angle)[:, None], torch.sin(t * angle)[:, None]
    directions: Tensor = (from_start * start / start.norm() + from_end * end / end.norm()) / angle.sin()
    return lengths * directions


def _check_way(start: Tensor, end: Tensor, t: Tensor) -> None:
    check_tensor("start", start, "dim", finite=True)
    check_tensor("end", end, len(start), finite=True)
    check_tensor("t", t, "T", finite=True)
    check_place("end", end, start, "start")
    check_place("t", t, start, "start")


@typed
def latent_explorer(sampler: Sampler, start: int = 0, end: int = 1) -> ModelExplorer:
    """Explorer: two latents by number, the way between them, and a push along one coordinate.

    Args:
        sampler: an unconditional generator of images.
        start, end: which latents the way joins, as numbers of seeds from 0 to 99.
    """
    check_whole(0, LATENTS, start=start, end=end)
    if sampler.given != "nothing":
        raise ValueError(f"sampler is given {sampler.given}: allowed is one that is given nothing")
    return ModelExplorer("latent", sampler, {"start": start, "end": end})
