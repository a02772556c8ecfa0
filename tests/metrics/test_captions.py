"""Painted digits are read back, right or wrong; retrieval and R-precision against their definitions."""

import pytest
import torch

from ganbook import data, metrics
from ganbook.data.captions import PALETTE

COLOURS = tuple(PALETTE.values())


@pytest.fixture(scope="module")
def painted():
    """800 real pictures, and their digits, colours and grounds."""
    test = data.load("captioned-digits", "test")
    chosen = torch.arange(1, 4000, 5)
    return test.batch(chosen).real, *(values[chosen] for values in (test.labels, test.inks, test.grounds, test.strokes))


def test_real_pictures_are_read_back(painted):
    images, digits, inks, grounds, strokes = painted
    found = metrics.read_painted_digits(images, COLOURS)
    assert (found.digits == digits).double().mean() >= 0.97
    assert torch.equal(found.inks, inks) and torch.equal(found.grounds, grounds)
    assert all(values.dtype == torch.int64 and values.shape == (800,) for values in found[:3])
    thin, middle, bold = (found.coverage[strokes == stroke].mean() for stroke in range(3))
    assert 0.02 < thin < 0.8 * middle and middle < 0.85 * bold < 0.4


def test_colours_need_not_be_exact(painted):
    images, digits, inks, grounds, _ = painted
    torch.manual_seed(0)
    noisy = (0.9 * images + 0.05 * torch.randn_like(images)).clamp(-1, 1)
    found = metrics.caption_agreement(noisy, digits, inks, grounds, COLOURS)
    assert found["digit"] > 0.93 and found["ink"] > 0.97 and found["ground"] > 0.99


def test_agreement_counts_each_part_and_all_of_them(painted):
    images, digits, inks, grounds, _ = painted
    wrong_ink = inks.clone()
    wrong_ink[:200] = (wrong_ink[:200] + 1) % 8
    wrong_ground = grounds.clone()
    wrong_ground[100:300] = (wrong_ground[100:300] + 1) % 8
    digit = metrics.caption_agreement(images, digits, inks, grounds, COLOURS)["digit"]
    found = metrics.caption_agreement(images, digits, wrong_ink, wrong_ground, COLOURS)
    assert (found["digit"], found["ink"], found["ground"]) == (digit, 0.75, 0.75)
    assert found["all"] == pytest.approx(0.625, abs=0.03) and set(found) == {"digit", "ink", "ground", "all"}


def test_shuffled_captions_agree_by_chance(painted):
    images, *asked, _ = painted
    other = torch.randperm(800, generator=torch.Generator().manual_seed(3))
    found = metrics.caption_agreement(images, *(values[other] for values in asked), COLOURS)
    for part, chance in (("digit", 1 / 10), ("ink", 1 / 8), ("ground", 1 / 8)):
        assert found[part] == pytest.approx(chance, abs=5 * (chance * (1 - chance) / 800) ** 0.5)
    assert found["all"] < 0.02


def test_one_picture_and_pictures_of_nothing(painted):
    images, digits, inks, grounds, _ = painted
    one = metrics.caption_agreement(images[:1], digits[:1], inks[:1], grounds[:1], COLOURS)
    assert all(share in (0.0, 1.0) for share in one.values())
    flat = metrics.read_painted_digits(torch.full((2, 3, 28, 28), -0.9), COLOURS)
    assert flat.coverage.tolist() == [0, 0] and flat.inks.tolist() == flat.grounds.tolist()
    assert list(PALETTE)[flat.grounds[0]] == "black"


@pytest.mark.parametrize("bad", [torch.zeros(2, 1, 28, 28), torch.zeros(2, 3, 32, 32), torch.zeros(0, 3, 28, 28)])
def test_pictures_that_do_not_fit_are_named(bad):
    with pytest.raises(ValueError, match=r"^images has shape \(.*\): allowed is \(N, 3, 28, 28\)"):
        metrics.read_painted_digits(bad, COLOURS)
    with pytest.raises(TypeError, match=r"^images is a torch.uint8"):
        metrics.read_painted_digits(torch.zeros(2, 3, 28, 28, dtype=torch.uint8), COLOURS)


@pytest.mark.parametrize("bad", ["digit", "ink", "ground"])
def test_what_was_asked_is_one_per_image(bad):
    asked = {name: torch.zeros(2 + (name == bad), dtype=torch.int64) for name in ("digit", "ink", "ground")}
    with pytest.raises(ValueError, match=rf"^{bad}s has shape \(3,\): allowed is \(2,\)$"):
        metrics.caption_agreement(torch.zeros(2, 3, 28, 28), *asked.values(), COLOURS)


# -- retrieval ----------------------------------------------------------------------------------------------------

QUERIES = torch.tensor([[0.0, 0.0], [1.0, 0.0], [9.0, 9.0]])
GALLERY = torch.tensor([[0.1, 0.0], [1.2, 0.0], [5.0, 5.0], [8.0, 8.0]])


def table(*answers, n=4):
    return torch.tensor([[k in right for k in range(n)] for right in answers])


def test_retrieval_by_hand():
    assert metrics.retrieval(QUERIES, GALLERY, table({0}, {1}, {3})) == 1
    assert metrics.retrieval(QUERIES, GALLERY, table({1}, {1}, {3})) == pytest.approx(2 / 3)
    assert metrics.retrieval(QUERIES, GALLERY, table({1, 0}, {2, 3}, {2})) == pytest.approx(1 / 3)


def test_among_the_entries_that_are_looked_at():
    right = table({1}, {1}, {2})
    assert metrics.retrieval(QUERIES, GALLERY, right) == pytest.approx(1 / 3)
    assert metrics.retrieval(QUERIES, GALLERY, right, among=table({1, 2, 3}, {0, 1}, {0, 2})) == 1
    with pytest.raises(ValueError, match=r"^right marks no entry for a query: each needs one or more among those"):
        metrics.retrieval(QUERIES, GALLERY, right, among=table({0}, {1}, {2}))


def test_a_twin_of_a_right_entry_is_right():
    torch.manual_seed(0)
    rows, n = torch.rand(30, 500), 30  # so many that distances may be computed by products
    twins = torch.cat((rows, rows))  # entry n + k is the same picture as entry k
    first = torch.cat((torch.eye(n), torch.zeros(n, n)), 1).bool()
    noisy = rows + 0.01 * torch.randn(n, 500)
    for queries in (rows, noisy):
        assert metrics.retrieval(queries, twins, first) == metrics.retrieval(queries, twins, first.roll(n, 1)) == 1
    almost = torch.cat((torch.lerp(rows, noisy, 0.01), rows))
    assert metrics.retrieval(noisy, almost, first.roll(n, 1)) == 0, "nearly the same is not the same"


def test_retrieval_is_the_nearest_neighbours_answer():
    torch.manual_seed(1)
    queries, gallery = torch.randn(60, 7), torch.randn(40, 7)
    labels, known = torch.randint(4, (60,)), torch.randint(4, (40,))
    nearest = (queries[:, None] - gallery).square().sum(2).argmin(1)
    expected = (known[nearest] == labels).double().mean().item()
    assert metrics.retrieval(queries, gallery, labels[:, None] == known) == pytest.approx(expected)
    assert 0 < expected < 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (QUERIES, GALLERY, table({0}, {1})),
            r"^right has shape \(2, 4\): allowed is \(3, 4\)$",
        ),
        (
            (QUERIES, GALLERY, torch.zeros(3, 4)),
            r"^right is a torch.float32 tensor \(3, 4\): allowed is a tensor of bool \(3, 4\)$",
        ),
        ((QUERIES, GALLERY, table({0}, {1}, {2}), table({0})), r"^among has shape \(1, 4\): allowed is \(3, 4\)$"),
        ((QUERIES[:, :1], GALLERY, table({0}, {1}, {2})), r"^gallery has dimension 2: allowed is that of queries, 1$"),
        (
            (QUERIES[:, 0], GALLERY, table({0}, {1}, {2})),
            r"^queries has shape \(3,\): allowed is \(N, dim\)",
        ),
        ((QUERIES, GALLERY, table({0}, set(), {2})), r"^right marks no entry for a query"),
        ((QUERIES[:0], GALLERY, torch.zeros(0, 4).bool()), r"^queries has shape \(0, 2\)"),
    ],
)
def test_tables_that_do_not_fit_are_named(arguments, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        metrics.retrieval(*arguments)


# -- R-precision --------------------------------------------------------------------------------------------------


def circle(*degrees):
    angles = torch.tensor(degrees).deg2rad()
    return torch.stack((angles.cos(), angles.sin()), 1)


def test_r_precision_by_hand():
    images, texts = circle(0, 80, 200), circle(10, 30, 190)
    own = torch.eye(3).bool()
    assert metrics.r_precision(images, texts, own, wrong=2) == 1
    assert metrics.r_precision(circle(25, 80, 200), texts, own, wrong=2) == pytest.approx(2 / 3)
    lengths = torch.tensor([[1.0], [50.0], [0.02]])
    assert metrics.r_precision(images, texts * lengths, own, wrong=2) == 1, "angles, not distances"
    fitting = own | table({1}, set(), set(), n=3)
    assert metrics.r_precision(circle(25, 80, 200), texts, fitting, wrong=1) == 1, "what fits is no candidate"


def test_r_precision_of_vectors_that_say_nothing_is_chance():
    torch.manual_seed(0)
    images, texts = torch.randn(2, 3000, 8)
    for wrong, chance in ((4, 0.2), (99, 0.01)):
        found = metrics.r_precision(images, texts, torch.eye(3000).bool(), wrong)
        assert found == pytest.approx(chance, abs=3.5 * (chance * (1 - chance) / 3000) ** 0.5)


def test_r_precision_is_a_count_over_the_drawn_candidates():
    torch.manual_seed(1)
    images, kinds = torch.randn(60, 5), torch.randint(6, (60,))
    texts, fits = images + torch.randn(60, 5), kinds[:, None] == kinds
    cosines = torch.cosine_similarity(images[:, None], texts, dim=2)
    beaten_by = ((cosines > cosines.diagonal()[:, None]) & ~fits).sum(1)
    least = int((~fits).sum(1).min())
    draws = torch.tensor([metrics.r_precision(images, texts, fits, 10, seed) for seed in range(200)])
    free = (~fits).sum(1)
    missed = torch.stack([(free - beaten_by - k) / (free - k) for k in range(10)]).clamp_min(0).prod(0)
    assert draws.mean() == pytest.approx(missed.mean().item(), abs=0.01) and draws.unique().numel() > 5
    assert 0.2 < draws.mean() < 0.8 and least >= 10
    assert metrics.r_precision(images, texts, fits, 10, 3) == draws[3]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            (QUERIES, QUERIES, torch.eye(3).bool()),
            r"^fits leaves 2 captions that are wrong: allowed is 99 or more, never a picture's own$",
        ),
        (
            (QUERIES, QUERIES, ~torch.eye(3).bool(), 1),
            r"^fits leaves 1 captions that are wrong: .* never a picture's own$",
        ),
        ((QUERIES, GALLERY, torch.ones(3, 4).bool(), 1), r"^texts has shape \(4, 2\): allowed is \(3, 2\)$"),
        ((QUERIES, QUERIES, torch.eye(4).bool(), 1), r"^fits has shape \(4, 4\): allowed is \(3, 3\)$"),
        ((QUERIES, QUERIES, torch.eye(3).bool(), 0), r"^wrong is 0: allowed is "),
    ],
)
def test_captions_that_do_not_fit_are_named(arguments, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        metrics.r_precision(*arguments)
