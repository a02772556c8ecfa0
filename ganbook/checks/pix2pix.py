"""Checks for the exercises of chapter 11, Pix2pix."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook.checks.challenge import NoScore, Score, scored, verdict
from ganbook.checks.compare import Observation, describe
from ganbook.checks.readings.pix2pix import READING
from ganbook.checks.task import Answer, Reject, Sheet, pair
from ganbook.checks.worlds import changes, gradient, leave_gradients

sheet = Sheet("pix2pix", "Exercises 11: Pix2pix")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed

# -- 1 the best constant -----------------------------------------------------------------------------


def _truths() -> tuple[Tensor]:
    """Colours that are skewed at every pixel, so that no two kinds of middle agree; the third one is far off."""
    truths = 2 * torch.rand(5, 3, 4, 6) ** 3 - 1
    truths[2] = 1 - truths[2].abs() / 2
    return (truths,)


def _medoid(truths: Tensor) -> Tensor:
    """The truth with the least total distance to the others."""
    return truths[torch.cdist(truths.flatten(1), truths.flatten(1), p=1).sum(0).argmin()]


best_constant = sheet.task(
    "best_constant",
    "What L1 asks for",
    tried="best_constant(truths) on 5 truths, each (3, 4, 6)",
    setup=_truths,
    worlds={"one truth": lambda: (torch.rand(1, 2, 3, 2),), "three grey truths": lambda: (torch.rand(3, 1, 2, 2),)},
    observe=lambda answer, world: {"the image": answer(*(part.clone() for part in world))},
    reference=lambda truths: truths.median(0).values,
    hints="""
        mean: The mean minimises the mean *squared* error. The slope of |c − y| is +1 or −1, however far the truth is:
          it vanishes where as many truths lie above as below.
        midrange: Halfway between the smallest and the largest truth lies what minimises the *largest* error. Of the
          truths between them it knows nothing.
        not-sorted: You took the truth in the middle of the list. The middle is meant by value, at each pixel.
        one-of-the-truths: This is one of the truths as a whole. Each entry has its own best constant: the answer may be
          an image that is none of the truths.
        one-number: This is one number for all pixels. The mean over the entries splits into one problem for each of
          them.
        wrong-axis: The middle was taken over channels or places. Dimension 0 counts the truths.
        with-indices: `torch.median(…, dim)` gives two things: values, and where they stood. Return the values.
        smallest-or-largest: An extreme has all other truths on one side: a step towards them makes the error smaller.
    """,
    like={
        "mean": lambda truths: truths.mean(0),
        "midrange": lambda truths: (truths.amin(0) + truths.amax(0)) / 2,
        "not-sorted": lambda truths: truths[truths.shape[0] // 2],
        "one-of-the-truths": (lambda truths: truths[0], _medoid, lambda truths: truths[-1]),
        "one-number": lambda truths: truths.median(),
        "wrong-axis": (
            lambda truths: truths.median(1).values,
            lambda truths: truths.median(-1).values,
            lambda truths: truths.flatten(2).median(2).values,
            lambda truths: truths.median(2).values,
        ),
        "smallest-or-largest": (lambda truths: truths.amin(0), lambda truths: truths.amax(0)),
    },
    when={
        "with-indices": lambda trial: isinstance(trial.got["the image"], tuple) and len(trial.got["the image"]) == 2,
    },
    lesson="Each pixel goes where half of the truths lie on either side; of an outlier's distance L1 knows nothing.",
)

# -- 2 the losses ------------------------------------------------------------------------------------


def _loss_world() -> tuple[Any, ...]:
    logits = torch.randn(4, 1, 3, 5), torch.randn(4, 1, 3, 5)
    return (*logits, 2 * torch.rand(4, 3, 6, 6) - 1, 2 * torch.rand(4, 3, 6, 6) - 1, 7.0)


def _observe_losses(answer: Answer, world: tuple[Any, ...]) -> Observation:
    real_logits, fake_logits, fake = (part.clone().requires_grad_() for part in world[:3])
    came = pair(answer(real_logits, fake_logits, fake, world[3].clone(), world[4]), "d_loss", "g_loss")

    return {
        "D's loss": came[0],
        "the gradient of D's loss by real_logits": gradient(came[0], [real_logits]),
        "the gradient of D's loss by fake_logits": gradient(came[0], [fake_logits]),
        "G's loss": came[1],
        "the gradient of G's loss by fake_logits": gradient(came[1], [fake_logits]),
        "the gradient of G's loss by fake": gradient(came[1], [fake]),
    }


def _own_d(real: Tensor, fake: Tensor) -> Tensor:
    return 0.5 * (F.softplus(-real).mean() + F.softplus(fake).mean())


def _own_g(logits: Tensor, fake: Tensor, real: Tensor, weight: float) -> Tensor:
    return F.softplus(-logits).mean() + weight * (fake - real).abs().mean()


def _losses(d_loss: Answer = _own_d, g_loss: Answer = _own_g) -> Answer:
    return lambda real_logits, fake_logits, fake, real, l1_weight: (
        d_loss(real_logits, fake_logits),
        g_loss(fake_logits, fake, real, l1_weight),
    )


def _image_mean(logits: Tensor) -> Tensor:
    return logits.mean((1, 2, 3))


def _patch_sum(values: Tensor) -> Tensor:
    return values.flatten(1).sum(1).mean()


pix2pix_losses = sheet.task(
    "pix2pix_losses",
    "Two losses and a weight",
    tried="pix2pix_losses(…, l1_weight=7.0) on logits (4, 1, 3, 5) and images (4, 3, 6, 6): values and gradients",
    setup=_loss_world,
    worlds={
        "one image, one patch": lambda: (
            *(torch.randn(1, 1, 1, 1) for _ in range(2)),
            *(2 * torch.rand(1, 1, 2, 3) - 1 for _ in range(2)),
            0.5,
        )
    },
    observe=_observe_losses,
    reference=_losses(),
    hints="""
        half-missing: D's loss is twice what is asked for: pix2pix halves it, so that D learns more slowly than G.
        labels-swapped: D's labels are swapped: this is small where real patches are called fake.
        saturating: G minimises log(1 − σ(a)), which is flat exactly where D is sure. Let it minimise −log σ(a).
        g-as-d-labels-fakes: G is rewarded for looking fake. In its turn the label of a fake is 1.
        half-on-g: G's adversarial term is halved too. Only D is slowed down; halving both changes the weight of L1.
        squares: This is the squared distance. Its best answer is the mean of all truths, which is blurrier than L1's
          median.
        l1-summed: The distance is summed over pixels. Then its weight grows with the size of the images, and the game
          counts for nothing; take the mean.
        weight-on-the-game: The weight multiplies the adversarial term. It belongs to L1.
        weight-ignored: `l1_weight` is not used: L1 counts 1 or 100 times, whatever is asked for.
        l1-missing: G's loss has no L1 in it. Then any plausible image will do, near the truth or not.
        l1-cut-off: The value is right, but L1 sends no gradient back: fakes that were detached, or turned into a
          number.
        patches-averaged-first: You averaged the logits of an image before the loss: one verdict per image again. Each
          patch has a loss of its own; the mean comes last.
        patches-summed: The losses of an image's patches are summed. Take the mean over patches too, or the game's
          weight depends on the size of the images.
        two-sigmoids: A sigmoid was applied before a loss that applies its own. These are logits already.
    """,
    like={
        "half-missing": _losses(d_loss=lambda r, f: 2 * _own_d(r, f)),
        "labels-swapped": _losses(d_loss=lambda r, f: _own_d(-r, -f)),
        "saturating": _losses(g_loss=lambda a, fake, real, w: -F.softplus(a).mean() + w * (fake - real).abs().mean()),
        "g-as-d-labels-fakes": _losses(g_loss=lambda a, *rest: _own_g(-a, *rest)),
        "half-on-g": _losses(g_loss=lambda a, fake, real, w: _own_g(a, fake, real, 2 * w) / 2),
        "squares": _losses(g_loss=lambda a, fake, real, w: F.softplus(-a).mean() + w * (fake - real).square().mean()),
        "l1-summed": (
            _losses(g_loss=lambda a, fake, real, w: F.softplus(-a).mean() + w * (fake - real).abs().sum()),
            _losses(g_loss=lambda a, fake, real, w: F.softplus(-a).mean() + w * _patch_sum((fake - real).abs())),
        ),
        "weight-on-the-game": (
            _losses(g_loss=lambda a, fake, real, w: w * F.softplus(-a).mean() + (fake - real).abs().mean()),
            _losses(g_loss=lambda a, fake, real, w: w * _own_g(a, fake, real, 1.0)),
        ),
        "weight-ignored": (
            _losses(g_loss=lambda a, fake, real, _: _own_g(a, fake, real, 1.0)),
            _losses(g_loss=lambda a, fake, real, _: _own_g(a, fake, real, 100.0)),
        ),
        "l1-missing": _losses(g_loss=lambda a, *_: F.softplus(-a).mean()),
        "l1-cut-off": _losses(g_loss=lambda a, fake, real, w: _own_g(a, fake.detach(), real, w)),
        "patches-averaged-first": _losses(
            lambda r, f: _own_d(_image_mean(r), _image_mean(f)), lambda a, *rest: _own_g(_image_mean(a), *rest)
        ),
        "patches-summed": (
            _losses(
                lambda r, f: 0.5 * (_patch_sum(F.softplus(-r)) + _patch_sum(F.softplus(f))),
                lambda a, fake, real, w: _patch_sum(F.softplus(-a)) + w * (fake - real).abs().mean(),
            ),
            _losses(
                lambda r, f: 0.5 * (F.softplus(-r).sum() + F.softplus(f).sum()),
                lambda a, fake, real, w: F.softplus(-a).sum() + w * (fake - real).abs().mean(),
            ),
        ),
        "two-sigmoids": _losses(
            lambda r, f: _own_d(r.sigmoid(), f.sigmoid()), lambda a, *rest: _own_g(a.sigmoid(), *rest)
        ),
    },
    lesson="Means everywhere, so the one number that balances game and distance is l1_weight, at any size.",
)

# -- 3 the receptive field ---------------------------------------------------------------------------

_Chain = Sequence[tuple[int, int]]
_PATCHGAN = ((4, 2), (4, 2), (4, 2), (4, 1), (4, 1))


def _chains() -> tuple[_Chain, _Chain]:
    kernels, strides = random.sample([4, 5, 6, 7], 4), random.sample([1, 2, 3, 4], 4)
    return _PATCHGAN, tuple(zip(kernels, strides, strict=True))  # no stride beyond its kernel: a field has no holes


def _observe_fields(answer: Answer, world: tuple[_Chain, _Chain]) -> Observation:
    return {
        "the field of the PatchGAN's five layers": answer(list(world[0])),
        f"the field of {list(world[1])}": answer(list(world[1])),
    }


def _forwards(
    start: int = 1, grow: Callable[[int, int, int], int] = lambda kernel, stride, step: (kernel - 1) * step
) -> Answer:
    """From the input on: each layer adds what ``grow`` says of its kernel, its stride and the step before it."""

    def field(layers: _Chain) -> int:
        size, step = start, 1
        for kernel, stride in layers:
            size += grow(kernel, stride, step)
            step *= stride
        return size

    return field


def _backwards(layers: _Chain, start: int = 1, overlap: int = 1) -> int:
    """From one output back."""
    size = start
    for kernel, stride in reversed(layers):
        size = (size - overlap) * stride + kernel
    return size


def _product_of(part: int) -> Answer:
    def product(layers: _Chain) -> int:
        size = 1
        for layer in layers:
            size *= layer[part]
        return size

    return product


def _previous_stride(layers: _Chain) -> int:
    before = (1, *(stride for _, stride in layers))
    return 1 + sum((kernel - 1) * stride for (kernel, _), stride in zip(layers, before, strict=False))


receptive_field = sheet.task(
    "receptive_field",
    "How much one verdict sees",
    tried="receptive_field(layers) on the PatchGAN's five layers, and on four layers of mixed kernels and strides",
    setup=_chains,
    worlds={
        "one layer, and layers of one pixel": lambda: (((7, 3),), ((1, 1), (3, 2), (1, 1))),
        "a long chain": lambda: (((3, 1),) * 7, ((3, 2),) * 5),
    },
    observe=_observe_fields,
    reference=lambda layers: _backwards(layers),
    hints="""
        wrong-order: The recipe is right and the order is not. Going back from one output you meet the last layer first.
        no-strides: Kernels of stride 1 would see this much. After a stride of 2 neighbours lie two pixels apart, so
          every later kernel reaches twice as far.
        sum-of-kernels: You added the kernels. Neighbouring windows overlap, and strides spread them.
        product-of-kernels: The product would hold if the windows of neighbouring outputs did not overlap, i.e. stride =
          kernel.
        product-of-strides: The product of the strides is the distance between the patches of neighbouring outputs, not
          their side.
        strides-not-accumulated: Each layer's reach is multiplied by one stride only. The strides of *all* earlier
          layers multiply.
        own-stride-too-early: A layer's own stride moves its window and does not widen it; it counts for the layers
          after it.
        overlap-forgotten: Windows overlap: r of them in a row, `stride` apart, span (r − 1) strides and one kernel.
          Compare with a single layer, whose field is its kernel.
        starts-at-zero: The recipe is right, but it starts from 0. Without any layer an output is one pixel.
    """,
    like={
        "wrong-order": (
            lambda layers: _backwards(layers[::-1]),
            lambda layers: _forwards()(layers[::-1]),
        ),
        "no-strides": lambda layers: 1 + sum(kernel - 1 for kernel, _ in layers),
        "sum-of-kernels": lambda layers: sum(kernel for kernel, _ in layers),
        "product-of-kernels": _product_of(0),
        "product-of-strides": _product_of(1),
        "strides-not-accumulated": (_forwards(grow=lambda kernel, stride, _: (kernel - 1) * stride), _previous_stride),
        "own-stride-too-early": _forwards(grow=lambda kernel, stride, step: (kernel - 1) * step * stride),
        "overlap-forgotten": (
            lambda layers: _backwards(layers, overlap=0),
            lambda layers: _backwards(layers, start=0, overlap=0),
            _forwards(grow=lambda kernel, stride, step: kernel * step),
            _forwards(start=0, grow=lambda kernel, stride, step: kernel * step),
        ),
        "starts-at-zero": (_forwards(start=0), lambda layers: _backwards(layers, start=0)),
    },
    small_case="Two kernels of 3, the first with stride 2, see 7 pixels.",
    lesson="Five layers see 70 × 70 pixels; that, and not the size of the image, is what D can ask about.",
)

# -- 4 a PatchGAN ------------------------------------------------------------------------------------

_BUILDS = ((3, 1, 2, 4, 40), (2, 2, 3, 2, 48), (1, 1, 4, 1, 80))  # channels, sources, layers, width, side


def _patch_world() -> tuple[Tensor, ...]:
    return tuple(torch.randn(2, channels + sources, side, side) for channels, sources, _, _, side in _BUILDS)


def _kernels(network: nn.Module, example: Tensor) -> list[Tensor]:
    """The weights of the convolutions, in the order of their use where that can be seen."""
    used: list[Tensor] = []
    hooks = [
        layer.register_forward_hook(lambda layer, *_: used.append(layer.weight))
        for layer in network.modules()
        if isinstance(layer, nn.Conv2d)
    ]
    try:
        network(example)
    finally:
        for hook in hooks:
            hook.remove()
    known = {id(weight) for weight in used}
    return [*used, *(part for part in network.parameters() if part.ndim == 4 and id(part) not in known)]


def _set_weights(network: nn.Module, kernels: Sequence[Tensor]) -> None:
    """The same numbers for whoever has weights of these shapes; no biases, which a norm would take away anyhow."""
    for i, weight in enumerate(kernels):
        generator = torch.Generator().manual_seed(i)
        weight.copy_(torch.randn(weight.shape, generator=generator) * (2 / max(1, weight[0].numel())) ** 0.5)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            layer.bias.zero_()


def _observe_patches(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    seen: dict[str, Any] = {}
    for (channels, sources, layers, width, _), x in zip(_BUILDS, world, strict=True):
        network = answer(channels, sources, layers, width)
        if not isinstance(network, nn.Module):
            raise Reject(
                "not-a-network",
                network,
                "a network (nn.Module)",
                "Return the network itself, an `nn.Module` such as `nn.Sequential(…)`, not what it makes of an input.",
            )
        network.train()
        with torch.no_grad():
            kernels = _kernels(network, x.clone())
            _set_weights(network, kernels)
            logits = network(x.clone())
            evaluated = network.eval()(x.clone())
        if not isinstance(logits, Tensor):
            raise Reject("no-logits", logits, "a tensor of logits", "The network should give one tensor of logits.")
        if logits.ndim == 3:  # without the axis of the single channel
            logits = logits.unsqueeze(1)
        seen[f"with {layers} layers, the shape of the logits"] = tuple(logits.shape)
        seen[f"with {layers} layers, the channels that each convolution gives"] = tuple(len(w) for w in kernels)
        seen[f"with {layers} layers, the logits under fixed weights"] = logits
        seen[f"with {layers} layers, the same in evaluation"] = evaluated.reshape(logits.shape)
    return seen


class _Pool(nn.Module):
    """One number per image, as a discriminator of whole images gives."""

    def __init__(self, keepdim: bool) -> None:
        super().__init__()
        self.keepdim = keepdim

    def forward(self, logits: Tensor) -> Tensor:
        return logits.mean((2, 3), keepdim=self.keepdim)


def _patches(
    slope: float = 0.2,
    norm: Callable[[int], nn.Module] | None = nn.InstanceNorm2d,
    first_norm: bool = False,
    end: Callable[[], nn.Module] | None = None,
    strides: Callable[[int], list[int]] = lambda layers: [2] * layers + [1, 1],
    kernel: int = 4,
    padding: Callable[[int], int | str] = lambda stride: 1,
    width_of: Callable[[int, int], int] = lambda width, i: width * 2**i,
    sees_sources: bool = True,
    norm_last: bool = True,
) -> Answer:
    """Builds the PatchGAN, or one with a mistake in it."""

    def build(channels: int, sources: int, layers: int, width: int) -> nn.Module:
        steps = strides(layers)
        maps = [channels + sources * sees_sources, *(width_of(width, i) for i in range(len(steps) - 1)), 1]
        stages: list[nn.Module] = []
        for i, ((inputs, outputs), stride) in enumerate(zip(pairwise(maps), steps, strict=True)):
            stages.append(nn.Conv2d(inputs, outputs, kernel, stride, padding(stride)))
            if i + 1 < len(steps):
                if norm is not None and (i > 0 or first_norm) and (norm_last or i + 2 < len(steps)):
                    stages.append(norm(outputs))
                stages.append(nn.LeakyReLU(slope))
        return nn.Sequential(*stages, *([end()] if end else []))

    return build


patch_discriminator = sheet.task(
    "patch_discriminator",
    "A PatchGAN",
    tried="patch_discriminator(3, 1, 2, 4) on images of side 40, (2, 2, 3, 2) of side 48, (1, 1, 4, 1) of side 80",
    setup=_patch_world,
    observe=_observe_patches,
    reference=_patches(),
    hints="""
        sigmoid: There is a sigmoid at the end. The losses take logits: a second sigmoid squeezes every patch into (0.5,
          0.73), and no D can get far.
        activation-at-the-end: There is an activation or a norm behind the last convolution. A logit may be any number,
          of either sign.
        relu: These are plain ReLUs: where a unit is negative no gradient reaches G. LeakyReLU with slope 0.2 lets a
          fifth of it through.
        default-slope: The slope is 0.01, which `nn.LeakyReLU()` takes if you say nothing. Asked for is 0.2.
        norm-after-the-first: There is a norm after the first convolution too. It takes away what D sees there first:
          how bright and how strong the colours of this image are.
        norm-missing: A norm is missing: every convolution but the first and the last is followed by one, the one of
          stride 1 as well.
        norm-over-the-batch: BatchNorm takes its statistics from the whole batch, so that a verdict depends on the
          neighbours. InstanceNorm looks at one image.
        widths-capped: The widths stop growing after some convolutions, as in the paper's code, which caps them at
          eight times the first. Here each is twice the one before, whatever `layers` is.
        all-halve: The last two convolutions halve the map as well. They have stride 1: fewer, larger patches otherwise.
        one-convolution-short: A convolution is missing: `layers` that halve, then *two* of stride 1, of which the
          second gives the logits.
        layers-ignored: The number of halvings does not follow `layers`. It sets the side of the patch: 34 pixels with
          2, 70 with 3.
        widths: The widths are off: the first convolution gives `width` channels, each next one twice as many, the last
          one 1.
        padding: The padding differs. Every convolution pads one pixel on each side, those of stride 1 too: their maps
          lose one pixel each.
        kernel-of-3: These kernels have side 3. With stride 2 that weighs the pixels unequally, and the patch is
          smaller.
        one-verdict: You pooled the logits into one verdict per image. The loss takes the mean over the patches; the
          network says what it thinks of each.
        source-left-out: The first convolution has room for the image only. D is shown the source beside it, as further
          channels.
    """,
    like={
        "sigmoid": _patches(end=nn.Sigmoid),
        "activation-at-the-end": (
            _patches(end=lambda: nn.LeakyReLU(0.2)),
            _patches(end=nn.Tanh),
            _patches(end=nn.ReLU),
            _patches(end=lambda: nn.InstanceNorm2d(1)),
        ),
        "relu": _patches(slope=0.0),
        "default-slope": _patches(slope=0.01),
        "norm-after-the-first": _patches(first_norm=True),
        "norm-missing": (_patches(norm=None), _patches(norm_last=False)),
        "norm-over-the-batch": _patches(norm=nn.BatchNorm2d),
        "widths-capped": (
            _patches(width_of=lambda width, i: width * min(2**i, 8)),
            _patches(width_of=lambda width, i: width * min(2**i, 4)),
        ),
        "all-halve": (
            _patches(strides=lambda layers: [2] * (layers + 2)),
            _patches(strides=lambda layers: [2] * (layers + 1) + [1]),
        ),
        "one-convolution-short": (
            _patches(strides=lambda layers: [2] * layers + [1]),
            _patches(strides=lambda layers: [2] * (layers - 1) + [1, 1]),
        ),
        "layers-ignored": (
            _patches(strides=lambda layers: [2, 2, 2, 1, 1]),
            _patches(strides=lambda layers: [2, 2, 1, 1]),
        ),
        "widths": (
            _patches(width_of=lambda width, i: width),
            _patches(width_of=lambda width, i: width * (i + 1)),
            _patches(width_of=lambda width, i: width * 2 ** (i + 1)),
        ),
        "padding": (
            _patches(padding=lambda stride: 0),
            _patches(padding=lambda stride: stride - 1),
            _patches(padding=lambda stride: "same" if stride == 1 else 1),
            _patches(padding=lambda stride: 3 - stride),
        ),
        "kernel-of-3": _patches(kernel=3),
        "one-verdict": (_patches(end=lambda: _Pool(keepdim=True)), _patches(end=lambda: _Pool(keepdim=False))),
        "source-left-out": _patches(sees_sources=False),
    },
    lesson="A fully convolutional D: the same weights judge every patch, so it takes images of any size.",
)

# -- 5 the decoder's way up --------------------------------------------------------------------------

_Stage = Callable[[Tensor], Tensor]


def _doubling(outputs: int) -> _Stage:
    """A stage up that takes any number of channels, so that the way of joining shows in what comes out."""
    weight = torch.randn(outputs, 16, 1, 1) / 2

    def stage(x: Tensor) -> Tensor:
        mixed = torch.tanh(F.conv2d(x, weight[:, : x.shape[1]]))
        return mixed.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    return stage


def _last_of_all(world: tuple[list[Tensor], list[_Stage]]) -> tuple[list[Tensor], list[_Stage]]:
    return [x[:1] for x in world[0][:2]], world[1][-1:]


def _decoder_world() -> tuple[list[Tensor], list[_Stage]]:
    channels, sides = (2, 3, 4, 5), (16, 8, 4, 2)
    seen = [torch.randn(3, c, side, side) for c, side in zip(channels, sides, strict=True)]
    return seen, [_doubling(c) for c in (4, 3, 2)]


def _joined(join: Callable[[Tensor, Tensor], Tensor]) -> Answer:
    def decode(seen: list[Tensor], stages: list[_Stage]) -> Tensor:
        x = seen[-1]
        for stage, twin in zip(stages, seen[-2::-1], strict=True):
            x = join(stage(x), twin)
        return x

    return decode


def _concatenated(dim: int, turned: bool = False) -> Answer:
    return _joined(lambda x, twin: torch.cat((twin, x) if turned else (x, twin), dim=dim))


def _before(first: bool) -> Answer:
    """Joins before each stage: with the bottleneck itself too, or from the second stage on."""

    def decode(seen: list[Tensor], stages: list[_Stage]) -> Tensor:
        x = seen[-1]
        for i, (stage, twin) in enumerate(zip(stages, seen[::-1], strict=False)):
            x = stage(torch.cat((x, twin), dim=1) if i or first else x)
        return x

    return decode


def _twice_at_the_bottom(seen: list[Tensor], stages: list[_Stage]) -> Tensor:
    x = torch.cat((seen[-1], seen[-1]), dim=1)
    for stage, twin in zip(stages, seen[-2::-1], strict=True):
        x = torch.cat((stage(x), twin), dim=1)
    return x


def _meets(side: int, other: int) -> Callable[[Any], bool]:
    """Whether maps of these two sides were to be joined."""

    def met(trial: Any) -> bool:
        told = str(trial.error)
        return f"size {side} but got size {other}" in told or f"size {other} but got size {side}" in told

    return met


def _observe_decoded(answer: Answer, world: tuple[Any, ...]) -> Observation:
    leaves = [twin.clone().requires_grad_() for twin in world[0]]
    result = answer([*leaves], [*world[1]])
    return {"the result": result, "the gradient by all maps of the encoder": gradient(result, leaves)}


decode = sheet.task(
    "decode",
    "Short cuts",
    tried="decode(seen, stages) on maps of side 16, 8, 4 and 2, and three stages that double the side",
    setup=_decoder_world,
    worlds={"one image, one stage": lambda: _last_of_all(_decoder_world())},
    observe=_observe_decoded,
    allows=("changed-input",),  # a list that is emptied by `pop`
    reference=_concatenated(1),
    hints="""
        added: You added the maps, as a residual block does. Concatenated, both arrive whole, and the next stage learns
          what to do with each.
        twin-first: The encoder's channels come first here. Order is a convention, but the next stage's weights count on
          it: first what the stage gave, then its twin.
        no-short-cuts: The encoder's maps are not used: all detail has to pass through the 2 × 2 places of the
          bottleneck.
        twin-alone: Here the twin replaces what the stage gave, so that nothing of the bottleneck gets any further.
        before-the-stage: You joined before each stage, so the outermost map, the one with the finest lines, never
          arrives. Join after the stage, at the larger side.
        bottleneck-with-itself: The bottleneck was concatenated with itself: it has no twin, since it is what the
          decoder starts from.
        encoder-order: A map of side 4 met one of side 16: the twins come in the encoder's order. The way up meets them
          from the last to the first.
        one-level-off: A map of side 4 met one of side 2 or 8: the twin is from a wrong level. The bottleneck is the
          start; the first twin is the map before it.
        twins-cut-off: The values are right, and the encoder's maps are cut off where they join: it would learn through
          the bottleneck alone.
        along-the-wrong-axis: The maps were joined along the batch, or side by side. Channels are dimension 1.
    """,
    like={
        "added": (_joined(torch.add), _joined(lambda x, twin: (x + twin) / 2)),
        "twin-first": _concatenated(1, turned=True),
        "no-short-cuts": _joined(lambda x, twin: x),
        "twin-alone": _joined(lambda x, twin: twin),
        "twins-cut-off": _joined(lambda x, twin: torch.cat((x, twin.detach()), dim=1)),
        "before-the-stage": (_before(first=True), _before(first=False)),
        "bottleneck-with-itself": _twice_at_the_bottom,
        "along-the-wrong-axis": (
            _concatenated(0),
            _concatenated(2),
            _concatenated(3),
            _concatenated(0, True),
            _concatenated(2, True),
        ),
    },
    when={
        "encoder-order": _meets(4, 16),
        "one-level-off": lambda trial: _meets(4, 2)(trial) or _meets(4, 8)(trial),
    },
    lesson="Lines go straight across; what must be invented travels through the bottleneck.",
)

# -- 6 how much of the noise arrives -----------------------------------------------------------------

_Generator = Callable[[Tensor, Tensor], Tensor]


def _noise_world() -> tuple[_Generator, Tensor, Tensor]:
    """A generator whose images depend on the noise, by different amounts at different places."""
    weight, gain = torch.randn(2, 3 * 4 * 5), 2 * torch.rand(3, 4, 5)

    def generator(sources: Tensor, z: Tensor) -> Tensor:
        return torch.tanh(sources + gain * (z @ weight).reshape(-1, 3, 4, 5))

    return generator, torch.randn(6, 1, 4, 5), torch.randn(7, 6, 2)


def _drawn(generator: _Generator, sources: Tensor, noise: Tensor) -> Tensor:
    return torch.stack([generator(sources, z) for z in noise])


def _dependence(measure: Callable[[Tensor], Tensor]) -> Answer:
    return lambda generator, sources, noise: measure(_drawn(generator, sources, noise))


def _std(images: Tensor, dim: int | tuple[int, ...], correction: int = 0) -> Tensor:
    return images.std(dim, correction=correction)


def _either(measure: Callable[[Tensor, int], Tensor]) -> tuple[Answer, Answer]:
    """With the draws' own mean counted as one number (K − 1), or not."""
    return _dependence(lambda images: measure(images, 0)), _dependence(lambda images: measure(images, 1))


def _of_its_own(correction: int) -> Answer:
    return lambda generator, sources, noise: _std(
        _drawn(generator, sources, torch.randn_like(noise)), 0, correction
    ).mean()


def _depending(answer: Answer, world: tuple[Any, Tensor, Tensor]) -> Observation:
    """Of all draws, and of parts of them: one number alone may come out right, or like another mistake, by chance."""
    generator, sources, noise = world
    return {
        "the dependence": answer(generator, sources.clone(), noise.clone()),
        "the dependence on four of the sources": answer(generator, sources[:4].clone(), noise[:, :4].clone()),
        "the dependence in five of the draws": answer(generator, sources.clone(), noise[:5].clone()),
    }


noise_dependence = sheet.task(
    "noise_dependence",
    "How much of the noise arrives",
    tried="noise_dependence(generator, sources, noise) with 6 sources and 7 draws for each",
    setup=_noise_world,
    observe=_depending,
    reference=_either(lambda images, c: _std(images, 0, c).mean())[1],
    also=(_either(lambda images, c: _std(images, 0, c).mean())[0],),
    hints="""
        over-images: This is the spread over the sources: it is large for any G that looks at its source, noise or none.
        over-pixels: This is the contrast within each image. A G without noise has it too; compare the draws with each
          other.
        over-everything: Draws, images and pixels went into one standard deviation: most of it is what sets one image
          apart from another. Deviate over the draws, average over the rest.
        one-draw-repeated: All draws are the same: nothing but zero can come out. Each row of `noise` belongs to one
          draw.
        mean-not-spread: This is a mean of the images. How bright they are says nothing about the noise.
        variance: This is the variance. Its root is in units of the pixels.
        root-of-the-mean: The root is taken after the mean over the pixels. Take each pixel's deviation first: else
          the few that move most count for more.
        noise-of-its-own: You drew noise of your own. `noise` holds the draws.
        pixels-averaged-first: You averaged the pixels before comparing the draws. What gets brighter in one place and
          darker in another cancels.
        noise-shared: All sources of a draw got the same z. `noise` holds one for each draw *and* source.
        map-not-number: This is the spread of each pixel, a map. Take its mean over images, channels and pixels.
    """,
    like={
        "over-images": _either(lambda images, c: _std(images, 1, c).mean()),
        "over-pixels": (
            *_either(lambda images, c: _std(images, (3, 4), c).mean()),
            *_either(lambda images, c: _std(images, (2, 3, 4), c).mean()),
        ),
        "over-everything": (
            *_either(lambda images, c: images.std(correction=c)),
            *_either(lambda images, c: _std(images, (0, 1), c).mean()),
            *_either(lambda images, c: _std(images.flatten(0, 1), 0, c).mean()),
        ),
        "one-draw-repeated": lambda generator, sources, noise: 0 * generator(sources, noise[0]).mean(),
        "mean-not-spread": (
            _dependence(lambda images: images.mean()),
            _dependence(lambda images: images.mean(0).abs().mean()),
            _dependence(lambda images: images.abs().mean()),
        ),
        "variance": _either(lambda images, c: images.var(0, correction=c).mean()),
        "root-of-the-mean": _either(lambda images, c: images.var(0, correction=c).mean().sqrt()),
        "noise-of-its-own": tuple(_of_its_own(c) for c in (0, 1)),
        "pixels-averaged-first": (
            *_either(lambda images, c: _std(images.mean((2, 3, 4)), 0, c).mean()),
            *_either(lambda images, c: _std(images.mean((1, 2, 3, 4)), 0, c)),
        ),
        "noise-shared": (
            *(
                lambda generator, sources, noise, c=c: (
                    torch.stack([generator(sources, z[:1].expand(len(sources), -1)) for z in noise])
                    .std(0, correction=c)
                    .mean()
                )
                for c in (0, 1)
            ),
        ),
        "map-not-number": (
            *_either(lambda images, c: _std(images, 0, c)),
            *_either(lambda images, c: _std(images, 0, c).mean((1, 2, 3))),
            *_either(lambda images, c: _std(images, 0, c).mean(0)),
        ),
    },
    lesson="Zero means that the noise is ignored: the source then settles every pixel, whatever z says.",
)

# -- 7 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read a translation",
    lesson="L1 alone fell where the pictures got worse. The colour and the change with z say what it does not see.",
)
logs, draw = READING.logs, READING.draw

# -- 8 find the bug ----------------------------------------------------------------------------------


class _Painter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(4, 4, 3, 1, 1), nn.Tanh(), nn.Conv2d(4, 2, 3, 1, 1), nn.Tanh())

    def forward(self, sources: Tensor, z: Tensor) -> Tensor:
        noise = z[:, :, None, None].expand(-1, -1, *sources.shape[2:])
        images: Tensor = self.layers(torch.cat((sources, noise), dim=1))
        return images


class _Judge(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(4, 4, 3, 1, 1), nn.Tanh(), nn.Conv2d(4, 1, 3, 1, 1))

    def forward(self, images: Tensor, sources: Tensor) -> Tensor:
        logits: Tensor = self.layers(torch.cat((images, sources), dim=1))
        return logits


def _step_world(n: int = 5) -> dict[str, Any]:
    generator, discriminator = _Painter().double(), _Judge().double()
    leave_gradients(generator, discriminator)
    real, sources = (2 * torch.rand(2, n, 2, 4, 4, dtype=torch.float64) - 1).unbind()
    return {
        "networks": (generator, discriminator),
        "real": real,
        "sources": sources,
        "z": torch.randn(n, 2, dtype=torch.float64),
    }


def _observe_step(answer: Answer, world: Mapping[str, Any]) -> Observation:
    generator, discriminator = networks = world["networks"]
    optimizers = [torch.optim.SGD(network.parameters(), lr=0.2) for network in networks]
    data = [world[name].clone() for name in ("real", "sources", "z")]
    play = {"D": discriminator, "G": generator}
    return changes(play, lambda: answer(generator, discriminator, *optimizers, *data, 2.0))


def _step(
    turned: bool = False,
    cut_off: bool = False,
    to_source: bool = False,
    attached: bool = False,
    unpaired: bool = False,
    rewarded: bool = False,
    swapped: bool = False,
    all_turned: bool = False,
) -> Answer:
    """One step with any of the bugs in it."""

    def play(
        generator: nn.Module,
        discriminator: nn.Module,
        g_optimizer: torch.optim.Optimizer,
        d_optimizer: torch.optim.Optimizer,
        real: Tensor,
        sources: Tensor,
        z: Tensor,
        l1_weight: float,
    ) -> tuple[Tensor, Tensor]:
        fake = generator(sources, z)

        def judge(image: Tensor, source: Tensor) -> Tensor:
            logits: Tensor = discriminator(source, image) if all_turned else discriminator(image, source)
            return logits

        shown = fake if attached else fake.detach()
        beside = sources.roll(1, 0) if unpaired else sources
        real_logits = judge(real, sources)
        fake_logits = judge(beside, shown) if turned else judge(shown, beside)
        sign = -1 if swapped else 1
        d_loss = 0.5 * (F.softplus(-sign * real_logits).mean() + F.softplus(sign * fake_logits).mean())
        d_optimizer.zero_grad()
        d_loss.backward()  # type: ignore[no-untyped-call]
        d_optimizer.step()
        judged = judge(fake.detach() if cut_off else fake, sources)
        l1 = F.l1_loss(fake, sources if to_source else real)
        g_loss = F.softplus(-judged).mean() + (-l1_weight if rewarded else l1_weight) * l1
        g_optimizer.zero_grad()
        g_loss.backward()  # type: ignore[no-untyped-call]
        g_optimizer.step()
        return d_loss, g_loss

    return play


_TURNED = "D meets its fake pairs the other way round than its real ones, and learns to tell the order, not the image."
_CUT_OFF = "The fakes are cut off from G in G's own turn: its adversarial loss moves nothing, and L1 trains alone."
_TO_SOURCE = "L1 compares the fake with the source, so G learns to copy its input."

pix2pix_step = sheet.task(
    "pix2pix_step",
    "Find the bugs: an expensive regression",
    tried="pix2pix_step(…) on small networks: one step, from weights with leftover gradients",
    setup=_step_world,
    worlds={"a batch of one": lambda: _step_world(1)},
    returns=("d_loss", "g_loss"),
    observe=_observe_step,
    reference=_step(),
    blank=_step(turned=True, cut_off=True, to_source=True),
    hints=f"""
        pair-turned: One bug is left. {_TURNED}
        g-cut-off: One bug is left. {_CUT_OFF}
        l1-to-the-source: One bug is left. {_TO_SOURCE}
        turned-and-cut-off: Two bugs are left: what does D get as its first argument, and what reaches G in G's turn?
        turned-and-to-the-source: Two bugs are left: what does D get as its first argument, and which image should the
          fake be near to?
        cut-off-and-to-the-source: Two bugs are left, both in G's turn: what reaches G from D, and which image should
          the fake be near to?
        d-not-cut-off: Now D's fakes are not cut off from G: D's `backward` uses up the graph that G's turn needs. The
          `detach` belongs there, and only there.
        sources-shuffled: D's fakes stand beside other sources than those they were made from. A pair that does not
          belong together is easy to tell, and says nothing about the image.
        both-turned: D gets the source first in all of its pairs now. That is consistent, but the real pair was right:
          the image comes first.
        l1-rewarded: L1 is subtracted: G is paid for staying away from the truth.
        labels-swapped: D's labels were right and are swapped now: D learns to call fakes real.
    """,
    like={
        "pair-turned": _step(turned=True),
        "g-cut-off": _step(cut_off=True),
        "l1-to-the-source": _step(to_source=True),
        "turned-and-cut-off": _step(turned=True, cut_off=True),
        "turned-and-to-the-source": _step(turned=True, to_source=True),
        "cut-off-and-to-the-source": _step(cut_off=True, to_source=True),
        "d-not-cut-off": (
            _step(attached=True),
            _step(attached=True, to_source=True),
            _step(attached=True, turned=True),
            _step(attached=True, turned=True, to_source=True),
        ),
        "sources-shuffled": _step(unpaired=True),
        "both-turned": _step(all_turned=True),
        "l1-rewarded": (_step(rewarded=True), _step(rewarded=True, to_source=True)),
        "labels-swapped": _step(swapped=True),
    },
    lesson="With the first two bugs every loss looks healthy: only the blur says that no game is played.",
)

# -- the challenge -----------------------------------------------------------------------------------

#: A little below what the median colours of the nine drawings with the nearest lines reach, painted under the lines:
#: 0.1028, and 0.1129 with their mean.
BAR = 0.102
SIZE = 32


def challenge(colour: Any) -> Score:
    """How near ``colour(lines, known_lines, known_colours)`` comes to the colours of emoji that it has not seen.

    The figure is the mean absolute error over the 737 drawings of the test split, 32 x 32, with values in (-1, 1).
    Any method may be used; ``known_lines`` and ``known_colours`` are the training pairs.
    """

    def told(_figures: tuple[float, ...], mean: float) -> str:
        return f"challenge: L1 {mean:.4f} on drawings not seen; {verdict(BAR, mean < BAR, 3)}"

    return scored(lambda _seed: _colour_error(colour), (0,), told)


def _colour_error(colour: Callable[[Tensor, Tensor, Tensor], Any]) -> float:
    from ganbook.data.emoji import load_emoji_lines
    from ganbook.data.images import to_float

    known, unseen = (load_emoji_lines(split, SIZE) for split in ("train", "test"))
    assert known.sources is not None
    assert unseen.sources is not None
    lines, truth = to_float(unseen.sources), to_float(unseen.images)
    guess = colour(lines.clone(), to_float(known.sources), to_float(known.images))
    if not isinstance(guess, Tensor) or guess.shape != truth.shape:
        raise NoScore(f"Colours of shape {tuple(truth.shape)} are wanted; {describe(guess)} came.")
    return float((guess.detach() - truth).abs().mean())
