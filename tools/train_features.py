"""Train the digits feature network on the training split of "digits" and write its weights, half precision.

    python tools/train_features.py            # about two minutes on two CPU cores

The test split's accuracy is printed; tests hold it at 98 % or more.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn.functional import affine_grid, cross_entropy, grid_sample

from ganbook import data
from ganbook.data.images import to_float
from ganbook.metrics.features import DigitsNet

SEED, EPOCHS, BATCH, LR = 0, 20, 100, 4e-3
TARGET = Path(__file__).parents[1] / "ganbook" / "metrics" / "digits.safetensors"


def jitter(images: torch.Tensor) -> torch.Tensor:
    """Rotate by ±12°, scale by ±12 %, shear by ±0.15 and shift by ±2 pixels, each image by itself."""
    n = len(images)
    angle, shear = (torch.rand(2, n) * 2 - 1) * torch.tensor([[0.21], [0.15]])
    scale = 1 + (torch.rand(n) * 2 - 1) * 0.12
    shift = (torch.rand(2, n) * 2 - 1) * (2 / 14)
    rows = [
        torch.stack((scale * angle.cos(), scale * (shear - angle.sin()), shift[0]), 1),
        torch.stack((scale * angle.sin(), scale * angle.cos(), shift[1]), 1),
    ]
    grid = affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return grid_sample(images + 1, grid, align_corners=False) - 1


def main() -> None:
    torch.manual_seed(SEED)
    train, test = data.load("digits", "train"), data.load("digits", "test")
    network = DigitsNet()
    optimizer = torch.optim.AdamW(network.parameters(), lr=LR, weight_decay=1e-2)
    per_epoch = len(train) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LR, total_steps=EPOCHS * per_epoch)
    for step, batch in zip(range(EPOCHS * per_epoch), train.batches(BATCH, seed=SEED), strict=False):
        loss = cross_entropy(network.logits(jitter(batch.real)), batch.labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if (step + 1) % (2 * per_epoch) == 0:
            print(f"epoch {(step + 1) // per_epoch}: loss {loss.item():.3f}", flush=True)
    network.eval()
    weights = {k: w.half() if w.is_floating_point() else w for k, w in network.state_dict().items()}
    network.load_state_dict(weights)
    with torch.no_grad():
        right = (network.logits(to_float(test.images)).argmax(1) == test.labels).float().mean().item()
    save_file(weights, TARGET)
    print(f"test accuracy {right:.3f} on {len(test)} digits; {TARGET.stat().st_size / 1e3:.0f} kB in {TARGET}")


if __name__ == "__main__":
    main()
