"""Every score refuses what is not finite by its name, and works where float64 is unknown and in half precision."""

from __future__ import annotations

import pytest
import torch

from ganbook import metrics
from ganbook.metrics.stacked import stacked_modes


def drawn(*shape):
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


LABELS, COLOURS = torch.arange(20) % 2, [(0, 0, 0), (255, 255, 255)]
RIGHT = torch.eye(20).bool()
GAUSSIAN = (torch.zeros(3), torch.eye(3))

SCORES = {
    "frechet_distance": (metrics.frechet_distance, drawn(20, 3), drawn(21, 3)),
    "frechet_of_gaussians": (metrics.frechet_of_gaussians, *GAUSSIAN, *GAUSSIAN),
    "real_floor": (metrics.real_floor, drawn(21, 3)),
    "frechet_score": (metrics.frechet_score, drawn(20, 3), drawn(21, 3)),
    "mean_inside": (metrics.mean_inside, drawn(4, 2, 3), torch.ones(4, 2, 3).bool()),
    "colourfulness": (metrics.colourfulness, drawn(4, 3, 2, 2)),
    "speckle": (metrics.speckle, drawn(4, 3, 2, 2), torch.zeros(4, 3, 2, 2)),
    "report_translations": (metrics.report_translations, drawn(4, 3, 2, 2), drawn(4, 3, 2, 2) / 2, drawn(4, 1, 2, 2)),
    "kernel_distance": (metrics.kernel_distance, drawn(20, 3), drawn(21, 3)),
    "precision_recall": (metrics.precision_recall, drawn(20, 3), drawn(21, 3)),
    "density_coverage": (metrics.density_coverage, drawn(20, 3), drawn(21, 3)),
    "memorisation": (metrics.memorisation, drawn(20, 1, 2, 2), drawn(21, 1, 2, 2), drawn(22, 1, 2, 2)),
    "nearest": (metrics.nearest, drawn(20, 3), drawn(21, 3)),
    "birthday": (metrics.birthday, drawn(20, 3), 0.5),
    "mode_coverage": (metrics.mode_coverage, drawn(20, 2), drawn(4, 2), 0.5),
    "inception_score": (metrics.inception_score, drawn(20, 5)),
    "class_agreement": (metrics.class_agreement, drawn(20, 1, 28, 28), LABELS),
    "class_diversity": (metrics.class_diversity, drawn(20, 3), LABELS),
    "read_painted_digits": (metrics.read_painted_digits, drawn(20, 3, 28, 28), COLOURS),
    "caption_agreement": (metrics.caption_agreement, drawn(20, 3, 28, 28), LABELS, LABELS, LABELS, COLOURS),
    "retrieval": (metrics.retrieval, drawn(20, 3), drawn(20, 3), RIGHT),
    "r_precision": (metrics.r_precision, drawn(20, 3), drawn(20, 3), RIGHT, 9),
    "bits_per_dimension": (metrics.bits_per_dimension, drawn(20), torch.zeros(20, 1, 2, 2)),
    "GreyTable": (metrics.GreyTable, drawn(20, 1, 2, 2), torch.zeros(20, 1, 2, 2, dtype=torch.uint8)),
    "stacked_modes": (stacked_modes, drawn(20, 3, 28, 28)),
    "report_features": (metrics.report_features, drawn(20, 3), drawn(21, 3), "test", "random"),
    "report_labels": (metrics.report_labels, drawn(20, 1, 28, 28), LABELS, drawn(20, 1, 28, 28), LABELS),
    "report_neighbours": (metrics.report_neighbours, drawn(20, 3), LABELS, drawn(20, 3), LABELS),
    "report_points": (metrics.report_points, drawn(20, 2), drawn(4, 2), 0.5),
    "report_images": (metrics.report_images, drawn(20, 1, 28, 28), drawn(20, 1, 28, 28), "test"),
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused_by_name(name, bad):
    score, *arguments = SCORES[name]
    for place, value in enumerate(arguments):
        is_score = isinstance(value, torch.Tensor) and value.is_floating_point()
        if is_score and (name, place) != ("bits_per_dimension", 1):  # of whose images only the shape counts
            spoilt = value.clone()
            spoilt.view(-1)[1] = bad
            with pytest.raises(ValueError, match=r"^[a-z_]+ holds NaN or infinity: allowed are finite numbers$"):
                score(*arguments[:place], spoilt, *arguments[place + 1 :])


class Mac(torch.Tensor):
    """A tensor on a device that knows no float64, as Apple's: it must go to the CPU first."""

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is torch.Tensor.cpu:
            return args[0].as_subclass(torch.Tensor)
        made = super().__torch_function__(func, types, args, kwargs or {})
        if isinstance(made, Mac) and made.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64")
        return made


def plain(found):
    if isinstance(found, dict):
        return [value for value in found.values() if isinstance(value, float)]
    return [v for v in (found if isinstance(found, tuple) else (found,)) if isinstance(v, float)]


@pytest.mark.parametrize("name", SCORES)
def test_no_score_asks_a_device_for_float64(name):
    score, *arguments = SCORES[name]
    on_mac = [value.as_subclass(Mac) if isinstance(value, torch.Tensor) else value for value in arguments]
    assert plain(score(*on_mac)) == pytest.approx(plain(score(*arguments)), nan_ok=True)


def test_the_simulated_device_knows_no_float64():
    with pytest.raises(TypeError, match="float64"):
        drawn(2).as_subclass(Mac).double()


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("kind", [torch.float64, torch.float16])
def test_other_precisions_are_converted(name, kind):
    score, *arguments = SCORES[name]
    other = [v.to(kind) if isinstance(v, torch.Tensor) and v.is_floating_point() else v for v in arguments]
    same = [v.float() if isinstance(v, torch.Tensor) and v.is_floating_point() else v for v in other]
    assert plain(score(*other)) == pytest.approx(plain(score(*same)), rel=1e-4, abs=1e-6, nan_ok=True)
