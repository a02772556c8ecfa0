"""Explorer of chapter 13: write a caption, see what the generator draws."""

from __future__ import annotations

from collections.abc import Sequence

from ganbook.arguments import check_whole, typed
from ganbook.training.sampler import Sampler
from ganbook.widgets._model import LATENTS, ModelExplorer

__all__ = ["caption_explorer"]


@typed
def caption_explorer(sampler: Sampler, caption: str, seed: int = 0, examples: Sequence[str] = ()) -> ModelExplorer:
    """Explorer: a caption to write or to pick, and eight latents; what could not be read is named under the picture.

    Args:
        sampler: of a generator that is conditioned on captions.
        caption: to begin with.
        seed: the first of the latents, as the number of a seed from 0 to 99; the others follow it.
        examples: captions to pick from.
    """
    if sampler.given != "captions":
        raise ValueError(f"sampler is given {sampler.given}: allowed is one that is given captions")
    check_whole(0, LATENTS, seed=seed)
    return ModelExplorer("caption", sampler, {"caption": caption, "seed": seed, "examples": list(examples)})
