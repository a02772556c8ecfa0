"""A trained generator that can be asked for samples, and how it is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from ganbook.data.cache import write_atomically
from ganbook.models.text import check_captions
from ganbook.training.prior import Prior

__all__ = ["CARD", "WEIGHTS", "Given", "Sampler"]

WEIGHTS = "sampler.safetensors"
CARD = "card.json"
CHUNK = 256


Given = Literal["nothing", "labels", "sources", "captions"]
"""What a generator is told beside its noise: (z), (z, labels), (sources, z) or (z, captions)."""


class Sampler:
    """Draws samples from a generator.

    Args:
        generator: maps latents (N, prior.dim), and what else it is told, to samples; used in evaluation mode.
        prior: where latents come from; None for a generator that takes none.
        card: what is known of the generator: recipe, budget, seed, steps, metrics.
        given: what it is told beside its noise.
        classes: number of classes, where it is told labels.
    """

    def __init__(
        self,
        generator: nn.Module,
        prior: Prior | None,
        card: dict[str, Any],
        given: Given = "nothing",
        classes: int = 0,
    ) -> None:
        self.generator = generator.eval()
        self.prior = prior
        self.card = card
        self.given = given
        self.classes = classes

    @torch.no_grad()
    def sample(
        self,
        n: int | None = None,
        *,
        labels: Sequence[int] | Tensor | None = None,
        captions: Sequence[str] | None = None,
        sources: Tensor | None = None,
        seed: int = 0,
    ) -> Tensor:
        """(n, C, H, W) float images in [-1, 1], or (n, dim) points; the same seed gives the same samples.

        Args:
            n: number of samples; None for one a label, a source or a caption.
            labels: classes, one a sample. None: a generator that is told labels draws all of them in turn.
            captions: texts, one a sample.
            sources: float images (n, C, H, W) in [-1, 1] to translate.
            seed: of the latents.

        Raises:
            ValueError: for n below 1, a condition that this generator does not take, or one that does not fit.
        """
        conditions = {"labels": labels, "captions": captions, "sources": sources}
        for name, condition in conditions.items():
            if condition is not None and name != self.given:
                takes = "unconditional" if self.given == "nothing" else f"told {self.given}"
                raise ValueError(f"{name} was given, but {self.card.get('recipe', 'this generator')} is {takes}")
        told: Tensor | Sequence[str] | None = None
        if self.given == "labels":
            told = self._checked_labels(n, labels)
        elif self.given == "sources":
            told = _checked_sources(n, sources)
        elif self.given == "captions":
            told = _checked_captions(n, captions)
        if told is not None:
            n = len(told)
        n = _checked_number(n)
        device = next(self.generator.parameters()).device
        z = torch.empty(n, 0)
        if self.prior is not None:
            z = self.prior.sample(n, generator=torch.Generator().manual_seed(seed))
        parts = (slice(i, i + CHUNK) for i in range(0, n, CHUNK))
        made = [self._generate(z[part].to(device), None if told is None else told[part]) for part in parts]
        return torch.cat(made).float().cpu()

    def _generate(self, z: Tensor, told: Tensor | Sequence[str] | None) -> Tensor:
        if told is None:
            return cast(Tensor, self.generator(z))
        if isinstance(told, Tensor):
            told = told.to(z.device)
        if self.given != "sources":
            return cast(Tensor, self.generator(z, told))
        return cast(Tensor, self.generator(told) if self.prior is None else self.generator(told, z))

    def _checked_labels(self, n: int | None, labels: Sequence[int] | Tensor | None) -> Tensor:
        if labels is None:
            return torch.arange(_checked_number(n)) % self.classes
        told = torch.as_tensor(labels)
        if told.ndim != 1 or told.is_floating_point() or (n is not None and len(told) != n):
            wanted = "whole numbers, one a sample" if n is None else f"{n} whole numbers, as many as n"
            raise ValueError(f"labels is {told.dtype} {tuple(told.shape)}: allowed are {wanted}")
        if len(told) and not 0 <= int(told.min()) <= int(told.max()) < self.classes:
            raise ValueError(f"labels holds {int(told.min())} to {int(told.max())}: allowed is 0 to {self.classes - 1}")
        return told.long()

    def save(self, folder: Path) -> None:
        """Write weights (safetensors) and card (JSON) into ``folder``, each whole or not at all."""
        from safetensors.torch import save_file

        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.generator.state_dict().items()}
        write_atomically(folder / WEIGHTS, lambda part: save_file(weights, part))
        text = json.dumps(self.card, indent=2) + "\n"
        write_atomically(folder / CARD, lambda part: part.write_text(text, encoding="utf-8"))


def _checked_number(n: int | None) -> int:
    if n is None or n < 1:
        raise ValueError(f"n is {n}: allowed is a whole number of 1 or more")
    return n


def _checked_captions(n: int | None, captions: Sequence[str] | None) -> Sequence[str]:
    if captions is None:
        raise ValueError("captions is None: this generator draws what texts say, a list of strings, one a sample")
    return check_captions(captions, n)


def _checked_sources(n: int | None, sources: Tensor | None) -> Tensor:
    if sources is None:
        raise ValueError("sources is None: this generator translates images, float (n, C, H, W) in [-1, 1]")
    if sources.ndim != 4 or not sources.is_floating_point() or (n is not None and len(sources) != n):
        wanted = "(n, C, H, W)" if n is None else f"({n}, C, H, W), as many as n"
        raise ValueError(f"sources is {sources.dtype} {tuple(sources.shape)}: allowed is float {wanted} in [-1, 1]")
    return sources
