"""Data sets of torch's and loaders of them, as what a run learns from."""

from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import ConcatDataset, DataLoader, Dataset, IterableDataset, Subset, TensorDataset, random_split

from ganbook import data
from ganbook.data.images import ImageSet

GREYS = torch.arange(0, 240, 10, dtype=torch.uint8)
"""Image i is of this grey everywhere, so a batch tells which images it holds."""


class Own(Dataset):
    """``make`` says what kind of image; labels are the numbers modulo 3."""

    def __init__(self, make, label=lambda i: i % 3):
        self.make, self.label, self.asked = make, label, []

    def __len__(self):
        return len(GREYS)

    def __getitem__(self, i):
        self.asked.append(i)
        image = self.make(int(GREYS[i]))
        return image if self.label is None else (image, self.label(i))


def picture(mode):
    return lambda grey: Image.fromarray(np.full((6, 6), grey, np.uint8)).convert(mode)


KINDS = {
    "a grey picture": (picture("L"), 1),
    "a picture in colour": (picture("RGB"), 3),
    "a transparent picture": (picture("RGBA"), 3),
    "bytes (H, W)": (lambda grey: torch.full((6, 6), grey, dtype=torch.uint8), 1),
    "bytes (3, H, W)": (lambda grey: torch.full((3, 6, 6), grey, dtype=torch.uint8), 3),
    "floats as ToTensor makes them": (lambda grey: torch.full((3, 6, 6), grey / 255), 3),
    "half floats": (lambda grey: torch.full((1, 6, 6), grey / 255).half(), 1),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("wrap", [data.from_dataset, data.as_data, lambda own: data.as_data(DataLoader(own, 5))])
def test_an_image_may_come_in_many_kinds(kind, wrap):
    make, channels = KINDS[kind]
    found = wrap(Own(make))
    assert (len(found), found.name, found.split, found.classes) == (24, "Own", "train", ())
    assert found.images.shape == (24, channels, 6, 6) and found.images.dtype == torch.uint8
    assert torch.equal(found.images[:, 0, 0, 0], GREYS) and found.labels.tolist() == [i % 3 for i in range(24)]
    for batch in islice(found.batches(8, seed=3), 4):
        assert batch.real.shape == (8, channels, 6, 6) and batch.real.dtype == torch.float32
        numbers = ((batch.real[:, 0, 0, 0] + 1) * 12.75).round().long()
        assert batch.labels.tolist() == (numbers % 3).tolist() and len(set(numbers.tolist())) == 8


def test_the_order_is_that_of_a_set_in_memory():
    own = data.from_dataset(Own(KINDS["bytes (3, H, W)"][0]))
    memory = ImageSet("own", "train", own.images, own.labels)
    for a, b in zip(islice(own.batches(5, seed=2, start=3), 9), memory.batches(5, seed=2, start=3), strict=False):
        assert torch.equal(a.real, b.real) and torch.equal(a.labels, b.labels)


def test_nothing_is_read_before_it_is_asked_for():
    own = Own(picture("RGB"))
    found = data.from_dataset(own)
    assert set(own.asked) == {0}
    found.batch(torch.tensor([4, 7]))
    assert set(own.asked) == {0, 4, 7}


def test_parts_of_data_sets_and_data_sets_without_labels():
    own = Own(picture("L"), label=None)
    for wrapped in (own, Subset(own, range(24)), ConcatDataset([own]), random_split(own, [20, 4])[0]):
        found = data.as_data(wrapped)
        assert found.labels is None and next(found.batches(4)).labels is None
    images = data.from_dataset(TensorDataset(torch.rand(5, 3, 8, 8)))
    assert images.labels is None and images.images.shape == (5, 3, 8, 8)


def test_size_and_classes():
    own = Own(lambda grey: torch.full((3, 20, 30), grey, dtype=torch.uint8))
    own.classes = ["ant", "bee", "cat"]
    assert data.from_dataset(own).images.shape[2:] == (20, 20), "the shorter side of the first image"
    found = data.from_dataset(own, size=12)
    assert found.images.shape[2:] == (12, 12) and found.classes == ("ant", "bee", "cat")
    own.label = lambda i: i
    with pytest.raises(ValueError, match=r"^the label of dataset\[3\] is 3: allowed is 0 to 2$"):
        found[3]


def test_a_picture_of_the_readers_is_left_as_it_is():
    turned = Image.new("RGB", (6, 4))
    turned.getexif()[0x0112] = 6
    assert data.from_dataset([turned], size=4).images.shape == (1, 3, 4, 4)
    assert turned.size == (6, 4) and turned.getexif()[0x0112] == 6


def test_what_a_run_can_use_already_is_taken_as_it_is():
    ring, digits = data.toy.ring(), data.load("digits", "test")
    assert data.as_data(ring) is ring and data.as_data(digits) is digits


class Endless(IterableDataset):
    def __iter__(self):
        yield torch.zeros(3, 4, 4)


def made_of(image, label=0):
    return Own(lambda grey: image, lambda i: label)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (None, TypeError, r"^dataset is None: it needs a length and items"),
        (Endless(), TypeError, r"^dataset is a Endless: it needs a length and items"),
        (DataLoader(Endless()), TypeError, r"^dataset is a Endless: it needs a length and items"),
        ([], ValueError, r"^dataset is empty"),
        (made_of({"image": 1}), TypeError, r"^dataset\[0\] is .*: allowed is a picture, a uint8 tensor or a float one"),
        (made_of("photo.png"), TypeError, r"^dataset\[0\] is 'photo\.png': allowed is a picture"),
        (
            made_of(torch.zeros(3, 4, 4).long()),
            TypeError,
            r"^dataset\[0\] is a torch.int64 tensor \(3, 4, 4\): allowed",
        ),
        (
            made_of(torch.zeros(4, 4, 3)),
            ValueError,
            r"^dataset\[0\] has shape \(4, 4, 3\): allowed is \(H, W\), \(1, H",
        ),
        (made_of(torch.rand(3, 4, 4) * 2 - 1), ValueError, r"^dataset\[0\] holds values from -.*floats in \[0, 1\]"),
        (made_of(torch.full((3, 4, 4), 200.0)), ValueError, r"^dataset\[0\] holds values from 200 to 200: allowed"),
        (made_of(torch.full((3, 4, 4), torch.nan)), ValueError, r"^dataset\[0\] holds values from nan to nan"),
        (made_of(torch.rand(3, 4, 4) / 255), ValueError, r"^dataset\[0\] holds floats of 1/255 and less"),
        (made_of(torch.rand(3, 4, 4), "cat"), TypeError, r"^the label of dataset\[0\] is 'cat': allowed is a whole"),
        (made_of(torch.rand(3, 4, 4), 0.5), TypeError, r"^the label of dataset\[0\] is 0.5: allowed is a whole number"),
        (made_of(torch.rand(3, 4, 4), -1), ValueError, r"^the label of dataset\[0\] is -1: allowed is 0 or more$"),
    ],
)
def test_what_cannot_be_trained_on_is_named(source, error, message):
    with pytest.raises(error, match=message):
        data.as_data(source)


def test_an_image_that_is_unlike_the_first_is_named_when_it_is_met():
    own = Own(lambda grey: torch.full((3, 4, 4), grey / 100))
    found = data.from_dataset(own)
    found[10]
    with pytest.raises(
        ValueError, match=r"^dataset\[11\] holds values from 1\.1 to 1\.1: allowed are floats in \[0, 1\]"
    ):
        found[11]
    own.label = lambda i: "seven"
    with pytest.raises(TypeError, match=r"^the label of dataset\[0\] is 'seven'"):
        found[0]


# -- sets in memory -----------------------------------------------------------------------------------------------


BYTES = torch.zeros(4, 3, 8, 8, dtype=torch.uint8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"images": BYTES.float()}, TypeError, r"^images is of torch.float32: allowed is uint8.*\(255 \* images\)"),
        ({"images": BYTES.int()}, TypeError, r"^images is of torch.int32: allowed is uint8"),
        ({"images": BYTES[0]}, ValueError, r"^images has shape \(3, 8, 8\): allowed is \(N, C, H, W\)$"),
        ({"images": BYTES.numpy()}, TypeError, r"^images is a uint8 ndarray \(4, 3, 8, 8\): allowed is a tensor$"),
        ({"labels": torch.zeros(3).long()}, ValueError, r"^labels has shape \(3,\): allowed is \(4,\)$"),
        (
            {"labels": torch.zeros(4)},
            TypeError,
            r"^labels is a torch.float32 tensor \(4,\): allowed is a tensor of int64",
        ),
        (
            {"labels": torch.zeros(4).int()},
            TypeError,
            r"^labels is a torch.int32 tensor \(4,\): allowed is a tensor of int64",
        ),
        ({"labels": torch.tensor([0, 1, 2, 3])}, ValueError, r"^labels go from 0 to 3: allowed is 0 to 1$"),
        ({"labels": torch.tensor([0, -1, 1, 0])}, ValueError, r"^labels go from -1 to 1: allowed is 0 to 1$"),
        ({"labels": [0, 1, 0, 1]}, TypeError, r"^labels is \[0, 1, 0, 1\]: allowed is a tensor or None$"),
        ({"sources": BYTES.float()}, TypeError, r"^sources is of torch.float32: allowed is uint8"),
        ({"sources": BYTES[:2]}, ValueError, r"^sources has shape \(2, 3, 8, 8\): allowed is \(4, C, H, W\)$"),
        ({"captions": ("a",)}, ValueError, r"^captions has 1 texts: allowed is one for each of the 4 images$"),
        ({"captions": "abcd"}, TypeError, r"^captions is 'abcd': allowed is a tuple of texts or None$"),
        ({"captions": (1, 2, 3, 4)}, TypeError, r"^captions is \(1, 2, 3, 4\): allowed is a"),
        ({"classes": ["a", "b"]}, TypeError, r"^classes is \['a', 'b'\]: allowed is a"),
        ({"name": None}, TypeError, r"^name is None: allowed is a text$"),
    ],
)
def test_a_set_that_does_not_fit_itself_is_refused(arguments, error, message):
    fitting = {"name": "own", "split": "train", "images": BYTES, "classes": ("a", "b")}
    assert (
        len(ImageSet(**fitting, labels=torch.tensor([0, 1, 1, 0]), captions=tuple("abcd"), sources=BYTES[:, :1])) == 4
    )
    with pytest.raises(error, match=message):
        ImageSet(**{**fitting, **arguments})


@pytest.mark.parametrize(
    ("floats", "back"), [(torch.rand(2, 3, 4, 4) * 2 - 1, data.to_uint8), (torch.rand(2, 3, 4, 4), None)]
)
def test_the_way_out_that_is_named_works(floats, back):
    images = back(floats) if back else (255 * floats).round().byte()
    real = next(ImageSet("own", "train", images).batches(2)).real
    assert (real.sort(0).values - (floats if back else floats * 2 - 1).sort(0).values).abs().max() < 0.005
