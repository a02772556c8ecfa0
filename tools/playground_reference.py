"""Reference states for the playground's arithmetic (web/training), made by the library with PyTorch in float64.

    python tools/playground_reference.py    # writes web/tests/reference/rounds.json

For every loss and penalty: both losses and all gradients of a first round (G's against the D that SGD has moved), and
the weights after three rounds of Adam and of SGD. `make test` compares the file with what this script makes, and the
TypeScript with the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ganbook import losses, penalties
from ganbook.data.batch import Batch
from ganbook.models import MLPDiscriminator, MLPGenerator
from ganbook.training import Game, Prior, gan_round
from pages import ROOT

PATH = ROOT / "web/tests/reference/rounds.json"
WIDTH, DEPTH, N, ROUNDS = 8, 2, 16, 3
WEIGHT = 0.7
ADAM = {"lr": 1e-2, "betas": (0.5, 0.9)}
SGD = {"lr": 5e-2, "momentum": 0.5}
PENALTIES = {
    "none": None,
    "r1": lambda critic, real, _fake: penalties.r1(critic, real, WEIGHT),
    "r2": lambda critic, _real, fake: penalties.r2(critic, fake, WEIGHT),
    "gp": lambda critic, real, fake: penalties.gradient_penalty(critic, real, fake, WEIGHT),
}
DIGITS = 7


@dataclass(frozen=True)
class Recorded(Prior):
    """Gives the latents of a list, in turn."""

    latents: Iterable[Tensor] = ()

    def sample(self, n: int, *_: Any) -> Tensor:
        return next(self.latents)  # type: ignore[call-overload, no-any-return]


def reference() -> dict[str, Any]:
    """Everything that the file holds."""
    torch.set_default_dtype(torch.float64)
    try:
        torch.manual_seed(0)
        # Samples apart from each other, so that D is not near one half, where all losses pull alike.
        real = [torch.randn(N, 2) * 0.6 + 1 for _ in range(ROUNDS)]
        latents = [[torch.randn(N, 2) for _ in "dg"] for _ in range(ROUNDS)]
        players = MLPGenerator(2, 2, WIDTH, DEPTH), MLPDiscriminator(2, WIDTH, DEPTH)
        for player in players:
            for weight in player.parameters():
                weight.data.mul_(1.5)
        start = [{name: w.float().double() for name, w in player.state_dict().items()} for player in players]
        cases = [_case(loss, penalty, start, real, latents) for loss in losses.names() for penalty in PENALTIES]
    finally:
        torch.set_default_dtype(torch.float32)
    batches = [{"real": real[i], "d_z": latents[i][0], "g_z": latents[i][1], "t": _t(i)} for i in range(ROUNDS)]
    return _plain(
        {
            "width": WIDTH,
            "depth": DEPTH,
            "weight": WEIGHT,
            "adam": {"lr": ADAM["lr"], "beta1": 0.5, "beta2": 0.9},
            "sgd": {"lr": SGD["lr"], "beta1": 0.5, "beta2": 0},
            "g": _flat(start[0].values()),
            "d": _flat(start[1].values()),
            "batches": batches,
            "cases": cases,
        }
    )


def _case(loss: str, penalty: str, start: list[dict[str, Tensor]], real: list[Tensor], latents: Any) -> dict[str, Any]:
    case: dict[str, Any] = {"loss": loss, "penalty": penalty}
    for optimiser, make, settings in (("adam", torch.optim.Adam, ADAM), ("sgd", torch.optim.SGD, SGD)):
        generator, discriminator = MLPGenerator(2, 2, WIDTH, DEPTH), MLPDiscriminator(2, WIDTH, DEPTH)
        generator.load_state_dict(start[0])
        discriminator.load_state_dict(start[1])
        game = Game(
            generator,
            discriminator,
            prior=Recorded(2, latents=iter([z for pair in latents for z in pair])),
            loss=loss,
            penalty=PENALTIES[penalty],
            g_optimizer=make(generator.parameters(), **settings),
            d_optimizer=make(discriminator.parameters(), **settings),
        )
        for i in range(ROUNDS):
            torch.manual_seed(i)  # the gradient penalty draws; the prior does not
            scores = gan_round(game, Batch(real[i]))
            if i == 0 and optimiser == "sgd":
                case |= {"d_loss": scores["d_loss"], "d_gradient": _gradient(discriminator)}
                case |= {"g_loss": scores["g_loss"], "g_gradient": _gradient(generator)}
        case[optimiser] = {"d": _flat(discriminator.parameters()), "g": _flat(generator.parameters())}
    return case


def _t(round_: int) -> Tensor:
    """The numbers that the gradient penalty drew."""
    torch.manual_seed(round_)
    return torch.rand(N, 1, dtype=torch.float64)


def _gradient(network: nn.Module) -> Tensor:
    return _flat(weight.grad for weight in network.parameters() if weight.grad is not None)


def _flat(weights: Iterable[Tensor]) -> Tensor:
    """As web/models/mlp.ts keeps them: a layer's weights as (inputs, outputs), then its biases."""
    return torch.cat([weight.detach().T.flatten() if weight.ndim == 2 else weight.detach() for weight in weights])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Tensor):
        return _plain(value.flatten().tolist() if value.ndim else value.item())
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def main() -> None:
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(json.dumps(reference(), separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{PATH.relative_to(ROOT)}: {PATH.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
