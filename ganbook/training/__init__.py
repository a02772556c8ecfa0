"""How a game is played: the two players, the rounds, the loop."""

from __future__ import annotations

from ganbook.training.budget import budget
from ganbook.training.fit import Stopped, TrainingError, fit
from ganbook.training.game import Game, adam, frozen, mean_outputs
from ganbook.training.prior import Prior
from ganbook.training.rounds.diffusion import diffusion_round
from ganbook.training.rounds.gan import gan_round
from ganbook.training.rounds.vae import DecoderStart, vae_round
from ganbook.training.rounds.wgan import wgan_round
from ganbook.training.sampler import Sampler

__all__ = [
    "DecoderStart",
    "Game",
    "Prior",
    "Sampler",
    "Stopped",
    "TrainingError",
    "adam",
    "budget",
    "diffusion_round",
    "fit",
    "frozen",
    "gan_round",
    "mean_outputs",
    "vae_round",
    "wgan_round",
]
