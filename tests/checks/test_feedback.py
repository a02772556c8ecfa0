"""The card, the generic hints, and that a check leaves nothing behind."""

import importlib
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from ganbook import checks
from ganbook.checks import limit
from ganbook.checks.compare import describe
from ganbook.checks.task import Mistake, Reject, Sheet, known


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
        (lambda x: 0 * x, "is 0 everywhere"),
        (lambda x: 0 * x + torch.inf, "is not finite"),
    ],
)
def test_unforeseen_differences_are_described(answer, said):
    task, _ = doubled()
    assert said in task(answer).hint


def test_statistics_are_shown_with_their_tolerance():
    task = checks.two_players.sample_noise
    result = task(lambda n, latent_dim, prior: torch.rand(n, latent_dim))
    assert result.expected.endswith("± 0.06")


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


def test_an_error_is_told_before_what_it_left_behind_and_has_a_ladder():
    task, _ = doubled(setup=lambda: (nn.Linear(2, 2),), reference=lambda network: network.weight.sum())
    card = task(lambda network: network.eval()(torch.zeros(3)))
    assert card.hint_id == "shape" and "mat1" in card.came
    assert [name for name, _ in card.rungs] == ["hint", "to run", "read again"]


def test_plain_card():
    task, sheet = doubled()
    sheet.task("other", "Other", tried="", reference=lambda: 1, mistakes=())
    text = repr(task(lambda x: x / 2))
    for part in ("✗ Task 1: not right yet", "tried", "came", "where to look", "more", "0 of 2 done   ✗ ·"):
        assert part in text
    assert "expected" not in text and "You halved" not in text
    text = repr(task(lambda x: 2 * x))
    assert "✓ Task 1: passed" in text and "Doubling works." in text and "1 of 2 done   ✓ ·" in text
    assert repr(sheet.progress()).splitlines()[1:] == ["  ✓ 1 Double <it> (passed)", "  · 2 Other (not yet)"]


def test_hints_come_rung_by_rung():
    """What kind of thing, the mistake, a case to run, where to read; the expected value last."""
    task, sheet = doubled(small_case="2 · 3 is 6.")
    assert (sheet.hint().status, sheet.hint().hint) == (
        "not yet",
        "Tell the check what to judge: `check.double(double)`.",
    )
    shown = [task(lambda x: x / 2)]
    shown += [
        task(lambda x: x / 2),
        sheet.hint(),
        sheet.hint("double"),
        task(lambda x: x / 2),
        sheet.hint(),
        sheet.hint(),
    ]
    rows = [[name for name, _ in card._rows()] for card in shown]
    assert rows[0] == ["tried", "came", "where to look", "more"]
    assert rows[1] == ["tried", "came", "where to look", "hint", "more"]
    assert rows[2][-2] == "a small case" and rows[3][-2] == "to run" and rows[4][-2] == "read again"
    assert (
        rows[5]
        == rows[6]
        == ["tried", "came", *("where to look", "hint", "a small case", "to run", "read again"), "expected"]
    )
    assert "the chapter" in repr(shown[4]) and "expected" not in repr(shown[4])
    assert task(lambda x: 3 * x).level == 1  # another mistake: the ladder begins anew
    assert task(lambda x: 2 * x).rungs == ()
    with pytest.raises(ValueError, match="name must be one of double; got 'tripple'"):
        sheet.hint("tripple")


def test_a_case_that_the_learner_can_run():
    worlds = {"one number": lambda: (torch.tensor([7.0]),)}
    task, sheet = doubled(worlds=worlds)
    task(lambda x: 2 * x if len(x) > 1 else x)
    (x,) = sheet.case()
    assert x.tolist() == [7.0] and "one number" in repr(sheet.hint())
    assert task(lambda x: x / 2).hint_id == "halved" and len(sheet.case("double")[0]) == 5
    with pytest.raises(ValueError, match="world must be one of"):
        task.arguments(world="none")
    value, _ = doubled(takes="value", setup=lambda: 4.0, reference=lambda world: 8.0, mistakes=())
    with pytest.raises(ValueError, match="double is a value"):
        value.arguments()


def test_html_card_escapes_and_marks_code():
    task, sheet = doubled()
    task(lambda x: x / 2)
    card = sheet.hint()._repr_html_()
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
    without_mistakes, _ = doubled(mistakes=(None,))
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
        assert module.progress == module.sheet.last_card
        for verb in ("done", "hint", "case", "results", "require_all_passed"):
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


# -- more worlds than one, and what a call leaves behind -------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (lambda x: torch.full_like(x, 2.0) * x if len(x) > 1 else x, "value"),  # wrong in the last world only
        (lambda x, seen=[]: 2 * x if seen.append(0) or len(seen) < 2 else x, "scale"),
        (lambda x, kept=[]: kept.append(2 * x) or kept[0], "value"),
    ],
)
def test_one_world_can_be_fooled_and_several_cannot(answer, hint):
    task, _ = doubled(worlds={"one number": lambda: (torch.tensor([7.0]),)})
    result = task(answer)
    assert (result.status, result.hint_id) == ("failed", hint) and "; then: " in result.tried


def test_a_mistake_of_another_world_draws_its_hint():
    mistakes = (Mistake("not-for-one", "One is a batch, too.", like=lambda x: 2 * x if len(x) > 1 else 0 * x),)
    task, _ = doubled(worlds={"one number": lambda: (torch.tensor([7.0]),)}, mistakes=mistakes)
    assert task(lambda x: 2 * x * (len(x) > 1)).hint_id == "not-for-one"


def network():
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))


def looked_at(look, **parts):
    """A check of a function that should only look at a network and a batch: (network, x) to the mean output."""

    def plain(network, x):
        state = {name: value.clone() for name, value in network.state_dict().items()}
        result = network(x).mean()
        network.load_state_dict(state)
        return result

    def world():
        made = network(), torch.randn(6, 2, requires_grad=True) * 1.0
        return *made, torch.optim.SGD(made[0].parameters(), lr=0.1)

    task, _ = doubled(
        setup=world,
        reference=lambda network, x, optimizer: plain(network, x),
        observe=lambda answer, world: {"the mean": answer(*world).detach()},
        mistakes=(),
        **parts,
    )

    def answer(network, x, optimizer):
        result = plain(network, x)
        look(network, x, optimizer)
        return result

    return task(answer)


@pytest.mark.parametrize(
    ("look", "hint"),
    [
        (lambda network, x, optimizer: network(x).sum().backward(), "buffers-moved"),
        (lambda network, x, optimizer: network.eval()(x).sum().backward() or network.train(), "gradient-left"),
        (lambda network, x, optimizer: network.eval(), "mode-left"),
        (lambda network, x, optimizer: network.requires_grad_(False), "frozen"),
        (lambda network, x, optimizer: network[0].weight.data.add_(1), "weights-moved"),
        (lambda network, x, optimizer: optimizer.param_groups[0].update(lr=1.0), "settings-changed"),
        (lambda network, x, optimizer: x.detach_(), "cut-off-input"),
        (lambda network, x, optimizer: x.data.mul_(2), "changed-input"),
        (lambda network, x, optimizer: torch.manual_seed(0), "reseeded"),
    ],
)
def test_what_is_left_behind_is_seen(look, hint):
    result = looked_at(look)
    assert (result.status, result.hint_id) == ("failed", hint), repr(result)
    assert "{name}" not in repr(result)


@pytest.mark.parametrize(
    "look",
    [
        lambda network, x, optimizer: None,
        lambda network, x, optimizer: network.zero_grad(),
        lambda network, x, optimizer: network.requires_grad_(False).requires_grad_(True),
        lambda network, x, optimizer: network.eval() and network.train(),
        lambda network, x, optimizer: x.detach().mul_(1),
        lambda network, x, optimizer: torch.rand(3),
    ],
)
def test_what_leaves_nothing_is_free(look):
    assert looked_at(look).passed


def test_a_task_may_allow_a_trace():
    assert looked_at(lambda network, x, optimizer: network.requires_grad_(False), allows=("frozen",)).passed


def test_returned_values_are_compared_in_their_order():
    task, _ = doubled(
        setup=lambda: (torch.randn(()),),
        reference=lambda x: (x, 2 * x),
        observe=lambda answer, world: {"it ran": bool(answer(*world))},
        returns=("d_loss", "g_loss"),
        mistakes=(),
    )
    assert task(lambda x: [x.item(), 2 * x]).passed
    assert task(lambda x: (2 * x, x)).hint_id == "returned-in-another-order"
    assert task(lambda x: (x, x)).hint_id == "value"
    assert task(lambda x: True).hint_id == task(lambda x: (x, 2 * x, x)).hint_id == "returned"


# -- time -------------------------------------------------------------------------------------------------


def endless(x):
    while True:
        pass


def stubborn(x):
    while True:
        try:
            time.sleep(0.01)
        except BaseException:
            if time.monotonic() > stubborn.until:
                raise


@pytest.mark.parametrize("elsewhere", [False, True], ids=["main thread", "another thread"])
def test_an_endless_loop_ends_in_a_card(monkeypatch, elsewhere):
    monkeypatch.setattr(limit, "SECONDS", 0.3)
    task, _ = doubled()
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(task, endless).result(20) if elsewhere else task(endless)
    assert (result.status, result.hint_id) == ("failed", "too-long") and "never end" in result.hint
    assert task(lambda x: 2 * x).passed


def test_a_bare_except_does_not_keep_the_kernel(monkeypatch):
    monkeypatch.setattr(limit, "SECONDS", 0.2)
    stubborn.until = time.monotonic() + 0.5
    assert doubled()[0](stubborn).hint_id == "too-long"


def test_an_interrupt_ends_in_a_card():
    def interrupted(x):
        raise KeyboardInterrupt

    assert doubled()[0](interrupted).hint_id == "interrupted"


def test_another_timer_goes_on():
    fired = []
    kept = signal.signal(signal.SIGALRM, lambda *_: fired.append(1))
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try:
        assert doubled()[0](lambda x: 2 * x).passed
        time.sleep(0.4)
        assert fired
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, kept)


def test_a_check_without_an_argument_says_what_to_pass():
    result = doubled()[0]()
    assert result.status == "not yet" and "check.double(double)" in result.hint


def test_hints_are_read_in_order_with_what_they_are_recognised_by():
    text = """
        halved: You halved it:
          the half is `x / 2`.
        minus-1: The sign: it is turned.
    """
    is_minus = lambda trial: True  # noqa: E731
    halved, minus = known(text, {"halved": abs}, {"minus-1": is_minus})
    assert halved == Mistake("halved", "You halved it: the half is `x / 2`.", like=abs)
    assert minus == Mistake("minus-1", "The sign: it is turned.", when=is_minus)


@pytest.mark.parametrize(
    ("text", "like", "message"),
    [
        ("a: one\nb: two", {"a": abs}, "without a hint: b"),
        ("a: one", {"a": abs, "b": abs}, "without a hint: b"),
        ("a: one\na: two", {"a": abs}, "two hints are called 'a'"),
        ("a: one\ngoes on", {"a": abs}, "begins with 'id: '; got 'goes on'"),
    ],
)
def test_odd_hints_say_so(text, like, message):
    with pytest.raises(ValueError, match=message):
        known(text, like, {})
