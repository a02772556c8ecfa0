"""Gradient penalties on a critic, per sample, in float32, finite where the gradient is zero.

``critic`` is any callable from a batch to one logit per sample (or a map of logits, summed per sample). The penalty is
differentiable, so it is added to the discriminator's loss and goes through **one** backward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

import torch
from torch import Tensor

from ganbook.arguments import check_number, check_place, check_tensor, shown, typed

__all__ = ["gradient_penalty", "matching_aware", "r1", "r2"]

Critic = Callable[[Tensor], Tensor]


@typed
def r1(critic: Critic, images: Tensor, gamma: float) -> Tensor:
    """R1: ``gamma / 2 * E ||grad_x a(x)||^2`` over real samples (Mescheder et al. 2018, eq. 9).

    Args:
        critic: maps ``images`` to logits, each of which depends on its own sample only.
        images: (N, ...) real samples.
        gamma: weight, 0 or more.

    Returns:
        A scalar in float32 (float64 for float64 images).
    """
    check_number(0, gamma=gamma)
    (squared,) = _squared_norms(critic, _checked("images", images))
    return gamma / 2 * squared.mean()


@typed
def r2(critic: Critic, fake_images: Tensor, gamma: float) -> Tensor:
    """R2: the same as :func:`r1`, over generated samples (Mescheder et al. 2018, eq. 10).

    The samples are detached: the penalty shapes the critic, never the generator.
    """
    check_number(0, gamma=gamma)
    (squared,) = _squared_norms(critic, _checked("fake_images", fake_images))
    return gamma / 2 * squared.mean()


@typed
def gradient_penalty(critic: Critic, real: Tensor, fake: Tensor, weight: float) -> Tensor:
    """WGAN-GP: ``weight * E (||grad_x a(x)|| - 1)^2`` between real and fake (Gulrajani et al. 2017, eq. 3).

    One point per pair, uniform on the line from ``real[i]`` to ``fake[i]``; the norm is taken per sample. At a zero
    gradient, where the norm's slope is infinite, it is taken as zero: the penalty is ``weight`` and its gradient 0.

    Args:
        critic: as for :func:`r1`.
        real: (N, ...) real samples.
        fake: (N, ...) generated samples, of the same shape; detached.
        weight: 0 or more; the paper's lambda is 10.
    """
    check_number(0, weight=weight)
    real, fake = _checked("real", real), _checked("fake", fake)
    if real.shape != fake.shape:
        raise ValueError(f"fake has shape {tuple(fake.shape)}: allowed is that of real, {tuple(real.shape)}")
    check_place("fake", fake, real, "real")
    t = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device, dtype=real.dtype)
    (squared,) = _squared_norms(critic, torch.lerp(real, fake, t))
    return weight * (_roots(squared) - 1).square().mean()


@typed
def matching_aware(
    critic: Callable[[Tensor, Tensor], Tensor], images: Tensor, texts: Tensor, weight: float = 2.0, power: float = 6.0
) -> Tensor:
    """MA-GP: ``weight * E (||grad_x a(x, e)|| + ||grad_e a(x, e)||)^power`` (Tao et al. 2022, DF-GAN, eq. 3).

    Taken where the critic is to be flat: at real samples with the texts that belong to them, and nowhere else. Norms
    are per sample; at a zero gradient, where a norm's slope is infinite, it is taken as zero.

    Args:
        critic: maps (images, texts) to logits, each of which depends on its own sample and text only.
        images: (N, ...) real samples; detached.
        texts: (N, dim) what an encoder made of their own captions; detached: the encoder does not feel the penalty.
        weight: 0 or more; the paper's k.
        power: 1 or more; the paper's p.

    Returns:
        A scalar in float32 (float64 for float64 images).
    """
    check_number(0, weight=weight)
    check_number(1, power=power)
    images, texts = _checked("images", images), _checked("texts", texts)
    check_tensor("texts", texts, len(images), "dim")
    check_place("texts", texts, images, "images")
    of_images, of_texts = _squared_norms(critic, images, texts)
    both = _roots(of_images) + _roots(of_texts)
    return weight * (both**power).mean()


def _squared_norms(critic: Callable[..., Tensor], *points: Tensor) -> list[Tensor]:
    """||grad a||^2 of each sample by each of the critic's arguments, (N,), with a graph for its parameters."""
    for point in points:
        point.requires_grad_(True)
    # Autocast off: a sum of squared half-precision gradients overflows at 64 x 64 pixels.
    kind = points[0].device.type
    can_cast = torch.amp.is_autocast_available(kind)  # the meta device cannot
    with torch.enable_grad(), torch.autocast(kind, enabled=False) if can_cast else nullcontext():
        logits = critic(*points)
        if not isinstance(logits, Tensor):
            raise TypeError(f"critic returned {shown(logits)}: allowed is a tensor of logits")
        if not logits.requires_grad:  # a critic that ignores its input, or has no graph, has gradient zero
            return [point.new_zeros(len(point)) for point in points]
        gradients = torch.autograd.grad(logits.sum(), points, create_graph=True, materialize_grads=True)
    return [gradient.flatten(1).square().sum(1) for gradient in gradients]


def _roots(squared: Tensor) -> Tensor:
    """Square roots, whose slope is taken as 0 at 0."""
    zero = squared == 0
    return squared.masked_fill(zero, 1.0).sqrt().masked_fill(zero, 0.0)


def _checked(name: str, samples: Tensor) -> Tensor:
    check_tensor(name, samples)
    if samples.ndim < 2 or len(samples) == 0:
        raise ValueError(f"{name} has shape {tuple(samples.shape)}: allowed is (N, ...) with N of 1 or more")
    samples = samples.detach()
    return samples.float() if samples.dtype in (torch.float16, torch.bfloat16) else samples
