"""Wrong and right answers to the exercises of chapter 5."""

import numpy as np
import torch
import torch.nn.functional as F
from harness import Answers, keep_readings
from torch import nn

answers = Answers("building_blocks")

# -- transposed_size ---------------------------------------------------------------------------------


@answers.wrong("transposed_size", hint="the-other-way")
def of_a_convolution(size, kernel, stride, padding, output_padding):
    return int(np.floor((size - kernel + 2 * padding) / stride)) + 1


@answers.wrong("transposed_size", hint="padding-adds")
def with_a_plus(size, kernel, stride, padding, output_padding):
    return stride * (size - 1) + kernel + output_padding + 2 * padding


@answers.wrong("transposed_size", hint="one-side-cropped")
def padding_counted_once(size, kernel, stride, padding, output_padding):
    return stride * (size - 1) + kernel - padding + output_padding


@answers.wrong("transposed_size", hint="one-step-too-many")
def a_step_for_each_pixel(size, kernel, stride, padding, output_padding):
    return stride * size + kernel - 2 * padding + output_padding


@answers.wrong("transposed_size", hint="one-short")
def end_of_the_kernel(size, kernel, stride, padding, output_padding):
    return (size - 1) * stride + (kernel - 1) - 2 * padding + output_padding


@answers.wrong("transposed_size", hint="output-padding-forgotten")
def without_output_padding(size, kernel, stride, padding, output_padding):
    return (size - 1) * stride + kernel - 2 * padding


@answers.wrong("transposed_size", hint="output-padding-twice")
def output_padding_at_both_ends(size, kernel, stride, padding, output_padding):
    return (size - 1) * stride + kernel - 2 * (padding - output_padding)


@answers.wrong("transposed_size", hint="always-times-stride")
def times_stride(size, kernel, stride, padding, output_padding):
    return size * stride


@answers.right("transposed_size")
def by_hand(size, kernel, stride, padding, output_padding):
    ends_at = (size - 1) * stride + kernel
    return ends_at - padding - padding + output_padding


@answers.right("transposed_size")
def ask_pytorch(size, kernel, stride, padding, output_padding):
    layer = nn.ConvTranspose2d(1, 1, kernel, stride, padding, output_padding)
    return layer(torch.zeros(1, 1, size, size)).shape[-1]


@answers.right("transposed_size")
def as_documented(size, kernel, stride, padding, output_padding):
    return torch.tensor((size - 1) * stride - 2 * padding + 1 * (kernel - 1) + output_padding + 1.0)


# -- transposed_convolution --------------------------------------------------------------------------


def canvas_of(x, kernel, stride):
    return torch.zeros((x.shape[0] - 1) * stride + kernel.shape[0], (x.shape[1] - 1) * stride + kernel.shape[1])


def everywhere(x):
    return [(i, j) for i in range(x.shape[0]) for j in range(x.shape[1])]


def cropped(out, padding):
    return out[padding : out.shape[0] - padding, padding : out.shape[1] - padding]


@answers.wrong("transposed_convolution", hint="overwritten")
def assigned(x, kernel, stride, padding):
    out = canvas_of(x, kernel, stride)
    k, w = kernel.shape
    for i, j in everywhere(x):
        out[i * stride : i * stride + k, j * stride : j * stride + w] = x[i, j] * kernel
    return cropped(out, padding)


@answers.wrong("transposed_convolution", hint="kernel-turned")
def with_turned_kernel(x, kernel, stride, padding):
    turned = torch.flip(kernel, dims=(0, 1))
    return F.conv_transpose2d(x[None, None], turned[None, None], stride=stride, padding=padding).squeeze()


@answers.wrong("transposed_convolution", hint="kernel-transposed")
def with_transposed_kernel(x, kernel, stride, padding):
    return F.conv_transpose2d(x[None, None], kernel.T[None, None], stride=stride, padding=padding).squeeze()


@answers.wrong("transposed_convolution", hint="stride-ignored")
def one_pixel_apart(x, kernel, stride, padding):
    out = canvas_of(x, kernel, stride)
    k, w = kernel.shape
    for i, j in everywhere(x):
        out[i : i + k, j : j + w] += x[i, j] * kernel
    return cropped(out, padding)


@answers.wrong("transposed_convolution", hint="not-cropped")
def whole_canvas(x, kernel, stride, padding):
    out = canvas_of(x, kernel, stride)
    k, w = kernel.shape
    for i, j in everywhere(x):
        out[i * stride : i * stride + k, j * stride : j * stride + w] += x[i, j] * kernel
    return out


@answers.wrong("transposed_convolution", hint="padding-adds-zeros")
def zeros_around(x, kernel, stride, padding):
    return F.pad(whole_canvas(x, kernel, stride, padding), (padding, padding, padding, padding))


@answers.wrong("transposed_convolution", hint="padding-adds-zeros")
def image_padded_first(x, kernel, stride, padding):
    return whole_canvas(F.pad(x, (padding, padding, padding, padding)), kernel, stride, 0)


@answers.wrong("transposed_convolution", hint="one-side-cropped")
def top_left_cropped(x, kernel, stride, padding):
    return whole_canvas(x, kernel, stride, padding)[padding:, padding:]


@answers.wrong("transposed_convolution", hint="one-side-cropped")
def bottom_right_cropped(x, kernel, stride, padding):
    out = whole_canvas(x, kernel, stride, padding)
    return out[: out.shape[0] - padding, : out.shape[1] - padding]


@answers.wrong("transposed_convolution", hint="mean-of-copies")
def averaged(x, kernel, stride, padding):
    counts = whole_canvas(torch.ones_like(x), torch.ones_like(kernel), stride, padding)
    return cropped(whole_canvas(x, kernel, stride, padding) / counts.clamp(min=1), padding)


@answers.wrong("transposed_convolution", hint="ordinary-convolution")
def collected(x, kernel, stride, padding):
    return F.conv2d(x[None, None], kernel[None, None], stride=stride, padding=padding)[0, 0]


@answers.right("transposed_convolution")
def painted(x, kernel, stride, padding):
    return cropped(whole_canvas(x, kernel, stride, padding), padding)


@answers.right("transposed_convolution")
def numpy_outer(x, kernel, stride, padding):
    x, kernel = x.double().numpy(), kernel.double().numpy()
    k, w = kernel.shape
    out = np.zeros(((x.shape[0] - 1) * stride + k, (x.shape[1] - 1) * stride + w))
    for u in range(k):
        for v in range(w):  # weight by weight instead of pixel by pixel
            out[u : u + (x.shape[0] - 1) * stride + 1 : stride, v : v + (x.shape[1] - 1) * stride + 1 : stride] += (
                x * kernel[u, v]
            )
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


# -- convolution_matrix ------------------------------------------------------------------------------


def filled(kernel, height, width, column):
    """column(i, j, u, v): where the kernel's entry (u, v) stands in the row of output pixel (i, j)."""
    k, w = kernel.shape
    rows, columns = height - k + 1, width - w + 1
    matrix = torch.zeros(rows * columns, height * width)
    for i, j in ((i, j) for i in range(rows) for j in range(columns)):
        for u, v in everywhere(kernel):
            matrix[i * columns + j, column(i, j, u, v)] = kernel[u, v]
    return matrix


@answers.wrong("convolution_matrix", hint="already-transposed")
def the_layer_s_own(kernel, height, width):
    return filled(kernel, height, width, lambda i, j, u, v: (i + u) * width + j + v).T


@answers.wrong("convolution_matrix", hint="kernel-turned")
def mathematicians_convolution(kernel, height, width):
    k, w = kernel.shape
    return filled(kernel, height, width, lambda i, j, u, v: (i + k - 1 - u) * width + j + w - 1 - v)


@answers.wrong("convolution_matrix", hint="rows-glued-together")
def kernel_flattened(kernel, height, width):
    rows, columns = height - kernel.shape[0] + 1, width - kernel.shape[1] + 1
    matrix = torch.zeros(rows * columns, height * width)
    for i in range(rows):
        for j in range(columns):
            start = i * width + j
            matrix[i * columns + j, start : start + kernel.numel()] = kernel.flatten()
    return matrix


@answers.wrong("convolution_matrix", hint="output-width")
def shifted_by_the_output(kernel, height, width):
    columns = width - kernel.shape[1] + 1
    return filled(kernel, height, width, lambda i, j, u, v: i * columns + j + u * width + v)


@answers.wrong("convolution_matrix", hint="height-for-width")
def height_as_row_length(kernel, height, width):
    return filled(kernel, height, width, lambda i, j, u, v: (i + u) * height + j + v)


@answers.wrong("convolution_matrix", hint="column-by-column")
def fortran_order(kernel, height, width):
    return filled(kernel, height, width, lambda i, j, u, v: (i + u) + (j + v) * height)


@answers.wrong("convolution_matrix", hint="never-moved")
def same_row_again(kernel, height, width):
    return filled(kernel, height, width, lambda i, j, u, v: u * width + v)


@answers.right("convolution_matrix")
def by_loops(kernel, height, width):
    return filled(kernel, height, width, lambda i, j, u, v: (i + u) * width + j + v)


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
    from ganbook.convolutions import convolution_matrix

    return convolution_matrix(kernel, (height, width)).numpy()


# -- zero_grid ---------------------------------------------------------------------------------------


def spread_out(x, stride):
    n, c, h, w = x.shape
    out = torch.zeros(n, c, (h - 1) * stride + 1, (w - 1) * stride + 1)
    out[:, :, ::stride, ::stride] = x
    return out


def framed(x, border):
    return F.pad(x, [border] * 4)


@answers.wrong("zero_grid", hint="repeated-pixels")
def nearest(x, kernel_size, stride, padding):
    return framed(F.interpolate(x, scale_factor=stride), kernel_size - 1 - padding)


@answers.wrong("zero_grid", hint="repeated-pixels")
def nearest_then_cut(x, kernel_size, stride, padding):
    grid = F.interpolate(x, scale_factor=stride)
    h, w = (x.shape[2] - 1) * stride + 1, (x.shape[3] - 1) * stride + 1
    return framed(grid[..., :h, :w], kernel_size - 1 - padding)


@answers.wrong("zero_grid", hint="zero-after-the-last")
def stride_times_as_large(x, kernel_size, stride, padding):
    grid = torch.zeros(*x.shape[:2], x.shape[2] * stride, x.shape[3] * stride)
    grid[..., ::stride, ::stride] = x
    return framed(grid, kernel_size - 1 - padding)


@answers.wrong("zero_grid", hint="one-zero-too-many")
def stride_zeros_between(x, kernel_size, stride, padding):
    return framed(spread_out(x, stride + 1), kernel_size - 1 - padding)


@answers.wrong("zero_grid", hint="padding-as-it-is")
def layer_s_padding(x, kernel_size, stride, padding):
    return framed(spread_out(x, stride), padding)


@answers.wrong("zero_grid", hint="padding-ignored")
def full_border(x, kernel_size, stride, padding):
    return framed(spread_out(x, stride), kernel_size - 1)


@answers.wrong("zero_grid", hint="padding-added")
def border_and_padding(x, kernel_size, stride, padding):
    return framed(framed(spread_out(x, stride), kernel_size - 1), padding)


@answers.wrong("zero_grid", hint="border-one-too-wide")
def whole_kernel_outside(x, kernel_size, stride, padding):
    return framed(spread_out(x, stride), kernel_size - padding)


@answers.wrong("zero_grid", hint="no-border")
def zeros_between_only(x, kernel_size, stride, padding):
    return spread_out(x, stride)


@answers.right("zero_grid")
def between_then_around(x, kernel_size, stride, padding):
    return framed(spread_out(x, stride), kernel_size - 1 - padding)


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
    return framed(F.conv_transpose2d(x, unit, stride=stride), kernel_size - 1 - padding)


@answers.right("zero_grid")
def numpy_kron(x, kernel_size, stride, padding):
    cell = np.zeros((1, 1, stride, stride))
    cell[..., 0, 0] = 1
    grid = np.kron(x.numpy(), cell)
    grid = grid[..., : (x.shape[2] - 1) * stride + 1, : (x.shape[3] - 1) * stride + 1]
    b = kernel_size - 1 - padding
    return np.pad(grid, ((0, 0), (0, 0), (b, b), (b, b)))


# -- even_upsampling ---------------------------------------------------------------------------------


@answers.wrong("even_upsampling", hint="size-only")
def every_right_size(stride, largest):
    return [(k, p) for k in range(1, largest + 1) for p in range(k) if k - 2 * p == stride]


@answers.wrong("even_upsampling", hint="evenness-only")
def every_multiple(stride, largest):
    return [(k, (k - stride) // 2) for k in range(stride, largest + 1, stride)]


@answers.wrong("even_upsampling", hint="kernel-divides-stride")
def divisors(stride, largest):
    return [(k, 0) for k in range(1, largest + 1) if stride % k == 0]


@answers.wrong("even_upsampling", hint="kernel-divides-stride")
def divisors_of_the_right_size(stride, largest):
    return [(k, p) for k in range(1, largest + 1) for p in range(k) if stride % k == 0 and k - 2 * p == stride]


@answers.wrong("even_upsampling", hint="same-padding")
def half_the_kernel(stride, largest):
    return [(k, k // 2) for k in range(stride, largest + 1, stride)]


@answers.wrong("even_upsampling", hint="same-padding")
def half_the_kernel_rounded_down(stride, largest):
    return [(k, (k - 1) // 2) for k in range(stride, largest + 1, stride)]


@answers.wrong("even_upsampling", hint="no-overlap-left-out")
def overlapping_ones(stride, largest):
    pairs = [(k, (k - stride) // 2) for k in range(2 * stride, largest + 1, stride)]
    return [(k, p) for k, p in pairs if k - 2 * p == stride]


@answers.wrong("even_upsampling", hint="both-ends-at-once")
def total_padding(stride, largest):
    return [(k, k - stride) for k in range(stride, largest + 1, stride)]


@answers.wrong("even_upsampling", hint="largest-left-out")
def range_without_plus_one(stride, largest):
    return [(k, (k - stride) // 2) for k in range(stride, largest, stride) if (k - stride) % 2 == 0]


@answers.wrong("even_upsampling", hint="not-pairs")
def kernels_only(stride, largest):
    return [k for k in range(stride, largest + 1, stride) if (k - stride) % 2 == 0]


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


# -- batch_norm --------------------------------------------------------------------------------------


def channels(t):
    return t[None, :, None, None]


def my_norm(x, mean, var, gamma, beta, eps=1e-5):
    return channels(gamma) * (x - mean) / torch.sqrt(var + eps) + channels(beta)


def batch_statistics(x, unbiased=False, dim=(0, 2, 3)):
    return x.mean(dim, keepdim=True), x.var(dim, unbiased=unbiased, keepdim=True)


def memory(old, new, momentum=0.1):
    return (1 - momentum) * old + momentum * new


def remembered(x, running_mean, running_var, momentum=0.1, unbiased=True):
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=unbiased)
    return memory(running_mean, mean, momentum), memory(running_var, var, momentum)


def in_evaluation(x, gamma, beta, running_mean, running_var, eps=1e-5):
    y = my_norm(x, channels(running_mean), channels(running_var), gamma, beta, eps)
    return y, running_mean, running_var


@answers.wrong("batch_norm", hint="no-affine")
def without_affine(x, gamma, beta, running_mean, running_var, training):
    ones, zeros = torch.ones_like(gamma), torch.zeros_like(beta)
    if not training:
        return in_evaluation(x, ones, zeros, running_mean, running_var)
    return my_norm(x, *batch_statistics(x), ones, zeros), *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="no-affine")
def functional_without_weights(x, gamma, beta, running_mean, running_var, training):
    mean, var = running_mean.clone(), running_var.clone()
    return F.batch_norm(x, mean, var, training=training), mean, var


@answers.wrong("batch_norm", hint="no-shift")
def without_beta(x, gamma, beta, running_mean, running_var, training):
    zeros = torch.zeros_like(beta)
    if not training:
        return in_evaluation(x, gamma, zeros, running_mean, running_var)
    return my_norm(x, *batch_statistics(x), gamma, zeros), *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="gamma-beta-swapped")
def exchanged_parameters(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, beta, gamma, running_mean, running_var)
    return my_norm(x, *batch_statistics(x), beta, gamma), *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="bessel-in-the-output")
def torch_var_as_it_is(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    y = my_norm(x, channels(mean), channels(var), gamma, beta)
    return y, memory(running_mean, mean), memory(running_var, var)


@answers.wrong("batch_norm", hint="no-bessel-in-the-memory")
def one_variance_for_both(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    mean, var = batch_statistics(x)
    y = my_norm(x, mean, var, gamma, beta)
    return y, memory(running_mean, mean.flatten()), memory(running_var, var.flatten())


@answers.wrong("batch_norm", hint="variances-swapped")
def bessel_the_wrong_way_round(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    y = my_norm(x, *batch_statistics(x, unbiased=True), gamma, beta)
    return y, *remembered(x, running_mean, running_var, unbiased=False)


@answers.wrong("batch_norm", hint="momentum-reversed")
def momentum_of_the_old(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    y = my_norm(x, *batch_statistics(x), gamma, beta)
    return y, *remembered(x, running_mean, running_var, momentum=0.9)


@answers.wrong("batch_norm", hint="one-image-at-a-time")
def instance_norm(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    y = my_norm(x, *batch_statistics(x, dim=(2, 3)), gamma, beta)
    return y, *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="one-pixel-at-a-time")
def over_samples_only(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    y = my_norm(x, *batch_statistics(x, dim=(0,)), gamma, beta)
    return y, *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="channels-together")
def layer_norm(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    y = my_norm(x, *batch_statistics(x, dim=(1, 2, 3)), gamma, beta)
    return y, *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="channels-together")
def one_pair_for_all(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    y = my_norm(x, x.mean(), x.var(unbiased=False), gamma, beta)
    return y, *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="eps-outside-the-root")
def eps_beside_the_deviation(x, gamma, beta, running_mean, running_var, training):
    def norm(mean, var):
        return channels(gamma) * (x - mean) / (var.sqrt() + 1e-5) + channels(beta)

    if not training:
        return norm(channels(running_mean), channels(running_var)), running_mean, running_var
    return norm(*batch_statistics(x)), *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="eps-forgotten")
def no_eps(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var, eps=0)
    return my_norm(x, *batch_statistics(x), gamma, beta, eps=0), *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="eps-0.8")
def eps_of_a_famous_code(x, gamma, beta, running_mean, running_var, training):
    layer = nn.BatchNorm2d(x.shape[1], 0.8)
    layer.load_state_dict(
        {"weight": gamma, "bias": beta, "running_mean": running_mean, "running_var": running_var}, strict=False
    )
    return layer.train(training)(x), layer.running_mean, layer.running_var


@answers.wrong("batch_norm", hint="eps-0.8")
def momentum_and_eps_exchanged(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var, eps=0.1)
    return my_norm(x, *batch_statistics(x), gamma, beta, eps=0.1), *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="root-forgotten")
def divided_by_the_variance(x, gamma, beta, running_mean, running_var, training):
    def norm(mean, var):
        return channels(gamma) * (x - mean) / (var + 1e-5) + channels(beta)

    if not training:
        return norm(channels(running_mean), channels(running_var)), running_mean, running_var
    return norm(*batch_statistics(x)), *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="evaluation-by-the-batch")
def always_the_batch(x, gamma, beta, running_mean, running_var, training):
    y = my_norm(x, *batch_statistics(x), gamma, beta)
    if not training:
        return y, running_mean, running_var
    return y, *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="training-by-the-memory")
def always_the_memory(x, gamma, beta, running_mean, running_var, training):
    y, *_ = in_evaluation(x, gamma, beta, running_mean, running_var)
    return (y, *remembered(x, running_mean, running_var)) if training else (y, running_mean, running_var)


@answers.wrong("batch_norm", hint="evaluation-remembers")
def updated_in_both(x, gamma, beta, running_mean, running_var, training):
    if training:
        y = my_norm(x, *batch_statistics(x), gamma, beta)
    else:
        y, *_ = in_evaluation(x, gamma, beta, running_mean, running_var)
    return y, *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="nothing-remembered")
def never_updated(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    return my_norm(x, *batch_statistics(x), gamma, beta), running_mean, running_var


@answers.wrong("batch_norm", hint="deviation-remembered")
def std_in_the_memory(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    y = my_norm(x, *batch_statistics(x), gamma, beta)
    return y, memory(running_mean, x.mean((0, 2, 3))), memory(running_var, x.std((0, 2, 3)))


@answers.wrong("batch_norm", hint="statistics-detached")
def constants_for_statistics(x, gamma, beta, running_mean, running_var, training):
    if not training:
        return in_evaluation(x, gamma, beta, running_mean, running_var)
    with torch.no_grad():
        mean, var = batch_statistics(x)
    return my_norm(x, mean, var, gamma, beta), *remembered(x, running_mean, running_var)


@answers.wrong("batch_norm", hint="not-three")
def output_only(x, gamma, beta, running_mean, running_var, training):
    return my_norm(x, *batch_statistics(x), gamma, beta)


@answers.wrong("batch_norm", hint="changed-input")
def in_place(x, gamma, beta, running_mean, running_var, training):
    return F.batch_norm(x, running_mean, running_var, gamma, beta, training), running_mean, running_var


@answers.right("batch_norm")
def written_out(x, gamma, beta, running_mean, running_var, training):
    if training:
        m = x.numel() / x.shape[1]
        mean = x.sum((0, 2, 3)) / m
        square = ((x - channels(mean)) ** 2).sum((0, 2, 3))
        var = square / m
        running_mean = running_mean + 0.1 * (mean - running_mean)
        running_var = running_var + 0.1 * (square / (m - 1) - running_var)
    else:
        mean, var = running_mean, running_var
    return (
        channels(gamma) * (x - channels(mean)) * (channels(var) + 1e-5).rsqrt() + channels(beta),
        running_mean,
        running_var,
    )


@answers.right("batch_norm")
def functional(x, gamma, beta, running_mean, running_var, training):
    mean, var = running_mean.clone(), running_var.clone()
    return F.batch_norm(x, mean, var, gamma, beta, training), mean, var


@answers.right("batch_norm")
def the_module(x, gamma, beta, running_mean, running_var, training):
    layer = nn.BatchNorm2d(x.shape[1])
    layer.load_state_dict(
        {"weight": gamma, "bias": beta, "running_mean": running_mean, "running_var": running_var}, strict=False
    )
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


# -- up_block ----------------------------------------------------------------------------------------


def up(inputs, outputs, kernel=4):
    if kernel % 2:
        return nn.ConvTranspose2d(inputs, outputs, kernel, 2, kernel // 2, output_padding=1, bias=False)
    return nn.ConvTranspose2d(inputs, outputs, kernel, 2, kernel // 2 - 1, bias=False)


@answers.wrong("up_block", hint="kernel-left")
def kernel_3(inputs, outputs):
    return nn.Sequential(up(inputs, outputs, 3), nn.BatchNorm2d(outputs), nn.ReLU())


@answers.wrong("up_block", hint="kernel-left")
def kernel_5(inputs, outputs):
    return nn.Sequential(up(inputs, outputs, 5), nn.BatchNorm2d(outputs, momentum=0.2), nn.ReLU())


@answers.wrong("up_block", hint="order-left")
def relu_first(inputs, outputs):
    return nn.Sequential(up(inputs, outputs), nn.ReLU(), nn.BatchNorm2d(outputs))


@answers.wrong("up_block", hint="eps-left")
def eps_is_momentum(inputs, outputs):
    return nn.Sequential(up(inputs, outputs), nn.BatchNorm2d(outputs, 0.8), nn.ReLU())


@answers.wrong("up_block", hint="eps-left")
def eps_is_pytorch_s_momentum(inputs, outputs):
    return nn.Sequential(up(inputs, outputs), nn.BatchNorm2d(outputs, 0.2), nn.ReLU())


@answers.wrong("up_block", hint="kernel-and-order-left")
def eps_mended(inputs, outputs):
    return nn.Sequential(up(inputs, outputs, 3), nn.ReLU(), nn.BatchNorm2d(outputs, momentum=0.8))


@answers.wrong("up_block", hint="kernel-and-eps-left")
def order_mended(inputs, outputs):
    return nn.Sequential(up(inputs, outputs, 3), nn.BatchNorm2d(outputs, 0.8), nn.ReLU())


@answers.wrong("up_block", hint="order-and-eps-left")
def kernel_mended(inputs, outputs):
    return nn.Sequential(up(inputs, outputs), nn.ReLU(), nn.BatchNorm2d(outputs, 0.8))


@answers.wrong("up_block", hint="no-norm")
def norm_taken_out(inputs, outputs):
    return nn.Sequential(up(inputs, outputs), nn.ReLU())


@answers.wrong("up_block", hint="no-norm")
def norm_taken_out_kernel_left(inputs, outputs):
    return nn.Sequential(up(inputs, outputs, 3), nn.ReLU())


@answers.wrong("up_block", hint="shape")
def output_padding_kept(inputs, outputs):
    layer = nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, output_padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs), nn.ReLU())


@answers.wrong("up_block", hint="not-a-module")
def list_of_layers(inputs, outputs):
    return [up(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU()]


@answers.right("up_block")
def four_two_one(inputs, outputs):
    return nn.Sequential(up(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


@answers.right("up_block")
def six_two_two_with_momentum(inputs, outputs):
    layer = nn.ConvTranspose2d(inputs, outputs, 6, 2, 2)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs, momentum=0.8), nn.ReLU())


@answers.right("up_block")
def two_two_zero(inputs, outputs):
    return nn.Sequential(up(inputs, outputs, 2), nn.BatchNorm2d(outputs), nn.ReLU())


@answers.right("up_block")
def resized(inputs, outputs):
    return nn.Sequential(
        nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, 1, 1), nn.BatchNorm2d(outputs), nn.ReLU()
    )


# -- phase_sums --------------------------------------------------------------------------------------


def patterned(rows, columns):
    return lambda kernel: torch.stack([kernel[r::2, c::2].sum() for r in rows for c in columns]).view(2, 2)


@answers.wrong("phase_sums", hint="padding-forgotten")
def from_the_canvas(kernel):
    return patterned((0, 1), (0, 1))(kernel)


@answers.wrong("phase_sums", hint="rows-exchanged")
def rows_from_the_canvas(kernel):
    return patterned((0, 1), (1, 0))(kernel)


@answers.wrong("phase_sums", hint="columns-exchanged")
def columns_from_the_canvas(kernel):
    return patterned((1, 0), (0, 1))(kernel)


@answers.wrong("phase_sums", hint="quarters")
def quarters_of_the_kernel(kernel):
    return kernel.view(2, 2, 2, 2).sum((1, 3))


@answers.wrong("phase_sums", hint="mean-not-sum")
def averaged_phases(kernel):
    return F.pixel_unshuffle(kernel[None], 2).mean((1, 2)).flip(0).view(2, 2)


@answers.wrong("phase_sums", hint="all-alike")
def a_quarter_of_all(kernel):
    return (kernel.sum() / 4).expand(2, 2)


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


# -- batch_norm_backward -----------------------------------------------------------------------------


def norm_gradients(mean_part=True, variance_part=True, with_gamma=True, axes=(0, 2, 3), reduce=torch.sum, correction=0):
    def backward(x, gamma, upstream):
        centred = x - x.mean(axes, keepdim=True)
        deviation = (x.var(axes, correction=correction, keepdim=True) + 1e-5).sqrt()
        x_hat = centred / deviation
        g = upstream * gamma.view(1, -1, 1, 1) if with_gamma else upstream
        by_x = g
        if mean_part:
            by_x = by_x - g.mean(axes, keepdim=True)
        if variance_part:
            by_x = by_x - x_hat * (g * x_hat).mean(axes, keepdim=True)
        return by_x / deviation, reduce(upstream * x_hat, (0, 2, 3)), reduce(upstream, (0, 2, 3))

    return backward


for hint, function in {
    "statistics-as-constants": norm_gradients(mean_part=False, variance_part=False),
    "mean-term-missing": norm_gradients(mean_part=False),
    "variance-term-missing": norm_gradients(variance_part=False),
    "gamma-forgotten": norm_gradients(with_gamma=False),
    "wrong-axes": norm_gradients(axes=(2, 3)),
    "means-for-gamma-and-beta": norm_gradients(reduce=torch.mean),
    "unbiased": norm_gradients(correction=1),
}.items():
    function.__name__ = f"norm_{hint.replace('-', '_')}"
    answers.wrong("batch_norm_backward", hint=hint)(function)


@answers.wrong("batch_norm_backward", hint="used-autograd")
def norm_by_backward(x, gamma, upstream):
    x.requires_grad_(), gamma.requires_grad_()
    beta = torch.zeros_like(gamma, requires_grad=True)
    return torch.autograd.grad((upstream * F.batch_norm(x, None, None, gamma, beta, True)).sum(), (x, gamma, beta))


@answers.wrong("batch_norm_backward", hint="value")
def variance_with_half_its_weight(x, gamma, upstream):
    x_hat = F.batch_norm(x, None, None, training=True)
    deviation = (x.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    g = upstream * gamma.view(1, -1, 1, 1)
    by_x = g - g.mean((0, 2, 3), keepdim=True) - 0.5 * x_hat * (g * x_hat).mean((0, 2, 3), keepdim=True)
    return by_x / deviation, (upstream * x_hat).sum((0, 2, 3)), upstream.sum((0, 2, 3))


@answers.right("batch_norm_backward")
def two_parts_taken_out(x, gamma, upstream):
    return norm_gradients()(x, gamma, upstream)


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


# -- transposed_backward -----------------------------------------------------------------------------


def collect(x, kernel, stride, upstream, step=None, of_pixel=None, of_kernel=None):
    step, (k, w) = step or stride, kernel.shape
    of_kernel = kernel if of_kernel is None else of_kernel
    by_x, by_kernel = torch.zeros_like(x), torch.zeros_like(kernel)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            patch = upstream[i * step : i * step + k, j * step : j * step + w]
            by_x[i, j] = (patch * of_kernel).sum()
            by_kernel += (x[i, j] if of_pixel is None else of_pixel) * patch
    return by_x, by_kernel


@answers.wrong("transposed_backward", hint="kernel-turned")
def collected_with_a_turned_kernel(x, kernel, stride, upstream):
    return collect(x, kernel, stride, upstream, of_kernel=kernel.flip(0).flip(1))


@answers.wrong("transposed_backward", hint="stride-forgotten")
def patches_one_apart(x, kernel, stride, upstream):
    return collect(x, kernel, stride, upstream, step=1)


@answers.wrong("transposed_backward", hint="pixel-forgotten")
def patches_not_weighed(x, kernel, stride, upstream):
    return collect(x, kernel, stride, upstream, of_pixel=1.0)


@answers.wrong("transposed_backward", hint="averaged")
def kernel_averaged(x, kernel, stride, upstream):
    by_x, by_kernel = collect(x, kernel, stride, upstream)
    return by_x, by_kernel / len(x.flatten())


@answers.wrong("transposed_backward", hint="swapped")
def kernel_first(x, kernel, stride, upstream):
    return collect(x, kernel, stride, upstream)[::-1]


@answers.wrong("transposed_backward", hint="used-autograd")
def painted_and_differentiated(x, kernel, stride, upstream):
    x.requires_grad_(), kernel.requires_grad_()
    painted = F.conv_transpose2d(x[None, None], kernel[None, None], stride=stride)[0, 0]
    return torch.autograd.grad((painted * upstream).sum(), (x, kernel))


@answers.wrong("transposed_backward", hint="returned")
def only_by_the_image(x, kernel, stride, upstream):
    return collect(x, kernel, stride, upstream)[0]


@answers.right("transposed_backward")
def collected_patch_by_patch(x, kernel, stride, upstream):
    return collect(x, kernel, stride, upstream)


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


# -- reading -----------------------------------------------------------------------------------------

keep_readings(
    answers,
    {"A": ("counts differ", 3), "B": ("phases differ", 2), "C": ("gaps", 4), "D": ("phases differ", 3)},
    {
        "a-misread": {"A": ("phases differ", 3)},
        "b-misread": {"B": ("counts differ", 2)},
        "c-misread": {"C": ("counts differ", 4)},
        "d-misread": {"D": ("even", 3)},
        "misplaced": {"A": ("counts differ", 4)},
        "unknown-place": {"A": ("counts differ", 9)},
    },
)
