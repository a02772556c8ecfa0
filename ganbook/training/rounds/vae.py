"""The VAE (Kingma and Welling 2014), and a generator that starts as its decoder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from ganbook.data.batch import Batch
from ganbook.models.vae import VAE, gaussian_log_likelihood, kl_to_standard_normal
from ganbook.training.game import Game, adam, detached

__all__ = ["DecoderStart", "vae_round"]


def vae_round(game: Game, batch: Batch, std: float = 0.3) -> dict[str, Tensor]:
    """One step of Algorithm 1 (AEVB, one latent each) up the bound, for both networks.

    Args:
        game: of one player, a :class:`ganbook.models.VAE`; its prior is Gaussian, as
            the bound's.
        batch: real samples.
        std: of p(x | z), a Gaussian about the decoded sample, in the units of the
            samples; what the model calls noise.

    Returns:
        Scalars, in nats per sample: "elbo", and its two parts "log_likelihood" and
        "kl".
    """
    real = batch.real

    noise = game.sample_prior(len(real))
    decoded, mean, log_variance = game.generator(noise, real)
    log_likelihood = gaussian_log_likelihood(real, decoded, std).mean()
    kl = kl_to_standard_normal(mean, log_variance).mean()
    elbo = log_likelihood - kl
    game.update_generator(-elbo)

    return detached(elbo=elbo, log_likelihood=log_likelihood, kl=kl)


@dataclass(frozen=True)
class DecoderStart:
    """Unbalanced GAN (Ham et al. 2020): first the generator learns as a VAE's decoder.

    The game then begins with a generator that draws blurred samples of the data, and a
    discriminator that has seen nothing. The encoder is thrown away.

    Attributes:
        encoder: builds the encoder from the latent's size.
        steps: of :func:`vae_round`.
        std: of p(x | z), in the units of the samples.
        lr: of Adam, for both networks.
    """

    encoder: Callable[[int], nn.Module]
    steps: int = 1000
    std: float = 0.3
    lr: float = 1e-3

    def __call__(
        self, game: Game, train: Callable[..., dict[str, list[float]]]
    ) -> dict[str, list[float]]:
        """Train ``game.generator`` in place; returns the history of :func:`vae_round`.

        ``train`` is :func:`ganbook.training.fit` with the run's data and settings.
        ValueError if the game's prior is not the Gaussian of the bound.
        """
        prior = game.prior
        if prior is None or prior.kind != "gaussian":
            raise ValueError(
                f"the prior is {prior and prior.kind}: "
                "the bound's KL term needs a gaussian one"
            )
        vae = VAE(prior.dim, self.encoder, lambda _: game.generator)
        alone = Game(
            vae, None, prior=prior, g_optimizer=adam(vae, self.lr, (0.9, 0.999))
        )
        return train(alone, round=partial(vae_round, std=self.std), steps=self.steps)
