"""A trained generator that can be asked for samples, and how it is kept on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ganbook.data.cache import write_atomically
from ganbook.training.prior import Prior

__all__ = ["CARD", "WEIGHTS", "Sampler"]

WEIGHTS = "sampler.safetensors"
CARD = "card.json"
CHUNK = 256


class Sampler:
    """Draws samples from a generator.

    Args:
        generator: maps latents (N, prior.dim) to samples; used in evaluation mode.
        prior: where latents come from.
        card: what is known of the generator: recipe, budget, seed, steps, metrics.
    """

    def __init__(self, generator: nn.Module, prior: Prior, card: dict[str, Any]) -> None:
        self.generator = generator.eval()
        self.prior = prior
        self.card = card

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

        Raises:
            ValueError: for n below 1, or a condition that this generator does not take.
        """
        conditions = {"labels": labels, "captions": captions, "sources": sources}
        for name, condition in conditions.items():
            if condition is not None:
                raise ValueError(f"{name} was given, but {self.card.get('recipe', 'this generator')} is unconditional")
        if n is None or n < 1:
            raise ValueError(f"n is {n}: allowed is a whole number of 1 or more")
        device = next(self.generator.parameters()).device
        z = self.prior.sample(n, generator=torch.Generator().manual_seed(seed)).to(device)
        return torch.cat([self.generator(part) for part in torch.split(z, CHUNK)]).float().cpu()

    def save(self, folder: Path) -> None:
        """Write weights (safetensors) and card (JSON) into ``folder``, each whole or not at all."""
        from safetensors.torch import save_file

        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in self.generator.state_dict().items()}
        write_atomically(folder / WEIGHTS, lambda part: save_file(weights, part))
        text = json.dumps(self.card, indent=2) + "\n"
        write_atomically(folder / CARD, lambda part: part.write_text(text, encoding="utf-8"))
