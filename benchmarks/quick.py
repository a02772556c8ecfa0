"""What makes the course's recipe quick: digits by class in 300 rounds, with one thing changed at a time.

    python -m benchmarks.quick [--seeds 5] [--rounds 300] [--only CHANGE]

Writes ganbook/results/quick.json after every run; runs that stand there already are
skipped. Every run takes about a minute of one core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from benchmarks.common import Figure, options, over, sweep
from ganbook import recipes
from ganbook.models import dcgan
from ganbook.models.compact import Norm
from ganbook.models.surgery import replace_layers
from ganbook.models.upsample import ResizeConvolution
from ganbook.recipes.recipe import Recipe

SCORED = 2500
AS_IT_IS = "as it is"
Network = TypeVar("Network", bound=nn.Module)
Change = Callable[[Recipe], Recipe]


def figures(kept: Any) -> list[Figure]:
    """Floors by the referee, by change."""
    return [
        Figure(
            f"{change}: floors by the referee",
            over([run["referee"] | run for run in kept["runs"]], "floors", change=change),
        )
        for change in dict.fromkeys(run["change"] for run in kept["runs"])
    ]


class Without(nn.Module):
    """No norm: the map as it comes, whatever the condition."""

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return x


def he(network: Network) -> Network:
    """Weights that keep the signal's size (He et al. 2015), biases 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network


def transposed(layer: ResizeConvolution) -> nn.Module:
    """What a DCGAN has in its place."""
    of = layer.convolution
    return nn.ConvTranspose2d(of.in_channels, of.out_channels, 4, 2, 1, bias=of.bias is not None)


def with_norm(layer: nn.Conv2d) -> nn.Module:
    """A convolution of D, and BatchNorm after it."""
    return nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels))


def _in_g(change: Callable[[nn.Module], nn.Module]) -> Change:
    return lambda recipe: replace(recipe, generator=lambda dim: change(recipe.generator(dim)))


def _in_d(change: Callable[[nn.Module], nn.Module]) -> Change:
    def changed(recipe: Recipe) -> Recipe:
        build = recipe.discriminator
        assert build is not None
        return replace(recipe, discriminator=lambda: change(build()))

    return changed


def _in_both(change: Callable[[nn.Module], nn.Module]) -> Change:
    return lambda recipe: _in_d(change)(_in_g(change)(recipe))


def _d(**arguments: Any) -> Change:
    return lambda recipe: replace(recipe, discriminator=partial(recipe.discriminator, **arguments))  # type: ignore[arg-type]


def _with(**fields: Any) -> Change:
    return lambda recipe: replace(recipe, **fields)


CHANGES: Mapping[str, Change] = {
    AS_IT_IS: lambda recipe: recipe,
    "Adam's beta1 0.5": _with(betas=(0.5, 0.99)),
    "Adam's beta2 0.999": _with(betas=(0.0, 0.999)),
    "rate 1e-3": _with(g_lr=1e-3, d_lr=1e-3),
    "rate 2e-4, the paper's": _with(g_lr=2e-4, d_lr=2e-4),
    "R1, weight 1": _with(r1_gamma=1.0),
    "no average": _with(ema_half_life=0.0),
    "rates that do not fall": _with(anneal_from=1.0),
    "hinge loss": _with(loss="hinge"),
    "no BatchNorm in G": _in_g(partial(replace_layers, kind=Norm, make=lambda _: Without())),
    "BatchNorm in D": _in_d(partial(replace_layers, kind=nn.Conv2d, make=with_norm, first=1)),
    "transposed convolutions in G": _in_g(partial(replace_layers, kind=ResizeConvolution, make=transposed)),
    "He's initialisation": _in_both(he),
    "weights from N(0, 0.02)": _in_both(dcgan.initialise),
    "images not shifted in D": _d(augmentation=None),
    "the batch's deviation in D": _d(group=4),
    "labels as maps beside the image": _d(how="concatenation"),
}
"""By name; each is one thing, the first none."""


def main() -> None:
    """Train and score what is missing."""
    arguments = options(__doc__, seeds=5, rounds=300, only="")
    torch.set_num_threads(1)
    recipe = replace(recipes.get("conditional-digits").at("laptop"), steps=arguments.rounds, scored=SCORED)

    def play(cell: dict[str, Any]) -> dict[str, Any]:
        run = CHANGES[cell["change"]](recipe).train("laptop", cell["seed"], progress=False)
        return {"rounds": arguments.rounds, **run.metrics}

    chosen = [arguments.only] if arguments.only else list(CHANGES)
    cells = [{"change": change, "seed": seed} for seed in range(arguments.seeds) for change in chosen]
    sweep("quick", cells, play, recipe=recipe.name)


if __name__ == "__main__":
    main()
