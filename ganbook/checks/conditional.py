"""Checks for the exercises of chapter 10, Conditional GANs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook.checks.challenge import NoScore, Score, listed, scored, verdict
from ganbook.checks.compare import Observation, as_array, describe
from ganbook.checks.readings.conditional import READING
from ganbook.checks.task import Answer, Sheet, Trial, flat_weights, loss_with_gradients, pair
from ganbook.checks.worlds import gradient

sheet = Sheet("conditional", "Exercises 10: Conditional GANs")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed


def _code(labels: Tensor, classes: int) -> Tensor:
    return F.one_hot(labels, classes).float()


def _every_class(labels: Tensor, classes: int) -> Tensor:
    """The code that ``code[:, labels] = 1`` makes: each row says yes to every class of the batch."""
    code = torch.zeros(len(labels), classes)
    code[:, labels] = 1
    return code


def _shifted(by: int) -> Callable[[Tensor, int], Tensor]:
    return lambda labels, classes: _code(labels, classes).roll(by, 1)


def _observe_with_gradient(answer: Answer, world: tuple[Any, ...]) -> Observation:
    leaf = world[0].clone().requires_grad_()
    result = answer(leaf, *world[1:])
    if leaf.numel() > 1 and not (leaf - leaf.flatten()[0]).any():
        return {"the result": result}  # at a standard deviation of 0 right forms differ in their gradient
    return {"the result": result, "the gradient by the first argument": gradient(result, [leaf])}


_FROM_BATCH = (
    "The number of code entries comes from the largest label of the batch. A batch without the last class gets a "
    "narrower code, and the first layer no longer fits: pass the number of classes."
)
_EVERY_CLASS = (
    "Every row says yes to all classes that occur in the batch: `code[:, labels] = 1` fills whole columns. Each sample "
    "has one class, so rows and labels must be indexed together."
)
_NEXT_CLASS = (
    "Each label sets its neighbour's entry. Classes count from 0 here: the first entry of the code belongs to class 0."
)
_FIRST_LABEL = "All samples got the code of the first one. Each has its own label."
_ALONG_BATCH = (
    "You joined along the batch: N codes below N samples. Each sample and its own code become one longer row."
)


def _says(*parts: str) -> Callable[[Trial], bool]:
    """Whether the answer stopped with an error that says one of these."""
    return lambda trial: trial.error is not None and any(part in str(trial.error) for part in parts)


# -- 1 the class beside z ----------------------------------------------------------------------------


def _beside_z(code: Callable[[Tensor, int], Tensor]) -> Answer:
    return lambda z, labels, classes: torch.cat((z, code(labels, classes)), dim=1)


condition_generator = sheet.task(
    "condition_generator",
    "The class beside z",
    tried="condition_generator(z, labels, 5) on 7 latents of size 3; no sample has the last class",
    setup=lambda: (torch.randn(7, 3), torch.tensor([3, 0, 1, 2, 3, 0, 1])[torch.randperm(7)], 5),
    worlds={
        "one sample": lambda: (torch.randn(1, 2), torch.tensor([2]), 3),
        "as many numbers of noise as classes": lambda: (torch.randn(4, 4), torch.tensor([3, 1, 0, 1]), 4),
        "float64": lambda: (torch.randn(2, 3, dtype=torch.float64), torch.tensor([1, 0]), 2),
    },
    reference=_beside_z(_code),
    hints=f"""
        code-first: The code stands before the latent. Either order would do, but the networks of this course expect z
          first.
        label-as-number: The label went in as a number. Then class 4 is twice class 2 and classes lie on a line, which
          means nothing: give each class an entry of its own.
        columns-from-the-batch: {_FROM_BATCH}
        every-class-of-the-batch: {_EVERY_CLASS}
        next-class: {_NEXT_CLASS}
        first-label-for-all: {_FIRST_LABEL}
        code-alone: The latent is gone: this G could draw one picture a class and no more.
        joined-along-the-batch: {_ALONG_BATCH}
    """,
    like={
        "code-first": lambda z, labels, classes: torch.cat((_code(labels, classes), z), dim=1),
        "label-as-number": (
            _beside_z(lambda labels, _: labels[:, None].float()),
            _beside_z(lambda labels, classes: labels[:, None] / classes),
            _beside_z(lambda labels, classes: labels[:, None] / (classes - 1)),
            _beside_z(lambda labels, classes: labels[:, None].float().expand(-1, classes)),
        ),
        "columns-from-the-batch": _beside_z(lambda labels, _: F.one_hot(labels).float()),
        "every-class-of-the-batch": _beside_z(_every_class),
        "next-class": (_beside_z(_shifted(-1)), _beside_z(_shifted(1))),
        "first-label-for-all": _beside_z(lambda labels, classes: _code(labels[:1], classes).expand(len(labels), -1)),
        "code-alone": lambda z, labels, classes: _code(labels, classes),
    },
    when={
        "joined-along-the-batch": _says("must match except in dimension 0"),
    },
    small_case="With 3 classes, the code of label 1 is (0, 1, 0).",
    lesson="One column a class, for all classes there are: the code does not depend on who else is in the batch.",
)

# -- 2 the class beside the image --------------------------------------------------------------------


def _image_world() -> tuple[Any, ...]:
    return torch.randn(5, 2, 3, 6), torch.tensor([2, 0, 1, 2, 0])[torch.randperm(5)], 4


def _maps(code: Tensor, x: Tensor) -> Tensor:
    return code[:, :, None, None].expand(-1, -1, *x.shape[2:])


def _beside_x(maps: Callable[[Tensor, Tensor, int], Tensor]) -> Answer:
    return lambda x, labels, classes: torch.cat((x, maps(x, labels, classes)), dim=1)


def _corner(x: Tensor, labels: Tensor, classes: int) -> Tensor:
    maps = x.new_zeros(len(x), classes, *x.shape[2:])
    maps[torch.arange(len(x)), labels, 0, 0] = 1
    return maps


condition_discriminator = sheet.task(
    "condition_discriminator",
    "The class beside the image",
    tried="condition_discriminator(x, labels, 4) on images (5, 2, 3, 6), and the gradient by x",
    setup=_image_world,
    worlds={
        "one image": lambda: (torch.randn(1, 3, 2, 2), torch.tensor([0]), 2),
        "square images, as many as classes": lambda: (torch.randn(3, 1, 3, 3), torch.tensor([2, 0, 2]), 3),
    },
    observe=_observe_with_gradient,
    reference=_beside_x(lambda x, labels, classes: _maps(_code(labels, classes), x)),
    hints=f"""
        scrambled: The entries of the code alternate from pixel to pixel. `view` reads memory in order: the code must
          first get its two new axes at the end, then be expanded.
        label-as-number: The label went in as one map of numbers. Then class 4 is twice class 2, which means nothing:
          give each class a map of its own.
        one-pixel: Only one pixel of the class's map is set. A convolution that looks elsewhere never learns the class:
          the map is constant.
        code-first: The maps stand before the image's channels. The networks of this course expect the image first.
        columns-from-the-batch: {_FROM_BATCH}
        every-class-of-the-batch: {_EVERY_CLASS}
        next-class: {_NEXT_CLASS}
        first-label-for-all: {_FIRST_LABEL}
        code-is-no-map: The code cannot stand beside an image yet: it must first become maps as high and as wide as the
          image.
    """,
    like={
        "scrambled": (
            _beside_x(lambda x, y, k: _code(y, k).repeat(1, x[0, 0].numel()).view(len(x), k, *x.shape[2:])),
            _beside_x(lambda x, y, k: _code(y, k).repeat(x[0, 0].numel(), 1).view(len(x), k, *x.shape[2:])),
        ),
        "label-as-number": (
            _beside_x(lambda x, y, k: _maps(y[:, None].float(), x)),
            _beside_x(lambda x, y, k: _maps(y[:, None] / k, x)),
            _beside_x(lambda x, y, k: _maps(y[:, None] / (k - 1), x)),
            _beside_x(lambda x, y, k: _maps(y[:, None].float().expand(-1, k), x)),
        ),
        "one-pixel": _beside_x(_corner),
        "code-first": lambda x, y, k: torch.cat((_maps(_code(y, k), x), x), dim=1),
        "columns-from-the-batch": _beside_x(lambda x, y, _: _maps(F.one_hot(y).float(), x)),
        "every-class-of-the-batch": _beside_x(lambda x, y, k: _maps(_every_class(y, k), x)),
        "next-class": (
            _beside_x(lambda x, y, k: _maps(_shifted(-1)(y, k), x)),
            _beside_x(lambda x, y, k: _maps(_shifted(1)(y, k), x)),
        ),
        "first-label-for-all": _beside_x(lambda x, y, k: _maps(_code(y[:1], k).expand(len(y), -1), x)),
    },
    when={
        "code-is-no-map": _says("must match except in dimension 1", "same number of dimensions"),
    },
    small_case="With 3 classes, an image of label 1 gets a map of zeros, a map of ones and a map of zeros.",
    lesson="Every convolution of D's first layer now sees the class at every pixel, and G still gets its gradient.",
)

# -- 3 projection ------------------------------------------------------------------------------------


def _projection_world() -> tuple[Tensor, ...]:
    labels = torch.tensor([0, 2, 1, 1, 2, 0])[torch.randperm(6)]
    return torch.randn(6, 4), labels, torch.randn(4), torch.randn(()) + 2, torch.randn(3, 4)


def _plain(features: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return features @ weight + bias


def _projected(f: Tensor, y: Tensor, w: Tensor, b: Tensor, v: Tensor) -> Tensor:
    return _plain(f, w, b) + (v[y] * f).sum(1)


def _observe_logit(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    names = ("features", "weight", "bias", "embedding")
    inputs = dict(zip(names, world[:1] + world[2:], strict=True))
    return loss_with_gradients(lambda f, w, b, v: answer(f, world[1].clone(), w, b, v), inputs, name="the result")


projection_logit = sheet.task(
    "projection_logit",
    "The projection discriminator's logit",
    tried="projection_logit(features, labels, weight, bias, embedding) on 6 samples with 4 features and 3 classes",
    setup=_projection_world,
    worlds={
        "one sample": lambda: (torch.randn(1, 3), torch.tensor([1]), torch.randn(3), torch.randn(()), torch.randn(2, 3))
    },
    observe=_observe_logit,
    reference=_projected,
    hints="""
        all-pairs: A table of every sample with every other sample's class came out. Each sample meets the vector of its
          own class only, and gives one number.
        one-logit-a-class: One number per class came out. D is told the class: pick the entry that belongs to it.
        class-left-out: The label has no effect: this D asks whether the image is real, of any class.
        class-term-alone: Only the class's part is left. The other part, `weight` and `bias`, says how real the image
          looks whatever its class.
        mean-not-sum: The product with the class's vector is averaged over the features. An inner product sums.
        every-class-added: The products with all classes are added up, so the label has no effect. Look up one row.
        best-class: You took the class that fits best. D is told which class is meant: a perfect picture of another
          class must score low.
        classifier: The class's part went through a log-softmax: that is a classifier's log-probability, as in AC-GAN.
          The projection is the inner product itself, with nothing to sum to 1.
        added-to-the-features: The class's vector is added to the features, so it moves the logit by the same amount
          whatever the image. The class must meet the features in a product.
        features-gated: The class's vector multiplies the features before `weight`. The two parts of the logit are
          added, each with a vector of its own.
        cut-off: The values are right, and one of the features, `weight`, `bias` and `embedding` is cut off, or the
          features in one of the two terms: it would not learn.
        probability: This is a probability. Networks of this course return logits; the sigmoid is the loss's.
    """,
    like={
        "all-pairs": (
            lambda f, y, w, b, v: _plain(f, w, b) + f @ v[y].T,
            lambda f, y, w, b, v: _plain(f, w, b)[:, None] + f @ v[y].T,
            lambda f, y, w, b, v: _plain(f, w, b) + (v[y] * f).sum(1, keepdim=True),
            lambda f, y, w, b, v: _plain(f, w, b)[:, None] + (v[y] * f).sum(1),
            lambda f, y, w, b, v: f @ v[y].T,
        ),
        "one-logit-a-class": (
            lambda f, y, w, b, v: _plain(f, w, b)[:, None] + f @ v.T,
            lambda f, y, w, b, v: f @ v.T,
        ),
        "class-left-out": (lambda f, y, w, b, v: _plain(f, w, b), lambda f, y, w, b, v: f @ w),
        "class-term-alone": (lambda f, y, w, b, v: (v[y] * f).sum(1), lambda f, y, w, b, v: (v[y] * f).sum(1) + b),
        "mean-not-sum": lambda f, y, w, b, v: _plain(f, w, b) + (v[y] * f).mean(1),
        "every-class-added": lambda f, y, w, b, v: _plain(f, w, b) + (f @ v.T).sum(1),
        "best-class": lambda f, y, w, b, v: _plain(f, w, b) + (f @ v.T).max(1).values,
        "classifier": lambda f, y, w, b, v: _plain(f, w, b) + (f @ v.T).log_softmax(1).gather(1, y[:, None]).squeeze(1),
        "added-to-the-features": lambda f, y, w, b, v: _plain(f + v[y], w, b),
        "features-gated": lambda f, y, w, b, v: _plain(f * v[y], w, b),
        "cut-off": (
            lambda f, y, w, b, v: _projected(f, y, w, b, v.detach()),
            lambda f, y, w, b, v: _projected(f, y, w.detach(), b, v),
            lambda f, y, w, b, v: _projected(f, y, w, b.detach(), v),
            lambda f, y, w, b, v: _plain(f.detach(), w, b) + (v[y] * f).sum(1),
            lambda f, y, w, b, v: _plain(f, w, b) + (v[y] * f.detach()).sum(1),
            lambda f, y, w, b, v: _projected(f.detach(), y, w, b, v),
        ),
        "probability": lambda f, y, w, b, v: (_plain(f, w, b) + (v[y] * f).sum(1)).sigmoid(),
    },
    lesson="Two inner products with the same features: is it real, and does it fit the class. The logit is their sum.",
)

# -- 4 class agreement -------------------------------------------------------------------------------

_SHOULD = (0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4)
_SAID = (0, 0, 0, 0, 0, 0, 0, 3, 1, 1, 1, 2, 4, 2, 0, 0, 3, 3, 0, 1)
_SECOND = (1, 2, 3, 4, 1, 2, 3, 0, 0, 2, 3, 1, 1, 0, 2, 2, 2, 0, 2, 2)  # the label where it was missed, but for two
_SURE = (0, 2, 4, 6, 8, 10, 13)


def _agreement_world() -> tuple[Tensor, Tensor]:
    """20 samples, 12 named rightly: every other way of counting gives another number."""
    rows = torch.arange(20)
    scores = torch.rand(20, 5) * 0.3
    scores[rows, torch.tensor(_SECOND)] += 0.6
    scores[rows, torch.tensor(_SAID)] += 1.2
    scores[torch.tensor(_SURE), torch.tensor(_SAID)[list(_SURE)]] += 5
    order = torch.randperm(20)
    return scores[order] + torch.randn(20, 1), torch.tensor(_SHOULD)[order]


def _right(scores: Tensor, labels: Tensor) -> Tensor:
    return (scores.argmax(1) == labels).float()


def _by_class(scores: Tensor, labels: Tensor) -> Tensor:
    return torch.stack([_right(scores, labels)[labels == label].mean() for label in set(labels.tolist())]).mean()


def _in_top_two(scores: Tensor, labels: Tensor) -> Tensor:
    return (scores.topk(2, dim=1).indices == labels[:, None]).any(1).float().mean()


def _of_label(scores: Tensor, labels: Tensor) -> Tensor:
    return scores.softmax(1)[torch.arange(len(labels)), labels]


def _entries(scores: Tensor, labels: Tensor) -> Tensor:
    classes = scores.shape[1]
    return (F.one_hot(scores.argmax(1), classes) == F.one_hot(labels, classes)).float().mean()


def _overlap(scores: Tensor, labels: Tensor) -> Tensor:
    said, should = (torch.bincount(t, minlength=scores.shape[1]) for t in (scores.argmax(1), labels))
    return torch.minimum(said, should).sum() / len(labels)


agreement = sheet.task(
    "agreement",
    "Does the judge see what was asked for?",
    tried="agreement(scores, labels) on 20 samples and 5 classes that are not equally frequent",
    setup=_agreement_world,
    worlds={"one sample": lambda: tuple(part[:1] for part in _agreement_world())},
    reference=lambda scores, labels: _right(scores, labels).mean(),
    hints="""
        argmax-over-the-batch: The argmax runs over the samples: it says which sample is the best of each class. Ask for
          each sample which class scores highest.
        top-two: You accept the second guess too. Agreement asks for the judge's first.
        averaged-over-classes: This is the mean of the classes' shares: rare classes weigh as much as frequent ones.
          Asked for is the share of all samples.
        class-counts-compared: You compared how often each class occurs, not sample by sample. A generator that ignores
          its label can draw every class equally often.
        mean-probability: This is the mean probability of the label asked for: a hesitant judge lowers it though every
          answer is right. Count answers.
        sure-ones-only: Only answers with a probability above ½ are counted. With several classes the best one may have
          less.
        entries-not-samples: You compared one-hot codes entry by entry: most entries are 0 in both, and count as
          agreement. Compare one class with one label.
        error-rate: This is the share of disagreement.
        count: This is a count. A share lies between 0 and 1, and can be compared between batches of different size.
        percent: This is a percentage; a share lies between 0 and 1.
        truth-values: A comparison gives truth values, and PyTorch has no mean of those: turn them into numbers first.
        values-and-places: `max` over an axis returns two things, the values and their places, and the comparison met
          the pair. Only the places are classes.
        lowest-score: You took the class with the lowest score. The judge's answer is the highest.
    """,
    like={
        "argmax-over-the-batch": (
            lambda scores, labels: (scores.argmax(0) == labels).float().mean(),
            lambda scores, labels: (labels == scores.argmax(0)).float().mean(),
        ),
        "top-two": _in_top_two,
        "averaged-over-classes": _by_class,
        "class-counts-compared": (
            _overlap,
            lambda scores, labels: (scores.argmax(1).sort().values == labels.sort().values).float().mean(),
        ),
        "mean-probability": (
            lambda scores, labels: _of_label(scores, labels).mean(),
            lambda scores, labels: scores.softmax(1).max(1).values.mean(),
        ),
        "sure-ones-only": lambda scores, labels: (_of_label(scores, labels) > 0.5).float().mean(),
        "entries-not-samples": _entries,
        "error-rate": lambda scores, labels: 1 - _right(scores, labels).mean(),
        "count": lambda scores, labels: _right(scores, labels).sum(),
        "percent": lambda scores, labels: 100 * _right(scores, labels).mean(),
        "lowest-score": lambda scores, labels: (scores.argmin(1) == labels).float().mean(),
    },
    when={
        "truth-values": _says("could not infer output dtype"),
        "values-and-places": _says("'bool' object has no attribute"),
    },
    small_case="Two samples, one of them named rightly: 0.5.",
    lesson="A share of samples, one first guess each. Its ceiling is the judge's own accuracy on real images.",
)

# -- 5 conditional BatchNorm -------------------------------------------------------------------------


def _scales(channels: int) -> tuple[Tensor, Tensor]:
    return torch.randn(3, channels) + 1.5, torch.randn(3, channels)


def _norm_world() -> tuple[Tensor, ...]:
    labels = torch.tensor([0, 0, 1, 2, 3, 3])[torch.randperm(6)]
    # classes at different heights: statistics of a class are not those of the batch
    x = torch.randn(6, 3, 4, 2) * torch.tensor([0.5, 1.0, 3.0]).view(3, 1, 1) + labels.view(-1, 1, 1, 1) - 0.5
    return x, labels, torch.randn(4, 3) + 1.5, torch.randn(4, 3)


def _normal(
    x: Tensor,
    dims: tuple[int, ...] = (0, 2, 3),
    correction: int = 0,
    power: float = 0.5,
    detached: bool = False,
    eps: float = 1e-5,
) -> Tensor:
    mean, var = x.mean(dims, keepdim=True), x.var(dims, correction=correction, keepdim=True)
    if detached:
        mean, var = mean.detach(), var.detach()
    return (x - mean) / (var + eps) ** power


def _looked_up(labels: Tensor, *tables: Tensor) -> list[Tensor]:
    return [table[labels][:, :, None, None] for table in tables]


def _norm(**how: Any) -> Answer:
    def norm(x: Tensor, labels: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
        scale, shift = _looked_up(labels, gamma, beta)
        return scale * _normal(x, eps=eps, **how) + shift

    return norm


def _norm_by_class(x: Tensor, labels: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    scale, shift = _looked_up(labels, gamma, beta)
    normal = torch.zeros_like(x)
    for label in set(labels.tolist()):
        normal[labels == label] = _normal(x[labels == label], eps=eps)
    return scale * normal + shift


def _affine_first(x: Tensor, labels: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    scale, shift = _looked_up(labels, gamma, beta)
    return _normal(scale * x + shift, eps=eps)


def _eps_beside(x: Tensor, labels: Tensor, gamma: Tensor, beta: Tensor, eps: float = 1e-5) -> Tensor:
    scale, shift = _looked_up(labels, gamma, beta)
    return scale * (x - x.mean((0, 2, 3), True)) / (x.std((0, 2, 3), correction=0, keepdim=True) + eps) + shift


conditional_batchnorm = sheet.task(
    "conditional_batchnorm",
    "BatchNorm with a scale and a shift for each class",
    tried="conditional_batchnorm(x, labels, gamma, beta) on maps (6, 3, 4, 2) of 4 classes, and the gradient by x",
    setup=_norm_world,
    worlds={
        "maps without any contrast": lambda: (
            torch.full((4, 2, 3, 3), 0.1),  # faint: 1 / √ε multiplies the rounding of what cancels
            torch.tensor([0, 1, 1, 2]),
            *_scales(2),
        ),
        "one map": lambda: (torch.randn(1, 2, 4, 3), torch.tensor([1]), *_scales(2)),
        "a large eps": lambda: (*_norm_world(), 0.1),
    },
    observe=_observe_with_gradient,
    reference=_norm(),
    hints="""
        statistics-of-each-class: You normalised each class by itself. The mean and the variance are those of the whole
          batch; only scale and shift depend on the class.
        statistics-of-each-sample: You normalised each sample by itself, which is instance normalisation. The statistics
          are the batch's.
        statistics-of-each-pixel: Each pixel has statistics of its own. One mean and one variance a channel, over the
          samples and their pixels.
        channels-together: One mean and one variance for all channels. Every channel has its own.
        not-normalised: Scale and shift are there, the normalisation is not.
        tables-swapped: Scale and shift have changed places: γ multiplies, β is added.
        half-of-the-affine-part: Only one of the two tables is used: after the normalisation comes a scale and a shift.
        one-plus-gamma: You scaled by 1 + γ. Some libraries store the scale less 1; the table here holds the scale
          itself.
        n-minus-one: The variance is divided by n − 1, PyTorch's default for `var` and `std`. BatchNorm divides by n
          when it normalises.
        variance-without-root: You divided by the variance. Divide by its root: what is normalised has variance 1.
        eps-ignored: `eps` is an argument, and yours is always the same.
        eps-beside-the-root: `eps` is added to the standard deviation. It belongs to the variance, under the root.
        affine-first: Scale and shift come before the normalisation, which takes most of them away again. They come
          after it.
        same-for-all-classes: All samples got the same scale and shift: the labels have no effect, and this is plain
          BatchNorm.
        statistics-cut-off: The values are right, the gradient is not: mean and variance are cut off from the graph.
          They depend on x too, and their part keeps a step from blowing the activations up.
    """,
    like={
        "statistics-of-each-class": _norm_by_class,
        "eps-ignored": lambda x, y, gamma, beta, eps=1e-5: _norm()(x, y, gamma, beta),
        "eps-beside-the-root": _eps_beside,
        "statistics-of-each-sample": _norm(dims=(2, 3)),
        "statistics-of-each-pixel": _norm(dims=(0,)),
        "channels-together": _norm(dims=(0, 1, 2, 3)),
        "not-normalised": lambda x, y, gamma, beta, eps=1e-5: _looked_up(y, gamma)[0] * x + _looked_up(y, beta)[0],
        "tables-swapped": lambda x, y, gamma, beta, eps=1e-5: _norm()(x, y, beta, gamma, eps),
        "half-of-the-affine-part": (
            lambda x, y, gamma, beta, eps=1e-5: _norm()(x, y, gamma, 0 * beta, eps),
            lambda x, y, gamma, beta, eps=1e-5: _norm()(x, y, 1 + 0 * gamma, beta, eps),
        ),
        "one-plus-gamma": lambda x, y, gamma, beta, eps=1e-5: _norm()(x, y, 1 + gamma, beta, eps),
        "n-minus-one": _norm(correction=1),
        "variance-without-root": _norm(power=1.0),
        "affine-first": _affine_first,
        "same-for-all-classes": (
            lambda x, y, gamma, beta, eps=1e-5: _norm()(x, 0 * y, gamma, beta, eps),
            lambda x, y, gamma, beta, eps=1e-5: _norm()(x, 0 * y, gamma.mean(0)[None], beta.mean(0)[None], eps),
            lambda x, y, gamma, beta, eps=1e-5: _norm()(x, y[:1].expand(len(y)), gamma, beta, eps),
        ),
        "statistics-cut-off": _norm(detached=True),
    },
    lesson="One normalisation for all, two numbers a channel for each class: no more depends on the class here.",
)

# -- 6 the auxiliary classifier ----------------------------------------------------------------------


def _auxiliary_world() -> tuple[Tensor, ...]:
    real_labels = torch.tensor([0, 1, 2, 3, 1, 2])[torch.randperm(6)]
    fake_labels = (real_labels + torch.randint(1, 4, (6,))) % 4  # another class at every place
    return (
        torch.randn(6) + 0.5,
        torch.randn(6, 4) * 2,
        real_labels,
        torch.randn(6) - 0.5,
        torch.randn(6, 4) * 2,
        fake_labels,
    )


def _observe_auxiliary(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    real, real_scores, real_labels, fake, fake_scores, fake_labels = world
    names = ("real_logits", "real_scores", "fake_logits", "fake_scores")
    leaves = [part.clone().requires_grad_() for part in (real, real_scores, fake, fake_scores)]
    came = pair(answer(leaves[0], leaves[1], real_labels, leaves[2], leaves[3], fake_labels), "d_loss", "g_loss")
    seen: dict[str, Any] = {}
    for name, loss, reached in zip(("D's loss", "G's loss"), came, (names, names[2:]), strict=True):
        gradients: dict[str, Tensor | None] = dict.fromkeys(names)
        if isinstance(loss, Tensor) and loss.requires_grad:
            found = torch.autograd.grad(loss.sum(), leaves, retain_graph=True, allow_unused=True)
            gradients = dict(zip(names, found, strict=True))
        seen[name] = loss
        seen |= {f"the gradient of {name} by {leaf}": gradients[leaf] for leaf in reached}
    return seen


Losses = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def _bce(logits: Tensor, label: float) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))


def _auxiliary(losses: Losses, classify: Callable[..., Tensor] = F.cross_entropy, swapped: bool = False) -> Answer:
    """From (real logits, fake logits, classification loss on real, on fakes) to both losses."""

    def answer(real: Tensor, real_scores: Tensor, y: Tensor, fake: Tensor, fake_scores: Tensor, told: Tensor) -> Any:
        if swapped:
            y, told = told, y
        return losses(real, fake, classify(real_scores, y), classify(fake_scores, told))

    return answer


def _d_source(real: Tensor, fake: Tensor) -> Tensor:
    return _bce(real, 1) + _bce(fake, 0)


def _both(r: Tensor, f: Tensor, on_real: Tensor, on_fake: Tensor) -> tuple[Tensor, Tensor]:
    return _d_source(r, f) + on_real + on_fake, _bce(f, 1) + on_fake


def _real_only(r: Tensor, f: Tensor, on_real: Tensor, on_fake: Tensor) -> tuple[Tensor, Tensor]:
    return _d_source(r, f) + on_real, _bce(f, 1) + on_fake


def _fakes_never_named(r: Tensor, f: Tensor, on_real: Tensor, on_fake: Tensor) -> tuple[Tensor, Tensor]:
    return _d_source(r, f) + on_real, _bce(f, 1)


auxiliary_losses = sheet.task(
    "auxiliary_losses",
    "AC-GAN's two losses",
    tried="auxiliary_losses(…) on 6 real and 6 fake samples of 4 classes, and the gradients",
    setup=_auxiliary_world,
    worlds={"one sample each": lambda: tuple(part[:1] for part in _auxiliary_world())},
    observe=_observe_auxiliary,
    reference=_auxiliary(_both),
    hints="""
        softmax-first: The class scores went through a softmax before the cross-entropy, which has its own inside.
          Probabilities lie within 1 of each other, so the loss can no longer come near 0.
        softmax-missing: The raw scores were taken for log-probabilities: `nll_loss` has no softmax inside. This loss
          falls for ever by making all scores large.
        g-against-its-class: G's class term has the wrong sign: G is paid for pictures that are not recognised. The
          players are rivals about real and fake only; about the class they agree.
        d-against-the-fakes-classes: D is paid for naming the fakes wrongly. In AC-GAN both players want the class named
          rightly.
        class-on-real-only: D's classifier learns from real samples only. In the paper it learns from both: the fakes
          carry the label that G was told.
        fakes-never-named: No classification loss touches a fake, so G never learns what its label means. Both losses
          need it.
        class-on-fakes-only: D's classifier never sees a real sample with its label, so nothing ties the classes to the
          data.
        labels-swapped: Real samples met the labels of the fakes, and the fakes those of the real ones.
        g-without-class: G's loss does not know the class: any realistic picture will do, and the label is ignored.
        real-term-in-g: G's loss holds the classification of real samples. It is a constant to G, who did not make them:
          leave it out.
        halved: The two classification terms are averaged in D's loss. They are added, as those of real and fake are.
        summed: The classification loss is summed over the batch. Losses of this course are means.
        saturating: G minimises log(1 − D), which is flat where D is sure (chapter 3). Asked for is the non-saturating
          term.
        real-and-fake-swapped: The classes are right, but real and fake have changed places in the first term: D is paid
          for calling fakes real, or G for being caught.
        g-minus-d: G minimises the opposite of all that D minimises, its classification too. Rivals about real and fake,
          the players are partners about the class.
    """,
    like={
        "softmax-first": tuple(
            _auxiliary(losses, lambda scores, y: F.cross_entropy(scores.softmax(1), y))
            for losses in (_both, _real_only, _fakes_never_named)
        ),
        "softmax-missing": _auxiliary(_both, F.nll_loss),
        "g-against-its-class": _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + cr + cf, _bce(f, 1) - cf)),
        "d-against-the-fakes-classes": _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + cr - cf, _bce(f, 1) + cf)),
        "class-on-real-only": _auxiliary(_real_only),
        "fakes-never-named": _auxiliary(_fakes_never_named),
        "class-on-fakes-only": _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + cf, _bce(f, 1) + cf)),
        "labels-swapped": _auxiliary(_both, swapped=True),
        "g-without-class": _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + cr + cf, _bce(f, 1))),
        "real-term-in-g": _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + cr + cf, _bce(f, 1) + cf + cr)),
        "halved": _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + (cr + cf) / 2, _bce(f, 1) + cf)),
        "summed": _auxiliary(_both, lambda scores, y: F.cross_entropy(scores, y, reduction="sum")),
        "saturating": _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + cr + cf, cf - _bce(f, 0))),
        "real-and-fake-swapped": (
            _auxiliary(lambda r, f, cr, cf: (_bce(r, 0) + _bce(f, 1) + cr + cf, _bce(f, 0) + cf)),
            _auxiliary(lambda r, f, cr, cf: (_bce(r, 0) + _bce(f, 1) + cr + cf, _bce(f, 1) + cf)),
            _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + cr + cf, _bce(f, 0) + cf)),
        ),
        "g-minus-d": _auxiliary(lambda r, f, cr, cf: (_d_source(r, f) + cr + cf, -(_d_source(r, f) + cr + cf))),
    },
    small_case="With all logits and all scores 0 and 4 classes, D's loss is 2 log 2 + 2 log 4 ≈ 4.159, G's ≈ 2.079.",
    lesson="One term is fought over, the other is shared: D and G both want the class named rightly.",
)

# -- 7 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read four tables",
    lesson="A table of classes says where the agreement is lost, and the real pictures' table whether the judge lost "
    "it.",
)
logs, draw = READING.logs, READING.draw

# -- 8 find the bugs ---------------------------------------------------------------------------------

_CLASSES = 4


class _Player(nn.Module):
    """(x, labels) to (N, outputs), or (N,) for one output; it keeps what it was asked and what it answered."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(inputs + _CLASSES, 8), nn.Tanh(), nn.Linear(8, outputs)).double()
        self.asked: list[tuple[Tensor, Tensor]] = []
        self.answered: list[Tensor] = []

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        result: Tensor = self.layers(torch.cat((x, F.one_hot(labels, _CLASSES).double()), dim=1)).squeeze(1)
        self.asked.append((x.detach().clone(), labels.clone()))
        self.answered.append(result.detach().clone())
        return result


def _step_world() -> dict[str, Any]:
    labels = (torch.arange(12) % _CLASSES)[torch.randperm(12)]
    generator, discriminator = _Player(3, 2), _Player(2, 1)
    real = torch.randn(12, 2, dtype=torch.float64) + labels[:, None]
    return {"players": (generator, discriminator), "real": real, "labels": labels}


def _rows(x: Tensor, labels: Tensor) -> Iterable[tuple[tuple[float, ...], int]]:
    return zip(map(tuple, x.tolist()), labels.tolist(), strict=True)


def _share(shown: Iterable[tuple[Tensor, Tensor]], own: Mapping[tuple[float, ...], int]) -> float | None:
    """Of the samples shown that are known, the share beside their own label; None if no sample is known."""
    found = [own[row] == label for x, labels in shown for row, label in _rows(x, labels) if row in own]
    return sum(found) / len(found) if found else None


_REAL = "share of the real samples that D saw beside their own class"
_D_FAKES = "share of the fakes in D's turn that D saw beside the class G was told"
_G_FAKES = "share of the fakes in G's turn that D saw beside the class G was told"
_SEVERAL = "G was told more than one class"
_EVERY = "G was told every class, over five more rounds"
_D_REST = "change of D's weights, less the conditional game's"
_G_REST = "change of G's weights, less the conditional game's"
_LR = 0.3


def _descend(network: nn.Module, loss: Tensor) -> float:
    optimizer = torch.optim.SGD(network.parameters(), lr=_LR)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    return loss.item()


def _told(generator: _Player, shown: Iterable[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """What G was asked when it made the fakes among the samples shown."""
    rows = {row for x, labels in shown for row, _ in _rows(x, labels)}
    return [
        asked
        for asked, fake in zip(generator.asked, generator.answered, strict=True)
        if any(tuple(row) in rows for row in fake.tolist())
    ]


def _played(answer: Answer, world: Mapping[str, Any]) -> tuple[_Player, _Player, int, Any]:
    """One round: both players, how often D was asked in its own turn, and what came back."""
    # copies, since every answer plays in the world of its own seed, and players remember
    generator, discriminator = copy.deepcopy(world["players"])
    for network in (generator, discriminator):
        for parameter in network.parameters():
            parameter.grad = torch.ones_like(parameter)
    g_optimizer = torch.optim.SGD(generator.parameters(), lr=_LR)
    d_optimizer = torch.optim.SGD(discriminator.parameters(), lr=_LR)
    turns: list[int] = []
    d_optimizer.register_step_post_hook(lambda *_: turns.append(len(discriminator.asked)))

    def sample_z(n: int) -> Tensor:
        return torch.randn(n, 3, dtype=torch.float64)

    players = generator, discriminator, g_optimizer, d_optimizer
    came = answer(*players, world["real"].clone(), world["labels"].clone(), sample_z, _CLASSES)
    return generator, discriminator, turns[0] if turns else len(discriminator.asked), came


def _observe_round(answer: Answer, world: Mapping[str, Any]) -> Observation:
    start = copy.deepcopy(world["players"])
    real, labels = world["real"], world["labels"]
    generator, discriminator, first, came = _played(answer, world)
    d_turn, g_turn = discriminator.asked[:first], discriminator.asked[first:]
    fakes = {
        row: label
        for (_, told), fake in zip(generator.asked, generator.answered, strict=True)
        for row, label in _rows(fake, told)
    }
    seen: dict[str, Any] = {
        _REAL: _share(d_turn, dict(_rows(real, labels))),
        _D_FAKES: _share(d_turn, fakes),
        _G_FAKES: _share(g_turn, fakes),
        _SEVERAL: bool(generator.asked) and all(len(set(told.tolist())) > 1 for _, told in generator.asked),
        _D_REST: None,
        _G_REST: None,
    }
    later = [labels for _ in range(5) for _, labels in _played(answer, world)[0].asked]
    seen[_EVERY] = bool(later) and {*torch.cat(later).tolist()} == {*range(_CLASSES)}
    for_d, for_g = _told(generator, d_turn), _told(generator, g_turn)
    if for_d and for_g:
        # the game as it should go with the latents and classes that this answer drew
        (g, d), (z, told), (fresh, asked) = start, for_d[-1], for_g[-1]
        losses = [_descend(d, F.softplus(-d(real, labels)).mean() + F.softplus(d(g(z, told).detach(), told)).mean())]
        losses.append(_descend(g, F.softplus(-d(g(fresh, asked), asked)).mean()))
        seen[_D_REST] = flat_weights(discriminator) - flat_weights(d)
        seen[_G_REST] = flat_weights(generator) - flat_weights(g)
        arrays = [as_array(loss) for loss in came] if isinstance(came, tuple | list) else []
        near = [a is not None and a.size == 1 and abs(a - b).max() < 1e-4 for a, b in zip(arrays, losses, strict=False)]
        seen["d_loss and g_loss came back, in this order"] = len(arrays) == 2 and all(near)
    return seen


def _round(real_alone: bool = False, d_apart: bool = False, g_apart: bool = False) -> Answer:
    """One round with any of the bugs in it."""

    def play(
        generator: nn.Module,
        discriminator: nn.Module,
        g_optimizer: torch.optim.Optimizer,
        d_optimizer: torch.optim.Optimizer,
        real: Tensor,
        labels: Tensor,
        sample_z: Callable[[int], Tensor],
        classes: int,
    ) -> tuple[Tensor, Tensor]:
        n = len(real)
        order = torch.randperm(n)
        real, labels = real[order], labels if real_alone else labels[order]
        asked = torch.randint(classes, (n,))
        with torch.no_grad():
            fake = generator(sample_z(n), asked)
        fake_logits = discriminator(fake, labels if d_apart else asked)
        d_loss = F.softplus(-discriminator(real, labels)).mean() + F.softplus(fake_logits).mean()
        d_optimizer.zero_grad()
        d_loss.backward()  # type: ignore[no-untyped-call]
        d_optimizer.step()
        asked = torch.randint(classes, (n,))
        fake = generator(sample_z(n), asked)
        g_loss = F.softplus(-discriminator(fake, labels if g_apart else asked)).mean()
        g_optimizer.zero_grad()
        g_loss.backward()  # type: ignore[no-untyped-call]
        g_optimizer.step()
        return d_loss, g_loss

    return play


def _left(*bugs: str) -> Callable[[Trial], bool]:
    """Whether exactly these of the three shares are below 1."""

    def recognised(trial: Trial) -> bool:
        below = [name for name in (_REAL, _D_FAKES, _G_FAKES) if trial.got[name] < 1]
        return below == list(bugs)

    return recognised


def _other_step(trial: Trial) -> bool:
    """All labels in order, and yet another step than the game's."""
    rests = (trial.got[_D_REST], trial.got[_G_REST])
    return _left()(trial) and bool(trial.got[_SEVERAL]) and any(float(rest.abs().max()) > 1e-7 for rest in rests)


_ALONE = "Real samples stand beside labels of others: D learns that any class goes with a real image."
_D_APART = "In D's turn a fake is made for one class and shown beside another: D rejects it as a bad match it is not."
_G_APART = "In G's turn a fake is made for one class and judged as another: no answer of G's to its label is ever paid."

conditional_step = sheet.task(
    "conditional_step",
    "Find the bugs: a generator that ignores its class",
    tried="conditional_step(…) on two small players: who was told which class, and how the weights changed",
    setup=_step_world,
    observe=_observe_round,
    reference=_round(),
    blank=_round(real_alone=True, d_apart=True, g_apart=True),
    hints=f"""
        real-alone: One bug is left. {_ALONE}
        d-apart: One bug is left. {_D_APART}
        g-apart: One bug is left. {_G_APART}
        real-alone-and-d-apart: Two bugs are left, both in D's turn: which label each real sample has, and which each
          fake.
        real-alone-and-g-apart: Two bugs are left: which label each real sample has, and which class G's fakes are
          judged as in its own turn.
        both-apart: Two bugs are left, one in each turn: the class that G is told is not the class that D is shown
          beside its fake.
        all-apart: Samples and labels still part in three places. Follow each image, real or fake, and ask which label
          belongs to it.
        turn-missing: One of the turns lacks something: D judges real samples and fakes in its own turn, and fakes again
          in G's, after its step.
        one-class: Labels and fakes agree now, but G is told a single class: it learns no other.
        a-class-left-out: One of the classes is never asked for: G does not learn to draw it. `torch.randint(k, (n,))`
          gives whole numbers from 0 to k − 1.
        another-step: Every sample has its label now, but the step is no longer that of the conditional game: compare
          losses, `zero_grad` and the order of the two turns with what you were given.
    """,
    when={
        "real-alone": _left(_REAL),
        "d-apart": _left(_D_FAKES),
        "g-apart": _left(_G_FAKES),
        "real-alone-and-d-apart": _left(_REAL, _D_FAKES),
        "real-alone-and-g-apart": _left(_REAL, _G_FAKES),
        "both-apart": _left(_D_FAKES, _G_FAKES),
        "all-apart": _left(_REAL, _D_FAKES, _G_FAKES),
        "turn-missing": lambda trial: None in [trial.got[name] for name in (_REAL, _D_FAKES, _G_FAKES)],
        "one-class": lambda trial: _left()(trial) and not trial.got[_SEVERAL],
        "a-class-left-out": lambda trial: _left()(trial) and trial.got[_SEVERAL] and not trial.got[_EVERY],
        "another-step": _other_step,
    },
    lesson="Both losses looked healthy with all three bugs: only a measure of agreement shows an ignored class.",
)

# -- the challenge -----------------------------------------------------------------------------------

#: A little above what the candidate with the highest logit out of four reaches on the challenge's three seeds (0.73,
#: 0.75 and 0.76); G alone reaches 0.37.
BAR = 0.76
CANDIDATES = 4
_EACH = 500  # samples per class
_STD = 0.08


class _Board:
    """Sixteen spots on a grid, four a class; a G that obeys less than half the time, and the best D against it.

    Both spread a class over spots: the data over its own four, G over all, and over its own in the opposite order.
    """

    def __init__(self) -> None:
        side = torch.arange(4) - 1.5
        self.centres = torch.cartesian_prod(side, side)
        own = torch.randperm(16).view(4, 4)  # dealt anew for every seed
        weights = torch.tensor([0.4, 0.3, 0.2, 0.1])
        self.data = torch.zeros(4, 16).scatter(1, own, weights.expand(4, 4))
        self.model = torch.full((4, 16), 0.55 / 12).scatter(1, own, 0.45 * weights.flip(0).expand(4, 4))
        self.made: list[Tensor] = []
        self.budget = 0

    def generator(self, z: Tensor, labels: Tensor) -> Tensor:
        if z.ndim != 2 or z.shape[1] != 3 or labels.shape != z.shape[:1]:
            raise NoScore(f"generator takes z (n, 3) and labels (n,); {describe(z)} and {describe(labels)} came.")
        self.made.append(self._sample(z, labels))
        if sum(map(len, self.made)) > self.budget:
            raise NoScore(f"The generator was asked for more than {CANDIDATES} samples per label.")
        return self.made[-1].clone()

    def discriminator(self, x: Tensor, labels: Tensor) -> Tensor:
        near = -torch.cdist(x, self.centres).square() / (2 * _STD**2)
        # a far spot counts a little everywhere: a logit stays finite
        data, model = ((near.exp() * table[labels]).sum(1) + 1e-6 for table in (self.data, self.model))
        return (data / model).log()

    def score(self, samples: Tensor, labels: Tensor) -> float:
        """Mean over the classes of the overlap of two distributions over the spots: what came, and the data."""
        spots = F.one_hot(torch.cdist(samples, self.centres).argmin(1), 16).float()
        came = torch.stack([spots[labels == label].mean(0) for label in range(4)])
        return float(torch.minimum(came, self.data).sum(1).mean())

    def _sample(self, z: Tensor, labels: Tensor) -> Tensor:
        level = torch.special.ndtr(z[:, :1]).clamp_max(1 - 1e-6)
        spot = (level > self.model[labels].cumsum(1)).sum(1).clamp_max(15)
        return self.centres[spot] + _STD * z[:, 1:]


def challenge(choose: Any, seeds: tuple[int, ...] = (0, 1, 2)) -> Score:
    """Better obedience from the same players: ``choose(generator, discriminator, sample_z, labels)`` returns (N, 2).

    The generator may be asked for four samples per label; what is returned are samples that it made, none twice.
    The score compares, class by class, where samples lie with where the data lie: the overlap of the two distributions
    over the sixteen spots, from 0 to 1. It counts obedience and variety together.
    """

    def told(figures: tuple[float, ...], mean: float) -> str:
        return f"challenge: mean overlap {mean:.2f} ({listed(figures)} for each seed); {verdict(BAR, mean > BAR)}"

    return scored(lambda _seed: _overlap_reached(choose), seeds, told)


def _overlap_reached(choose: Callable[..., Any]) -> float:
    board = _Board()
    labels = torch.arange(4).repeat_interleave(_EACH)[torch.randperm(4 * _EACH)]
    board.budget = CANDIDATES * len(labels)
    chosen = choose(board.generator, board.discriminator, lambda n: torch.randn(n, 3), labels.clone())
    if not isinstance(chosen, Tensor) or chosen.shape != (len(labels), 2):
        raise NoScore(f"One sample a label is wanted, ({len(labels)}, 2); {describe(chosen)} came.")
    rows = [tuple(row) for row in chosen.detach().tolist()]
    if not set(rows) <= {tuple(row) for x in board.made for row in x.tolist()}:
        raise NoScore("Some of these samples were not made by the generator.")
    if len(set(rows)) < len(rows):
        raise NoScore("Some samples are returned twice: copies are no variety.")
    return board.score(chosen.detach(), labels)
