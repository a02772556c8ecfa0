"""What few pictures give: which pictures are learned from, what D is asked about, and what counts as a copy."""

from __future__ import annotations

import pytest
import torch

from benchmarks import few_pictures
from ganbook import data, metrics, recipes
from ganbook.data.images import to_float
from ganbook.recipes.changes import AUGMENTS


class Feature(torch.nn.Module):
    """Features without a network of many seconds."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, :, ::8, ::8].flatten(1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "features", lambda name: Feature() if name == few_pictures.FEATURES else None)


@pytest.mark.parametrize("augment", AUGMENTS)
def test_a_run_is_what_the_command_line_plays_on_so_many_pictures(augment: str, monkeypatch: pytest.MonkeyPatch):
    trained, asked = [], []
    train = recipes.Recipe.train
    monkeypatch.setattr(recipes.Recipe, "train", lambda it, *a, **k: trained.append(it) or train(it, *a, **k))
    plain = few_pictures.Witness

    class Spy(plain):  # type: ignore[misc, valid-type]
        def __init__(self, learned: torch.Tensor, unseen: torch.Tensor) -> None:
            super().__init__(learned, unseen)
            asked.append((learned, unseen))

    scored = []
    monkeypatch.setattr(few_pictures, "Witness", Spy)
    monkeypatch.setattr(few_pictures, "SAMPLES", 40)
    monkeypatch.setattr(few_pictures, "scores", lambda *images: scored.append([len(of) for of in images]) or {})
    run = few_pictures.play({"pictures": 200, "augment": augment, "rounds": 2, "seed": 0})
    (recipe,), ((learned, unseen),) = trained, asked
    typed = recipes.get("dcgan-folder").changed(size=32, batch_size=32, lr=1e-3, steps=2, augment=augment).at("laptop")
    for name in ("size", "batch_size", "g_lr", "d_lr", "steps", "betas", "ema_half_life"):
        assert getattr(recipe, name) == getattr(typed, name), name
    assert repr(recipe.play) == repr(typed.play) and repr(recipe.game().discriminator) == repr(
        typed.game().discriminator
    )
    assert len(recipe.data) == 200
    known = to_float(recipe.data.images).flatten(1)
    train_split, test_split = (to_float(data.load("emoji-people", split, 32).images) for split in ("train", "test"))
    assert all((known == picture.flatten()).all(1).any() for picture in learned), "D is asked about what it learns from"
    assert torch.equal(unseen, test_split) and len(learned) <= len(unseen)
    assert (known[:, None] == train_split[:2].flatten(1)).all(2).sum(0).tolist() == [1, 0], "spread over the split"
    assert 0 <= run["told_apart"] <= 1
    assert scored == [[40, 200, len(test_split), len(train_split) + len(test_split)]]


def test_copies_are_counted_and_new_pictures_are_none():
    torch.manual_seed(0)
    every = torch.rand(300, 3, 32, 32) * 2 - 1
    learned, unseen = every[:200], every[200:]
    copied = few_pictures.scores(learned[:160] + 0.01, learned, unseen, every)
    fresh = few_pictures.scores(torch.rand(160, 3, 32, 32) * 2 - 1, learned, unseen, every)
    assert copied["copies"] == 1 and copied["different"] == 160 and fresh["copies"] < 0.1
    assert copied["floors"] == pytest.approx(copied["frechet_distance"] / copied["floor"]) and copied["n"] == 150


def test_every_kind_has_its_figures():
    rows = [
        {"pictures": 200, "augment": augment, "rounds": 800, "seed": 0, "floors": 9.0, "copies": 0.0, "told_apart": 0.5}
        for augment in AUGMENTS
    ]
    filled = [figure.what for figure in few_pictures.figures(rows) if figure.values]
    assert len(filled) == 3 * len(AUGMENTS)
    for augment in AUGMENTS:
        assert sum(f", {augment}, " in what for what in filled) == 3
