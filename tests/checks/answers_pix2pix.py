"""Wrong and right answers to the exercises of chapter 11."""

from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

answers = Answers("pix2pix")


# -- best_constant -----------------------------------------------------------------------------------


@answers.wrong("best_constant", hint="mean")
def average(truths):
    return torch.mean(truths, dim=0)


@answers.wrong("best_constant", hint="mean")
def average_with_numpy(truths):
    return truths.numpy().mean(axis=0)


@answers.wrong("best_constant", hint="midrange")
def centre_of_the_range(truths):
    low, high = truths.min(dim=0).values, truths.max(dim=0).values
    return low + (high - low) / 2


@answers.wrong("best_constant", hint="not-sorted")
def third_of_five(truths):
    return truths[len(truths) // 2]


@answers.wrong("best_constant", hint="one-of-the-truths")
def nearest_to_the_others(truths):
    distances = [sum((a - b).abs().sum() for b in truths) for a in truths]
    return truths[int(torch.stack(distances).argmin())]


@answers.wrong("best_constant", hint="one-of-the-truths")
def any_of_them(truths):
    return truths[0]


@answers.wrong("best_constant", hint="one-number")
def median_of_all(truths):
    return torch.median(truths)


@answers.wrong("best_constant", hint="wrong-axis")
def median_over_channels(truths):
    return truths.median(dim=1).values


@answers.wrong("best_constant", hint="wrong-axis")
def median_over_places(truths):
    return truths.flatten(2).median(dim=-1).values


@answers.wrong("best_constant", hint="with-indices")
def values_and_indices(truths):
    return truths.median(dim=0)


@answers.wrong("best_constant", hint="with-indices")
def values_and_indices_of_torch(truths):
    return tuple(torch.median(truths, 0))


@answers.wrong("best_constant", hint="smallest-or-largest")
def lowest(truths):
    return truths.min(dim=0).values


@answers.wrong("best_constant", hint="smallest-or-largest")
def highest(truths):
    return truths.sort(dim=0).values[-1]


@answers.right("best_constant")
def middle_of_the_sorted(truths):
    return truths.sort(dim=0).values[len(truths) // 2]


@answers.right("best_constant")
def by_quantile(truths):
    return truths.quantile(0.5, dim=0)


@answers.right("best_constant")
def numpy_float64(truths):
    return np.median(truths.numpy().astype(np.float64), axis=0)


@answers.right("best_constant")
def by_trying_all_truths(truths):
    errors = (truths[:, None] - truths[None]).abs().mean(1)  # of each candidate, at each pixel
    return truths.gather(0, errors.argmin(0, keepdim=True))[0]


# -- receptive_field ---------------------------------------------------------------------------------


@answers.wrong("receptive_field", hint="wrong-order")
def first_to_last(layers):
    r = 1
    for kernel, stride in layers:
        r = (r - 1) * stride + kernel
    return r


@answers.wrong("receptive_field", hint="wrong-order")
def step_from_the_end(layers):
    r, step = 1, 1
    for kernel, stride in reversed(layers):
        r += (kernel - 1) * step
        step *= stride
    return r


@answers.wrong("receptive_field", hint="no-strides")
def kernels_only(layers):
    r = 1
    for kernel, _ in layers:
        r += kernel - 1
    return r


@answers.wrong("receptive_field", hint="sum-of-kernels")
def added(layers):
    return sum(kernel for kernel, _stride in layers)


@answers.wrong("receptive_field", hint="product-of-kernels")
def multiplied(layers):
    return int(np.prod([kernel for kernel, _ in layers]))


@answers.wrong("receptive_field", hint="product-of-strides")
def downsampling(layers):
    return int(np.prod([stride for _, stride in layers]))


@answers.wrong("receptive_field", hint="strides-not-accumulated")
def one_stride_each(layers):
    r = 1
    for kernel, stride in layers:
        r += (kernel - 1) * stride
    return r


@answers.wrong("receptive_field", hint="strides-not-accumulated")
def stride_before(layers):
    r, before = 1, 1
    for kernel, stride in layers:
        r, before = r + (kernel - 1) * before, stride
    return r


@answers.wrong("receptive_field", hint="own-stride-too-early")
def step_first(layers):
    r, step = 1, 1
    for kernel, stride in layers:
        step *= stride
        r += (kernel - 1) * step
    return r


@answers.wrong("receptive_field", hint="overlap-forgotten")
def times_stride_plus_kernel(layers):
    r = 1
    for kernel, stride in layers[::-1]:
        r = r * stride + kernel
    return r


@answers.wrong("receptive_field", hint="overlap-forgotten")
def whole_kernels(layers):
    r, step = 0, 1
    for kernel, stride in layers:
        r += kernel * step
        step *= stride
    return r


@answers.wrong("receptive_field", hint="starts-at-zero")
def from_nothing(layers):
    r, step = 0, 1
    for kernel, stride in layers:
        r += (kernel - 1) * step
        step *= stride
    return r


@answers.wrong("receptive_field", hint="starts-at-zero")
def from_nothing_backwards(layers):
    r = 0
    for kernel, stride in layers[::-1]:
        r = (r - 1) * stride + kernel
    return r


@answers.right("receptive_field")
def accumulated_step(layers):
    r, step = 1, 1
    for kernel, stride in layers:
        r += (kernel - 1) * step
        step *= stride
    return r


@answers.right("receptive_field")
def recursive(layers):
    if not layers:
        return 1
    (kernel, stride), *later = layers
    return (recursive(later) - 1) * stride + kernel


@answers.right("receptive_field")
def with_cumprod(layers):
    kernels, strides = np.array(layers).T
    steps = np.concatenate([[1], np.cumprod(strides)[:-1]])
    return 1 + ((kernels - 1) * steps).sum()


@answers.right("receptive_field")
def by_gradient(layers):
    side = 1
    for kernel, stride in reversed(layers):
        side = side * stride + kernel
    x = torch.ones(1, 1, side, requires_grad=True)
    h = x
    for kernel, stride in layers:
        h = F.conv1d(h, torch.ones(1, 1, kernel) / kernel, stride=stride)
    h[0, 0, 0].backward()
    return int((x.grad != 0).sum())


# -- patch_discriminator -----------------------------------------------------------------------------


def patchgan(
    slope=0.2, norms=None, end=(), kernel=4, pads=(1, 1), growth=2, last_norm=True, taken=lambda c, s: c + s, flat=2
):
    """The network in a loop; the arguments are what learners get wrong."""

    def build(channels, sources, layers, width):
        blocks, inputs = [], taken(channels, sources)
        total = layers + flat
        for i in range(total):
            outputs = 1 if i == total - 1 else width * growth**i
            stride, pad = (2, pads[0]) if i < layers else (1, pads[1])
            blocks.append(nn.Conv2d(inputs, outputs, kernel, stride, pad))
            if i < total - 1:
                if norms and (i or norms[0]) and (last_norm or i < total - 2):
                    blocks.append(norms[1](outputs))
                blocks.append(nn.LeakyReLU(slope))
            inputs = outputs
        return nn.Sequential(*blocks, *end)

    return build


INSTANCE = (False, nn.InstanceNorm2d)


@answers.wrong("patch_discriminator", hint="sigmoid")
def probabilities(channels, sources, layers, width):
    return patchgan(norms=INSTANCE, end=[nn.Sigmoid()])(channels, sources, layers, width)


@answers.wrong("patch_discriminator", hint="activation-at-the-end")
def leaky_logits(channels, sources, layers, width):
    return patchgan(norms=INSTANCE, end=[nn.LeakyReLU(0.2)])(channels, sources, layers, width)


@answers.wrong("patch_discriminator", hint="activation-at-the-end")
def tanh_logits(channels, sources, layers, width):
    return patchgan(norms=INSTANCE, end=[nn.Tanh()])(channels, sources, layers, width)


@answers.wrong("patch_discriminator", hint="relu")
def plain_relu(channels, sources, layers, width):
    network = patchgan(norms=INSTANCE)(channels, sources, layers, width)
    return nn.Sequential(*(nn.ReLU() if isinstance(layer, nn.LeakyReLU) else layer for layer in network))


@answers.wrong("patch_discriminator", hint="default-slope")
def leaky_relu_without_argument(channels, sources, layers, width):
    network = patchgan(norms=INSTANCE)(channels, sources, layers, width)
    return nn.Sequential(*(nn.LeakyReLU() if isinstance(layer, nn.LeakyReLU) else layer for layer in network))


VARIANTS = {
    "normed_first": ("norm-after-the-first", {"norms": (True, nn.InstanceNorm2d)}),
    "no_norm": ("norm-missing", {"norms": None}),
    "no_norm_at_stride_1": ("norm-missing", {"last_norm": False}),
    "batch_norm": ("norm-over-the-batch", {"norms": (False, nn.BatchNorm2d)}),
    "one_at_stride_1": ("one-convolution-short", {"flat": 1}),
    "same_width": ("widths", {"growth": 1}),
    "no_padding": ("padding", {"pads": (0, 0)}),
    "no_padding_at_stride_1": ("padding", {"pads": (1, 0)}),
    "padding_2_at_stride_1": ("padding", {"pads": (1, 2)}),
    "padding_same": ("padding", {"pads": (1, "same")}),
    "kernels_of_3": ("kernel-of-3", {"kernel": 3}),
    "image_alone": ("source-left-out", {"taken": lambda channels, sources: channels}),
}
for name, (hint, changes) in VARIANTS.items():
    variant = patchgan(**{"norms": INSTANCE, **changes})
    variant.__name__ = name
    answers.wrong("patch_discriminator", hint=hint)(variant)


@answers.wrong("patch_discriminator", hint="all-halve")
def strides_of_two(channels, sources, layers, width):
    return patchgan(norms=INSTANCE, flat=0)(channels, sources, layers + 2, width)


@answers.wrong("patch_discriminator", hint="all-halve")
def one_halving_too_many(channels, sources, layers, width):
    return patchgan(norms=INSTANCE, flat=1)(channels, sources, layers + 1, width)


@answers.wrong("patch_discriminator", hint="one-convolution-short")
def first_counted_twice(channels, sources, layers, width):
    return patchgan(norms=INSTANCE)(channels, sources, layers - 1, width)


@answers.wrong("patch_discriminator", hint="layers-ignored")
def always_70(channels, sources, layers, width):
    return patchgan(norms=INSTANCE)(channels, sources, 3, width)


class Pooled(nn.Module):
    def __init__(self, *arguments):
        super().__init__()
        self.patches = patchgan(norms=INSTANCE)(*arguments)

    def forward(self, x):
        return self.patches(x).mean(dim=(1, 2, 3), keepdim=True)


answers.wrong("patch_discriminator", hint="one-verdict")(Pooled)


@answers.wrong("patch_discriminator", hint="one-verdict")
def pooled_and_flat(channels, sources, layers, width):
    patches = patchgan(norms=INSTANCE)(channels, sources, layers, width)
    return nn.Sequential(patches, nn.AdaptiveAvgPool2d(1), nn.Flatten())


@answers.wrong("patch_discriminator", hint="not-a-network")
def layers_in_a_list(channels, sources, layers, width):
    return list(patchgan(norms=INSTANCE)(channels, sources, layers, width))


@answers.right("patch_discriminator")
def in_a_loop(channels, sources, layers, width):
    return patchgan(norms=INSTANCE)(channels, sources, layers, width)


@answers.right("patch_discriminator")
def library(channels, sources, layers, width):
    from ganbook.models.patchgan import PatchDiscriminator

    return PatchDiscriminator(channels + sources, 0, layers, width)


class OwnModule(nn.Module):
    """Convolutions without biases where a norm follows, made last to first; activations as functions."""

    def __init__(self, channels, sources, layers, width):
        super().__init__()
        maps = [width << i for i in range(layers + 1)]
        self.last = nn.Conv2d(maps[-1], 1, kernel_size=4, padding=1)
        self.norms = nn.ModuleList(nn.InstanceNorm2d(n, affine=True) for n in maps[1:])
        self.inner = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=1 + (i < layers - 1), padding=1, bias=False)
            for i, (a, b) in enumerate(pairwise(maps))
        )
        self.first = nn.Conv2d(channels + sources, width, 4, 2, 1)

    def forward(self, x):
        h = F.leaky_relu(self.first(x), 0.2)
        for conv, norm in zip(self.inner, self.norms, strict=True):
            h = F.leaky_relu(norm(conv(h)), 0.2)
        return self.last(h)


answers.right("patch_discriminator")(OwnModule)


class Functional(nn.Module):
    """Weights as parameters, padding and slope by hand, no axis for the one channel."""

    def __init__(self, channels, sources, layers, width):
        super().__init__()
        maps = [channels + sources, *(width * 2**i for i in range(layers + 1)), 1]
        self.layers = layers
        self.weights = nn.ParameterList(torch.randn(b, a, 4, 4) / 4 / a**0.5 for a, b in pairwise(maps))

    def forward(self, x):
        for i, weight in enumerate(self.weights):
            x = F.conv2d(F.pad(x, (1, 1, 1, 1)), weight, stride=2 if i < self.layers else 1)
            if i < len(self.weights) - 1:
                x = F.instance_norm(x) if i > 0 else x
                x = torch.maximum(x, 0.2 * x)
        return x[:, 0]


answers.right("patch_discriminator")(Functional)


# -- decode ------------------------------------------------------------------------------------------


def skips(join):
    def forward(seen, stages):
        x = seen[-1]
        for stage, twin in zip(stages, reversed(seen[:-1]), strict=True):
            x = join(stage(x), twin)
        return x

    return forward


@answers.wrong("decode", hint="added")
def residual(seen, stages):
    return skips(lambda x, twin: x + twin)(seen, stages)


@answers.wrong("decode", hint="twin-first")
def encoder_s_channels_first(seen, stages):
    return skips(lambda x, twin: torch.cat([twin, x], 1))(seen, stages)


@answers.wrong("decode", hint="no-short-cuts")
def plain_decoder(seen, stages):
    x = seen[-1]
    for stage in stages:
        x = stage(x)
    return x


@answers.wrong("decode", hint="twin-alone")
def overwritten(seen, stages):
    x = seen[-1]
    for stage, twin in zip(stages, reversed(seen[:-1]), strict=True):
        stage(x)
        x = twin
    return x


@answers.wrong("decode", hint="before-the-stage")
def joined_first(seen, stages):
    x = seen[-1]
    for i, stage in enumerate(stages):
        x = stage(torch.cat((x, seen[-1 - i]), dim=1))
    return x


@answers.wrong("decode", hint="before-the-stage")
def joined_first_but_at_the_bottom(seen, stages):
    x = stages[0](seen[-1])
    for stage, twin in zip(stages[1:], seen[-2::-1], strict=False):
        x = stage(torch.cat((x, twin), dim=1))
    return x


@answers.wrong("decode", hint="bottleneck-with-itself")
def bottom_twice(seen, stages):
    x = torch.cat((seen[-1],) * 2, dim=1)
    for stage, twin in zip(stages, seen[:-1][::-1], strict=True):
        x = torch.cat((stage(x), twin), dim=1)
    return x


@answers.wrong("decode", hint="encoder-order")
def not_reversed(seen, stages):
    x = seen[-1]
    for stage, twin in zip(stages, seen, strict=False):
        x = torch.cat((stage(x), twin), dim=1)
    return x


@answers.wrong("decode", hint="encoder-order")
def not_reversed_and_added(seen, stages):
    x = seen[-1]
    for stage, twin in zip(stages, seen[:-1], strict=True):
        x = torch.cat((twin, stage(x)), dim=1)
    return x


@answers.wrong("decode", hint="one-level-off")
def bottleneck_as_first_twin(seen, stages):
    x = seen[-1]
    for stage, twin in zip(stages, reversed(seen), strict=False):
        x = torch.cat((stage(x), twin), dim=1)
    return x


@answers.wrong("decode", hint="one-level-off")
def one_too_far(seen, stages):
    x = seen[-1]
    for i, stage in enumerate(stages):
        x = torch.cat((stage(x), seen[-3 - i]), dim=1)
    return x


@answers.wrong("decode", hint="along-the-wrong-axis")
def default_axis(seen, stages):
    return skips(lambda x, twin: torch.cat((x, twin)))(seen, stages)


@answers.wrong("decode", hint="along-the-wrong-axis")
def last_axis(seen, stages):
    return skips(lambda x, twin: torch.cat((x, twin), dim=-1))(seen, stages)


@answers.right("decode")
def by_popping(seen, stages):
    x = seen.pop()
    for stage in stages:
        x = torch.concat([stage(x), seen.pop()], dim=1)
    return x


@answers.right("decode")
def by_index(seen, stages):
    x = seen[-1]
    for i in range(len(stages)):
        x = stages[i](x)
        x = torch.cat((x, seen[-2 - i]), dim=-3)
    return x


@answers.right("decode")
def recursive_decoder(seen, stages):
    if not stages:
        return seen[-1]
    deeper = recursive_decoder(seen[1:], stages[:-1])
    return torch.hstack((stages[-1](deeper), seen[0]))


@answers.right("decode")
def into_a_new_tensor(seen, stages):
    x = seen[-1]
    for stage, twin in zip(stages, seen[-2::-1], strict=True):
        up = stage(x)
        x = up.new_empty(len(up), up.shape[1] + twin.shape[1], *up.shape[2:])
        x[:, : up.shape[1]], x[:, up.shape[1] :] = up, twin
    return x


# -- pix2pix_losses ----------------------------------------------------------------------------------


def bce(logits, label, **options):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, label), **options)


def of_d(real_logits, fake_logits):
    return (bce(real_logits, 1.0) + bce(fake_logits, 0.0)) / 2


@answers.wrong("pix2pix_losses", hint="half-missing")
def d_at_full_speed(real_logits, fake_logits, fake, real, l1_weight):
    d_loss = bce(real_logits, 1.0) + bce(fake_logits, 0.0)
    return d_loss, bce(fake_logits, 1.0) + l1_weight * F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="labels-swapped")
def zeros_for_real(real_logits, fake_logits, fake, real, l1_weight):
    d_loss = 0.5 * (bce(real_logits, 0.0) + bce(fake_logits, 1.0))
    return d_loss, bce(fake_logits, 1.0) + l1_weight * F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="saturating")
def minimax(real_logits, fake_logits, fake, real, l1_weight):
    g_loss = -bce(fake_logits, 0.0) + l1_weight * F.l1_loss(fake, real)
    return of_d(real_logits, fake_logits), g_loss


@answers.wrong("pix2pix_losses", hint="g-as-d-labels-fakes")
def g_wants_zeros(real_logits, fake_logits, fake, real, l1_weight):
    g_loss = bce(fake_logits, 0.0) + l1_weight * F.l1_loss(fake, real)
    return of_d(real_logits, fake_logits), g_loss


@answers.wrong("pix2pix_losses", hint="half-on-g")
def both_halved(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), 0.5 * bce(fake_logits, 1.0) + l1_weight * F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="squares")
def mse(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0) + l1_weight * F.mse_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="l1-summed")
def l1_norm(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0) + l1_weight * torch.norm(fake - real, p=1)


@answers.wrong("pix2pix_losses", hint="l1-summed")
def l1_norm_of_each_image(real_logits, fake_logits, fake, real, l1_weight):
    l1 = (fake - real).abs().sum(dim=(1, 2, 3)).mean()
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0) + l1_weight * l1


@answers.wrong("pix2pix_losses", hint="weight-on-the-game")
def weight_at_the_wrong_term(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), l1_weight * bce(fake_logits, 1.0) + F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="weight-on-the-game")
def weight_outside_the_bracket(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), l1_weight * (bce(fake_logits, 1.0) + F.l1_loss(fake, real))


@answers.wrong("pix2pix_losses", hint="weight-ignored")
def hundred(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0) + 100 * F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="weight-ignored")
def unweighted(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0) + F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="l1-missing")
def game_alone(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0)


@answers.wrong("pix2pix_losses", hint="l1-cut-off")
def l1_as_a_number(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0) + l1_weight * F.l1_loss(fake, real).item()


@answers.wrong("pix2pix_losses", hint="patches-averaged-first")
def one_verdict_an_image(real_logits, fake_logits, fake, real, l1_weight):
    real_logits, fake_logits = real_logits.mean(dim=(1, 2, 3)), fake_logits.mean(dim=(1, 2, 3))
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0) + l1_weight * F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="patches-summed")
def summed_within_an_image(real_logits, fake_logits, fake, real, l1_weight):
    def total(logits, label):
        return bce(logits, label, reduction="none").sum(dim=(1, 2, 3)).mean()

    d_loss = 0.5 * (total(real_logits, 1.0) + total(fake_logits, 0.0))
    return d_loss, total(fake_logits, 1.0) + l1_weight * F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="patches-summed")
def reduction_sum(real_logits, fake_logits, fake, real, l1_weight):
    d_loss = 0.5 * (bce(real_logits, 1.0, reduction="sum") + bce(fake_logits, 0.0, reduction="sum"))
    return d_loss, bce(fake_logits, 1.0, reduction="sum") + l1_weight * F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="two-sigmoids")
def sigmoid_twice(real_logits, fake_logits, fake, real, l1_weight):
    d_real, d_fake = torch.sigmoid(real_logits), torch.sigmoid(fake_logits)
    return of_d(d_real, d_fake), bce(d_fake, 1.0) + l1_weight * F.l1_loss(fake, real)


@answers.wrong("pix2pix_losses", hint="not-a-pair")
def added_up(real_logits, fake_logits, fake, real, l1_weight):
    return of_d(real_logits, fake_logits) + bce(fake_logits, 1.0) + l1_weight * F.l1_loss(fake, real)


@answers.right("pix2pix_losses")
def by_cross_entropy(real_logits, fake_logits, fake, real, l1_weight=100.0):
    return of_d(real_logits, fake_logits), bce(fake_logits, 1.0) + l1_weight * F.l1_loss(fake, real)


@answers.right("pix2pix_losses")
def by_logsigmoid(real_logits, fake_logits, fake, real, l1_weight):
    d_loss = -(F.logsigmoid(real_logits) + F.logsigmoid(-fake_logits)).mean() / 2
    g_loss = -F.logsigmoid(fake_logits).mean() + l1_weight * (real - fake).abs().mean()
    return [d_loss, g_loss]


@answers.right("pix2pix_losses")
def all_patches_in_one_batch(real_logits, fake_logits, fake, real, l1_weight):
    logits = torch.cat((real_logits.flatten(), fake_logits.flatten()))
    labels = torch.cat((torch.ones(real_logits.numel()), torch.zeros(fake_logits.numel())))
    d_loss = F.binary_cross_entropy_with_logits(logits, labels)  # the mean of twice as many is the half
    g_loss = F.softplus(-fake_logits).mean() + l1_weight * torch.dist(fake, real, p=1) / fake.numel()
    return d_loss, g_loss


@answers.right("pix2pix_losses")
def library_losses(real_logits, fake_logits, fake, real, l1_weight):
    from ganbook import losses

    loss = losses.get("non_saturating")
    d_loss = loss.discriminator(real_logits, fake_logits) / 2
    return d_loss, loss.generator(fake_logits, real_logits) + l1_weight * F.l1_loss(fake, real)


# -- noise_dependence --------------------------------------------------------------------------------


def draws(generator, sources, noise):
    return torch.stack([generator(sources, z) for z in noise])


@answers.wrong("noise_dependence", hint="over-images")
def spread_of_the_batch(generator, sources, noise):
    return draws(generator, sources, noise).std(dim=1).mean()


@answers.wrong("noise_dependence", hint="over-pixels")
def contrast(generator, sources, noise):
    return draws(generator, sources, noise).std(dim=(-2, -1)).mean()


@answers.wrong("noise_dependence", hint="over-pixels")
def contrast_with_channels(generator, sources, noise):
    return draws(generator, sources, noise).flatten(2).std(dim=2).mean()


@answers.wrong("noise_dependence", hint="over-everything")
def std_of_all(generator, sources, noise):
    return draws(generator, sources, noise).std()


@answers.wrong("noise_dependence", hint="over-everything")
def draws_and_images_alike(generator, sources, noise):
    images = torch.cat([generator(sources, z) for z in noise])
    return images.std(dim=0).mean()


@answers.wrong("noise_dependence", hint="one-draw-repeated")
def first_draw_again(generator, sources, noise):
    images = torch.stack([generator(sources, noise[0]) for _ in noise])
    return images.std(dim=0).mean()


@answers.wrong("noise_dependence", hint="mean-not-spread")
def mean_of_all(generator, sources, noise):
    return draws(generator, sources, noise).mean(dim=0).mean()


@answers.wrong("noise_dependence", hint="mean-not-spread")
def mean_size(generator, sources, noise):
    return draws(generator, sources, noise).abs().mean()


@answers.wrong("noise_dependence", hint="variance")
def mean_variance(generator, sources, noise):
    return draws(generator, sources, noise).var(dim=0).mean()


@answers.wrong("noise_dependence", hint="variance")
def root_of_the_mean_variance(generator, sources, noise):
    return draws(generator, sources, noise).var(dim=0, unbiased=False).mean().sqrt()


@answers.wrong("noise_dependence", hint="pixels-averaged-first")
def spread_of_brightness(generator, sources, noise):
    return draws(generator, sources, noise).mean(dim=(2, 3, 4)).std(dim=0).mean()


@answers.wrong("noise_dependence", hint="noise-shared")
def one_z_a_draw(generator, sources, noise):
    images = [generator(sources, z[0].repeat(len(sources), 1)) for z in noise]
    return torch.stack(images).std(dim=0).mean()


@answers.wrong("noise_dependence", hint="map-not-number")
def mean_forgotten(generator, sources, noise):
    return draws(generator, sources, noise).std(dim=0)


@answers.wrong("noise_dependence", hint="map-not-number")
def one_number_an_image(generator, sources, noise):
    return draws(generator, sources, noise).std(dim=0).flatten(1).mean(1)


@answers.right("noise_dependence")
def stacked(generator, sources, noise):
    return torch.stack([generator(sources, z) for z in noise]).std(dim=0).mean()


@answers.right("noise_dependence")
def one_large_batch(generator, sources, noise):
    k, n = noise.shape[:2]
    images = generator(sources.repeat(k, 1, 1, 1), noise.flatten(0, 1))
    return images.view(k, n, *images.shape[1:]).std(dim=0).mean()


@answers.right("noise_dependence")
def running_sums(generator, sources, noise):
    total, squares = 0, 0
    for z in noise:
        image = generator(sources, z).double()
        total, squares = total + image, squares + image**2
    mean = total / len(noise)
    return (squares / len(noise) - mean**2).clamp(min=0).sqrt().mean()


@answers.right("noise_dependence")
def numpy_std(generator, sources, noise):
    images = np.stack([generator(sources, z).detach().numpy() for z in noise])
    return float(images.std(axis=0).mean())


@answers.right("noise_dependence")
def source_by_source(generator, sources, noise):
    each = [
        generator(source.expand(len(noise), -1, -1, -1), noise[:, i]).std(dim=0) for i, source in enumerate(sources)
    ]
    return torch.stack(each).mean()


# -- pix2pix_step ------------------------------------------------------------------------------------


def make(
    pair=lambda fake, sources: (fake, sources),
    for_g=lambda fake: fake,
    target=lambda real, sources: real,
    for_d=lambda fake: fake.detach(),
    sign=1.0,
    labels=(1.0, 0.0),
):
    def step(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
        fake = generator(sources, z)
        d_optimizer.zero_grad()
        d_real, d_fake = discriminator(real, sources), discriminator(*pair(for_d(fake), sources))
        (0.5 * (bce(d_real, labels[0]) + bce(d_fake, labels[1]))).backward()
        d_optimizer.step()
        g_optimizer.zero_grad()
        g_loss = bce(discriminator(for_g(fake), sources), 1.0) + sign * l1_weight * F.l1_loss(
            fake, target(real, sources)
        )
        g_loss.backward()
        g_optimizer.step()
        return g_loss

    return step


TURNED = {"pair": lambda fake, sources: (sources, fake)}
CUT_OFF = {"for_g": lambda fake: fake.detach()}
TO_SOURCE = {"target": lambda real, sources: sources}
ATTACHED = {"for_d": lambda fake: fake}
BUGS = {
    "pair-turned": TURNED,
    "g-cut-off": CUT_OFF,
    "l1-to-the-source": TO_SOURCE,
    "turned-and-cut-off": TURNED | CUT_OFF,
    "turned-and-to-the-source": TURNED | TO_SOURCE,
    "cut-off-and-to-the-source": CUT_OFF | TO_SOURCE,
    "d-not-cut-off": ATTACHED,
    "sources-shuffled": {"pair": lambda fake, sources: (fake, sources.roll(1, dims=0))},
    "l1-rewarded": {"sign": -1.0},
    "labels-swapped": {"labels": (0.0, 1.0)},
}
for hint, bugs in BUGS.items():
    left = make(**bugs)
    left.__name__ = hint.replace("-", "_") + "_left"
    answers.wrong("pix2pix_step", hint=hint)(left)


@answers.wrong("pix2pix_step", hint="d-not-cut-off")
def detach_moved_away(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
    return make(**ATTACHED, **TURNED)(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight)


@answers.right("pix2pix_step")
def repaired_in_place(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
    fake = generator(sources, z)
    real_logits = discriminator(real, sources)
    fake_logits = discriminator(fake.detach(), sources)
    d_loss = 0.5 * (F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean())
    d_optimizer.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    g_loss = F.softplus(-discriminator(fake, sources)).mean() + l1_weight * F.l1_loss(fake, real)
    g_optimizer.zero_grad()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("pix2pix_step")
def fakes_made_twice(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
    with torch.no_grad():
        fake = generator(sources, z)
    logits = discriminator(torch.cat((real, fake)), torch.cat((sources, sources)))
    labels = torch.cat((torch.ones_like(logits[: len(real)]), torch.zeros_like(logits[len(real) :])))
    d_loss = F.binary_cross_entropy_with_logits(logits, labels)
    discriminator.zero_grad()
    d_loss.backward()
    d_optimizer.step()

    fake = generator(sources, z)
    discriminator.requires_grad_(False)
    adversarial = -F.logsigmoid(discriminator(fake, sources)).mean()
    discriminator.requires_grad_(True)
    generator.zero_grad()
    g_loss = adversarial + l1_weight * (real - fake).abs().mean()
    g_loss.backward()
    g_optimizer.step()
    return d_loss, g_loss


@answers.right("pix2pix_step")
def gradients_by_hand(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
    def step(loss, network, optimizer):
        weights = [*network.parameters()]
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.grad = gradient
        optimizer.step()
        return loss.item()

    d_fake = discriminator(generator(sources, z).detach(), sources)
    d_loss = step(0.5 * (bce(discriminator(real, sources), 1.0) + bce(d_fake, 0.0)), discriminator, d_optimizer)
    fake = generator(sources, z)
    g_loss = bce(discriminator(fake, sources), 1.0) + l1_weight * F.l1_loss(fake, real)
    return [d_loss, step(g_loss, generator, g_optimizer)]


@answers.right("pix2pix_step")
def two_backward_passes(generator, discriminator, g_optimizer, d_optimizer, real, sources, z, l1_weight):
    fake = generator(sources, z)
    d_optimizer.zero_grad()
    d_losses = [bce(discriminator(real, sources), 1.0) / 2, bce(discriminator(fake.detach(), sources), 0.0) / 2]
    for loss in d_losses:
        loss.backward()
    d_optimizer.step()
    g_optimizer.zero_grad()
    g_losses = [bce(discriminator(fake, sources), 1.0), l1_weight * F.l1_loss(fake, real)]
    for loss in g_losses:
        loss.backward(retain_graph=True)
    g_optimizer.step()
    return sum(d_losses).item(), sum(g_losses).item()


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {
        "A": ("D stands still", 220),
        "B": ("no game", 260),
        "C": ("source hidden from G", 280),
        "D": ("noise withheld", 240),
    },
    {
        "a-misread": {"A": ("no L1", 220)},
        "b-misread": {"B": ("noise withheld", 260)},
        "c-misread": {"C": ("no L1", 280)},
        "d-misread": {"D": ("no game", 240)},
        "misplaced": {"B": ("no game", 320)},
        "unknown-name": {"B": ("L1 alone", 260)},
    },
)
