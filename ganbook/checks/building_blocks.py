"""Checks for the exercises of chapter 5, Building blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ganbook import convolutions
from ganbook.checks.by_hand import USED_AUTOGRAD, by_autograd, by_hand
from ganbook.checks.challenge import NoScore, Score, listed, scored, verdict
from ganbook.checks.compare import Observation
from ganbook.checks.edits import likes
from ganbook.checks.readings.building_blocks import READING
from ganbook.checks.task import Answer, Reject, Sheet, loss_with_gradients

sheet = Sheet("building_blocks", "Exercises 5: Building blocks")
progress, done, hint, case = sheet.last_card, sheet.done, sheet.hint, sheet.case
results, require_all_passed = sheet.results, sheet.require_all_passed

# -- 1 the size --------------------------------------------------------------------------------------

Setting = tuple[int, int, int, int, int]  # size, kernel, stride, padding, output_padding

#: What the card shows first; the last ones separate every mistake from every other.
_SETTINGS: tuple[Setting, ...] = ((8, 4, 2, 1, 0), (8, 3, 2, 1, 1), (5, 7, 3, 2, 1), (4, 5, 3, 0, 2))


def _random_settings() -> tuple[Setting, ...]:
    drawn = []
    for _ in range(6):
        stride = int(torch.randint(2, 5, ()))
        n, k = (int(torch.randint(low, high, ())) for low, high in ((3, 12), (3, 8)))
        drawn.append((n, k, stride, int(torch.randint(0, 2, ())), int(torch.randint(0, stride, ()))))
    return _SETTINGS + tuple(drawn)


def _observe_sizes(answer: Answer, world: tuple[Setting, ...]) -> Observation:
    seen: dict[str, Any] = {}
    for n, k, s, p, o in world[: len(_SETTINGS)]:
        seen[f"the size for n = {n}, k = {k}, s = {s}, p = {p}, o = {o}"] = answer(n, k, s, p, o)
    seen["the sizes for six random settings"] = [answer(*setting) for setting in world[len(_SETTINGS) :]]
    return seen


transposed_size = sheet.task(
    "transposed_size",
    "How large it gets",
    tried="transposed_size(size, kernel, stride, padding, output_padding) for ten settings",
    setup=_random_settings,
    observe=_observe_sizes,
    reference=lambda n, k, s, p, o: (n - 1) * s + k - 2 * p + o,
    hints="""
        the-other-way: This is the size after an ordinary convolution. A transposed one goes from its output back to its
          input.
        padding-adds: Your padding makes the output larger. It is the padding of the convolution that is undone: here it
          crops.
        one-side-cropped: Padding counts once in your formula. It crops both ends.
        one-step-too-many: You count a step of the stride for each pixel. The first pixel paints at the edge; only the
          others are shifted.
        one-short: One pixel is missing: the last copy of the kernel covers k pixels, not k − 1.
        output-padding-forgotten: `output_padding` does not enter. It keeps more pixels at the far end.
        output-padding-twice: `output_padding` is counted at both ends. It acts at the far end only: that is why it can
          tell sizes apart that differ by one.
        always-times-stride: This is the stride times the input. That holds for 4-2-1 and other settings with k − 2p =
          s, not for all.
    """,
    like={
        "the-other-way": (
            lambda n, k, s, p, o: (n + 2 * p - k) // s + 1,
            lambda n, k, s, p, o: (n + 2 * p - k) // s + 1 + o,
        ),
        "padding-adds": lambda n, k, s, p, o: (n - 1) * s + k + 2 * p + o,
        "one-side-cropped": lambda n, k, s, p, o: (n - 1) * s + k - p + o,
        "one-step-too-many": lambda n, k, s, p, o: n * s + k - 2 * p + o,
        "one-short": lambda n, k, s, p, o: (n - 1) * s + k - 1 - 2 * p + o,
        "output-padding-forgotten": lambda n, k, s, p, o: (n - 1) * s + k - 2 * p,
        "output-padding-twice": lambda n, k, s, p, o: (n - 1) * s + k - 2 * p + 2 * o,
        "always-times-stride": lambda n, k, s, p, o: n * s,
    },
    lesson="The last copy of the kernel begins (n − 1) strides from the first and covers k pixels; padding crops, "
    "output_padding keeps.",
)

# -- 2 painting --------------------------------------------------------------------------------------

_CASES = ((1, 0), (2, 1), (3, 0))  # stride, padding


def _observe_painting(answer: Answer, world: tuple[Tensor, Tensor]) -> Observation:
    return {f"the output for stride {s}, padding {p}": answer(*world, s, p) for s, p in _CASES}


def _transposed(x: Tensor, kernel: Tensor, stride: int, padding: int) -> Tensor:
    return F.conv_transpose2d(x[None, None], kernel[None, None], None, stride, padding)[0, 0]


def _painted(x: Tensor, kernel: Tensor, stride: int, add: bool = True, shift: int | None = None) -> Tensor:
    """The whole canvas, without cropping; with ``shift``, the copies are that far apart instead of ``stride``."""
    k, w = kernel.shape
    canvas = x.new_zeros((x.shape[0] - 1) * stride + k, (x.shape[1] - 1) * stride + w)
    step = stride if shift is None else shift
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            here = canvas[i * step : i * step + k, j * step : j * step + w]
            here.copy_(here * add + x[i, j] * kernel)
    return canvas


def _crop(canvas: Tensor, padding: int) -> Tensor:
    return canvas[padding : canvas.shape[0] - padding, padding : canvas.shape[1] - padding]


def _mean_of_copies(x: Tensor, kernel: Tensor, stride: int, padding: int) -> Tensor:
    counts = _transposed(torch.ones_like(x), torch.ones_like(kernel), stride, padding)
    return _transposed(x, kernel, stride, padding) / counts.clamp_min(1)


transposed_convolution = sheet.task(
    "transposed_convolution",
    "Painting with a kernel",
    tried="transposed_convolution(x, kernel, stride, padding) on a 4 × 5 image with a 3 × 2 kernel",
    setup=lambda: (torch.randn(4, 5), torch.randn(3, 2)),
    worlds={
        "a flat image, a wide kernel": lambda: (torch.randn(2, 6), torch.randn(3, 5)),
        "one pixel": lambda: (torch.randn(1, 1), torch.randn(4, 3)),
    },
    observe=_observe_painting,
    reference=_transposed,
    hints="""
        overwritten: Where copies overlap, the last one covers the others. They have to add up: the overlapping cell of
          the worked example is 12 + 2, not 12.
        kernel-turned: The kernel is turned by 180°. That belongs to sliding over zeros; painting uses the kernel as it
          is.
        kernel-transposed: The kernel's rows and columns are exchanged. What is transposed is the large matrix, not the
          kernel.
        stride-ignored: The copies lie one pixel apart, whatever the stride. Neighbouring pixels paint `stride` pixels
          apart.
        not-cropped: The padding is not used: the output is the whole canvas. Padding crops it at both ends.
        padding-adds-zeros: The padding puts zeros around. In a transposed convolution it takes pixels away from the
          border.
        one-side-cropped: Only one end of each side is cropped.
        mean-of-copies: Where copies overlap you take their mean. They add up, and how many there are depends on the
          place: that is where checkerboards come from.
        ordinary-convolution: This is an ordinary convolution: the output shrinks. Each input pixel has to *spread*, not
          to collect.
    """,
    like={
        "overwritten": lambda x, k, s, p: _crop(_painted(x, k, s, add=False), p),
        "kernel-turned": lambda x, k, s, p: _transposed(x, k.flip(0, 1), s, p),
        "kernel-transposed": lambda x, k, s, p: _transposed(x, k.T, s, p),
        "stride-ignored": lambda x, k, s, p: _crop(_painted(x, k, s, shift=1), p),
        "not-cropped": lambda x, k, s, p: _painted(x, k, s),
        "padding-adds-zeros": (
            lambda x, k, s, p: F.pad(_painted(x, k, s), (p, p, p, p)),
            lambda x, k, s, p: _transposed(F.pad(x, (p, p, p, p)), k, s, 0),
        ),
        "one-side-cropped": (
            lambda x, k, s, p: _painted(x, k, s)[p:, p:],
            lambda x, k, s, p: _crop(F.pad(_painted(x, k, s), (p, 0, p, 0)), p),
            lambda x, k, s, p: _crop(F.pad(_painted(x, k, s), (p, -p, p, -p)), p),
        ),
        "mean-of-copies": _mean_of_copies,
        "ordinary-convolution": lambda x, k, s, p: F.conv2d(x[None, None], k[None, None], None, s, p)[0, 0],
    },
    lesson="Each pixel paints its multiple of the kernel, overlaps add up, padding crops.",
)

# -- 3 the matrix ------------------------------------------------------------------------------------


def _rows(
    kernel: Tensor,
    height: int,
    width: int,
    offset: Callable[[int, int], int],
    inside: Callable[[int, int], int],
) -> Tensor:
    """A row for each output pixel: the kernel's entry (u, v) stands at offset(i, j) + inside(u, v)."""
    k, w = kernel.shape
    rows, columns = height - k + 1, width - w + 1
    matrix = kernel.new_zeros(rows * columns, height * width)
    for i in range(rows):
        for j in range(columns):
            for u in range(k):
                for v in range(w):
                    matrix[i * columns + j, offset(i, j) + inside(u, v)] = kernel[u, v]
    return matrix


def _matrix(kernel: Tensor, height: int, width: int) -> Tensor:
    return _rows(kernel, height, width, lambda i, j: i * width + j, lambda u, v: u * width + v)


convolution_matrix = sheet.task(
    "convolution_matrix",
    "The matrix that is transposed",
    tried="convolution_matrix(kernel, 3, 5) with a 2 × 3 kernel",
    setup=lambda: (torch.randn(2, 3), 3, 5),
    worlds={
        "a high kernel": lambda: (torch.randn(3, 2), 5, 3),
        "a kernel of one number": lambda: (torch.randn(1, 1), 2, 3),
        "a kernel as large as the image": lambda: (torch.randn(2, 4), 2, 4),
    },
    observe=lambda answer, world: {"the matrix": answer(*world)},
    reference=_matrix,
    hints="""
        already-transposed: This is the transposed matrix: a row for each input pixel. Asked for is the convolution's
          own, with a row for each output pixel.
        kernel-turned: The kernel stands in your rows turned by 180°. Convolution layers do not turn it.
        rows-glued-together: The kernel's rows follow each other without a gap. In the flattened image the second row of
          pixels begins a whole image width after the first.
        output-width: Your rows of output pixels are shifted by the *output's* width. Columns of the matrix are pixels
          of the input: one row down is the input's width.
        height-for-width: Height and width have changed places. Row i, column j of an image is entry i · width + j.
        column-by-column: Your columns number the image's pixels from top to bottom. `flatten()` runs along the rows.
        never-moved: Every row holds the kernel in the same place. Each output pixel looks at its own part of the image.
    """,
    like={
        "already-transposed": lambda kernel, h, w: _matrix(kernel, h, w).T,
        "kernel-turned": lambda kernel, h, w: _matrix(kernel.flip(0, 1), h, w),
        "rows-glued-together": lambda kernel, h, w: _rows(
            kernel, h, w, lambda i, j: i * w + j, lambda u, v: u * kernel.shape[1] + v
        ),
        "output-width": lambda kernel, h, w: _rows(
            kernel, h, w, lambda i, j: i * (w - kernel.shape[1] + 1) + j, lambda u, v: u * w + v
        ),
        "height-for-width": lambda kernel, h, w: _rows(kernel, h, w, lambda i, j: i * h + j, lambda u, v: u * h + v),
        "column-by-column": lambda kernel, h, w: _rows(kernel, h, w, lambda i, j: i + j * h, lambda u, v: u + v * h),
        "never-moved": lambda kernel, h, w: _rows(kernel, h, w, lambda i, j: 0, lambda u, v: u * w + v),
    },
    lesson="Few different numbers, many zeros: that is a convolution. Its transpose is the layer that generators use.",
)

# -- 4 zeros -----------------------------------------------------------------------------------------

_GRIDS = ((4, 2, 1), (5, 3, 1), (3, 1, 0))  # kernel, stride, padding


def _observe_grids(answer: Answer, world: tuple[Tensor]) -> Observation:
    return {f"the grid for kernel {k}, stride {s}, padding {p}": answer(*world, k, s, p) for k, s, p in _GRIDS}


def _around(x: Tensor, width: int) -> Tensor:
    return F.pad(x, (width,) * 4)


def _spread(x: Tensor, stride: int) -> Tensor:
    return convolutions.insert_zeros(x, stride)


def _spread_after_each(x: Tensor, stride: int) -> Tensor:
    return F.pad(_spread(x, stride), (0, stride - 1, 0, stride - 1))


zero_grid = sheet.task(
    "zero_grid",
    "Zeros between, zeros around",
    tried="zero_grid(x, kernel_size, stride, padding) on images of 3 × 4 pixels",
    setup=lambda: (torch.randn(2, 3, 3, 4),),
    worlds={
        "other sizes": lambda: (torch.randn(3, 2, 5, 2),),
        "one pixel": lambda: (torch.randn(1, 1, 1, 1),),
    },
    observe=_observe_grids,
    reference=lambda x, k, s, p: _around(_spread(x, s), k - 1 - p),
    hints="""
        repeated-pixels: Between the pixels stand copies of them. That is resizing, the first half of a
          resize-convolution; zero insertion leaves the places empty.
        zero-after-the-last: There are zeros after the last pixel too, and then as much border as without them. Zeros go
          *between* pixels: (n − 1) · stride + 1 places.
        one-zero-too-many: Between two pixels stand `stride` zeros. The pixels then lie stride + 1 apart.
        padding-as-it-is: The border is as wide as the layer's padding. The kernel must reach the first pixel with its
          *last* weight: without padding that takes k − 1 zeros.
        padding-ignored: The border is k − 1 wide whatever the padding. The layer's padding crops the output, so the
          border gets narrower by it.
        padding-added: The layer's padding makes your border wider. It crops the output, so the border gets narrower.
        border-one-too-wide: The border is one zero too wide: in the first position one weight of the kernel lies on the
          pixel.
        no-border: There is no border. The kernel must also stop where only its corner meets a pixel.
    """,
    like={
        "repeated-pixels": (
            lambda x, k, s, p: _around(x.repeat_interleave(s, 2).repeat_interleave(s, 3), k - 1 - p),
            lambda x, k, s, p: _around(
                x.repeat_interleave(s, 2).repeat_interleave(s, 3)[..., : 1 - s or None, : 1 - s or None],
                k - 1 - p,
            ),
        ),
        "zero-after-the-last": lambda x, k, s, p: _around(_spread_after_each(x, s), k - 1 - p),
        "one-zero-too-many": lambda x, k, s, p: _around(_spread(x, s + 1), k - 1 - p),
        "padding-as-it-is": lambda x, k, s, p: _around(_spread(x, s), p),
        "padding-ignored": lambda x, k, s, p: _around(_spread(x, s), k - 1),
        "padding-added": lambda x, k, s, p: _around(_spread(x, s), k - 1 + p),
        "border-one-too-wide": lambda x, k, s, p: _around(_spread(x, s), k - p),
        "no-border": lambda x, k, s, p: _spread(x, s),
    },
    lesson="stride − 1 zeros between, kernel − 1 − padding around; an ordinary convolution does the rest.",
)

# -- 5 even kernels ----------------------------------------------------------------------------------

Pairs = list[tuple[int, int]]
_UPSAMPLINGS = ((2, 8), (3, 9), (4, 12))  # stride, largest kernel


def _observe_pairs(answer: Answer, world: tuple[tuple[int, int], ...]) -> Observation:
    seen = {}
    for stride, largest in world:
        came = answer(stride, largest)
        try:
            pairs = sorted({(int(kernel), int(padding)) for kernel, padding in came})
        except (TypeError, ValueError) as wrong:
            raise Reject(
                "not-pairs",
                came,
                "a list of pairs (kernel, padding)",
                "`even_upsampling` returns a list of pairs of whole numbers, such as `[(4, 1)]`.",
            ) from wrong
        seen[f"the pairs for stride {stride}, kernels up to {largest}"] = str(pairs)
    return seen


def _pairs(
    keep: Callable[[int, int], bool] = lambda k, s: k % s == 0,
    padding: Callable[[int, int], int] = lambda k, s: (k - s) // 2,
    fits: Callable[[int, int, int], bool] = lambda k, s, p: p >= 0 and k - 2 * p == s,
    more: int = 0,
) -> Answer:
    def listed(stride: int, largest: int) -> Pairs:
        kernels = [k for k in range(1, largest + 1 + more) if keep(k, stride)]
        return [(k, padding(k, stride)) for k in kernels if fits(k, stride, padding(k, stride))]

    return listed


even_upsampling = sheet.task(
    "even_upsampling",
    "Kernels without a checkerboard",
    tried="even_upsampling(stride, largest) for strides 2, 3 and 4",
    setup=lambda: _UPSAMPLINGS,
    worlds={"other strides": lambda: ((2, 7), (3, 5), (3, 8), (4, 11), (5, 5), (5, 19), (6, 3), (1, 4))},
    observe=_observe_pairs,
    reference=_pairs(),
    hints="""
        size-only: All of these give the right size, and some of them paint unevenly. Count how many copies of the
          kernel reach neighbouring pixels: with kernel 5 and stride 3, two and one.
        evenness-only: All of these paint evenly, and some do not have the right size: a padding that is rounded cannot
          give k − 2p = s. With kernel 6, stride 3 and padding 1, four pixels become 13.
        kernel-divides-stride: You ask that the kernel divides the stride. Such kernels leave gaps; it is the stride
          that has to divide the kernel.
        same-padding: Half the kernel as padding keeps the size of an *ordinary* convolution with stride 1. Here the
          output has to be the stride times the input.
        no-overlap-left-out: The kernel as large as the stride is missing. Its copies do not overlap, but they paint
          every pixel once: that is even.
        both-ends-at-once: Your padding is what has to be cropped in total. It is cropped at *each* end.
        largest-left-out: The largest kernel that is allowed is missing: `range` ends before its second argument.
    """,
    like={
        "size-only": _pairs(keep=lambda k, s: True),
        "evenness-only": _pairs(fits=lambda k, s, p: p >= 0),
        "kernel-divides-stride": (
            _pairs(keep=lambda k, s: s % k == 0, fits=lambda k, s, p: True),
            _pairs(keep=lambda k, s: s % k == 0),
            _pairs(keep=lambda k, s: s % k == 0, padding=lambda k, s: 0, fits=lambda k, s, p: True),
        ),
        "same-padding": (
            _pairs(padding=lambda k, s: k // 2, fits=lambda k, s, p: True),
            _pairs(padding=lambda k, s: (k - 1) // 2, fits=lambda k, s, p: True),
        ),
        "no-overlap-left-out": _pairs(keep=lambda k, s: k % s == 0 and k > s),
        "both-ends-at-once": _pairs(padding=lambda k, s: k - s, fits=lambda k, s, p: True),
        "largest-left-out": _pairs(more=-1),
    },
    lesson="Two conditions that look alike and are not: k − 2p = s for the size, s divides k for the evenness.",
)

# -- 6 a constant through 4-2-1 ----------------------------------------------------------------------


def _phases(kernel: Tensor, rows: tuple[int, int] = (1, 0), columns: tuple[int, int] = (1, 0)) -> Tensor:
    return torch.stack([torch.stack([kernel[r::2, c::2].sum() for c in columns]) for r in rows])


phase_sums = sheet.task(
    "phase_sums",
    "Four numbers",
    tried="phase_sums(kernel) with a random 4 × 4 kernel; what ConvTranspose2d paints in the middle of a constant",
    setup=lambda: (torch.randn(4, 4),),
    worlds={"a kernel of ones": lambda: (torch.ones(4, 4),)},
    observe=lambda answer, world: loss_with_gradients(answer, {"kernel": world[0]}, name="the pattern"),
    reference=lambda kernel: F.conv_transpose2d(torch.ones(1, 1, 5, 5), kernel[None, None], stride=2, padding=1)[
        0, 0, 4:6, 4:6
    ],
    hints="""
        padding-forgotten: The four numbers are right and in the wrong places: the padding cuts the first row and column
          away, so the pattern begins one pixel further on.
        rows-exchanged: The right numbers, with the two rows exchanged.
        columns-exchanged: The right numbers, with the two columns exchanged.
        quarters: You summed the kernel's four quarters. Copies lie two pixels apart: which weights of the kernel meet
          in one pixel?
        mean-not-sum: The right weights, averaged. What is painted adds up.
        all-alike: One number for all pixels: the counts are even, each pixel gets four weights. But not the same four.
    """,
    like={
        "padding-forgotten": lambda kernel: _phases(kernel, (0, 1), (0, 1)),
        "rows-exchanged": lambda kernel: _phases(kernel, (0, 1), (1, 0)),
        "columns-exchanged": lambda kernel: _phases(kernel, (1, 0), (0, 1)),
        "quarters": lambda kernel: torch.stack(
            [torch.stack([kernel[r : r + 2, c : c + 2].sum() for c in (0, 2)]) for r in (0, 2)]
        ),
        "mean-not-sum": lambda kernel: _phases(kernel) / 4,
        "all-alike": (lambda kernel: kernel.sum().expand(2, 2) / 4, lambda kernel: kernel.sum().expand(2, 2)),
    },
    lesson="Even counts, four phases: each has four weights of its own, and only equal sums leave no checkerboard.",
)

# -- 7 reading ---------------------------------------------------------------------------------------

reading = READING.task(
    sheet,
    "Read four paintings",
    lesson="One pixel shows the kernel, two show the stride, and a constant shows what overlapping makes of both.",
)
logs, draw = READING.logs, READING.draw

# -- 8 find the bugs ---------------------------------------------------------------------------------

_INPUTS, _OUTPUTS = 6, 4


def _block(kernel: int = 4, norm_first: bool = True, eps: float = 1e-5, norm: bool = True) -> Answer:
    def build(inputs: int, outputs: int) -> nn.Module:
        if kernel % 2:
            up = nn.ConvTranspose2d(inputs, outputs, kernel, 2, kernel // 2, output_padding=1, bias=False)
        else:
            up = nn.ConvTranspose2d(inputs, outputs, kernel, 2, kernel // 2 - 1, bias=False)
        rest = [nn.BatchNorm2d(outputs, eps)] * norm + [nn.ReLU()]
        return nn.Sequential(up, *(rest if norm_first else rest[::-1]))

    return build


def _observe_block(answer: Answer, world: tuple[Tensor, Tensor]) -> Observation:
    x, noise = world
    block = answer(_INPUTS, _OUTPUTS)
    if not isinstance(block, nn.Module):
        raise Reject(
            "not-a-module",
            block,
            "an nn.Module",
            "`up_block` returns the layers as one module, say an `nn.Sequential`.",
        )
    weights = [m for m in block.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.BatchNorm2d)]
    convolutional = [m for m in weights if not isinstance(m, nn.BatchNorm2d)]
    with torch.no_grad():
        for module in weights:
            if module.bias is not None:
                module.bias.zero_()
        for module in convolutional:
            module.weight.fill_(1.0)
        block.eval()
        painted = block(torch.ones(1, _INPUTS, 8, 8))
        inside = painted[..., 5:-5, 5:-5]
        for module in convolutional:
            weight = module.weight
            copies = -(-weight.numel() // len(noise))
            weight.copy_(0.02 * noise.repeat(copies)[: weight.numel()].view_as(weight))
        block.train()
        out, loud = block(x), block(100 * x)
        remembered = block.eval()(1000 * x).square().mean() > 4 * block(100 * x).square().mean()
    return {
        "the output's shape for 5 × 5 pixels": tuple(out.shape),
        "γ and β are learned": all(m.affine for m in weights if isinstance(m, nn.BatchNorm2d)),
        "the output has negative values": bool((out < 0).any()),
        "mean square of the output, weights from N(0, 0.02)": out.square().mean(),
        "the same, for an input 100 times larger": loud.square().mean(),
        "in evaluation a louder input gives a louder output": bool(remembered),
        "most painted pixel / least painted pixel": inside.max() / inside.min(),
    }


_KERNEL = "the kernel, which the stride does not divide: a checkerboard"
_ORDER = "the order: behind the last layer the output should be at least 0 and half of it exactly 0"
_SLIP = "the second argument of `BatchNorm2d`"

up_block = sheet.task(
    "up_block",
    "Find the bugs: a block that doubles",
    tried="up_block(6, 4): size, evenness, and output with weights from N(0, 0.02)",
    setup=lambda: (torch.randn(32, _INPUTS, 5, 5), torch.randn(2000)),
    observe=_observe_block,
    reference=_block(),
    blank=_block(kernel=3, norm_first=False, eps=0.8),
    tolerance={
        "mean square of the output, weights from N(0, 0.02)": 0.12,
        "the same, for an input 100 times larger": 0.12,
        "most painted pixel / least painted pixel": 0.01,
    },
    hints=f"""
        kernel-left: One bug is left: {_KERNEL}.
        order-left: One bug is left: {_ORDER}.
        eps-left: One bug is left: {_SLIP}. It is not the momentum: with weights this small, what is added to the
          variance is far larger than the variance.
        kernel-and-order-left: Two bugs are left: {_KERNEL}; and {_ORDER}.
        kernel-and-eps-left: Two bugs are left: {_KERNEL}; and {_SLIP}.
        order-and-eps-left: Two bugs are left: {_ORDER}; and {_SLIP}.
        no-norm: The BatchNorm is gone: the output grows and shrinks with the weights. With N(0, 0.02) the signal fades
          from block to block.
    """,
    like={
        "kernel-left": (_block(kernel=3), _block(kernel=5)),
        "order-left": _block(norm_first=False),
        "eps-left": (_block(eps=0.8), _block(eps=0.2), _block(eps=0.1)),
        "kernel-and-order-left": _block(kernel=3, norm_first=False),
        "kernel-and-eps-left": _block(kernel=3, eps=0.8),
        "order-and-eps-left": _block(norm_first=False, eps=0.8),
        "no-norm": (_block(norm=False), _block(kernel=3, norm=False)),
    },
    lesson="Even painting, normalised before the ReLU, and an ε that only guards against 0.",
)

# -- 9 BatchNorm -------------------------------------------------------------------------------------

_AXES = (0, 2, 3)


def _other_norm_world(n: int, channels: int) -> tuple[Tensor, ...]:
    x = torch.randn(n, channels, 3, 2) * 1.5 + torch.randn(channels, 1, 1)
    return x, 0.5 + torch.rand(channels), torch.randn(channels), torch.randn(channels), 1 + torch.rand(channels)


def _flat_world() -> tuple[Tensor, ...]:
    """Maps without any contrast. They are faint, and β is not: 1 / √ε multiplies the rounding of what cancels."""
    x = (0.1 * torch.randn(2, 1, 1)).expand(4, 2, 3, 2)
    return x, 0.5 + torch.rand(2), 1 + torch.rand(2), torch.randn(2), 1 + torch.rand(2)


def _norm_world() -> tuple[Tensor, ...]:
    """x, γ, β and the running statistics; the first channel varies so little that ε shows."""
    x = (
        torch.randn(3, 3, 2, 4) * torch.tensor([0.01, 1.0, 3.0])[:, None, None]
        + torch.tensor([0.5, -1.0, 2.0])[:, None, None]
    )
    return x, 0.5 + torch.rand(3), 1 + torch.randn(3), torch.randn(3), 1 + torch.rand(3)


def _observe_norm(answer: Answer, world: tuple[Tensor, ...]) -> Observation:
    seen: dict[str, Any] = {}
    for training, mode in ((True, "training"), (False, "evaluation")):
        x = world[0].clone().requires_grad_()
        came = answer(x, *(t.clone() for t in world[1:]), training)
        if not isinstance(came, tuple | list) or len(came) != 3:
            raise Reject(
                "not-three",
                came,
                "three results: y, running_mean, running_var",
                "`batch_norm` returns three things, separated by commas, in both modes.",
            )
        for name, value in zip(("the output", "the running mean", "the running variance"), came, strict=True):
            seen[f"{name} in {mode}"] = value
        gradient, y = None, came[0]
        if isinstance(y, Tensor) and y.requires_grad:
            weights = torch.linspace(-1, 1, y.numel()).view(y.shape).to(y)
            (gradient,) = torch.autograd.grad((weights * y.square()).sum(), x, allow_unused=True)
        seen[f"the gradient by x in {mode}"] = gradient
    return seen


def _norm(
    x: Tensor, gamma: Tensor, beta: Tensor, running_mean: Tensor, running_var: Tensor, training: bool
) -> tuple[Tensor, Tensor, Tensor]:
    gamma, beta, at, size = (t.view(1, -1, 1, 1) for t in (gamma, beta, running_mean, running_var))
    if training:
        at, size = x.mean(_AXES, keepdim=True), x.var(_AXES, correction=0, keepdim=True)
        running_mean = 0.9 * running_mean + 0.1 * x.detach().mean(_AXES)
        running_var = 0.9 * running_var + 0.1 * x.detach().var(_AXES)
    return gamma * (x - at) / (size + 1e-5).sqrt() + beta, running_mean, running_var


_BY_BATCH = "at, size = x.mean(_AXES, keepdim=True), x.var(_AXES, correction=0, keepdim=True)"
_BESSEL, _IN_MEMORY = ("correction=0, ", ""), ("var(_AXES)", "var(_AXES, correction=0)")


def _over(axes: str) -> tuple[tuple[str, str], ...]:
    return ("(_AXES, k", f"({axes}, k"), ("(_AXES, c", f"({axes}, c")


batch_norm = sheet.task(
    "batch_norm",
    "BatchNorm in both modes",
    tried="batch_norm(…) on 3 images with 3 channels of 2 × 4 pixels, in training and in evaluation",
    setup=_norm_world,
    worlds={
        "one image of four channels": lambda: _other_norm_world(1, 4),
        "one channel": lambda: _other_norm_world(5, 1),
        "maps without any contrast": _flat_world,
        "small running variances": lambda: (*_other_norm_world(3, 2)[:4], torch.tensor([1e-6, 1e-4])),
    },
    observe=_observe_norm,
    reference=_norm,
    hints="""
        no-affine: γ and β are not used. Without them every channel of every layer has mean 0 and variance 1, and the
          next layer cannot get back what the division took.
        no-shift: γ scales, but β is not added.
        gamma-beta-swapped: γ and β have changed places: γ multiplies, β is added.
        bessel-in-the-output: The output is divided by the root of the unbiased variance. To normalise *this* batch,
          divide the sum of squares by m. (`torch.var` divides by m − 1 unless told otherwise.)
        no-bessel-in-the-memory: The running variance remembers the plain variance of the batch. As an estimate for
          other batches that is too small on average: divide by m − 1 here.
        variances-swapped: The two variances have changed places: divided by m to normalise this batch, by m − 1 to
          remember.
        momentum-reversed: Your running statistics forget almost everything with each batch. In PyTorch, momentum is the
          weight of the *new* batch.
        one-image-at-a-time: Each image is normalised by its own mean and variance: that is instance normalisation. The
          batch in BatchNorm is missing.
        one-pixel-at-a-time: Each pixel has a mean and variance of its own, over the samples. A convolution treats all
          pixels alike, so BatchNorm takes them together, one pair a channel.
        channels-together: All channels share one mean and one variance. Each channel gets its own.
        eps-outside-the-root: ε is added to the standard deviation. It belongs under the root, beside the variance: in a
          channel that hardly varies, the difference shows.
        eps-forgotten: ε is missing. In a channel that does not vary at all you divide 0 by 0.
        eps-0.8: ε is as large as the variance itself, so the channels are not normalised. The same slip, a momentum
          typed in ε's place, lived for years in a famous code.
        root-forgotten: You divide by the variance. Its root, the standard deviation, has the unit of x.
        evaluation-by-the-batch: In evaluation you still use the batch's own statistics. A single picture would then
          depend on what it is drawn with.
        training-by-the-memory: In training you normalise with the running statistics. They are for evaluation; here the
          batch counts.
        evaluation-remembers: Evaluation moves the running statistics. Looking at a model must not change it.
        nothing-remembered: The running statistics come back as they went in. Training moves them towards the batch's.
        deviation-remembered: The running *variance* remembers a standard deviation.
        statistics-detached: No gradient flows through mean and variance. They depend on x, and without their part the
          gradient keeps the two directions that BatchNorm undoes.
    """,
    like=likes(
        _norm,
        {
            "no-affine": [(("gamma * (x", "(x"), (" + beta", ""))],
            "no-shift": [(" + beta", "")],
            "gamma-beta-swapped": [(("gamma * (x", "beta * (x"), (" + beta", " + gamma"))],
            "bessel-in-the-output": [_BESSEL],
            "no-bessel-in-the-memory": [_IN_MEMORY],
            "variances-swapped": [(_BESSEL, _IN_MEMORY)],
            "momentum-reversed": [(("0.9", "M"), ("0.1", "0.9"), ("M", "0.1"))],
            "one-image-at-a-time": [_over("(2, 3)")],
            "one-pixel-at-a-time": [_over("0")],
            "channels-together": [_over("(1, 2, 3)"), _over("(0, 1, 2, 3)")],
            "eps-outside-the-root": [("(size + 1e-5).sqrt()", "(size.sqrt() + 1e-5)")],
            "eps-forgotten": [(" + 1e-5", "")],
            "eps-0.8": [("1e-5", "0.8"), ("1e-5", "0.1")],
            "root-forgotten": [(".sqrt()", "")],
            "evaluation-by-the-batch": [((_BY_BATCH, ""), ("if training:", f"{_BY_BATCH}\n    if training:"))],
            "training-by-the-memory": [(_BY_BATCH, "")],
            "evaluation-remembers": [
                (("    running_mean = ", "running_mean = "), ("    running_var = ", "running_var = "))
            ],
            "nothing-remembered": [(("0.9", "1.0"), ("0.1", "0.0"))],
            "deviation-remembered": [("detach().var", "detach().std")],
            "statistics-detached": [(("= x.mean", "= x.detach().mean"), (", x.var", ", x.detach().var"))],
        },
    ),
    lesson="One pair of statistics a channel, two variances, two modes: and the gradient flows through all of it.",
)

# -- 10 BatchNorm, backwards -------------------------------------------------------------------------


def _backward_world(n: int = 3, height: int = 2, width: int = 3) -> tuple[Tensor, ...]:
    x = 2 * torch.randn(n, 2, height, width, dtype=torch.float64) + 1
    return x, 0.5 + torch.rand(2, dtype=torch.float64), torch.randn_like(x)


def _norm_backward(x: Tensor, gamma: Tensor, upstream: Tensor) -> tuple[Tensor, ...]:
    """The gradients by their formulas."""
    axes = (0, 2, 3)
    deviation = (x.var(axes, correction=0, keepdim=True) + 1e-5).sqrt()
    x_hat = (x - x.mean(axes, keepdim=True)) / deviation
    g = upstream * gamma[:, None, None]
    by_x = g - g.mean(axes, keepdim=True) - x_hat * (g * x_hat).mean(axes, keepdim=True)
    return by_x / deviation, (upstream * x_hat).sum((0, 2, 3)), upstream.sum((0, 2, 3))


_MEAN_TERM = (" - g.mean(axes, keepdim=True)", "")
_VARIANCE_TERM = (" - x_hat * (g * x_hat).mean(axes, keepdim=True)", "")


def _norm_by_autograd(x: Tensor, gamma: Tensor, upstream: Tensor) -> tuple[Tensor, ...]:
    def weighed(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
        return (upstream * F.batch_norm(x, None, None, gamma, beta, training=True)).sum()

    return by_autograd(weighed)(x, gamma, torch.zeros_like(gamma))


batch_norm_backward = sheet.task(
    "batch_norm_backward",
    "BatchNorm, backwards",
    tried="batch_norm_backward(x, gamma, upstream) on (3, 2, 2, 3), without autograd; autograd's gradients",
    setup=_backward_world,
    worlds={
        "a batch of one": lambda: _backward_world(1, 3, 2),
        "one pixel": lambda: _backward_world(4, 1, 1),
        "nearly flat channels": lambda: (
            1 + 0.003 * torch.randn(3, 2, 2, 2).double(),
            torch.ones(2).double(),
            torch.randn(3, 2, 2, 2).double(),
        ),
    },
    observe=by_hand("the gradient by x", "the gradient by gamma", "the gradient by beta"),
    reference=_norm_by_autograd,
    hints="""
        statistics-as-constants: Mean and variance are taken for constants. They are made of x: a pixel moves all others
          through them.
        mean-term-missing: What flows back through the mean is missing: the gradient of a channel must sum to 0.
        variance-term-missing: What flows back through the variance is missing: stretching x changes nothing, so the
          gradient must be orthogonal to x̂.
        gamma-forgotten: γ is missing on the way back: it multiplied x̂ on the way there.
        wrong-axes: The means are taken within each image. A channel's statistics belong to the whole batch.
        means-for-gamma-and-beta: The gradients by γ and β are averaged. Every pixel's share of them adds up.
        unbiased: The variance is divided by m − 1. For normalising, PyTorch divides by m.
    """,
    like=likes(
        _norm_backward,
        {
            "statistics-as-constants": [(_MEAN_TERM, _VARIANCE_TERM)],
            "mean-term-missing": [_MEAN_TERM],
            "variance-term-missing": [_VARIANCE_TERM],
            "gamma-forgotten": [(" * gamma[:, None, None]", "")],
            "wrong-axes": [("axes = (0, 2, 3)", "axes = (2, 3)")],
            "means-for-gamma-and-beta": [("sum", "mean")],
            "unbiased": [("correction=0", "correction=1")],
        },
    ),
    mistakes=(USED_AUTOGRAD,),
    lesson="Two things are taken out of what arrives: its mean, and its part along x̂. Shifts and stretches of a "
    "channel have no effect, so they get no gradient.",
)

# -- 11 painting, backwards --------------------------------------------------------------------------


def _painting_world(stride: int = 2, k: int = 3, w: int = 2) -> tuple[Any, ...]:
    x, kernel = torch.randn(3, 4, dtype=torch.float64), torch.randn(k, w, dtype=torch.float64)
    return x, kernel, stride, torch.randn(2 * stride + k, 3 * stride + w, dtype=torch.float64)


def _painting_backward(x: Tensor, kernel: Tensor, stride: int, upstream: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of painting by loops."""
    k, w = kernel.shape
    by_x, by_kernel = torch.zeros_like(x), torch.zeros_like(kernel)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            patch = upstream[i * stride : i * stride + k, j * stride : j * stride + w]
            by_x[i, j] = (patch * kernel).sum()
            by_kernel += x[i, j] * patch
    return by_x, by_kernel


def _painting_by_autograd(x: Tensor, kernel: Tensor, stride: int, upstream: Tensor) -> tuple[Tensor, ...]:
    def weighed(x: Tensor, kernel: Tensor) -> Tensor:
        return (upstream * F.conv_transpose2d(x[None, None], kernel[None, None], stride=stride)[0, 0]).sum()

    return by_autograd(weighed)(x, kernel)


transposed_backward = sheet.task(
    "transposed_backward",
    "Painting, backwards",
    tried="transposed_backward(x, kernel, stride, upstream), 3 × 4 pixels, stride 2, without autograd; autograd's "
    "gradients",
    setup=_painting_world,
    worlds={
        "stride 1": lambda: _painting_world(1),
        "stride 3, a kernel as large": lambda: _painting_world(3, 3, 3),
        "a flat kernel": lambda: _painting_world(2, 2, 3),
    },
    observe=by_hand("the gradient by x", "the gradient by kernel"),
    reference=_painting_by_autograd,
    hints="""
        kernel-turned: The gradient by x uses the kernel turned by 180°. The pixel painted with the kernel as it is, and
          collects with it, too.
        stride-forgotten: Patches are taken one pixel apart. A pixel's copy of the kernel lies where it was painted,
          `stride` pixels on.
        pixel-forgotten: All patches count alike in the kernel's gradient. A bright pixel paints more of the kernel than
          a dark one.
        averaged: The kernel's gradient is averaged over the pixels. Each pixel used the same weights; their shares add
          up.
        swapped: The two gradients have changed places.
    """,
    like=likes(
        _painting_backward,
        {
            "kernel-turned": [("patch * kernel", "patch * kernel.flip(0, 1)")],
            "stride-forgotten": [
                (" * stride", ""),
                ("x[i, j] * patch", "x[i, j] * upstream[i : i + k, j : j + w]"),
            ],
            "pixel-forgotten": [("x[i, j] * patch", "patch")],
            "averaged": [("return by_x, by_kernel", "return by_x, by_kernel / x.numel()")],
            "swapped": [("return by_x, by_kernel", "return by_kernel, by_x")],
        },
    ),
    mistakes=(USED_AUTOGRAD,),
    lesson="The way back of a transposed convolution is an ordinary convolution with that stride: each layer is the "
    "other's backward pass.",
)

# -- the challenge -----------------------------------------------------------------------------------

#: 100 × mean squared error, a little below what `bar_upsampler` reaches: 9.8 over two seeds (9.5 and 10.1).
BAR = 9.7
STEPS, SMOKE_STEPS, LIMIT = 300, 5, 6000
_BATCH, _LR = 32, 3e-3


def bar_upsampler() -> nn.Module:
    """The network that the bar was measured with: (N, 1, 7, 7) to (N, 1, 28, 28) by two 4-2-1 layers."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, 1, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 16, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, 2, 1),
    )


def challenge(upsampler: Any, seeds: tuple[int, ...] = (0, 1)) -> Score:
    """Train the module that ``upsampler()`` returns to restore digits, and score its error on unseen ones.

    It gets digits averaged down to (N, 1, 7, 7) and returns (N, 1, 28, 28), with at most 6 000 weights. Training: 300
    steps of Adam (step size 3e-3, batches of 32) on the mean squared error. The score is 100 × the mean squared error
    on 500 digits of the test split.
    """
    from ganbook.training.budget import budget

    steps = SMOKE_STEPS if budget() == "smoke" else STEPS

    def told(errors: tuple[float, ...], mean: float) -> str:
        text = f"challenge: error {mean:.2f} ({listed(errors)} for each seed) after {steps} steps"
        if steps < STEPS:
            return f"{text}; too few steps to compare with the bar (budget smoke)"
        return f"{text}; {verdict(BAR, mean < BAR)}"

    return scored(lambda seed: _restore(upsampler, steps, seed), seeds, told)


def _restore(upsampler: Callable[[], nn.Module], steps: int, seed: int) -> float:
    from ganbook.data.digits import load_digits

    network = upsampler()
    if not isinstance(network, nn.Module):
        raise NoScore("Your function must return an nn.Module.")
    weights = sum(parameter.numel() for parameter in network.parameters())
    if weights > LIMIT:
        raise NoScore(f"Your module has {weights} weights; {LIMIT} are allowed.")
    optimizer = torch.optim.Adam(network.parameters(), lr=_LR)
    batches = load_digits("train").batches(_BATCH, seed=seed)
    for _ in range(steps):
        real = next(batches).real
        restored = network(F.avg_pool2d(real, 4))
        if restored.shape != real.shape:
            raise NoScore(f"(N, 1, 7, 7) should become (N, 1, 28, 28); {tuple(restored.shape)} came.")
        loss = F.mse_loss(restored, real)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    unseen = load_digits("test")
    real = unseen.batch(torch.arange(0, len(unseen), 2)).real
    network.eval()
    with torch.no_grad():
        return 100 * float(F.mse_loss(network(F.avg_pool2d(real, 4)), real))
