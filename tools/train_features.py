"""Train a feature network on the training split of its data set and write its weights, half precision.

    python tools/train_features.py digits     # about two minutes on two CPU cores; digits-referee: as long
    python tools/train_features.py emoji      # about six minutes; emoji-referee: as long

A referee is another architecture, trained from another seed: for scores of recipes that were tuned by the first.
What it gets right on the test split is printed; tests hold both at what they reached.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import affine_grid, binary_cross_entropy_with_logits, cross_entropy, grid_sample

from ganbook import data
from ganbook.data.batch import Order
from ganbook.data.images import ImageSet, to_float
from ganbook.metrics.features import DigitsNet, DigitsReferee, EmojiNet, EmojiReferee

BATCH = 100
NETWORKS: dict[str, tuple[Any, int, int, float]] = {
    "digits": (DigitsNet, 0, 20, 4e-3),
    "digits-referee": (DigitsReferee, 1, 40, 3e-3),
    "emoji": (EmojiNet, 0, 40, 4e-3),
    "emoji-referee": (EmojiReferee, 1, 40, 3e-3),
}
"""The class, the seed, epochs, AdamW's highest rate."""
TIMES_SEEN = 10
"""A word is learned if so many names of training emoji hold it."""
FOLDER = Path(__file__).parents[1] / "ganbook" / "metrics"


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


def train(network: nn.Module, name: str, training: ImageSet, loss_of: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Steps of AdamW; ``loss_of`` scores images (N, C, H, W) and the indices (N,) that they have in the set."""
    _, seed, epochs, lr = NETWORKS[name]
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=1e-2)
    per_epoch = len(training) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * per_epoch)
    for step, chosen in enumerate(islice(Order(BATCH, seed).indices(len(training)), epochs * per_epoch), start=1):
        loss = loss_of(training.batch(chosen).real, chosen)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % (2 * per_epoch) == 0:
            print(f"epoch {step // per_epoch}: loss {loss.item():.3f}", flush=True)
    network.eval()
    network.load_state_dict(halved(network))


def halved(network: nn.Module) -> dict[str, Tensor]:
    return {k: w.half() if w.is_floating_point() else w for k, w in network.state_dict().items()}


def digits(name: str) -> None:
    training, test = data.load("digits", "train"), data.load("digits", "test")
    network = NETWORKS[name][0]()
    train(
        network, name, training,
        lambda images, chosen: cross_entropy(network.logits(jitter(images)), training.labels[chosen]),
    )  # fmt: skip
    with torch.no_grad():
        right = (network.logits(to_float(test.images)).argmax(1) == test.labels).float().mean().item()
    save_file(halved(network), FOLDER / f"{name}.safetensors")
    print(f"test accuracy {right:.3f} on {len(test)} digits")


def emoji(name: str) -> None:
    """Every name is a set of words; a skin tone, of three words at most, counts as one: "medium-light skin tone"."""
    training, test = data.load("emoji", "train", EmojiNet.size), data.load("emoji", "test", EmojiNet.size)
    counts = Counter(word for caption in training.captions for word in words_of(caption))
    network = NETWORKS[name][0]([word for word, count in sorted(counts.items()) if count >= TIMES_SEEN])
    targets, held_out = (torch.tensor([[float(w in words_of(c)) for w in network.words] for c in of.captions])
                         for of in (training, test))  # fmt: skip

    def loss(images: Tensor, chosen: Tensor) -> Tensor:
        white_around = -jitter(-images)  # what moves in at the border is white, as the ground is
        return binary_cross_entropy_with_logits(network.logits(white_around), targets[chosen])

    train(network, name, training, loss)
    with torch.no_grad():
        said = network.logits(to_float(test.images)) > 0
    right = (said & (held_out > 0)).sum()
    save_file(halved(network), FOLDER / f"{name}.safetensors", {"words": "\n".join(network.words)})
    print(
        f"{len(network.words)} words; on {len(test)} held-out emoji precision {right / said.sum():.3f}, "
        f"recall {right / held_out.sum():.3f}; tone right {tone_right(network, test):.3f}"
    )


def words_of(caption: str) -> set[str]:
    """The words of an emoji's name; "dark skin tone" is one word."""
    name, tones = caption, []
    for tone in ("medium-light", "medium-dark", "light", "medium", "dark"):
        if f"{tone} skin tone" in name:
            tones.append(f"{tone} skin tone")
            name = name.replace(f"{tone} skin tone", "")
    return {*name.split(), *tones}


@torch.no_grad()
def tone_right(network: EmojiNet, test: ImageSet) -> float:
    """Among emoji with one skin tone, the share whose tone has the largest score of the five."""
    tones = [i for i, word in enumerate(network.words) if word.endswith(" skin tone")]
    of = [[w for w in words_of(c) if w.endswith(" skin tone")] for c in test.captions]
    one = torch.tensor([i for i, found in enumerate(of) if len(found) == 1])
    said = network.logits(to_float(test.images[one]))[:, tones].argmax(1)
    return sum(network.words[tones[s]] == of[i][0] for s, i in zip(said.tolist(), one.tolist(), strict=True)) / len(one)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=list(NETWORKS))
    name = parser.parse_args().name
    torch.manual_seed(NETWORKS[name][1])
    (digits if name.startswith("digits") else emoji)(name)


if __name__ == "__main__":
    main()
