"""Wrong and right answers to the exercises of chapter 5."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

from ganbook.convolutions import convolution_matrix

answers = Answers("building_blocks")

# -- transposed_size ---------------------------------------------------------------------------------


@answers.right("transposed_size")
def by_hand(size, kernel, stride, padding, output_padding):
    return (size - 1) * stride + kernel - 2 * padding + output_padding


@answers.right("transposed_size")
def ask_pytorch(size, kernel, stride, padding, output_padding):
    layer = nn.ConvTranspose2d(1, 1, kernel, stride, padding, output_padding)
    return layer(torch.zeros(1, 1, size, size)).shape[-1]


@answers.right("transposed_size")
def as_documented(size, kernel, stride, padding, output_padding):
    return torch.tensor((size - 1) * stride - 2 * padding + 1 * (kernel - 1) + output_padding + 1.0)


answers.slips(
    "transposed_size",
    by_hand,
    {
        "the-other-way": [
            "(size - kernel + 2 * padding) // stride + 1 + output_padding",
            "(size - kernel + 2 * padding) // stride + 1",
        ],
        "padding-adds": [("- 2", "+ 2")],
        "one-side-cropped": [("2 * ", "")],
        "one-step-too-many": [("(size - 1)", "size")],
        "one-short": [("kernel", "(kernel - 1)")],
        "output-padding-forgotten": [(" + output_padding", "")],
        "output-padding-twice": [("output_padding", "2 * output_padding")],
        "always-times-stride": ["size * stride"],
    },
)

# -- transposed_convolution --------------------------------------------------------------------------


@answers.right("transposed_convolution")
def painted(x, kernel, stride, padding):
    (h, w), (k, m) = x.shape, kernel.shape
    out = torch.zeros((h - 1) * stride + k, (w - 1) * stride + m)
    for i in range(h):
        for j in range(w):
            out[i * stride : i * stride + k, j * stride : j * stride + m] += x[i, j] * kernel
    return out[padding : out.shape[0] - padding, padding : out.shape[1] - padding]


@answers.right("transposed_convolution")
def numpy_outer(x, kernel, stride, padding):
    x, kernel = x.double().numpy(), kernel.double().numpy()
    (h, w), (k, m) = x.shape, kernel.shape
    out = np.zeros(((h - 1) * stride + k, (w - 1) * stride + m))
    for u in range(k):
        for v in range(m):  # weight by weight instead of pixel by pixel
            out[u : u + (h - 1) * stride + 1 : stride, v : v + (w - 1) * stride + 1 : stride] += x * kernel[u, v]
    return out[padding : out.shape[0] - padding, padding : out.shape[1] - padding]


@answers.right("transposed_convolution")
def as_a_gradient(x, kernel, stride, padding):
    size = [(n - 1) * stride + k - 2 * padding for n, k in zip(x.shape, kernel.shape, strict=True)]
    image = torch.zeros(1, 1, *size, requires_grad=True)
    down = F.conv2d(image, kernel[None, None], stride=stride, padding=padding)
    return torch.autograd.grad(down, image, x[None, None])[0].view(*size)


@answers.right("transposed_convolution")
def sliding_over_zeros(x, kernel, stride, padding):
    spread = torch.zeros((x.shape[0] - 1) * stride + 1, (x.shape[1] - 1) * stride + 1)
    spread[::stride, ::stride] = x
    k, w = kernel.shape
    spread = F.pad(spread, (w - 1 - padding, w - 1 - padding, k - 1 - padding, k - 1 - padding))
    return F.conv2d(spread[None, None], kernel.flip(0, 1)[None, None])[0, 0]


@answers.right("transposed_convolution")
def asked_for(x, kernel, stride, padding):
    return F.conv_transpose2d(x[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0]


CROPPED = "out[padding : out.shape[0] - padding, padding : out.shape[1] - padding]"
answers.slips(
    "transposed_convolution",
    painted,
    {
        "overwritten": [("+=", "=")],
        "stride-ignored": [(("i * stride", "i"), ("j * stride", "j"))],
        "not-cropped": [(CROPPED, "out")],
        "padding-adds-zeros": [
            (CROPPED, "F.pad(out, [padding] * 4)"),
            ((CROPPED, "out"), ("(h, w), ", "x = F.pad(x, [padding] * 4); (h, w), ")),
        ],
        "one-side-cropped": [
            (CROPPED, "out[padding:, padding:]"),
            (CROPPED, "out[: out.shape[0] - 2 * padding, : out.shape[1] - 2 * padding]"),
            (CROPPED, "out[: out.shape[0] - padding, : out.shape[1] - padding]"),
        ],
        "mean-of-copies": [
            ("out[padding", "(out / painted(x * 0 + 1, kernel * 0 + 1, stride, 0).clamp(min=1))[padding")
        ],
    },
)
answers.slips(
    "transposed_convolution",
    asked_for,
    {
        "kernel-turned": [("kernel[", "kernel.flip(0, 1)[")],
        "kernel-transposed": [("kernel[", "kernel.T[")],
        "ordinary-convolution": [("conv_transpose2d", "conv2d")],
    },
)

# -- convolution_matrix ------------------------------------------------------------------------------


@answers.right("convolution_matrix")
def by_loops(kernel, height, width):
    k, m = kernel.shape
    rows, columns = height - k + 1, width - m + 1
    matrix = torch.zeros(rows * columns, height * width)
    for i, j in np.ndindex(rows, columns):
        for u, v in np.ndindex(k, m):
            matrix[i * columns + j, (i + u) * width + (j + v)] = kernel[u, v]
    return matrix


@answers.right("convolution_matrix")
def from_unit_images(kernel, height, width):
    images = torch.eye(height * width).view(-1, 1, height, width)
    return F.conv2d(images, kernel[None, None]).flatten(1).T


@answers.right("convolution_matrix")
def as_a_jacobian(kernel, height, width):
    def convolve(image):
        return F.conv2d(image.view(1, 1, height, width), kernel[None, None]).flatten()

    return torch.autograd.functional.jacobian(convolve, torch.zeros(height * width))


@answers.right("convolution_matrix")
def from_the_library(kernel, height, width):
    return convolution_matrix(kernel, (height, width)).numpy()


COLUMN = "(i + u) * width + (j + v)"
answers.slips(
    "convolution_matrix",
    by_loops,
    {
        "already-transposed": [("return matrix", "return matrix.T")],
        "kernel-turned": [("kernel[u, v]", "kernel[k - 1 - u, m - 1 - v]")],
        "rows-glued-together": [(COLUMN, "i * width + j + u * m + v")],
        "output-width": [(COLUMN, "i * columns + j + u * width + v")],
        "height-for-width": [("* width + (", "* height + (")],
        "column-by-column": [(COLUMN, "(i + u) + (j + v) * height")],
        "never-moved": [(COLUMN, "u * width + v")],
    },
)

# -- zero_grid ---------------------------------------------------------------------------------------


@answers.right("zero_grid")
def between_then_around(x, kernel_size, stride, padding):
    n, c, h, w = x.shape
    grid = torch.zeros(n, c, (h - 1) * stride + 1, (w - 1) * stride + 1)
    grid[:, :, ::stride, ::stride] = x
    return F.pad(grid, [kernel_size - 1 - padding] * 4)


@answers.right("zero_grid")
def at_once(x, kernel_size, stride, padding):
    n, c, h, w = x.shape
    b = kernel_size - 1 - padding
    grid = torch.zeros(n, c, (h - 1) * stride + 1 + 2 * b, (w - 1) * stride + 1 + 2 * b)
    for i in range(h):
        for j in range(w):
            grid[:, :, b + i * stride, b + j * stride] = x[:, :, i, j]
    return grid


@answers.right("zero_grid")
def with_a_one_by_one_kernel(x, kernel_size, stride, padding):
    unit = torch.eye(x.shape[1])[:, :, None, None]
    return F.pad(F.conv_transpose2d(x, unit, stride=stride), [kernel_size - 1 - padding] * 4)


@answers.right("zero_grid")
def numpy_kron(x, kernel_size, stride, padding):
    cell = np.zeros((1, 1, stride, stride))
    cell[..., 0, 0] = 1
    grid = np.kron(x.numpy(), cell)
    grid = grid[..., : (x.shape[2] - 1) * stride + 1, : (x.shape[3] - 1) * stride + 1]
    b = kernel_size - 1 - padding
    return np.pad(grid, ((0, 0), (0, 0), (b, b), (b, b)))


BORDER, SPREAD = "kernel_size - 1 - padding", "grid[:, :, ::stride, ::stride] = x"
answers.slips(
    "zero_grid",
    between_then_around,
    {
        "repeated-pixels": [
            (SPREAD, "grid = F.interpolate(x, scale_factor=stride)"),
            (SPREAD, "grid = F.interpolate(x, scale_factor=stride)[..., : grid.shape[2], : grid.shape[3]]"),
        ],
        "zero-after-the-last": [("(h - 1) * stride + 1, (w - 1) * stride + 1", "h * stride, w * stride")],
        "one-zero-too-many": [(("n, c, h", "stride += 1; n, c, h"))],
        "padding-as-it-is": [(BORDER, "padding")],
        "padding-ignored": [(BORDER, "kernel_size - 1")],
        "padding-added": [(BORDER, "kernel_size - 1 + padding")],
        "border-one-too-wide": [(BORDER, "kernel_size - padding")],
        "no-border": [(BORDER, "0")],
    },
)

# -- even_upsampling ---------------------------------------------------------------------------------


@answers.right("even_upsampling")
def by_both_conditions(stride, largest):
    pairs = [(k, p) for k in range(1, largest + 1) for p in range(largest)]
    return [(k, p) for k, p in pairs if k - 2 * p == stride and k % stride == 0]


@answers.right("even_upsampling")
def by_counting(stride, largest):
    found = set()
    for k in range(stride, largest + 1):
        for p in range(k):
            if 8 * stride == 7 * stride + k - 2 * p:
                counts = F.conv_transpose1d(torch.ones(1, 1, 20), torch.ones(1, 1, k), stride=stride).flatten()
                if len(set(counts[k:-k].tolist())) == 1:
                    found.add((k, p))
    return found


@answers.right("even_upsampling")
def backwards_as_lists(stride, largest):
    return [[stride + 2 * p, p] for p in reversed(range(largest)) if stride + 2 * p <= largest and 2 * p % stride == 0]


@answers.right("even_upsampling")
def multiples_with_their_padding(stride, largest):
    return [(k, (k - stride) // 2) for k in range(stride, largest + 1, stride) if (k - stride) % 2 == 0]


answers.slips(
    "even_upsampling",
    by_both_conditions,
    {
        "size-only": [(" and k % stride == 0", "")],
        "kernel-divides-stride": [
            "[(k, 0) for k in range(1, largest + 1) if stride % k == 0]",
            ("k % stride", "stride % k"),
        ],
        "no-overlap-left-out": [("range(1,", "range(2 * stride,")],
    },
)
answers.slips(
    "even_upsampling",
    multiples_with_their_padding,
    {
        "evenness-only": [(" if (k - stride) % 2 == 0", "")],
        "same-padding": [
            "[(k, k // 2) for k in range(stride, largest + 1, stride)]",
            "[(k, (k - 1) // 2) for k in range(stride, largest + 1, stride)]",
        ],
        "both-ends-at-once": ["[(k, k - stride) for k in range(stride, largest + 1, stride)]"],
        "largest-left-out": [("largest + 1", "largest")],
        "not-pairs": [("(k, (k - stride) // 2) for", "k for")],
    },
)

# -- batch_norm --------------------------------------------------------------------------------------


@answers.right("batch_norm")
def written_out(x, gamma, beta, running_mean, running_var, training):
    mean, var = running_mean[:, None, None], running_var[:, None, None]
    if training:
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
        running_mean = 0.9 * running_mean + 0.1 * x.mean((0, 2, 3))
        running_var = 0.9 * running_var + 0.1 * x.var((0, 2, 3))
    y = (x - mean) / torch.sqrt(var + 1e-5)
    return y * gamma[:, None, None] + beta[:, None, None], running_mean, running_var


@answers.right("batch_norm")
def functional(x, gamma, beta, running_mean, running_var, training):
    mean, var = running_mean.clone(), running_var.clone()
    return F.batch_norm(x, mean, var, gamma, beta, training), mean, var


@answers.right("batch_norm")
def the_module(x, gamma, beta, running_mean, running_var, training):
    layer = nn.BatchNorm2d(x.shape[1])
    state = {"weight": gamma, "bias": beta, "running_mean": running_mean, "running_var": running_var}
    layer.load_state_dict(state, strict=False)
    return [layer.train(training)(x), layer.running_mean.clone(), layer.running_var.clone()]


@answers.right("batch_norm")
def by_columns_in_double(x, gamma, beta, running_mean, running_var, training):
    columns = x.double().transpose(0, 1).flatten(1)  # (C, m)
    mean, var = running_mean.double(), running_var.double()
    if training:
        mean, var = columns.mean(1), columns.square().mean(1) - columns.mean(1) ** 2
        m = columns.shape[1]
        running_mean = 0.9 * running_mean + 0.1 * mean
        running_var = 0.9 * running_var + 0.1 * var * m / (m - 1)
    y = (columns - mean[:, None]) / (var[:, None] + 1e-5) ** 0.5 * gamma[:, None] + beta[:, None]
    return y.view(x.shape[1], x.shape[0], *x.shape[2:]).transpose(0, 1), running_mean, running_var


@answers.right("batch_norm")
def one_scale_and_one_shift(x, gamma, beta, running_mean, running_var, training):
    """As kernels compute it. Where a map varies little, the scale is large, and what cancels has lost digits."""
    _, running_mean, running_var = written_out(x, gamma, beta, running_mean, running_var, training)
    of_batch = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    mean, var = of_batch if training else (running_mean, running_var)
    scale = gamma / (var + 1e-5).sqrt()
    return x * scale[:, None, None] + (beta - mean * scale)[:, None, None], running_mean, running_var


BESSEL, IN_MEMORY = ("correction=0, ", ""), ("x.var((0, 2, 3))", "x.var((0, 2, 3), correction=0)")
BATCH = "mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)"
REMEMBERED = """
        running_mean = 0.9 * running_mean + 0.1 * x.mean((0, 2, 3))
        running_var = 0.9 * running_var + 0.1 * x.var((0, 2, 3))"""
answers.slips(
    "batch_norm",
    written_out,
    {
        "no-affine": [("y * gamma[:, None, None] + beta[:, None, None]", "y")],
        "no-shift": [(" + beta[:, None, None]", "")],
        "gamma-beta-swapped": [("mean, var = running", "gamma, beta = beta, gamma; mean, var = running")],
        "bessel-in-the-output": [BESSEL],
        "no-bessel-in-the-memory": [IN_MEMORY],
        "variances-swapped": [(BESSEL, IN_MEMORY)],
        "momentum-reversed": [(("0.9", "M"), ("0.1", "0.9"), ("M", "0.1"))],
        "one-image-at-a-time": [(BATCH, BATCH.replace("0, 2, 3", "2, 3"))],
        "one-pixel-at-a-time": [(BATCH, BATCH.replace("(0, 2, 3)", "0"))],
        "channels-together": [
            (BATCH, BATCH.replace("0, 2, 3", "1, 2, 3")),
            (BATCH, "mean, var = x.mean(), x.var(correction=0)"),
        ],
        "eps-outside-the-root": [("torch.sqrt(var + 1e-5)", "(torch.sqrt(var) + 1e-5)")],
        "eps-forgotten": [(" + 1e-5", "")],
        "value": [("1e-5", "1e-5 * training")],
        "eps-0.8": [("1e-5", "0.1")],
        "root-forgotten": [("torch.sqrt", "")],
        "evaluation-by-the-batch": [((BATCH, ""), ("if training:", f"{BATCH}\n    if training:"))],
        "training-by-the-memory": [(BATCH, "")],
        "evaluation-remembers": [((REMEMBERED, REMEMBERED.replace("    " * 2, "    ")))],
        "nothing-remembered": [(REMEMBERED, "")],
        "deviation-remembered": [("x.var((0, 2, 3))", "x.std((0, 2, 3))")],
        "statistics-detached": [
            ("x.mean((0, 2, 3), keepdim=True), x.var(", "x.detach().mean((0, 2, 3), keepdim=True), x.detach().var(")
        ],
        "not-three": [(", running_mean, running_var", "")],
    },
)
answers.slips(
    "batch_norm",
    functional,
    {
        "no-affine": [("gamma, beta, training", "training=training")],
        "changed-input": [(".clone()", "")],
    },
)
answers.slips("batch_norm", the_module, {"eps-0.8": [("(x.shape[1])", "(x.shape[1], 0.8)")]})

# -- up_block ----------------------------------------------------------------------------------------


@answers.right("up_block")
def four_two_one(inputs, outputs):
    layer = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


@answers.right("up_block")
def six_two_two_with_momentum(inputs, outputs):
    layer = nn.ConvTranspose2d(inputs, outputs, 6, 2, 2)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs, momentum=0.8), nn.ReLU(inplace=True))


@answers.right("up_block")
def two_two_zero(inputs, outputs):
    layer = nn.ConvTranspose2d(inputs, outputs, 2, 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


@answers.right("up_block")
def resized(inputs, outputs):
    layers = nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, 1, 1), nn.BatchNorm2d(outputs), nn.ReLU()
    return nn.Sequential(*layers)


KERNEL_3, KERNEL_5 = ("4, 2, 1,", "3, 2, 1, output_padding=1,"), ("4, 2, 1,", "5, 2, 2, output_padding=1,")
ORDER, EPS = (
    ("nn.BatchNorm2d(outputs), nn.ReLU()", "nn.ReLU(), nn.BatchNorm2d(outputs)"),
    ("(outputs)", "(outputs, 0.8)"),
)
NO_NORM = ("nn.BatchNorm2d(outputs), ", "")
answers.slips(
    "up_block",
    four_two_one,
    {
        "kernel-left": [KERNEL_3, (KERNEL_5, ("(outputs)", "(outputs, momentum=0.2)"))],
        "order-left": [ORDER],
        "eps-left": [EPS, ("(outputs)", "(outputs, 0.2)")],
        "kernel-and-order-left": [(KERNEL_3, ORDER, ("(outputs)", "(outputs, momentum=0.8)"))],
        "kernel-and-eps-left": [(KERNEL_3, EPS)],
        "order-and-eps-left": [(ORDER, EPS)],
        "value": [("2d(outputs)", "2d(outputs, affine=False)")],
        "no-norm": [NO_NORM, (KERNEL_3, NO_NORM)],
        "shape": [("4, 2, 1,", "4, 2, 1, output_padding=1,")],
        "not-a-module": [
            ("nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())", "[layer, nn.BatchNorm2d(outputs), nn.ReLU()]")
        ],
    },
)

# -- phase_sums --------------------------------------------------------------------------------------


@answers.right("phase_sums")
def phases_shuffled(kernel):
    return F.pixel_unshuffle(kernel[None], 2).sum((1, 2)).flip(0).view(2, 2)


@answers.right("phase_sums")
def painted_and_cut(kernel):
    return F.conv_transpose2d(torch.ones(1, 1, 3, 3), kernel[None, None], stride=2, padding=1)[0, 0, 2:4, 2:4]


@answers.right("phase_sums")
def weight_by_weight(kernel):
    pattern = [[0, 0], [0, 0]]
    for i in range(4):
        for j in range(4):
            pattern[1 - i % 2][1 - j % 2] = pattern[1 - i % 2][1 - j % 2] + kernel[i, j]
    return torch.stack([torch.stack(row) for row in pattern])


answers.slips(
    "phase_sums",
    phases_shuffled,
    {
        "padding-forgotten": [(".flip(0)", "")],
        "rows-exchanged": [(".flip(0).view(2, 2)", ".view(2, 2).flip(1)")],
        "columns-exchanged": [(".flip(0).view(2, 2)", ".view(2, 2).flip(0)")],
        "quarters": ["kernel.view(2, 2, 2, 2).sum((1, 3))"],
        "mean-not-sum": [("sum", "mean")],
        "all-alike": ["(kernel.sum() / 4).expand(2, 2)"],
    },
)

# -- batch_norm_backward -----------------------------------------------------------------------------


@answers.right("batch_norm_backward")
def two_parts_taken_out(x, gamma, upstream):
    axes = (0, 2, 3)
    deviation = (x.var(axes, correction=0, keepdim=True) + 1e-5).sqrt()
    x_hat = (x - x.mean(axes, keepdim=True)) / deviation
    g = upstream * gamma.view(1, -1, 1, 1)
    by_x = g - g.mean(axes, keepdim=True) - x_hat * (g * x_hat).mean(axes, keepdim=True)
    return by_x / deviation, (upstream * x_hat).sum((0, 2, 3)), upstream.sum((0, 2, 3))


@answers.right("batch_norm_backward")
def step_by_step(x, gamma, upstream):
    """Through variance and mean one after the other, as the paper that introduced the layer writes it."""
    axes, m = (0, 2, 3), x.numel() / x.shape[1]
    mean, var = x.mean(axes, keepdim=True), x.var(axes, correction=0, keepdim=True) + 1e-5
    by_hat = upstream * gamma[None, :, None, None]
    by_var = (by_hat * (x - mean)).sum(axes, keepdim=True) * -0.5 * var**-1.5
    by_mean = -(by_hat / var.sqrt()).sum(axes, keepdim=True)
    by_x = by_hat / var.sqrt() + by_var * 2 * (x - mean) / m + by_mean / m
    return by_x, (upstream * (x - mean) / var.sqrt()).sum(axes), upstream.sum(axes)


@answers.right("batch_norm_backward")
def channel_by_channel(x, gamma, upstream):
    by_x, by_gamma = torch.empty_like(x), []
    for c in range(x.shape[1]):
        v, g = x[:, c].flatten(), upstream[:, c].flatten()
        m, hat = len(v), (v - v.mean()) / (v.var(correction=0) + 1e-5).sqrt()
        matrix = torch.eye(m, dtype=x.dtype) - 1 / m - torch.outer(hat, hat) / m
        by_x[:, c] = (gamma[c] / (v.var(correction=0) + 1e-5).sqrt() * (matrix @ g)).view_as(x[:, c])
        by_gamma.append(hat @ g)
    return by_x, torch.stack(by_gamma), upstream.sum((0, 2, 3))


MEAN, VARIANCE = (" - g.mean(axes, keepdim=True)", ""), (" - x_hat * (g * x_hat).mean(axes, keepdim=True)", "")
answers.slips(
    "batch_norm_backward",
    two_parts_taken_out,
    {
        "statistics-as-constants": [(MEAN, VARIANCE)],
        "mean-term-missing": [MEAN],
        "variance-term-missing": [VARIANCE],
        "gamma-forgotten": [(" * gamma.view(1, -1, 1, 1)", "")],
        "wrong-axes": [("axes = (0, 2, 3)", "axes = (2, 3)")],
        "means-for-gamma-and-beta": [("sum", "mean")],
        "unbiased": [("correction=0", "correction=1")],
        "used-autograd": [
            """
            x.requires_grad_(), gamma.requires_grad_()
            beta = torch.zeros_like(gamma, requires_grad=True)
            y = F.batch_norm(x, None, None, gamma, beta, True)
            return torch.autograd.grad((upstream * y).sum(), (x, gamma, beta))
            """
        ],
        "value": [("- x_hat", "- 0.5 * x_hat")],
    },
)

# -- transposed_backward -----------------------------------------------------------------------------


@answers.right("transposed_backward")
def collected_patch_by_patch(x, kernel, stride, upstream):
    (h, w), (k, m) = x.shape, kernel.shape
    by_x, by_kernel = torch.zeros_like(x), torch.zeros_like(kernel)
    for i in range(h):
        for j in range(w):
            patch = upstream[i * stride : i * stride + k, j * stride : j * stride + m]
            by_x[i, j] = (patch * kernel).sum()
            by_kernel += x[i, j] * patch
    return by_x, by_kernel


@answers.right("transposed_backward")
def by_two_convolutions(x, kernel, stride, upstream):
    by_x = F.conv2d(upstream[None, None], kernel[None, None], stride=stride)[0, 0]
    spread = torch.zeros(*((n - 1) * stride + 1 for n in x.shape), dtype=x.dtype)
    spread[::stride, ::stride] = x
    return by_x, F.conv2d(upstream[None, None], spread[None, None])[0, 0]


@answers.right("transposed_backward")
def all_patches_at_once(x, kernel, stride, upstream):
    patches = upstream.unfold(0, kernel.shape[0], stride).unfold(1, kernel.shape[1], stride)
    return torch.einsum("hwij,ij->hw", patches, kernel), torch.einsum("hwij,hw->ij", patches, x)


answers.slips(
    "transposed_backward",
    collected_patch_by_patch,
    {
        "kernel-turned": [("patch * kernel", "patch * kernel.flip(0, 1)")],
        "stride-forgotten": [(" * stride", ""), ("x[i, j] * patch", "x[i, j] * upstream[i : i + k, j : j + m]")],
        "pixel-forgotten": [("x[i, j] * patch", "patch")],
        "averaged": [("return by_x, by_kernel", "return by_x, by_kernel / x.numel()")],
        "swapped": [("return by_x, by_kernel", "return by_kernel, by_x")],
        "used-autograd": [
            """
            x.requires_grad_(), kernel.requires_grad_()
            y = F.conv_transpose2d(x[None, None], kernel[None, None], stride=stride)[0, 0]
            return torch.autograd.grad((y * upstream).sum(), (x, kernel))
            """
        ],
        "returned": [("return by_x, by_kernel", "return by_x")],
    },
)

# -- reading -----------------------------------------------------------------------------------------

keep_readings(answers)
