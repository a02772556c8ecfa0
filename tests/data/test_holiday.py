"""Generated pictures: the same everywhere, and read by every kind of set of one's own."""

import pytest

from ganbook import data
from ganbook.data.holiday import PLACES, TIMES, write_holiday


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    return write_holiday(tmp_path_factory.mktemp("holiday"), n=30)


def test_every_set_of_ones_own_reads_them(there):
    classes = data.load("folder", root=there.pictures)
    assert classes.classes == PLACES and len(classes) + len(data.load("folder", "test", root=there.pictures)) == 30
    pairs = data.load("pairs-folder", root=there.pairs, size=16)
    assert pairs.images.shape == pairs.sources.shape == (len(pairs), 3, 16, 16)
    assert (pairs.sources.float().mean() > 200) and len(data.load("unpaired-folder", root=there.pairs)) == len(pairs)
    captioned = data.load("captions-folder", root=there.captioned)
    words = {word.strip(",") for text in captioned.captions for word in text.split()}
    assert words >= {*PLACES, *TIMES, "the", "at"} and 24 <= len(captioned) < 30
    assert all(of.sound() is of for of in (classes, pairs, captioned))


def test_they_are_the_same_for_the_same_seed_and_differ_in_shape_and_format(there, tmp_path):
    again, other = write_holiday(tmp_path / "a", 30), write_holiday(tmp_path / "b", 30, seed=1)
    files = [sorted(path.relative_to(of.pictures) for path in of.pictures.rglob("*.*")) for of in (there, again, other)]
    assert files[0] == files[1] == files[2] and {path.suffix for path in files[0]} == {".jpg", ".png"}
    same, changed = (
        [(there.pictures / path).read_bytes() == (of.pictures / path).read_bytes() for path in files[0]]
        for of in (again, other)
    )
    assert all(same) and not any(changed)
    sizes = {data.load("folder", root=there.pictures).decoded(i).size for i in range(20)}
    assert sizes == {(128, 96), (96, 128)}


def test_places_differ_in_their_colours(there):
    means = {}
    for split in ("train", "test"):
        of = data.load("folder", split, 16, there.pictures)
        for image, label in zip(of.images, of.labels.tolist(), strict=True):
            means.setdefault(label, []).append(image[:, 12:].float().mean((1, 2)))
    beach, mountains, _ = (sum(means[label]) / len(means[label]) for label in range(3))
    assert beach[0] > beach[2] and mountains[1] > mountains[0]


@pytest.mark.parametrize("n", [0, 10_001])
def test_how_many(n, tmp_path):
    with pytest.raises(ValueError, match=rf"^n is {n}: allowed is 1 to 10000$"):
        write_holiday(tmp_path, n)
