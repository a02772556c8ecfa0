"""The card, the generic hints, and that a check leaves nothing behind."""

import importlib
import random
import sys

import numpy as np
import pytest
import torch
from torch import nn

from ganbook import checks
from ganbook.checks.compare import describe
from ganbook.checks.task import Mistake, Reject, Sheet


def doubled(**parts):
    sheet = Sheet("test", "A test sheet")
    parts = {
        "tried": "double(x)",
        "setup": lambda: (torch.randn(5),),
        "reference": lambda x: 2 * x,
        "mistakes": (Mistake("halved", "You halved <x> & `y < z`.", like=lambda x: x / 2),),
        "lesson": "Doubling works.",
    } | parts
    return sheet.task("double", "Double <it>", **parts), sheet


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda x: x / 2, "halved"),
        (lambda x: -2 * x, "sign"),
        (lambda x: 6 * x, "scale"),
        (lambda x: x + 2, "value"),
        (lambda x: 2 * x[:3], "shape"),
        (lambda x: 2 * x[None], "shape"),
        (lambda x: torch.full_like(x, float("nan")), "nan"),
        (lambda x: 2 * x / 0, "nan"),
        (lambda x: (2 * x).round().long(), "dtype"),
        (lambda x: x > 0, "dtype"),
        (lambda x: "2x", "type"),
        (lambda x: x.mul_(2), "changed-input"),
        (lambda: 2, "arguments"),
        (lambda x: torch.dot(x, torch.randn(3)), "shape"),
        (lambda x: x.reshape(7, 7), "exception"),
        (lambda x: x @ torch.randn(3, 3), "shape"),
        (lambda x: unknown_name, "exception"),  # noqa: F821
        (2, "not-a-function"),
    ],
)
def test_generic_hints(answer, hint):
    task, _ = doubled()
    for seed in range(10):
        assert task(answer, seed=seed).hint_id == hint


@pytest.mark.parametrize(
    "answer",
    [lambda x: x * 2, lambda x: x.double() + x, lambda x: 2 * x.numpy(), lambda x: (2 * x).tolist()],
)
def test_right_answers_of_other_types_pass(answer):
    task, _ = doubled()
    assert task(answer).passed


def test_scale_of_a_single_number_shows_in_its_gradients():
    task = checks.two_players.discriminator_loss
    result = task(lambda real, fake: 3 * task.reference(real, fake))
    assert result.hint_id == "scale" and "3 times" in result.hint


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: torch.cat([2 * x[:3], x[3:]]), "3 of its 5 entries are right"),
        (lambda x: 2 * x.roll(1), "the cosine of the angle"),
        (lambda x: 0 * x, "No entry agrees"),
    ],
)
def test_unforeseen_differences_are_described(answer, said):
    task, _ = doubled()
    assert said in task(answer).hint


def test_statistics_are_shown_with_their_tolerance():
    task = checks.two_players.sample_noise
    result = task(lambda n, latent_dim, prior: torch.rand(n, latent_dim))
    assert result.expected.endswith("± 0.04")


def test_names_the_line_and_the_error():
    task, _ = doubled()

    def double(x):
        y = torch.zeros(3)
        return x + y

    result = task(double)
    assert result.hint_id == "shape"
    assert "must match the size" in result.came
    assert "`return x + y`" in result.hint


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


def test_an_error_without_a_text_is_judged_like_any_other():
    task, _ = doubled()

    def double(x):
        raise Unspeakable

    result = task(double)
    assert result.hint_id == "exception" and result.came.startswith("Unspeakable")
    assert "`raise Unspeakable`" in result.hint


def test_an_error_of_another_layer_is_another_mistake():
    """The source left out of the first layer stops with the same sentence as a second layer of a wrong size."""
    task = checks.pix2pix.patch_discriminator

    def answer(first, second):
        def patch_discriminator(channels, sources, layers, width):
            return nn.Sequential(nn.Conv2d(first(channels, sources), width, 4, 2, 1), nn.Conv2d(second, 1, 4, 1, 1))

        return patch_discriminator

    for seed in range(10):
        left_out = task(answer(lambda channels, sources: channels, 3), seed=seed)
        assert left_out.hint_id == "source-left-out"
        second = task(answer(lambda channels, sources: channels + sources, 3), seed=seed)
        assert second.came.startswith("RuntimeError: Given groups=1, weight of size") and second.hint_id == "exception"


def test_plain_card():
    task, sheet = doubled()
    sheet.task("other", "Other", tried="", reference=lambda: 1, mistakes=())
    text = repr(task(lambda x: x / 2))
    for part in ("✗ Task 1: not right yet", "tried", "came", "expected", "You halved <x>", "0 of 2 done   ✗ ·"):
        assert part in text
    text = repr(task(lambda x: 2 * x))
    assert "✓ Task 1: passed" in text and "Doubling works." in text and "1 of 2 done   ✓ ·" in text
    assert repr(sheet.progress()).splitlines()[1:] == ["  ✓ 1 Double <it> (passed)", "  · 2 Other (not yet)"]


def test_html_card_escapes_and_marks_code():
    task, sheet = doubled()
    card = task(lambda x: x / 2)._repr_html_()
    assert "Double &lt;it&gt;" in card and "&lt;x&gt; &amp; <code" in card and "y &lt; z</code>" in card

    def hostile(x):
        raise ValueError("</div><script>alert(1)</script>")

    card = task(hostile)._repr_html_()
    assert "<script" not in card and "&lt;script&gt;" in card
    for shown in (card, sheet.progress()._repr_html_()):
        assert 'role="group"' in shown and "aria-label=" in shown
        assert shown.count("<div") == shown.count("</div>") == 1


def test_verdict_does_not_hang_on_colour():
    task, _ = doubled()
    heads = {
        task(answer)._repr_html_().split("</strong>")[0].split("<strong>")[1] for answer in (None, abs, lambda x: 2 * x)
    }
    assert heads == {"· Task 1: not yet", "✗ Task 1: not right yet", "✓ Task 1: passed"}
    # no text colour of its own: it follows the page, light or dark
    assert "color:inherit" in task(None)._repr_html_()


def test_blank_start_of_a_find_the_bug_task():
    task, _ = doubled(blank=lambda x: x * 3)
    assert task(lambda x: 3 * x).status == "not yet"


def test_own_not_implemented_error_is_no_blank():
    task, _ = doubled()

    def call_unfinished(x):
        raise NotImplementedError("addmm not implemented for 'Half'")

    assert task(call_unfinished).hint_id == "exception"


def test_value_tasks():
    task, _ = doubled(
        takes="value",
        setup=lambda: 4.0,
        reference=lambda world: 2 * world,
        mistakes=(Mistake("halved", "half", like=lambda world: world / 2),),
        observe=lambda value, world: {"your value": value},
    )
    assert task(8).passed and task(torch.tensor(8.0)).passed and task(np.float32(8)).passed
    assert task(2.0).hint_id == "halved"
    assert task(-8.0).hint_id == "sign"
    assert task(...).status == "not yet"
    assert task("8").hint_id == "type"


def test_reject():
    def at_least_pairs(answer, world):
        result = answer(*world)
        if len(result) != 2:
            raise Reject("type", result, "a pair", "Return a pair.")
        return {"first": result[0]}

    task, _ = doubled(observe=at_least_pairs, reference=lambda x: (x, x), mistakes=())
    assert task(lambda x: (x, 0)).passed
    result = task(lambda x: (1, 2, 3))
    assert (result.hint_id, result.came, result.expected) == ("type", "(1, 2, 3)", "a pair")


def test_a_check_that_stumbles_still_gives_a_card():
    without_mistakes, _ = doubled(mistakes=None)
    assert without_mistakes(lambda x: 0 * x).hint_id == "check-stumbled"
    with_broken_reference, _ = doubled(reference=lambda x: x[99])
    assert with_broken_reference(lambda x: x[99]).hint_id == "check-stumbled"


def test_random_numbers_of_the_learner_are_left_alone():
    task, _ = doubled()
    torch.manual_seed(1), random.seed(1), np.random.seed(1)  # noqa: NPY002
    kept = torch.get_rng_state(), random.getstate(), np.random.get_state()[1]  # noqa: NPY002
    task(lambda x: 2 * x + 0 * torch.randn(5) + 0 * random.random() + 0 * np.random.rand())  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), kept[0])
    assert random.getstate() == kept[1]
    assert (np.random.get_state()[1] == kept[2]).all()  # noqa: NPY002


def test_settings_of_the_learner_are_left_alone():
    task, _ = doubled()
    kept = torch.get_default_dtype(), torch.get_num_threads()

    def double(x):
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(kept[1] + 1)
        return 2 * x

    assert task(double).passed and (torch.get_default_dtype(), torch.get_num_threads()) == kept


def test_checks_work_inside_no_grad():
    task = checks.two_players.discriminator_loss
    with torch.no_grad():
        assert task(task.reference).passed


def test_done_asks_for_known_tasks():
    task, sheet = doubled()
    assert not sheet.done("double")
    task(lambda x: 2 * x)
    assert sheet.done("double")
    with pytest.raises(ValueError, match="double"):
        sheet.done("tripple")


def test_modules_offer_one_surface():
    for name in checks.NOTEBOOKS:
        module = importlib.import_module(f"ganbook.checks.{name}")
        assert module.sheet.name == name
        for task in module.sheet.tasks.values():
            assert getattr(module, task.name) is task
        for verb in ("progress", "done", "results", "require_all_passed"):
            assert getattr(module, verb) == getattr(module.sheet, verb)


def test_lazy_import():
    code = "import sys, ganbook.checks; assert 'torch' not in sys.modules; ganbook.checks.two_players.sheet"
    import subprocess

    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (torch.tensor(0.5), "0.5"),
        (3, "3"),
        (1 - 2j, "1 - 2i"),
        (torch.tensor([1.0, 2.5]), "[1, 2.5]"),
        (torch.zeros(3, 4), "shape (3, 4), mean 0, from 0 to 0"),
        (torch.full((9,), float("inf")), "shape (9,) with 9 entries that are not finite"),
        (torch.empty(0), "an empty tensor of shape (0,)"),
        ("text", "'text'"),
        (True, "True"),
        ((2, 3), "(2, 3)"),
    ],
)
def test_describe(value, text):
    assert describe(value) == text
