"""Explorer of chapter 6: walk through the latent space of a trained generator."""

from __future__ import annotations

from ganbook.arguments import check_whole, typed
from ganbook.training.prior import spherical, straight
from ganbook.training.sampler import Sampler
from ganbook.widgets._model import LATENTS, ModelExplorer

__all__ = ["latent_explorer", "spherical", "straight"]


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
