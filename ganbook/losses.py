"""Adversarial losses: pure functions of logits, in pairs with one signature.

A logit is the discriminator's raw output ``a(x)``; ``D(x) = sigmoid(a(x))``. Every pair is *minimised*: the
discriminator steps down ``discriminator(real_logits, fake_logits)``, the generator ``generator(fake_logits,
real_logits)``. Logits in half precision are raised to float32 first, so that no square or sum overflows.

>>> import torch
>>> loss = get("non_saturating")
>>> bool(loss.generator(torch.zeros(4)).isclose(torch.tensor(2.0).log()))
True
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, relu, softplus

from ganbook.arguments import check_choice, check_number, check_tensor

__all__ = ["AdversarialLoss", "get", "names", "patch_nce", "smoothed"]


def _d_saturating(real: Tensor, fake: Tensor) -> Tensor:
    # -log sigmoid(a) = softplus(-a) and -log(1 - sigmoid(a)) = softplus(a): exact for every finite logit.
    return softplus(-real).mean() + softplus(fake).mean()


def _g_saturating(fake: Tensor, _real: Tensor | None) -> Tensor:
    return -softplus(fake).mean()


def _g_non_saturating(fake: Tensor, _real: Tensor | None) -> Tensor:
    return softplus(-fake).mean()


def _d_least_squares(real: Tensor, fake: Tensor) -> Tensor:
    return 0.5 * (real - 1).square().mean() + 0.5 * fake.square().mean()


def _g_least_squares(fake: Tensor, _real: Tensor | None) -> Tensor:
    return 0.5 * (fake - 1).square().mean()


def _d_hinge(real: Tensor, fake: Tensor) -> Tensor:
    return relu(1 - real).mean() + relu(1 + fake).mean()


def _d_wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def _g_wasserstein(fake: Tensor, _real: Tensor | None) -> Tensor:
    return -fake.mean()


def _d_relativistic(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(fake - real).mean()


def _g_relativistic(fake: Tensor, real: Tensor | None) -> Tensor:
    return softplus(cast(Tensor, real) - fake).mean()


@dataclass(frozen=True)
class AdversarialLoss:
    """A discriminator loss and the generator loss that is played against it.

    ``paired`` losses compare each fake logit with the real logit at the same place, so they need
    both, of one shape.
    """

    name: str
    source: str
    _discriminator: Callable[[Tensor, Tensor], Tensor]
    _generator: Callable[[Tensor, Tensor | None], Tensor]
    paired: bool = False

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """Loss that the discriminator minimises, averaged over the batch.

        Args:
            real_logits: (N,) or (N, ...) raw scores of real samples, not probabilities.
            fake_logits: the same for generated samples.

        Returns:
            A scalar in float32 (float64 for float64 logits).

        Raises:
            TypeError: if an argument is not a floating-point tensor.
            ValueError: if it is empty, or the shapes after N differ (``paired``: shapes differ).
        """
        real, fake = _checked("real_logits", real_logits), _checked("fake_logits", fake_logits)
        self._check_shapes(real, fake)
        return self._discriminator(real, fake)

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """Loss that the generator minimises, averaged over the batch.

        Args:
            fake_logits: (N,) or (N, ...) raw scores of generated samples.
            real_logits: the same for real samples; only ``paired`` losses use it, and need it.

        Returns a scalar, and raises, as :meth:`discriminator` does.
        """
        fake = _checked("fake_logits", fake_logits)
        real = None if real_logits is None else _checked("real_logits", real_logits)
        if self.paired and real is None:
            raise ValueError(f"real_logits is None, but the {self.name} generator loss compares with real logits")
        if real is not None:
            self._check_shapes(real, fake)
        return self._generator(fake, real)

    def _check_shapes(self, real: Tensor, fake: Tensor) -> None:
        if real.device != fake.device:
            raise ValueError(f"fake_logits is on {fake.device}: allowed is {real.device}, where real_logits is")
        one_shape = real.shape == fake.shape if self.paired else real.shape[1:] == fake.shape[1:]
        if not one_shape or real.ndim != fake.ndim:
            allowed = "the same shape" if self.paired else "the same shape after the batch dimension"
            raise ValueError(
                f"real_logits has shape {tuple(real.shape)} and fake_logits {tuple(fake.shape)}: "
                f"the {self.name} loss needs {allowed}"
            )


def _checked(name: str, logits: Tensor) -> Tensor:
    check_tensor(name, logits)
    if logits.numel() == 0:
        raise ValueError(f"{name} is empty (shape {tuple(logits.shape)}): the mean over no sample is undefined")
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


_LOSSES = {
    loss.name: loss
    for loss in (
        AdversarialLoss("saturating", "Goodfellow et al. 2014, eq. 1", _d_saturating, _g_saturating),
        AdversarialLoss("non_saturating", "Goodfellow et al. 2014, section 3", _d_saturating, _g_non_saturating),
        AdversarialLoss("least_squares", "Mao et al. 2017, eq. 9", _d_least_squares, _g_least_squares),
        AdversarialLoss("hinge", "Lim and Ye 2017; Miyato et al. 2018, eq. 16 and 17", _d_hinge, _g_wasserstein),
        AdversarialLoss("wasserstein", "Arjovsky et al. 2017, eq. 2", _d_wasserstein, _g_wasserstein),
        AdversarialLoss(
            "relativistic",
            "Jolicoeur-Martineau 2018, section 4.2 (pairing)",
            _d_relativistic,
            _g_relativistic,
            paired=True,
        ),
    )
}


def names() -> list[str]:
    """Names that :func:`get` knows, in the order in which the course meets them."""
    return list(_LOSSES)


def get(name: str) -> AdversarialLoss:
    """The adversarial loss called ``name``; a ValueError if none has that name."""
    check_choice(_LOSSES, name=name)
    return _LOSSES[name]


def smoothed(real_label: float = 0.9) -> AdversarialLoss:
    """The non-saturating pair with one-sided label smoothing (Salimans et al. 2016, section 3.4).

    D's target is ``real_label`` instead of 1 on real samples, so its logit there has a finite optimum even where no
    fake comes near. The fakes' label stays 0: smoothed too, it would reward G for staying where it is.

    Args:
        real_label: above 0, at most 1.
    """
    check_number(most=1, above=0, real_label=real_label)

    def discriminator(real: Tensor, fake: Tensor) -> Tensor:
        real_term = real_label * softplus(-real) + (1 - real_label) * softplus(real)
        return real_term.mean() + softplus(fake).mean()

    name, source = f"smoothed to {real_label:g}", "Salimans et al. 2016, section 3.4"
    return AdversarialLoss(name, source, discriminator, _g_non_saturating)


def patch_nce(after: Tensor, before: Tensor, temperature: float = 0.07) -> Tensor:
    """How badly a place of a translation finds the same place of its image among others of it, in nats.

    The cross-entropy of a softmax over similarities, whose negatives come from the same image (Park et al. 2020,
    equations 2 and 3). It is log S where all places look alike.

    Args:
        after: float (N, S, C), unit vectors of S places of each translation.
        before: the same of the images, place by place.
        temperature: above 0, what similarities are divided by.

    Returns:
        A scalar, the mean over places and images.

    Raises:
        TypeError, ValueError: if the two are not float tensors of one shape.

    >>> round(patch_nce(torch.eye(3)[None], torch.eye(3)[None], temperature=1.0).item(), 4)  # log(1 + 2 / e)
    0.5514
    """
    check_tensor("after", after, "N", "S", "C")
    check_tensor("before", before, *after.shape)
    check_number(above=0, temperature=temperature)
    scores = after.float() @ before.float().transpose(1, 2) / temperature
    own = torch.arange(scores.shape[1], device=scores.device).expand(scores.shape[:2])
    return cross_entropy(scores.flatten(0, 1), own.flatten())
