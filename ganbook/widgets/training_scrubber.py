"""Explorer of chapter 1: a game in the plane, moment by moment.

A :class:`Recorder` watches the training and keeps what there is to see; the scrubber plays it.

>>> from ganbook import data, recipes
>>> recorder = Recorder(data.toy.ring(), resolution=9)
>>> game = recipes.get("ring").game()
>>> recorder(game)
>>> recorder.moments[0].round, recorder.moments[0].surface.shape
(0, torch.Size([9, 9]))
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from ganbook.arguments import check_number, check_whole, typed
from ganbook.data.toy import Mixture
from ganbook.metrics import mode_coverage
from ganbook.training.game import Game
from ganbook.training.prior import Prior
from ganbook.widgets._explorer import Explorer, choice, slider

__all__ = ["Moment", "Recorder", "training_scrubber"]

SCORED = 2500
"""Samples in a count of modes, as in PacGAN (Lin et al. 2018)."""

LONGEST_ARROW = 0.6
"""In the units of x. A push p is drawn p / (1 + |p|) times as long, or one steep place would hide all others."""

VIEWS = ("samples, D and arrows", "samples and D", "samples and arrows", "samples")


@dataclass(frozen=True)
class Moment:
    """What there is to see after a round."""

    round: int  # rounds played so far
    fake: Tensor  # (samples, 2) generated points, always from the same latents
    push: Tensor  # (samples, 2) gradient of log D(x) at each of them: where the discriminator sends it
    surface: Tensor  # (resolution, resolution) D(x) on a grid; the first index is the height
    accuracy: float  # share of fresh real and fake samples that D, asked for yes or no, calls by their right name
    modes: int  # modes of the data with at least one generated sample within three standard deviations
    high_quality: float  # share of the generated samples that lie so


@typed
class Recorder:
    """Keeps a :class:`Moment` every time it is called; it changes neither the players nor the random numbers.

    Args:
        data: the true distribution, in the plane.
        prior: where latents come from.
        samples: points drawn of the generator.
        limit: half the side of the square that is looked at.
        resolution: points along a side of D's surface.
    """

    def __init__(
        self, data: Mixture, prior: Prior | None = None, *, samples: int = 300, limit: float = 3.0, resolution: int = 61
    ) -> None:
        if data.dim != 2:
            raise ValueError(f"data has dimension {data.dim}: allowed is 2, for a picture in the plane")
        check_whole(1, SCORED, samples=samples)
        check_whole(2, SCORED, resolution=resolution)
        check_number(above=0, limit=limit)
        self.data = data
        self.limit = limit
        self.moments: list[Moment] = []
        same = torch.Generator().manual_seed(0)
        self.real = data.sample(SCORED, same)
        self._z = (prior or Prior(2)).sample(SCORED, generator=same)
        self._samples = samples
        ticks = torch.linspace(-limit, limit, resolution)
        y, x = torch.meshgrid(ticks, ticks, indexing="ij")
        self._grid = torch.stack((x, y), dim=-1)

    def __call__(self, game: Game) -> None:
        """Look at ``game``: the ``watch`` of :func:`ganbook.training.fit` and of ``Recipe.train``."""
        self.look(game.step, game.generator, game.discriminator)

    def look(self, played: int, generator: nn.Module, discriminator: nn.Module) -> None:
        """Keep the moment after ``played`` rounds; D returns logits, (N,) or (N, 1)."""
        device = next(generator.parameters()).device
        with torch.no_grad():
            fake = generator(self._z.to(device))
            fake_logits, real_logits = discriminator(fake), discriminator(self.real.to(device))
            surface = discriminator(self._grid.flatten(0, 1).to(device)).sigmoid().view(self._grid.shape[:2])
        shown = fake[: self._samples].detach().requires_grad_(True)
        (push,) = torch.autograd.grad(logsigmoid(discriminator(shown)).sum(), shown)
        found = mode_coverage(fake, self.data.centres, self.data.std)
        accuracy = ((real_logits > 0).float().mean() + (fake_logits <= 0).float().mean()) / 2
        self.moments.append(
            Moment(
                round=played,
                fake=shown.detach().cpu(),
                push=push.cpu(),
                surface=surface.cpu(),
                accuracy=accuracy.item(),
                modes=found.modes,
                high_quality=found.high_quality,
            )
        )

    def checked(self) -> list[Moment]:
        """The moments; a ValueError if there are none."""
        if not self.moments:
            raise ValueError("the recorder has seen nothing: give it to fit or Recipe.train as watch")
        return self.moments


@typed
def training_scrubber(recorder: Recorder) -> Explorer:
    """Explorer: go back and forth through a recorded training, or play it, and choose what is drawn.

    Args:
        recorder: has watched a training.
    """
    last = len(recorder.checked()) - 1
    controls = {
        "number": slider("moment", last, 0, max(1, last), 1) | {"play": True},
        "view": choice("show", VIEWS, VIEWS[0]),
    }
    return Explorer("training_scrubber", controls, recorded(recorder))


def recorded(recorder: Recorder) -> dict[str, Any]:
    """What web/widgets/training_scrubber.ts draws from, a few kilobytes a moment."""
    moments, limit = recorder.checked(), recorder.limit
    return {
        "limit": limit,
        "modes": len(recorder.data.centres),
        "resolution": len(moments[0].surface),
        "real": _shorts(recorder.real[: len(moments[0].fake)] / limit),
        "moments": [
            {
                "round": m.round,
                "accuracy": m.accuracy,
                "modes": m.modes,
                "high_quality": m.high_quality,
                "fake": _shorts(m.fake / limit),
                "arrows": _shorts(arrows(m)),
                "surface": _base64(m.surface.mul(255).round().to(torch.uint8)),
            }
            for m in moments
        ],
    }


def arrows(moment: Moment) -> Tensor:
    """(N, 2): where D pushes every fourth of the fakes, as long as it is drawn."""
    push = moment.push[::4]
    length: Tensor = 1 + push.norm(dim=1, keepdim=True)
    return LONGEST_ARROW * push / length


def _shorts(values: Tensor) -> str:
    """Numbers in [-1, 1], as 16-bit integers; what lies outside is put at the edge."""
    return _base64(values.clamp(-1, 1).mul(32767).round().to(torch.int16))


def _base64(values: Tensor) -> str:
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode()
