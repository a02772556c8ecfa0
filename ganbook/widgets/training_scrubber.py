"""Explorer of chapter 1: a game in the plane, moment by moment.

A :class:`Recorder` watches the training and keeps what there is to see; the film and the scrubber draw from it.

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
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from ganbook import plots
from ganbook.arguments import check_number, check_whole, typed
from ganbook.data.toy import Mixture
from ganbook.metrics import mode_coverage
from ganbook.training.game import Game
from ganbook.training.prior import Prior
from ganbook.widgets._explorer import Explorer, choice, slider

__all__ = ["Moment", "Recorder", "Stage", "training_scrubber"]

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

    def film(self, alt: str = "", *, poster: bool = False) -> None:
        """Show all moments as a film, with D's accuracy beside it.

        Args:
            alt: what is to be seen; by default the counts at the first and the last moment.
            poster: before it is played, the film shows its end.
        """
        moments = self.checked()
        stage = Stage(self)
        story = f"Film of {len(moments)} moments. {_describe(moments[0])} {_describe(moments[-1])}"
        # A frame is drawn when it is saved; drawing it on the screen as well would double the cost.
        stage.fig.canvas.draw_idle = lambda *_: None
        frames = [moments[-1], *moments] if poster else moments
        plots.film(stage.fig, lambda number: stage.show(frames[number]), len(frames), alt or story)

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


class Stage:
    """A figure that shows one moment at a time: the plane at the left, D's accuracy over the rounds at the right.

    Attributes:
        fig: the figure; its parts are made once and moved, which a film of many frames needs.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder, moments = recorder, recorder.checked()
        # Large letters on a large figure: a film is saved at few dots per inch.
        self.fig, (self._plane, curves) = plots.figure(2, width=9.6, height=4.8, width_ratios=(1.2, 1))
        self._draw_plane(self._plane, moments[0])
        self._cursor = _draw_curves(curves, moments)
        for axes in (self._plane, curves):
            axes.tick_params(labelsize=13)
            for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
                text.set_fontsize(14)
        self.fig.canvas.draw()
        self.fig.set_layout_engine(None)  # laid out once: the frames of a film stand still and cost half as much

    def _draw_plane(self, axes: Axes, moment: Moment) -> None:
        limit = self._recorder.limit
        square = (-limit, limit, -limit, limit)
        smooth: dict[str, Any] = {"interpolation": "bilinear", "interpolation_stage": "data", "origin": "lower"}
        self._surface = axes.imshow(moment.surface.numpy(), cmap=_opinion(), vmin=0, vmax=1, extent=square, **smooth)
        real = self._recorder.real[: len(moment.fake)].numpy()
        style: dict[str, Any] = {"linestyle": "none", "markersize": 5.5}
        axes.plot(*real.T, marker="o", color=plots.REAL, alpha=0.5, markeredgewidth=0, label="real", **style)
        (self._fake,) = axes.plot([], [], marker="x", color=plots.FAKE, markeredgewidth=1.2, label="fake", **style)
        self._arrows: Any = None
        axes.set(xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xlabel="$x_1$", ylabel="$x_2$")
        axes.set_title("round 0000: 0 of 0 modes")  # holds the place in the layout
        axes.legend(loc="upper right", markerscale=1.4, handletextpad=0, borderaxespad=0.1, fontsize=12, frameon=True)

    def show(self, moment: Moment) -> None:
        """Draw ``moment``."""
        self._surface.set_data(moment.surface.numpy())
        fake = moment.fake.numpy()
        self._fake.set_data(*fake.T)
        if self._arrows is not None:
            self._arrows.remove()
        self._arrows = self._plane.quiver(
            *fake[::4].T, *arrows(moment).numpy().T, angles="xy", scale_units="xy", scale=1, width=0.005, zorder=3
        )
        found = f"{moment.modes} of {len(self._recorder.data.centres)} modes"
        self._plane.set_title(f"round {moment.round}: {found}", fontsize=14)
        for mark, value in zip(self._cursor, (moment.accuracy, moment.high_quality), strict=True):
            mark.set_data([moment.round], [value])


def _draw_curves(axes: Axes, moments: list[Moment]) -> list[Any]:
    """D's accuracy and the share of good samples over the rounds; returns the two marks that show the moment."""
    rounds = [m.round for m in moments]
    marks = []
    for values, colour, style, label in (
        ([m.accuracy for m in moments], "black", "-", "accuracy of D"),
        ([m.high_quality for m in moments], plots.FAKE, "--", "high-quality fakes"),
    ):
        axes.plot(rounds, values, style, color=colour, label=label, linewidth=1.6)
        marks += axes.plot(rounds[:1], values[:1], "o", color=colour, markersize=8)
    axes.axhline(0.5, color="0.6", linewidth=0.8, zorder=0)
    axes.set(ylim=(-0.03, 1.03), xlabel="round", ylabel="share", yticks=(0, 0.25, 0.5, 0.75, 1))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, fontsize=12, columnspacing=1, handlelength=1.4)
    return marks


def _describe(moment: Moment) -> str:
    return (
        f"After {moment.round} rounds the fakes reach {moment.modes} modes, {moment.high_quality:.0%} of them are of "
        f"high quality, and D calls {moment.accuracy:.0%} of real and fake samples by their right name."
    )


def _opinion() -> Any:
    """Pale orange where D says fake, white where it cannot tell, pale blue where it says real, in steps of 1/15."""
    pale = [tuple(1 - 0.6 * (1 - c) for c in to_rgb(colour)) for colour in (plots.FAKE, plots.REAL)]
    return LinearSegmentedColormap.from_list("opinion", [pale[0], (1, 1, 1), pale[1]], N=15)
