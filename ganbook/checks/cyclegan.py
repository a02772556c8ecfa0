"""Checks for the exercises of chapter 12, Without pairs: CycleGAN."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import islice, pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook.checks.challenge import NoScore, Score, listed, scored, verdict
from ganbook.checks.compare import Observation, as_array, describe
from ganbook.checks.readings.cyclegan import READING
from ganbook.checks.task import Answer, Reject, Sheet, Trial
from ganbook.checks.worlds import changes, gradient, leave_gradients

sheet = Sheet("cyclegan", "Exercises 12: CycleGAN")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed


class _Players(NamedTuple):
    """Two translators and two critics for images (N, 2, 4, 4), small and in double precision."""

    there: nn.Module
    back: nn.Module
    critic_x: nn.Module
    critic_y: nn.Module


def _network(outputs: int) -> nn.Sequential:
    hidden = nn.Conv2d(2, 3, 3, padding=1), nn.Tanh(), nn.Conv2d(3, outputs, 1)
    network = nn.Sequential(*hidden, nn.Tanh()) if outputs > 1 else nn.Sequential(*hidden)
    for parameter in network.parameters():  # PyTorch's own start is so small that all translations look alike
        nn.init.normal_(parameter, std=0.5)
    return network.double()


def _players() -> _Players:
    return _Players(_network(2), _network(2), _network(1), _network(1))


def _images(n: int, shift: float) -> Tensor:
    return torch.tanh(torch.randn(n, 2, 4, 4, dtype=torch.float64) + shift)


def _with_gradients(loss: Any, there: nn.Module, back: nn.Module) -> Observation:
    return {
        "the loss": loss,
        "the gradient by there's weights": gradient(loss, there.parameters()),
        "the gradient by back's weights": gradient(loss, back.parameters()),
    }


def _observe_loss(answer: Answer, world: tuple[Any, ...]) -> Observation:
    return _with_gradients(answer(*world), world[0], world[1])


def _l1(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean()


def _squared(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).square().mean()


def _summed(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().sum()


def _summed_inside(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().sum() / len(a)


Distance = Callable[[Tensor, Tensor], Tensor]
Network = Callable[[Tensor], Tensor]

# -- 1 the cycle loss --------------------------------------------------------------------------------


def _cycle(distance: Distance = _l1) -> Answer:
    return lambda g, f, x, y: distance(f(g(x)), x) + distance(g(f(y)), y)


def _two_sets(n: int = 3, m: int = 3) -> tuple[Any, ...]:
    players = _players()
    return players.there, players.back, _images(n, 0.5), _images(m, -0.3)


_SQUARED = "These are squared differences, which care for the few large ones. The loss takes absolute values."
_SUMMED = (
    "This is a sum where the mean over all entries is asked: the weight λ would mean something else for every image "
    "size."
)

cycle_loss = sheet.task(
    "cycle_loss",
    "There and back again",
    tried="cycle_loss(there, back, x, y) with small networks on 3 sources and 3 targets, and its gradients",
    setup=_two_sets,
    worlds={"sets of unequal size": lambda: _two_sets(1, 4)},
    observe=_observe_loss,
    reference=_cycle(),
    hints=f"""
        half-a-circle: You compare after one translation: the circle is not closed. Go there and back before you
          compare.
        one-direction: Only one of the two circles is closed. The other translator may then lose whatever it likes.
        wrong-way-round: The translators are applied in the wrong order: a source meets `back` first. `there` takes
          sources.
        one-circle-twice: Both terms run the same way round. A target starts with `back`, a source with `there`.
        compared-with-the-fake: The image that came back is compared with the translation halfway. It should equal the
          one that set out.
        compared-with-the-other-set: Sources are compared with targets. They are no pairs: each image is compared with
          itself.
        squared: {_SQUARED}
        summed: {_SUMMED}
        averaged: The two circles are averaged. The objective adds them, so your λ counts half.
        one-mean-for-both: One mean runs over both sets, so the larger set weighs more. Each circle has its own mean.
        cut-halfway: The number is right, but the circle is cut halfway: only the second translator of each circle
          learns, and the first never hears that it threw something away.
    """,
    like={
        "half-a-circle": (
            lambda g, f, x, y: _l1(f(x), x) + _l1(g(y), y),
            lambda g, f, x, y: _l1(g(x), x) + _l1(f(y), y),
            lambda g, f, x, y: _l1(f(y), x) + _l1(g(x), y),
        ),
        "one-direction": (lambda g, f, x, y: _l1(f(g(x)), x), lambda g, f, x, y: _l1(g(f(y)), y)),
        "wrong-way-round": lambda g, f, x, y: _l1(g(f(x)), x) + _l1(f(g(y)), y),
        "one-circle-twice": (
            lambda g, f, x, y: _l1(f(g(x)), x) + _l1(f(g(y)), y),
            lambda g, f, x, y: _l1(g(f(x)), x) + _l1(g(f(y)), y),
        ),
        "compared-with-the-fake": (
            lambda g, f, x, y: _l1(f(g(x)), g(x)) + _l1(g(f(y)), f(y)),
            lambda g, f, x, y: _l1(f(g(x)), f(y)) + _l1(g(f(y)), g(x)),
        ),
        "compared-with-the-other-set": lambda g, f, x, y: _l1(f(g(x)), y) + _l1(g(f(y)), x),
        "squared": _cycle(_squared),
        "summed": (_cycle(_summed), _cycle(_summed_inside)),
        "averaged": lambda *world: _cycle()(*world) / 2,
        "one-mean-for-both": lambda g, f, x, y: 2 * torch.cat((f(g(x)) - x, g(f(y)) - y)).abs().mean(),
        "cut-halfway": lambda g, f, x, y: _l1(f(g(x).detach()), x) + _l1(g(f(y).detach()), y),
    },
    lesson="Two circles through both translators. Any two maps that undo each other have loss 0, right or wrong.",
)

# -- 2 the identity loss -----------------------------------------------------------------------------


def _identity(distance: Distance = _l1) -> Answer:
    return lambda g, f, x, y: distance(g(y), y) + distance(f(x), x)


identity_loss = sheet.task(
    "identity_loss",
    "Leave alone what is already there",
    tried="identity_loss(there, back, x, y) with small networks on 3 sources and 3 targets, and its gradients",
    setup=_two_sets,
    worlds={"sets of unequal size": lambda: _two_sets(1, 4)},
    observe=_observe_loss,
    reference=_identity(),
    hints=f"""
        source-kept: This forbids `there` to change a source, which is its very task. What should it leave alone?
        compared-with-the-other-set: Images of different sets are compared. There are no pairs: compare each result with
          its own input.
        one-translator: Only one translator is asked to leave its own kind alone. Both are.
        cycle-loss: This is the cycle loss again: two translations in a row. Here each image passes one translator.
        squared: {_SQUARED}
        summed: {_SUMMED}
        averaged: The two terms are averaged. The objective adds them.
        cut-off: The number is right and no gradient comes from it: neither translator learns to leave anything alone.
    """,
    like={
        "source-kept": lambda g, f, x, y: _l1(g(x), x) + _l1(f(y), y),
        "compared-with-the-other-set": (
            lambda g, f, x, y: _l1(g(x), y) + _l1(f(y), x),
            lambda g, f, x, y: _l1(g(y), x) + _l1(f(x), y),
        ),
        "one-translator": (lambda g, f, x, y: _l1(g(y), y), lambda g, f, x, y: _l1(f(x), x)),
        "cycle-loss": (
            lambda g, f, x, y: _l1(f(g(x)), x) + _l1(g(f(y)), y),
            lambda g, f, x, y: _l1(f(g(y)), y) + _l1(g(f(x)), x),
        ),
        "squared": _identity(_squared),
        "summed": (_identity(_summed), _identity(_summed_inside)),
        "averaged": lambda *world: _identity()(*world) / 2,
        "cut-off": lambda *world: _identity()(*world).detach(),
    },
    lesson="Asked for a target and given one, a translator should do nothing: this is what keeps the colours in place.",
)

# -- 3 the whole objective ---------------------------------------------------------------------------


def _fooled(logits: Tensor, target: float = 1.0) -> Tensor:
    return 0.5 * (logits - target).square().mean()


def _objective(
    fooled: Callable[[Tensor], Tensor] = _fooled,
    shown: Callable[[_Players, Tensor, Tensor], Iterable[Tensor]] = lambda p, x, y: (
        p.critic_y(p.there(x)),
        p.critic_x(p.back(y)),
    ),
    join: Callable[[Tensor, Tensor, Tensor, float, float], Tensor] = lambda a, c, i, w, s: a + w * (c + s * i),
) -> Answer:
    """The objective from its parts: what a logit costs, which logits, and how the three terms are joined."""

    def total(
        g: nn.Module, f: nn.Module, dx: nn.Module, dy: nn.Module, x: Tensor, y: Tensor, w: float, s: float
    ) -> Tensor:
        adversarial = sum((fooled(logits) for logits in shown(_Players(g, f, dx, dy), x, y)), torch.zeros(()))
        return join(adversarial, _cycle()(g, f, x, y), _identity()(g, f, x, y), w, s)

    return total


def _observe_objective(answer: Answer, world: tuple[Any, ...]) -> Observation:
    """With the weights asked for, and with a small one for the cycle, beside which the game's share is plain to see."""
    *players, weight, share = world
    light: Observation = {"the loss at a cycle_weight of 0.1": answer(*players, weight / 70, share)}
    return {**_observe_loss(answer, world), **light}


generator_objective = sheet.task(
    "generator_objective",
    "All that the translators want",
    tried="generator_objective(…, cycle_weight=7, identity_share=0.3) with small networks, and its gradients",
    setup=lambda: (*_players(), _images(3, 0.5), _images(3, -0.3), 7.0, 0.3),
    worlds={
        "batches of unequal size, no identity loss": lambda: (*_players(), _images(1, 0.5), _images(4, 0.0), 2.0, 0.0)
    },
    observe=_observe_objective,
    reference=_objective(),
    hints="""
        identity-without-lambda: The identity loss enters with its share alone. It is a share *of λ*: the cycle's weight
          multiplies both.
        identity-not-weighted: The identity loss is as heavy as the cycle loss: its share is missing.
        identity-missing: The identity loss is missing: nothing tells the translators to leave their own kind alone.
        cycle-halved: The cycle loss counts half.
        lambda-on-the-critics: λ multiplies the adversarial part. It weighs the cycle against the critics, whose part
          has weight 1.
        weights-fixed: You wrote 10 and 0.5 into the function. Use the weights that it is given.
        target-0: The translators are rewarded for logits near 0, which the critics give to fakes. They want to pass as
          real.
        half-missing: The ½ of the adversarial terms is missing, so λ weighs half as much as it should.
        logistic: This is the cross-entropy game. CycleGAN plays least squares: ½(logit − 1)².
        critics-swapped: Each fake is judged by the wrong critic. A translated source claims to be a *target*.
        real-images-judged: The critics look at real images here. No gradient reaches the translators from there.
        critics-turn-in-it: What the critics want on real images is added too. That is their turn, not the translators'.
        one-critic: Only one of the two fakes is judged. Both translators have a critic to convince.
        cut-off: The fakes are cut off before the critics see them: the adversarial terms move no translator.
    """,
    like={
        "identity-without-lambda": _objective(join=lambda a, c, i, w, s: a + w * c + s * i),
        "identity-not-weighted": (
            _objective(join=lambda a, c, i, w, s: a + w * (c + i)),
            _objective(join=lambda a, c, i, w, s: a + w * c + i),
        ),
        "identity-missing": _objective(join=lambda a, c, i, w, s: a + w * c),
        "cycle-halved": _objective(join=lambda a, c, i, w, s: a + w * (c / 2 + s * i)),
        "lambda-on-the-critics": (
            _objective(join=lambda a, c, i, w, s: w * (a + c + s * i)),
            _objective(join=lambda a, c, i, w, s: w * a + c + s * i),
        ),
        "weights-fixed": _objective(join=lambda a, c, i, w, s: a + 10 * (c + 0.5 * i)),
        "target-0": _objective(lambda logits: _fooled(logits, 0.0)),
        "half-missing": _objective(lambda logits: 2 * _fooled(logits)),
        "logistic": _objective(lambda logits: F.softplus(-logits).mean()),
        "critics-swapped": _objective(shown=lambda p, x, y: (p.critic_x(p.there(x)), p.critic_y(p.back(y)))),
        "real-images-judged": _objective(shown=lambda p, x, y: (p.critic_y(y), p.critic_x(x))),
        "critics-turn-in-it": _objective(
            shown=lambda p, x, y: (p.critic_y(p.there(x)), p.critic_x(p.back(y)), p.critic_y(y), p.critic_x(x))
        ),
        "one-critic": (
            _objective(shown=lambda p, x, y: (p.critic_y(p.there(x)),)),
            _objective(shown=lambda p, x, y: (p.critic_x(p.back(y)),)),
        ),
        "cut-off": _objective(shown=lambda p, x, y: (p.critic_y(p.there(x).detach()), p.critic_x(p.back(y).detach()))),
    },
    lesson="Two critics to convince, two circles to close, two kinds to leave alone: six terms, two numbers to choose.",
)

# -- 4 the hidden signal -----------------------------------------------------------------------------


def _signal_world(n: int = 3, std: float = 0.4) -> tuple[Any, ...]:
    players = _players()
    return players.there, players.back, _images(n, 0.5), std, torch.randn(n, 2, 4, 4, dtype=torch.float64)


def _noisy(g: Network, f: Network, x: Tensor, std: float, noise: Tensor) -> Tensor:
    return f(g(x) + std * noise)


def _sensitivity(noisy: Callable[..., Tensor] = _noisy, distance: Distance = _l1) -> Answer:
    return lambda g, f, x, std, noise: distance(noisy(g, f, x, std, noise), x) - distance(f(g(x)), x)


noise_sensitivity = sheet.task(
    "noise_sensitivity",
    "What noise destroys",
    tried="noise_sensitivity(there, back, x, 0.4, noise) with small networks on 3 images",
    setup=_signal_world,
    worlds={"one image, much noise": lambda: _signal_world(1, 1.5), "no noise": lambda: _signal_world(2, 0.0)},
    reference=_sensitivity(),
    hints="""
        noise-on-the-source: The noise is added to the source. A signal hides in the *translation*: disturb that.
        noise-at-the-end: The noise is added to the reconstruction, after `back` has read the translation in peace.
        no-baseline: This is the error with noise. Subtract the error without it, or a poor translator looks like one
          that hides something.
        turned-round: The clean error minus the noisy one: with a hidden signal your number would be negative.
        between-reconstructions: You measured how far the reconstruction moves. Asked is how much further from x it
          ends.
        squared: These are squared differences. Take absolute ones.
        summed: This is a sum: take the mean over all entries.
        std-left-out: The noise is used as it is, with standard deviation 1. Scale it.
        std-as-variance: You multiplied by the root or by the square of the standard deviation. It scales the noise as
          it is.
        clamped: The noisy translation is clamped to the range of images. That takes noise away where pixels are
          extreme; the definition does not.
        translators-swapped: The translators are applied in the wrong order: a source meets `there` first.
        noise-of-its-own: You drew noise of your own. Use the one that is given, so that two translators meet the same.
    """,
    like={
        "noise-on-the-source": _sensitivity(lambda g, f, x, std, noise: f(g(x + std * noise))),
        "noise-at-the-end": _sensitivity(lambda g, f, x, std, noise: f(g(x)) + std * noise),
        "no-baseline": lambda g, f, x, std, noise: _l1(_noisy(g, f, x, std, noise), x),
        "turned-round": lambda *world: -_sensitivity()(*world),
        "between-reconstructions": lambda g, f, x, std, noise: _l1(_noisy(g, f, x, std, noise), f(g(x))),
        "squared": _sensitivity(distance=_squared),
        "summed": _sensitivity(distance=_summed),
        "std-left-out": _sensitivity(lambda g, f, x, std, noise: f(g(x) + noise)),
        "std-as-variance": (
            _sensitivity(lambda g, f, x, std, noise: f(g(x) + std**0.5 * noise)),
            _sensitivity(lambda g, f, x, std, noise: f(g(x) + std**2 * noise)),
        ),
        "clamped": _sensitivity(lambda g, f, x, std, noise: f((g(x) + std * noise).clamp(-1, 1))),
        "translators-swapped": lambda g, f, x, std, noise: _sensitivity()(f, g, x, std, noise),
        "noise-of-its-own": _sensitivity(lambda g, f, x, std, noise: f(g(x) + std * torch.randn_like(x))),
    },
    lesson="Noise too faint to see should cost next to nothing. Where it costs much, the image carries a message.",
)

# -- 5 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read the way back",
    lesson="A perfect way back has many causes. Noise tells the hidden message, the sets tell the identity, and only "
    "the partners the rest.",
)
logs, draw = READING.logs, READING.draw

# -- 6 the image pool --------------------------------------------------------------------------------

_SIZE, _QUERIES = 8, 80
_RETURNED, _BEYOND = "images returned for a batch of 2", "images kept beyond the size"
_FIRST, _SAME = "images kept after a batch of 3", "returned unchanged until the pool is full"
_EARLIER, _MIXED = "share of returned images from earlier batches", "share of batches of which exactly one is earlier"
_TWICE, _LOST = "images both kept and returned", "images neither kept nor returned"
_STUCK, _OLDEST = "of the first 8 images kept, still there", "share of exchanges with the image kept longest"
_HALF = "about half of 1 200 images are exchanged"  # by luck alone, one pool in 30 000 is further from it than 0.06
_GRAPH, _WRITTEN = "what is kept or returned hangs on G's graph", "the images given were overwritten"


def _numbers(images: Any, what: str) -> tuple[list[float], bool]:
    """Which image is which (each is filled with its own number), and whether one hangs on a graph."""
    parts = [*images] if isinstance(images, Tensor | list | tuple) else None
    if parts is None or not all(isinstance(part, Tensor) for part in parts):
        raise Reject("type", images, f"{what}: images", f"{what} should be a tensor of images or a list of them.")
    if any(part.numel() != 2 for part in parts):
        shape = tuple(parts[0].shape)
        raise Reject(
            "shape", f"images of shape {shape}", "(1, 1, 2) each", f"{what} should hold whole images (C, H, W)."
        )
    with torch.no_grad():
        values = torch.cat([part.reshape(1, 2) for part in parts]).tolist() if parts else []
    return [a if a == b else math.nan for a, b in values], any(part.requires_grad for part in parts)


class _Counts:
    """What many calls of a pool did, told apart by the numbers of the images."""

    def __init__(self) -> None:
        self.next = 1
        self.on_graph = self.written = False
        self.beyond = 0
        self.returned = 2

    def call(self, answer: Answer, kept: list[Tensor], n: int, size: int) -> tuple[list[float], ...]:
        """Numbers of the images kept before, given, returned, and kept after."""
        before, _ = _numbers(kept, "`kept`")
        given = [float(number) for number in range(self.next, self.next + n)]
        self.next += n
        leaf = torch.tensor(given).view(n, 1, 1, 1).expand(n, 1, 1, 2).clone().requires_grad_()
        images = leaf * 1.0  # as if G had made them
        returned, on_graph = _numbers(answer(kept, images, size), "What comes back")
        after, kept_on_graph = _numbers(kept, "`kept`")
        self.on_graph |= on_graph or kept_on_graph
        self.written |= images.detach()[:, 0, 0, 0].tolist() != given
        self.beyond = max(self.beyond, len(after) - size)
        if len(returned) != n:
            self.returned = len(returned)
        return before, given, returned, after


def _exchanged(answer: Answer) -> int:
    """Of 1 200 images, how many: in a pool so large that hardly one comes back within its own batch."""
    kept, count, at = list[Tensor](), 0, 0
    for n in (200,) + (8,) * 150:
        images = torch.arange(at, at + n, dtype=torch.float32).view(n, 1, 1, 1).expand(n, 1, 1, 2).clone()
        returned, _ = _numbers(answer(kept, images, 200), "What comes back")
        count += sum(number < at for number in returned)
        at += n
    return count


def _observe_pool(answer: Answer, _world: Any) -> Observation:
    counts, kept = _Counts(), list[Tensor]()
    first = counts.call(answer, kept, 3, 5)
    same = sorted(first[1]) == sorted(first[2])
    counts.call(answer, kept, 4, 5)  # two places are left for four images
    kept = []
    wide = [counts.call(answer, kept, 12, 24) for _ in range(2)]  # so many that no luck hides an early exchange
    kept = []
    filling = [counts.call(answer, kept, 2, _SIZE) for _ in range(_SIZE // 2)]
    same = same and all(sorted(given) == sorted(returned) for _, given, returned, _ in wide + filling)
    start = filling[-1][3]
    earlier, mixed, twice, lost, oldest = 0, 0, 0, 0, 0
    for _ in range(_QUERIES):
        before, given, returned, after = counts.call(answer, kept, 2, _SIZE)
        old = [number for number in returned if number not in given]
        earlier += len(old)
        mixed += len(old) == 1
        oldest += bool(before) and min(before) in old
        there, here = Counter(before + given), Counter(returned + after)
        twice += (here - there).total()
        lost += (there - here).total()
    for _ in range(40):  # until all of the first images must be gone
        after = counts.call(answer, kept, 6, _SIZE)[3]
    return {
        _RETURNED: counts.returned,
        _FIRST: len(first[3]),
        _BEYOND: counts.beyond,
        _SAME: same,
        _WRITTEN: counts.written,
        _GRAPH: counts.on_graph,
        _TWICE: twice,
        _LOST: lost,
        _EARLIER: earlier / (2 * _QUERIES),
        _HALF: abs(_exchanged(answer) / 1200 - 0.5) < 0.06,
        _MIXED: mixed / _QUERIES,
        _STUCK: len({*start} & {*after}),
        _OLDEST: oldest / max(1, earlier),
    }


def _exchange(kept: list[Tensor], images: Tensor, size: int) -> Tensor:
    out = []
    for image in images.detach().clone():
        if len(kept) < size:
            kept.append(image)
            out.append(image)
        elif torch.rand(()) < 0.5:
            place = int(torch.randint(size, ()))
            out.append(kept[place])
            kept[place] = image
        else:
            out.append(image)
    return torch.stack(out)


def _saw(**facts: Callable[[Any], bool]) -> Callable[[Trial], bool]:
    """A predicate on named facts of the pool."""
    names = {"beyond": _BEYOND, "first": _FIRST, "same": _SAME, "earlier": _EARLIER, "mixed": _MIXED, "twice": _TWICE}
    names |= {"half": _HALF, "lost": _LOST, "stuck": _STUCK, "oldest": _OLDEST, "graph": _GRAPH, "written": _WRITTEN}
    return lambda trial: all(fact(trial.got[names[name]]) for name, fact in facts.items())


pool_query = sheet.task(
    "pool_query",
    "A memory of earlier fakes",
    tried=f"pool_query(kept, images, size), {_QUERIES + 8} calls in a row; each image is filled with its own number",
    observe=_observe_pool,
    reference=_exchange,
    tolerance={_EARLIER: 0.23, _MIXED: 0.3, _OLDEST: 0.25, _STUCK: 0.5},
    hints="""
        overwrites-its-input: The batch you were given is overwritten: `.detach()` alone shares its memory, and the
          translators' turn still needs it. Work on a copy.
        nothing-kept: After the first batch `kept` is still empty. Change the list you are given in place; a new list
          under the same name is forgotten at the `return`.
        beyond-its-size: More images are kept than `size` allows. Whether there is room must be asked for every image,
          also within a batch.
        too-early: Exchanges begin before the pool is full, or images of its first batches do not come back as they are.
        keeps-the-graph: What is kept or returned still hangs on the graph that made it. The critic's `backward` would
          run into G, and in a later round into a graph that is gone.
        never-exchanged: Once full, your pool returns every new image and nothing from its memory: the critic sees the
          latest fakes only.
        not-put-in: A stored image comes back, but the new one does not take its place: it is lost, and the same old
          ones return for ever.
        not-given-back: A new image takes a stored one's place and comes back itself: the stored one is gone and no
          critic saw it again.
        always-exchanged: Every new image is exchanged, so the critic never sees what G makes now. Half of them should
          pass.
        one-decision-a-batch: One coin decides for the whole batch. Toss one for every image: else the critic gets
          batches that are all new or all old.
        half-of-every-batch: Exactly half of every batch is exchanged. Each image has a coin of its own.
        always-the-same-place: The exchange always takes the same place, so the other images stay for ever. Draw the
          place.
        a-place-never-drawn: A place of the pool is never drawn: what lies there from the start stays for ever. Does the
          range of your random places end one too early, or begin one too late?
        not-half: More or fewer than half of the images are exchanged. With probability ½ means for each image, whatever
          happened to the others.
        a-queue: The image that waited longest always goes: a queue. Drawn at random, some stay long, and the memory
          reaches further back.
    """,
    when={
        "overwrites-its-input": _saw(written=bool),
        "nothing-kept": _saw(first=lambda n: n == 0),
        "beyond-its-size": _saw(beyond=lambda n: n > 0),
        "too-early": _saw(same=lambda same: not same),
        "keeps-the-graph": _saw(graph=bool),
        "never-exchanged": _saw(earlier=lambda share: share == 0, lost=lambda n: n == 0, twice=lambda n: n == 0),
        "not-put-in": _saw(earlier=lambda share: share > 0, lost=lambda n: n > 0, twice=lambda n: n > 0),
        "not-given-back": _saw(earlier=lambda share: share == 0, lost=lambda n: n > 0, twice=lambda n: n > 0),
        "always-exchanged": _saw(
            earlier=lambda share: share > 0.8, stuck=lambda n: n < 4, oldest=lambda share: share < 0.6
        ),
        "one-decision-a-batch": _saw(earlier=lambda share: 0.3 < share < 0.7, mixed=lambda share: share < 0.2),
        "half-of-every-batch": _saw(
            earlier=lambda share: 0.3 < share < 0.7, mixed=lambda share: share > 0.8, stuck=lambda n: n < 4
        ),
        "always-the-same-place": _saw(stuck=lambda n: n >= 4),
        "a-place-never-drawn": _saw(stuck=lambda n: 0 < n < 4, earlier=lambda share: share > 0.2),
        "not-half": _saw(
            half=lambda half: not half, earlier=lambda share: 0.1 < share < 0.9, oldest=lambda share: share < 0.6
        ),
        "a-queue": _saw(oldest=lambda share: share > 0.6),
    },
    lesson="Nothing is lost and nothing doubled: an exchange. Half of what the critic sees is history.",
)

# -- 7 unpaired batches ------------------------------------------------------------------------------

_N, _M, _LONG, _BATCH = 12, 20, 15, 4
_FORM, _COUNT = "batches of the right sizes", f"batches asked for {_LONG}"
_X_ONCE, _Y_ONCE = "each source once in a pass", "each target once in a pass"
_X_SHUFFLED, _Y_SHUFFLED = "sources shuffled", "targets shuffled"
_X_NEW, _Y_NEW = "sources in a new order in every pass", "targets in a new order in every pass"
_TOGETHER, _AGAIN = "share of couples (i, i) of two sets of 20", "share of couples that meet again in the next pass"
_TIED = "share of places at which one order follows from the other as in the pass before"
_REPRODUCIBLE, _SEEDED = "the same seed gives the same batches", "another seed gives other batches"


def _indices(answer: Answer, n: int, m: int, steps: int, seed: int) -> tuple[list[int], list[int], list[int]]:
    """All sources' and all targets' indices in a row, and the sizes of the batches."""
    result = answer(n, m, _BATCH, steps, seed)
    wanted = "Return a list of `steps` pairs: indices of sources, indices of targets."
    if not isinstance(result, Iterable) or isinstance(result, str | Mapping):
        raise Reject("type", result, "a list of pairs", wanted)
    columns: tuple[list[int], list[int]] = ([], [])
    sizes = []
    for pair in islice(iter(result), steps + 1):
        if not isinstance(pair, Tensor | tuple | list) or len(pair) != 2:
            raise Reject("not-pairs", pair, "a pair: source indices, target indices", wanted)
        for column, part in zip(columns, pair, strict=True):
            array = as_array(part)
            if array is None or array.ndim != 1 or not (array.real == array.real.round()).all():
                raise Reject("not-indices", part, "whole numbers in one row", wanted)
            column.extend(int(entry) for entry in array.real)
            sizes.append(len(array))
    return *columns, sizes


def _passes(row: list[int], length: int) -> list[list[int]]:
    return [row[at : at + length] for at in range(0, len(row) - length + 1, length)]


def _once(row: list[int], length: int) -> bool:
    passes = _passes(row, length)
    return bool(passes) and all(sorted(one) == [*range(length)] for one in passes)


def _observe_batches(answer: Answer, seed: int) -> Observation:
    x, y, sizes = _indices(answer, _N, _M, _LONG, seed)
    x_passes, y_passes = _passes(x, _N), _passes(y, _M)
    a, b, _ = _indices(answer, _M, _M, 20, seed)
    couples = [{*zip(i, j, strict=False)} for i, j in zip(_passes(a, _M), _passes(b, _M), strict=False)]
    again = [len(one & other) / _M for one, other in pairwise(couples)]
    places = [
        [j.index(one) if one in j else -1 for one in i] for i, j in zip(_passes(a, _M), _passes(b, _M), strict=False)
    ]
    ties = [one == other for now, then in pairwise(places) for one, other in zip(now, then, strict=True)]
    same = _indices(answer, _N, _M, _LONG, seed) == (x, y, sizes)
    return {
        _COUNT: len(sizes) / 2,
        _FORM: all(size == _BATCH for size in sizes),
        _X_ONCE: _once(x, _N),
        _Y_ONCE: _once(y, _M),
        _X_SHUFFLED: all(one != sorted(one) for one in x_passes),
        _Y_SHUFFLED: all(one != sorted(one) for one in y_passes),
        _X_NEW: all(one != other for one, other in pairwise(x_passes)),
        _Y_NEW: all(one != other for one, other in pairwise(y_passes)),
        _TOGETHER: sum(i == j for i, j in zip(a, b, strict=False)) / max(1, len(a)),
        _TIED: sum(ties) / max(1, len(ties)),
        _AGAIN: sum(again) / max(1, len(again)),
        _REPRODUCIBLE: same,
        _SEEDED: _indices(answer, _N, _M, _LONG, seed + 1)[:2] != (x, y),
    }


def _shuffled_each(n: int, m: int, batch_size: int, steps: int, seed: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    rows = [
        torch.cat([torch.randperm(length, generator=generator) for _ in range(-(-steps * batch_size // length))])
        for length in (n, m)
    ]
    x, y = (row[: steps * batch_size].view(steps, batch_size) for row in rows)
    return [*zip(x, y, strict=True)]


def _fact(**facts: bool) -> Callable[[Trial], bool]:
    names = {"x_once": _X_ONCE, "y_once": _Y_ONCE, "x_shuffled": _X_SHUFFLED, "y_shuffled": _Y_SHUFFLED}
    names |= {"x_new": _X_NEW, "y_new": _Y_NEW, "same": _REPRODUCIBLE, "seeded": _SEEDED}
    return lambda trial: all(trial.got[names[name]] is value for name, value in facts.items())


unpaired_batches = sheet.task(
    "unpaired_batches",
    "Batches that know no pairs",
    tried=f"unpaired_batches(n, m, {_BATCH}, steps, seed): sets of {_N} and {_M}, two sets of {_M}, other seeds",
    setup=lambda: int(torch.randint(1000, ())),
    allows=("reseeded",),  # the seed is an argument
    observe=_observe_batches,
    reference=_shuffled_each,
    tolerance={_TOGETHER: 0.3, _AGAIN: 0.3, _TIED: 0.3},
    hints="""
        stops-early: Fewer batches come than were asked for: the shorter set ends the loop. It starts on a new pass
          while the longer one goes on.
        not-shuffled: Neither set is shuffled: what lies at the same place in both comes together.
        sources-not-shuffled: The sources come in the order of the set, the same batches in every pass.
        targets-not-shuffled: The sources are shuffled, the targets come in the order of the set: the same batches in
          every pass.
        pairs-come-back: With two sets of one length the i-th source always comes with the i-th target: one permutation,
          or one seed, serves both. Hidden pairs are back in the batches.
        same-couples-again: Each source meets the same target in every pass: the two orders are tied together. Draw them
          independently.
        orders-tied: With two sets of one length the order of the targets follows from that of the sources: it is the
          same one turned round, say. Draw each by itself.
        one-order-for-all-passes: The order is drawn once and repeated: the batches of every pass are the same. Draw a
          new one each pass.
        seed-ignored: The same seed gave different batches: the order comes from random numbers that `seed` does not
          reach.
        seed-fixed: Two seeds gave the same batches: a seed of your own stands in the function.
        with-replacement: Images are drawn with replacement, or both sets to one length: in a pass some come twice and
          some not at all. Go through a shuffled order.
    """,
    when={
        "stops-early": lambda trial: trial.got[_COUNT] < _LONG,
        "not-shuffled": _fact(x_shuffled=False, y_shuffled=False),
        "sources-not-shuffled": _fact(x_shuffled=False),
        "targets-not-shuffled": _fact(y_shuffled=False),
        "pairs-come-back": lambda trial: trial.got[_TOGETHER] > 0.6,
        "same-couples-again": lambda trial: trial.got[_AGAIN] > 0.6 and trial.got[_X_NEW],
        "orders-tied": lambda trial: trial.got[_TIED] > 0.6 and trial.got[_X_NEW] and trial.got[_X_SHUFFLED],
        "one-order-for-all-passes": lambda trial: not (trial.got[_X_NEW] and trial.got[_Y_NEW]),
        "seed-ignored": _fact(same=False),
        "seed-fixed": _fact(seeded=False),
        "with-replacement": lambda trial: not (trial.got[_X_ONCE] and trial.got[_Y_ONCE]),
    },
    lesson="Two orders from one stream of random numbers: reproducible, and no pair meets more often than by chance.",
)

# -- 8 find the bugs ---------------------------------------------------------------------------------


def _step_world(n: int = 3, m: int = 3) -> dict[str, Any]:
    players = _players()
    leave_gradients(*players)
    return {"players": players, "x": _images(n, 0.5), "y": _images(m, -0.3)}


def _observe_step(answer: Answer, world: Mapping[str, Any]) -> Observation:
    players: _Players = world["players"]
    translators = [*players.there.parameters(), *players.back.parameters()]
    critics = [*players.critic_x.parameters(), *players.critic_y.parameters()]
    optimizers = torch.optim.SGD(translators, lr=0.05), torch.optim.SGD(critics, lr=0.05)
    networks = {name: getattr(players, name) for name in ("critic_x", "critic_y", "there", "back")}
    return changes(networks, lambda: answer(*players, *optimizers, world["x"].clone(), world["y"].clone(), 7.0))


def _step(
    leaky: bool = False,
    swapped: bool = False,
    same_way: bool = False,
    swapped_too: bool = False,
    cut_off: bool = False,
    uncleared: bool = False,
) -> Answer:
    """One step with any of the bugs in it."""

    def play(
        there: nn.Module,
        back: nn.Module,
        critic_x: nn.Module,
        critic_y: nn.Module,
        g_optimizer: torch.optim.Optimizer,
        d_optimizer: torch.optim.Optimizer,
        x: Tensor,
        y: Tensor,
        cycle_weight: float,
    ) -> tuple[Tensor, Tensor]:
        g_optimizer.zero_grad()
        if not uncleared:
            d_optimizer.zero_grad()
        fake_y, fake_x = there(x), back(y)
        if cut_off:
            fake_y, fake_x = fake_y.detach(), fake_x.detach()
        old_x, old_y = (fake_x, fake_y) if leaky else (fake_x.detach(), fake_y.detach())
        of_x, of_y = (critic_y, critic_x) if swapped_too else (critic_x, critic_y)
        d_loss = 0.5 * (of_x(x) - 1).square().mean() + 0.5 * of_x(old_x).square().mean()
        d_loss = d_loss + 0.5 * (of_y(y) - 1).square().mean() + 0.5 * of_y(old_y).square().mean()
        d_loss.backward(retain_graph=True)
        d_optimizer.step()
        of_x, of_y = (critic_y, critic_x) if swapped else (critic_x, critic_y)
        loss = _fooled(of_x(fake_x)) + _fooled(of_y(fake_y))
        round_trip = back(there(y)) if same_way else there(fake_x)
        loss = loss + cycle_weight * (_l1(back(fake_y), x) + _l1(round_trip, y))
        loss.backward()  # type: ignore[no-untyped-call]
        g_optimizer.step()
        return d_loss.detach(), loss.detach()

    return play


_LEAKY = (
    "The critics' loss runs on through the fakes into the translators, who then also learn to make the critics' work "
    "easy. What is `retain_graph` there to silence?"
)
_SWAPPED = "In the translators' turn each fake is shown to the critic of the other set."
_SAME_WAY = "One of the two circles runs the wrong way round: which translator does a target meet first?"

cyclegan_step = sheet.task(
    "cyclegan_step",
    "Find the bugs: translators that help their critics",
    tried="cyclegan_step(…) on small networks: one step, from weights with leftover gradients",
    setup=_step_world,
    worlds={"batches of unequal size": lambda: _step_world(1, 4)},
    returns=("d_loss", "g_loss"),
    observe=_observe_step,
    reference=_step(),
    blank=_step(leaky=True, swapped=True, same_way=True),
    hints=f"""
        leaky: One bug is left. {_LEAKY}
        critics-swapped: One bug is left. {_SWAPPED}
        same-way-round: One bug is left. {_SAME_WAY}
        leaky-and-swapped: Two bugs are left: where the critics' loss runs to, and which critic judges which fake.
        leaky-and-same-way: Two bugs are left: where the critics' loss runs to, and the way round of one of the circles.
        swapped-and-same-way: Two bugs are left, both in the translators' turn: which critic judges which fake, and the
          way round of one of the circles.
        swapped-everywhere: Now the critics have changed places in both turns. That is consistent, but `critic_x` is the
          one of the sources: repair the turn that was wrong.
        cut-off-for-both: The fakes are cut off where they are made, so in the translators' turn the critics' verdict
          reaches nobody. Cut them off for the critics' turn only.
        critics-not-cleared: The critics' gradients are not cleared before their turn: what the translators' turn left
          there joins the step.
    """,
    like={
        "critics-not-cleared": _step(uncleared=True),
        "leaky": _step(leaky=True),
        "critics-swapped": _step(swapped=True),
        "same-way-round": _step(same_way=True),
        "leaky-and-swapped": _step(leaky=True, swapped=True),
        "leaky-and-same-way": _step(leaky=True, same_way=True),
        "swapped-and-same-way": _step(swapped=True, same_way=True),
        "swapped-everywhere": tuple(
            _step(swapped=True, swapped_too=True, leaky=leaky, same_way=same)
            for leaky in (False, True)
            for same in (False, True)
        ),
        "cut-off-for-both": tuple(
            _step(cut_off=True, swapped=swapped, same_way=same) for swapped in (False, True) for same in (False, True)
        ),
    },
    lesson="A cut, a critic and a way round: where all images have one shape, no error tells the sets apart.",
)

# -- the challenge -----------------------------------------------------------------------------------

#: A little below what the best of 72 rotations, by the sliced distance of the clouds, reaches on the three seeds: 0.18.
BAR = 0.17
_POINTS = 300


def _turned(points: Tensor, angle: Tensor) -> Tensor:
    cos, sin = angle.cos(), angle.sin()
    return torch.stack((cos * points[:, 0] - sin * points[:, 1], sin * points[:, 0] + cos * points[:, 1]), dim=1)


def _comma(n: int) -> Tensor:
    """Points of a cloud without any symmetry."""
    u = torch.rand(n) ** 1.5
    arc = (0.3 + 1.2 * u)[:, None] * torch.stack(((4 * u).cos(), (4 * u).sin()), dim=1)
    return arc + 0.1 * torch.randn(n, 2)


def challenge(translate: Any, seeds: tuple[int, ...] = (0, 1, 2)) -> Score:
    """How far ``translate(x, y)``, (300, 2), is from the hidden partners of x.

    The hidden map turns the plane by an unknown angle, and bends it a little. ``y`` are other points of the same cloud
    under that map, so no y is the partner of an x. The score is the mean distance over the points and three seeds.
    """

    def told(errors: tuple[float, ...], mean: float) -> str:
        return f"challenge: mean distance {mean:.2f} ({listed(errors)} for each seed); {verdict(BAR, mean < BAR)}"

    return scored(lambda _seed: _distance_to_partners(translate), seeds, told)


def _distance_to_partners(translate: Callable[[Tensor, Tensor], Any]) -> float:
    angle, bend = 2 * math.pi * torch.rand(()), 0.6 + 0.3 * torch.rand(())
    x, others = _comma(_POINTS), _comma(_POINTS)
    partners, y = (_turned(points, angle + bend * points.norm(dim=1)) for points in (x, others))
    came = translate(x.clone(), y.clone())
    if came is None or came is Ellipsis:
        raise NoScore("Nothing came back.")
    if not isinstance(came, Tensor) or came.shape != x.shape:
        raise ValueError(f"one point a source is wanted, {tuple(x.shape)}; {describe(came)} came")
    return float((came.detach() - partners).norm(dim=1).mean())
