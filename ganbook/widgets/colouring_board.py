"""Explorer of chapter 11: draw or edit lines, see them coloured."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ganbook.arguments import check_tensor, typed
from ganbook.training.sampler import Sampler
from ganbook.widgets._model import ModelExplorer

__all__ = ["colouring_board"]


@typed
def colouring_board(sampler: Sampler, drawings: Mapping[str, Tensor]) -> ModelExplorer:
    """Explorer: draw with a pencil, put shapes on the sheet or take a picture of your own; see what G makes of it.

    Args:
        sampler: of a generator that translates line drawings (1, S, S).
        drawings: name to lines (1, S, S) in [-1, 1], all of one size, at least one; a white sheet is added.
    """
    if sampler.given != "sources":
        raise ValueError(f"sampler is given {sampler.given}: allowed is one that is given sources")
    if not drawings:
        raise ValueError("drawings is empty: the board needs at least one to begin with")
    for name, lines in drawings.items():
        side = next(iter(drawings.values())).shape[-1]
        check_tensor(f"drawings[{name!r}]", lines, 1, side, side, finite=True)
    return ModelExplorer("colouring", sampler, {}, drawings)
