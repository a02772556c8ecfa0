"""Explorer of chapter 10: pick a class, walk between two latents."""

from __future__ import annotations

from ganbook.arguments import check_whole, typed
from ganbook.training.sampler import Sampler
from ganbook.widgets._model import LATENTS, ModelExplorer

__all__ = ["class_explorer"]


@typed
def class_explorer(sampler: Sampler, label: int = 0, start: int = 0, end: int = 1) -> ModelExplorer:
    """Explorer: a class, and the way between two latents in it and in another class.

    Args:
        sampler: of a generator that is conditioned on labels.
        label: the class to begin with.
        start, end: which latents the way joins, as numbers of seeds from 0 to 99.
    """
    if sampler.given != "labels":
        raise ValueError(f"sampler is given {sampler.given}: allowed is one that is given labels")
    check_whole(0, LATENTS, start=start, end=end)
    check_whole(0, sampler.classes - 1, label=label)
    return ModelExplorer("class", sampler, {"label": label, "start": start, "end": end})
