"""Files of the pix2pix and CycleGAN authors, and sets whose pairs are hidden for good."""

import dataclasses
import os
import urllib.request
import zipfile
from collections import Counter
from itertools import islice
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from ganbook import data
from ganbook.data import pairs
from ganbook.data.download import Remote, fetch_folder, unpack
from ganbook.data.errors import DataError
from ganbook.data.images import ImageSet
from ganbook.data.pairs import families, unpaired


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)


# -- two images side by side --------------------------------------------------------------------------------------


def side_by_side(path, left, right, size=(20, 12), mode="RGB", **options):
    """A file whose halves have one colour each; ``size`` is that of a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = Image.new(mode, (2 * size[0], size[1]), left)
    whole.paste(Image.new(mode, size, right), (size[0], 0))
    whole.save(path, **options)


def colour(image):
    return image.flatten(1).float().mean(1).tolist()


@pytest.fixture
def facades(tmp_path):
    """Left (photograph): red is ten times the number; right (labels): blue is."""
    for folder, first, n in (("train", 1, 9), ("test", 21, 3), ("val", 31, 4)):
        for i in range(first, first + n):
            suffix = "jpg" if i % 2 else "png"
            side_by_side(tmp_path / folder / f"{i:02}.{suffix}", (5 * i, 0, 0), (0, 0, 5 * i), quality=95)
    return tmp_path


def test_the_left_half_is_the_source_unless_reversed(facades):
    train = data.load("pairs-folder", root=facades, size=8)
    back = data.load("pairs-folder-reversed", root=facades, size=8)
    assert (train.name, train.split, len(train), train.labels) == ("pairs-folder", "train", 9, None)
    assert [path.stem for path in train.files] == [f"{i:02}" for i in range(1, 10)] and "authors" in train.licence
    for i in range(9):
        target, source = train[i]
        assert target.shape == source.shape == (3, 8, 8) and target.dtype == source.dtype == torch.uint8
        assert colour(source) == pytest.approx([5 * (i + 1), 0, 0], abs=4)
        assert colour(target) == pytest.approx([0, 0, 5 * (i + 1)], abs=4)
        assert all(torch.equal(a, b) for a, b in zip(back[i], (source, target), strict=True))


def test_images_and_sources_are_all_of_them_in_one_order(facades):
    train = data.load("pairs-folder", root=facades, size=8)
    assert train.images.shape == train.sources.shape == (9, 3, 8, 8)
    assert all(torch.equal(train.images[i], train[i][0]) and torch.equal(train.sources[i], train[i][1]) for i in (0, 8))


def test_batches_are_pairs(facades):
    train = data.load("pairs-folder", root=facades, size=8)
    for batch in islice(train.batches(4, seed=1), 5):
        assert batch.real.shape == batch.paired().shape == (4, 3, 8, 8) and batch.labels is None
        assert batch.real.dtype == torch.float32 and batch.real.abs().max() <= 1
        of_target = ((batch.real[:, 2].mean((1, 2)) + 1) * 127.5 / 5).round()
        of_source = ((batch.sources[:, 0].mean((1, 2)) + 1) * 127.5 / 5).round()
        assert torch.equal(of_target, of_source) and len(of_target.unique()) == 4


def test_the_test_split_is_test_or_else_val(facades):
    assert len(data.load("pairs-folder", "test", root=facades)) == 3
    for path in [*(facades / "test").iterdir()]:
        path.unlink()
    (facades / "test").rmdir()
    assert [path.stem for path in data.load("pairs-folder", "test", root=facades).files] == ["31", "32", "33", "34"]


def test_files_have_256_pixels_unless_asked_otherwise(facades):
    target, source = data.load("pairs-folder", root=facades)[0]
    assert target.shape == source.shape == (3, 256, 256)


def test_no_colour_crosses_the_border_between_the_images(tmp_path):
    side_by_side(tmp_path / "train" / "a.png", "black", "white", size=(100, 60))
    target, source = data.load("pairs-folder", root=tmp_path, size=16)[0]
    assert (source == 0).all() and (target == 255).all()


def test_halves_are_squeezed_to_squares_not_cropped(tmp_path):
    pixels = np.zeros((10, 60, 3), np.uint8)
    pixels[:, 30:40] = pixels[:, 50:60] = 255  # of the right half, the outer thirds
    (tmp_path / "train").mkdir()
    Image.fromarray(pixels).save(tmp_path / "train" / "wide.png")
    target, _ = data.load("pairs-folder", root=tmp_path, size=30)[0]
    assert (target[:, :, :8] > 240).all() and (target[:, :, 22:] > 240).all() and (target[:, :, 12:18] < 15).all()


@pytest.mark.parametrize("mode", ["L", "1", "I;16"])
def test_grey_files_become_rgb(mode, tmp_path):
    left, right, expected = {"L": (40, 200, (40, 200)), "1": (0, 1, (0, 255)), "I;16": (64 * 256, 0, (64, 0))}[mode]
    side_by_side(tmp_path / "train" / "grey.png", left, right, mode=mode)
    target, source = data.load("pairs-folder", root=tmp_path, size=8)[0]
    assert colour(source) == pytest.approx([expected[0]] * 3, abs=1)
    assert colour(target) == pytest.approx([expected[1]] * 3, abs=1)


@pytest.mark.parametrize("width", [1, 41])
def test_an_odd_width_is_named(width, facades):
    bad = facades / "train" / "00.png"
    Image.new("RGB", (width, 20)).save(bad)
    with pytest.raises(DataError, match=rf"^{bad} is {width} pixels wide: two images side by side need an even width$"):
        for _ in islice(data.load("pairs-folder", root=facades).batches(4), 3):
            pass


@pytest.mark.parametrize("cores", [2, 4])
def test_a_broken_file_is_named(facades, cores, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)  # four cores: decoded by two worker processes
    bad = facades / "train" / "04.png"
    bad.write_bytes(bad.read_bytes()[:60])
    with pytest.raises(DataError, match=rf"^{bad} cannot be read as an image \(.*\): remove or replace it$"):
        for _ in islice(data.load("pairs-folder", root=facades).batches(4), 3):
            pass


def test_hidden_files_and_other_ones_are_passed_over(facades):
    (facades / "train" / "._01.jpg").write_bytes(b"a companion that macOS writes")
    (facades / "train" / "notes.txt").write_text("not an image")
    (facades / "train" / "folder.png").mkdir()
    assert len(data.load("pairs-folder", root=facades)) == 9


def test_folders_that_are_missing(tmp_path):
    with pytest.raises(
        ValueError,
        match=r"^root is None: allowed is a folder that holds train and test .*two images side by side.*--data",
    ):
        data.load("pairs-folder")
    with pytest.raises(
        DataError, match=r"nowhere is not a folder: 'pairs-folder' needs a folder that holds train and test .*--data"
    ):
        data.load("pairs-folder", root=tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"has no folder train: root \(--data\) names"):
        data.load("pairs-folder", root=tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match=r"train: 0 images: an image is a file that ends in "):
        data.load("pairs-folder", root=tmp_path)


# -- two folders of pairs -----------------------------------------------------------------------------------------

LAYOUTS = {
    "A and B": ("A", "B", None),
    "a and b": ("a", "b", None),
    "two names": ("photos", "sketches", None),
    "train/A and train/B": ("train/A", "train/B", None),
    "with test": ("train/A", "train/B", "test"),
    "with val": ("Train/a", "Train/b", "Val"),
    "as CycleGAN's": ("trainA", "trainB", "flat"),
}


def apart(root, layout, n=24):
    """Source i is i in red, target i in blue; of another format, a third of them in sub-folders."""
    left, right, test = LAYOUTS[layout]
    sides = [(left, right, 0, n)]
    if test is not None:
        a, b = ("testA", "testB") if test == "flat" else (f"{test}/{left[-1]}", f"{test}/{right[-1]}")
        sides.append((a, b, n, n + 3))
    for a, b, first, last in sides:
        for i in range(first, last):
            name = f"sub/{i:02}" if i % 3 == 0 else f"{i:02}"
            for folder, suffix, of in ((a, "jpg", (9 * i, 0, 0)), (b, "png", (0, 0, 9 * i))):
                path = root / folder / f"{name}.{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (12, 10), of).save(path, quality=95)
    return root


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pairs_of_two_folders_have_the_same_names(layout, tmp_path):
    apart(tmp_path, layout)
    train, test = (data.load("pairs-folder", split, 8, tmp_path) for split in ("train", "test"))
    back = data.load("pairs-folder-reversed", "train", 8, tmp_path)
    if LAYOUTS[layout][2]:
        assert (len(train), len(test)) == (24, 3)
    else:
        assert len(train) + len(test) == 24 and 0 < len(test) < 8
        assert not {pair[0] for pair in train.files} & {pair[0] for pair in test.files}
    for of in (train, test):
        for i in (0, len(of) - 1):
            (target, source), number = of[i], 9 * int(of.files[i][0].stem)
            assert of.files[i][0].stem == of.files[i][1].stem
            assert colour(source) == pytest.approx([number, 0, 0], abs=4)
            assert colour(target) == pytest.approx([0, 0, number], abs=4)
    assert all(torch.equal(a, b) for a, b in zip(back[2], train[2][::-1], strict=True))
    batch = next(train.batches(6))
    assert torch.allclose(batch.real[:, 2], batch.sources[:, 0], atol=0.05)


def test_of_two_folders_with_other_names_it_is_said_which_is_which(tmp_path, capsys):
    data.load("pairs-folder", root=apart(tmp_path, "two names"))
    assert f"{tmp_path}: from photos to sketches; pix2pix-folder-reversed goes the other way" in capsys.readouterr().err


def test_an_image_without_a_partner_is_named(tmp_path):
    apart(tmp_path, "A and B")
    (tmp_path / "B" / "04.png").unlink()
    (tmp_path / "A" / "05.jpg").unlink()
    with pytest.raises(DataError, match=r"A/04\.jpg \(and 1 more\) has no partner: pairs in A and B have the same"):
        data.load("pairs-folder", root=tmp_path)


def test_two_images_of_one_name_are_no_side_of_a_pair(tmp_path):
    apart(tmp_path, "A and B")
    (tmp_path / "A" / "04.png").write_bytes((tmp_path / "A" / "05.jpg").read_bytes())
    with pytest.raises(DataError, match=r"A/04\.jpg and 04\.png have one name but for their endings: rename or remove"):
        data.load("pairs-folder", root=tmp_path)


def test_a_broken_half_is_named_before_it_is_met_or_its_pair_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path / "cache"))
    train = data.load("pairs-folder", root=apart(tmp_path / "data", "with test"))
    (tmp_path / "data" / "train" / "B" / "05.png").write_text("no picture")
    with pytest.raises(DataError, match=r"A/05\.jpg and .*B/05\.png cannot be read as an image \(B/05\.png: it is "):
        train.sound()
    sound = train.sound(skip=True)
    assert len(sound) == 23 and "05" not in {pair[0].stem for pair in sound.files}
    side_by_side(tmp_path / "wide" / "train" / "a.png", "black", "white")
    Image.new("RGB", (41, 20)).save(tmp_path / "wide" / "train" / "b.png")
    side_by_side(tmp_path / "wide" / "test" / "a.png", "black", "white")
    with pytest.raises(
        DataError,
        match=r"b\.png cannot be read as an image \(it is 41 pixels wide: two images side by side need an even width\)",
    ):
        data.load("pairs-folder", "train", root=tmp_path / "wide", size=8).sound()


def test_where_there_is_nothing_to_test_with_some_pairs_are_held_out(tmp_path):
    for i in range(20):
        side_by_side(tmp_path / "train" / f"{i}.png", (i, 0, 0), (0, 0, i))
    train, test = (data.load("pairs-folder", split, 8, tmp_path) for split in ("train", "test"))
    assert len(train) + len(test) == 20 and len(test) >= 1 and not set(train.files) & set(test.files)


@pytest.mark.parametrize("kind", ["side by side", "two folders"])
def test_a_pair_moves_through_one_window_and_one_mirror(kind, tmp_path):
    place = np.arange(20, dtype=np.uint8) * 10
    pixels = np.stack([*np.meshgrid(place, place), np.zeros((20, 20), np.uint8)], 2)
    for i in range(6):
        if kind == "two folders":
            for side in "AB":
                (tmp_path / "train" / side).mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(tmp_path / "train" / side / f"{i}.png")
        else:
            (tmp_path / "train").mkdir(exist_ok=True)
            Image.fromarray(np.concatenate([pixels, pixels], 1)).save(tmp_path / "train" / f"{i}.png")
    train = dataclasses.replace(data.load("pairs-folder", root=tmp_path, size=16), jitter=0.25, mirror=True)
    batches = [*islice(train.batches(3), 20)]
    assert all(torch.equal(batch.real, batch.sources) for batch in batches)
    assert len({float(batch.real[0, 0, 0, 0]) for batch in batches}) > 4


def test_halves_are_fitted_as_asked(tmp_path):
    side_by_side(tmp_path / "train" / "a.png", "black", "black", size=(30, 10))
    assert int(data.load("pairs-folder", root=tmp_path, size=30)[0][0].max()) == 0
    assert int(data.load("pairs-folder", root=tmp_path, size=30, fit="pad")[0][0].max()) == 255
    for channels in (1, 4):
        assert data.load("pairs-folder", root=tmp_path, size=8, channels=channels)[0][1].shape == (channels, 8, 8)


# -- folders A and B ----------------------------------------------------------------------------------------------


def horses(root):
    """Sources have a red that tells their number, targets a blue; twice as many targets as sources, less one."""
    for split, a, b in (("train", 6, 11), ("test", 3, 2)):
        for side, n in (("A", a), ("B", b)):
            folder = root / f"{split}{side}"
            folder.mkdir(parents=True)
            for i in range(n):
                value = 20 * i + 10
                picture = Image.new("RGB", (12, 10), (value, 0, 0) if side == "A" else (0, 0, value))
                picture.save(folder / f"{i:02}.{'png' if i % 2 else 'jpg'}", quality=95)
    return root


def numbers(images, channel):
    return (((images[:, channel].mean((1, 2)) + 1) * 127.5 - 10) / 20).round().int().tolist()


def test_a_is_the_source_and_b_the_target(tmp_path):
    for split, a, b in (("train", 6, 11), ("test", 3, 2)):
        found = data.load("unpaired-folder", split, 8, horses(tmp_path) if split == "train" else tmp_path)
        assert (found.name, found.split, found.labels) == (
            "unpaired-folder",
            split,
            None,
        ) and "authors" in found.licence
        assert found.sources.shape == (a, 3, 8, 8) and found.images.shape == (b, 3, 8, 8)
        assert len(found) == min(a, b), "the most that a batch can hold"
    batch = next(found.batches(2))
    assert (batch.sources[:, 2] < -0.95).all() and (batch.real[:, 0] < -0.95).all()


def test_every_image_of_either_side_is_drawn_once_an_epoch_of_its_own(tmp_path):
    train = data.load("unpaired-folder", "train", 4, horses(tmp_path))
    drawn = [*islice(train.batches(1, seed=3), 66)]  # 11 epochs of one side, 6 of the other
    of_sources = Counter(n for batch in drawn for n in numbers(batch.sources, 0))
    of_targets = Counter(n for batch in drawn for n in numbers(batch.real, 2))
    assert of_sources == dict.fromkeys(range(6), 11) and of_targets == dict.fromkeys(range(11), 6)


@pytest.mark.parametrize("missing", ["trainA", "trainB"])
def test_a_missing_side_is_named(tmp_path, missing):
    horses(tmp_path)
    (tmp_path / missing).rename(tmp_path / "elsewhere")
    with pytest.raises(
        DataError,
        match=rf"has no folder {missing}: root \(--data\) names the folder that holds trainA, trainB, testA and",
    ):
        data.load("unpaired-folder", root=tmp_path)
    (tmp_path / missing).mkdir()
    (tmp_path / missing / ".hidden.png").write_bytes(b"")
    with pytest.raises(DataError, match=rf"{missing}: 0 images"):
        data.load("unpaired-folder", root=tmp_path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_sides_without_pairs_lie_in_any_of_these_folders(layout, tmp_path):
    apart(tmp_path, layout)
    (tmp_path / LAYOUTS[layout][0] / "01.jpg").unlink()  # no pairs: their numbers differ
    train, test = (data.load("unpaired-folder", split, 8, tmp_path) for split in ("train", "test"))
    if LAYOUTS[layout][2]:
        assert [len(of) for half in (train, test) for of in (half.source_set, half.target_set)] == [23, 24, 3, 3]
    else:
        assert len(train.source_set) + len(test.source_set) == 23 and len(test.source_set) > 0
        assert len(train.target_set) + len(test.target_set) == 24 and len(test.target_set) > 0
        assert not set(train.source_set.files) & set(test.source_set.files)
    batch = next(train.batches(3))
    assert (batch.sources[:, 2] < -0.9).all() and (batch.real[:, 0] < -0.9).all()


def test_either_side_moves_through_windows_of_its_own(tmp_path):
    train = data.load("unpaired-folder", "train", 8, horses(tmp_path), fit="pad", channels=1)
    assert {side.fit for side in (train.source_set, train.target_set)} == {"pad"}
    assert next(train.batches(2)).sources.shape == (2, 1, 8, 8)
    (tmp_path / "trainB" / "03.png").write_text("no picture")
    with pytest.raises(DataError, match=r"trainB/03\.png cannot be read as an image"):
        train.sound()
    assert len(train.sound(skip=True).target_set) == 10


def test_no_folder_at_all(tmp_path):
    with pytest.raises(ValueError, match=r"^root is None"):
        data.load("unpaired-folder")
    with pytest.raises(DataError, match=r"nowhere is not a folder"):
        data.load("unpaired-folder", root=tmp_path / "nowhere")


# -- downloads ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["horse2zebra", "monet2photo"])
def test_without_a_network_one_sentence_says_what_works(name, tmp_path):
    with pytest.raises(DataError, match=rf"^{name} is not in .* could not be downloaded \(.*name resolution") as caught:
        data.load(name, root=tmp_path)
    sentence = str(caught.value)
    assert "trainA, trainB, testA and testB" in sentence and 'data.load("emoji-lines")' in sentence
    assert "\n" not in sentence and str(tmp_path) in sentence
    assert not (tmp_path / name).exists()


def test_a_set_that_is_there_is_read(tmp_path):
    found = data.load("horse2zebra", "test", 8, horses(tmp_path))
    assert (found.name, len(found)) == ("horse2zebra", 2)


def test_the_archive_is_unpacked_into_the_folders_of_the_authors(tmp_path, monkeypatch):
    archive = tmp_path / "horse2zebra.zip"
    files = horses(tmp_path / "packed" / "horse2zebra")
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(files.rglob("*")):
            packed.write(path, path.relative_to(tmp_path / "packed"))
    remote = pairs.REMOTES["horse2zebra.zip"]
    assert remote.name == archive.name and all(url.startswith("https://") for url in remote.mirrors)

    def have(asked: Remote, folder):
        assert asked is remote
        return unpack(archive, folder) if not folder.is_dir() else fetch_folder(asked, folder)

    monkeypatch.setattr(pairs, "fetch_folder", have)
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path / "cache"))
    for split, n in (("train", 6), ("test", 2)):
        assert len(data.load("horse2zebra", split, 8)) == n


# -- pairs that are hidden ----------------------------------------------------------------------------------------


def coded(n):
    """Image i is i everywhere, and so is its source."""
    values = torch.arange(n, dtype=torch.uint8)[:, None, None, None]
    return ImageSet(
        "emoji-lines",
        "train",
        values.expand(n, 3, 2, 2).clone(),
        labels=torch.zeros(n).long(),
        sources=values.expand(n, 1, 2, 2).clone(),
        captions=tuple(map(str, range(n))),
        licence="free",
    )


def ids(images):
    return ((images[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_equally_many_images_never_form_pairs_again(seed):
    hidden = unpaired(coded(60))
    together = [
        a == b
        for batch in islice(hidden.batches(10, seed=seed), 60)
        for a, b in zip(ids(batch.real), ids(batch.sources), strict=True)
    ]
    # By chance one of sixty is: ten of 600.
    assert 0 < sum(together) < 30


def test_seeds_do_not_share_an_order():
    hidden = unpaired(coded(40))
    orders = [
        tuple(n for batch in islice(hidden.batches(10, seed=seed), 4) for n in ids(images(batch)))
        for seed in range(8)
        for images in (lambda batch: batch.real, lambda batch: batch.sources)
    ]
    assert len(set(orders)) == 16 and all(sorted(order) == list(range(40)) for order in orders)


def test_what_is_left_of_the_pairs():
    hidden = unpaired(coded(5))
    assert (hidden.name, hidden.split, hidden.licence, len(hidden)) == ("emoji-lines", "train", "free", 5)
    assert hidden.sources.shape == hidden.images.shape == (5, 3, 2, 2), "as many channels as the images"
    assert hidden.labels is None
    batch = next(hidden.batches(3))
    assert batch.labels is None and batch.captions is None and batch.paired().shape == (3, 3, 2, 2)
    with pytest.raises(ValueError, match=r"^pairs is 'digits', which has no sources: allowed is a set of pairs"):
        unpaired(data.load("digits", "test"))


def test_a_resumed_run_draws_what_an_uninterrupted_one_would():
    hidden = unpaired(coded(11))
    whole = [(ids(b.real), ids(b.sources)) for b in islice(hidden.batches(4, seed=5), 9)]
    assert [(ids(b.real), ids(b.sources)) for b in islice(hidden.batches(4, seed=5, start=4), 5)] == whole[4:]


def test_processes_share_a_batch():
    hidden = unpaired(coded(12))
    whole = next(hidden.batches(6, seed=2))
    parts = [next(hidden.batches(6, seed=2, rank=rank, world=2)) for rank in range(2)]
    for of in ("real", "sources"):
        shares = [ids(getattr(part, of)) for part in parts]
        assert [len(share) for share in shares] == [3, 3]
        assert sorted(shares[0] + shares[1]) == sorted(ids(getattr(whole, of)))


def test_a_batch_larger_than_the_smaller_set_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^batch_size is 7: allowed is 1 to 6"):
        next(data.load("unpaired-folder", "train", 4, horses(tmp_path)).batches(7))


def test_moving_to_a_device_moves_both():
    moved = unpaired(coded(3)).to("meta")
    assert moved.images.device.type == moved.sources.device.type == "meta"


# -- one source, several targets ----------------------------------------------------------------------------------


def test_families_share_one_source_and_have_the_size_asked_for():
    sources = torch.tensor([3, 1, 3, 2, 1, 3, 2], dtype=torch.uint8).view(7, 1, 1, 1).expand(-1, 1, 2, 2).contiguous()
    several = ImageSet("several", "train", torch.zeros(7, 3, 2, 2, dtype=torch.uint8), sources=sources)
    assert families(several, 2).tolist() == [[1, 4], [3, 6]]
    assert families(several, 3).tolist() == [[0, 2, 5]]
    with pytest.raises(DataError, match=r"^no source of several has 4 samples"):
        families(several, 4)
    with pytest.raises(DataError, match=r"^several has no sources"):
        families(dataclasses.replace(several, sources=None), 2)
