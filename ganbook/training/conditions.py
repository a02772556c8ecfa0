"""What a generator is conditioned on besides its noise: how it is called, what it accepts, what is held out for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ganbook.arguments import check_tensor, check_whole
from ganbook.data.images import to_float
from ganbook.models.cycle import TwoTranslators
from ganbook.models.text import check_captions

__all__ = ["CONDITIONS", "Condition", "Given"]

Given = Literal["nothing", "labels", "sources", "captions"]
"""The conditions by name, which is also that of the argument of :meth:`ganbook.training.Sampler.sample`."""


@dataclass(frozen=True)
class Condition:
    """One of them.

    Attributes:
        argument: what it is called by ``Sampler.sample``, by a batch and by a data set.
        call: (generator, z, condition) to samples.
        check: (condition, n, classes) to the condition as ``call`` takes it; raises an error that names the argument.
        needs_data: whether only a data set can say what there is to draw.
    """

    argument: str
    call: Callable[[nn.Module, Tensor, Any], Tensor]
    check: Callable[[Any, int | None, int], Tensor | Sequence[str] | None]
    needs_data: bool = False

    def on(self, generator: nn.Module, z: Tensor, batch: Any) -> None:
        """Call a generator on a batch's own conditions; two translators each on its own kind of images."""
        if isinstance(generator, TwoTranslators):
            generator.each_way(batch.paired(), batch.real)
        else:
            self.call(generator, z, getattr(batch, self.argument, None))

    def of(self, holder: object, n: int) -> dict[str, Any]:
        """Arguments of ``Sampler.sample`` for ``n`` samples, or fewer where a data set or batch has fewer conditions.

        Raises:
            ValueError: if it has none, and the generator cannot do without.
        """
        found = getattr(holder, self.argument, None)
        if found is None and self.needs_data:
            raise ValueError(f"the data have no {self.argument}, which this generator is conditioned on")
        if found is None:
            return {"n": n}
        chosen = found[:: max(1, len(found) // n)][:n]
        is_image = isinstance(chosen, Tensor) and chosen.dtype == torch.uint8
        return {self.argument: to_float(chosen) if is_image else chosen}


def _labels(labels: Any, n: int | None, classes: int) -> Tensor:
    check_whole(1, classes=classes)
    if labels is None:
        check_whole(1, n=n)
        return torch.arange(n or 0) % classes
    try:
        found = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"labels is a {type(labels).__name__}: allowed are whole numbers, one per sample") from error
    check_tensor("labels", found, "n" if n is None else n, kind="whole")
    if len(found) and not 0 <= int(found.min()) <= int(found.max()) < classes:
        raise ValueError(f"labels holds {int(found.min())} to {int(found.max())}: allowed is 0 to {classes - 1}")
    return found.long()


def _sources(sources: Any, n: int | None, _classes: int) -> Tensor:
    if sources is None:
        raise ValueError("sources is None: this generator translates images, float (n, C, H, W) in [-1, 1]")
    check_tensor("sources", sources, "n" if n is None else n, "C", "H", "W", finite=True)
    return sources  # type: ignore[no-any-return]


def _captions(captions: Any, n: int | None, _classes: int) -> Sequence[str]:
    if captions is None:
        raise ValueError("captions is None: this generator draws what texts say, a list of strings, one per sample")
    return check_captions(captions, n)


CONDITIONS: Mapping[Given, Condition] = {
    "nothing": Condition("", lambda g, z, _: g(z), lambda *_: None),
    "labels": Condition("labels", lambda g, z, labels: g(z, labels), _labels),
    "sources": Condition("sources", lambda g, z, x: g(x, z) if z.shape[1] else g(x), _sources, needs_data=True),
    "captions": Condition("captions", lambda g, z, captions: g(z, captions), _captions, needs_data=True),
}
"""G(z), G(z, labels), G(sources, z), or G(sources) for a translator without noise, and G(z, captions)."""
