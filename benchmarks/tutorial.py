"""The PyTorch DCGAN tutorial's way of training, written afresh: what our loop is timed against.

A ``DataLoader`` over PIL images (resize, centre crop, to tensor, normalise), real and fake passes of the discriminator
backpropagated one after the other, the same fake batch judged again for the generator's step while the discriminator's
parameters collect gradients too, default Adam, four ``.item()`` a round. The sigmoid is folded into the loss.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset
from torchvision import transforms
from torchvision.transforms.functional import to_pil_image

__all__ = ["PilImages", "tutorial_rounds"]


class PilImages(Dataset[Tensor]):
    """Images uint8 (N, C, H, H) as a folder gives them: decoded, then transformed one at a time."""

    def __init__(self, images: Tensor) -> None:
        self.images = [to_pil_image(image) for image in images]
        channels, size = images.shape[1], images.shape[-1]
        steps = (transforms.Resize(size), transforms.CenterCrop(size), transforms.ToTensor())
        self.transform = transforms.Compose([*steps, transforms.Normalize((0.5,) * channels, (0.5,) * channels)])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        image: Tensor = self.transform(self.images[index])
        return image


def tutorial_rounds(
    generator: nn.Module, discriminator: nn.Module, latent_dim: int, batches: Iterable[Tensor], bf16: bool = False
) -> Callable[[int], None]:
    """What plays so many rounds of it on images from ``batches``, which has no end, where the networks are."""
    criterion, device = nn.BCEWithLogitsLoss(), next(generator.parameters()).device
    d_optimizer, g_optimizer = (
        torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999)) for network in (discriminator, generator)
    )
    source: Iterator[Tensor] = iter(batches)

    def judged(images: Tensor, label: float) -> tuple[Tensor, Tensor]:
        with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
            output = discriminator(images)
            return criterion(output, torch.full_like(output, label)), output

    def play(rounds: int) -> None:
        for _ in range(rounds):
            real = next(source).to(device)
            discriminator.zero_grad()
            real_loss, output = judged(real, 1.0)
            real_loss.backward()  # type: ignore[no-untyped-call]
            d_x = output.mean().item()
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                fake = generator(torch.randn(len(real), latent_dim, device=device))
            fake_loss, output = judged(fake.detach(), 0.0)
            fake_loss.backward()  # type: ignore[no-untyped-call]
            d_before = output.mean().item()
            d_optimizer.step()
            generator.zero_grad()
            g_loss, output = judged(fake, 1.0)
            g_loss.backward()  # type: ignore[no-untyped-call]
            g_optimizer.step()
            _ = (real_loss + fake_loss).item(), g_loss.item(), d_x, d_before, output.mean().item()

    return play
