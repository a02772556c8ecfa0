"""Folders of images of every kind, and CelebA's files as its authors publish them."""

import dataclasses
import os
import subprocess
import sys
import urllib.request
import zipfile
import zlib
from itertools import islice
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from ganbook import data
from ganbook.data import encoded, folder
from ganbook.data.encoded import JITTER
from ganbook.data.errors import DataError
from ganbook.data.folder import held_out, numbers_of
from ganbook.data.picture import squared
from ganbook.recipes import recipe


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)


RED, GREY = (200, 30, 60), 120


def save(path, size=(40, 30), mode="RGB", colour=RED, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)


def both_splits(root, **kwargs):
    return data.load("folder", "train", root=root, **kwargs), data.load("folder", "test", root=root, **kwargs)


@pytest.fixture
def animals(tmp_path):
    for i in range(40):
        save(tmp_path / ("cats" if i % 3 else "dogs/puppies") / f"{i:03}.png", colour=(6 * i, 0, 255))
    return tmp_path


def test_folder_splits_are_fixed_disjoint_and_complete(animals):
    train, test = both_splits(animals)
    assert set(train.files) | set(test.files) == set(animals.rglob("*.png"))
    assert not set(train.files) & set(test.files)
    # Chosen by crc32 of the relative path: the same wherever the folder lies.
    assert sorted(path.relative_to(animals).as_posix() for path in test.files) == [
        "cats/026.png",
        "dogs/puppies/000.png",
        "dogs/puppies/003.png",
    ]
    assert train.split == "train" and test.split == "test" and len(train) + len(test) == 40


def test_adding_a_file_moves_no_other(animals):
    before = data.load("folder", "test", root=animals).files
    for i in range(5):
        save(animals / "cats" / f"new{i}.jpg")
    assert set(before) <= set(data.load("folder", "test", root=animals).files)


def test_sub_folders_are_classes(animals):
    train, test = both_splits(animals, size=16)
    assert train.classes == test.classes == ("cats", "dogs")
    for split in (train, test):
        expected = [0 if "cats" in path.parts else 1 for path in split.files]
        assert split.labels.tolist() == expected == [split[i][1] for i in range(len(split))]
    # The file's number is in its red channel: pictures and labels stay together in a batch.
    for batch in islice(train.batches(8, seed=1), 5):
        numbers = ((batch.real[:, 0, 0, 0] + 1) * 127.5 / 6).round().long()
        assert batch.labels.tolist() == [0 if i % 3 else 1 for i in numbers.tolist()]
        assert batch.real.shape == (8, 3, 16, 16) and batch.real.dtype == torch.float32


def test_files_without_sub_folders_have_no_classes(tmp_path):
    for i in range(12):
        save(tmp_path / f"{i}.png")
    train = data.load("folder", root=tmp_path)
    assert train.classes == () and train.labels is None
    assert next(train.batches(4)).labels is None
    assert train.images.shape == (len(train), 3, 64, 64), "64 pixels unless asked otherwise"


def test_a_batch_of_no_files_is_refused_in_one_sentence(animals):
    train = data.load("folder", root=animals)
    with pytest.raises(ValueError, match=r"^indices has shape \(0,\): allowed is \(n,\) with none of them 0$"):
        train.batch(torch.arange(0))


def images_of(root, **kwargs):
    return {
        path.name: split[i][0]
        for split in (data.load("folder", s, root=root, **kwargs) for s in ("train", "test"))
        for i, path in enumerate(split.files)
    }


@pytest.fixture
def padding(tmp_path):
    """Enough files that both splits hold some."""
    for i in range(30):
        save(tmp_path / f"pad_{i:03}.png", size=(8, 8))
    return tmp_path


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (64, 64), (65, 63), (7, 5)])
def test_odd_sizes_become_squares(padding, size):
    save(padding / "odd.png", size=size)
    odd = images_of(padding, size=24)["odd.png"]
    assert odd.shape == (3, 24, 24) and odd.dtype == torch.uint8
    assert odd.flatten(1).float().mean(1).tolist() == pytest.approx(RED, abs=1)


def test_a_wide_picture_is_cropped_at_its_centre(padding):
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    Image.fromarray(wide).save(padding / "wide.png")
    assert (images_of(padding, size=10)["wide.png"] == 255).all()


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("L", GREY, (GREY,) * 3),
        ("1", 1, (255,) * 3),
        ("RGBA", (*RED, 255), RED),
        ("RGBA", (*RED, 0), (255,) * 3),  # transparent: white, not the colour that nobody saw
        ("LA", (GREY, 255), (GREY,) * 3),
        ("LA", (GREY, 0), (255,) * 3),
        ("I;16", 128 * 256, (128,) * 3),
        ("P", 5, RED),
    ],
)
def test_every_kind_of_image_becomes_rgb(mode, colour, expected, padding, recwarn):
    image = Image.new(mode, (20, 20), colour)
    if mode == "P":
        image.putpalette([*[0] * 15, *RED, *[0] * 750])
    image.save(padding / "kind.png")
    assert images_of(padding, size=8)["kind.png"].flatten(1).float().mean(1).tolist() == pytest.approx(expected, abs=1)
    assert not [str(w.message) for w in recwarn if "alette" in str(w.message)]


def test_a_palette_with_a_transparent_colour(padding, recwarn):
    image = Image.new("P", (20, 20), 1)
    image.putpalette([*RED, 0, 0, 0, *[9] * 762])
    image.save(padding / "palette.png", transparency=bytes([255, 0]))
    assert (images_of(padding, size=8)["palette.png"] == 255).all()
    assert not [str(w.message) for w in recwarn if "alette" in str(w.message)]


def test_a_photograph_taken_with_the_camera_turned_stands_upright(padding):
    tall = np.zeros((20, 20, 3), np.uint8)
    tall[:10] = 255  # the upper half is white
    turned, exif = Image.fromarray(tall).rotate(90, expand=True), Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise to be seen
    turned.save(padding / "turned.jpg", exif=exif, quality=95)
    seen = images_of(padding, size=20)["turned.jpg"].float().mean(0)
    assert seen[:9].mean() > 240 and seen[11:].mean() < 15


@pytest.mark.parametrize("suffix", ["jpg", "JPEG", "png", "bmp", "webp", "ppm", "tif"])
def test_formats(suffix, padding):
    save(padding / f"image.{suffix}")
    came = images_of(padding, size=8)[f"image.{suffix}"].flatten(1).float().mean(1).tolist()
    assert came == pytest.approx(RED, abs=3)


def test_other_files_and_hidden_ones_are_passed_over(padding):
    (padding / "notes.txt").write_text("not an image")
    (padding / "._pad_001.png").write_bytes(b"a companion that macOS writes")
    save(padding / ".thumbnails" / "small.png")
    (padding / "folder.png").mkdir()
    train, test = both_splits(padding)
    assert len(train) + len(test) == 30 and train.classes == ()


def test_what_was_found_is_said_once_for_both_splits_and_anew_where_it_changed(padding, capsys):
    both_splits(padding)
    assert capsys.readouterr().err == f"{padding}: 30 images\n"
    save(padding / "more.png")
    both_splits(padding)
    assert capsys.readouterr().err == f"{padding}: 31 images\n"


def test_what_was_found_and_what_was_passed_over_is_said_once(padding, capsys):
    for name in ("notes.txt", "more.txt", "photo.heic", "README", ".hidden.txt"):
        (padding / name).write_text("")
    train = data.load("folder", root=padding)
    next(train.batches(4))
    said = f"{padding}: 30 images, 4 other files passed over (endings .heic, .txt, none)\n"
    assert capsys.readouterr() == ("", said)


def test_linked_folders_are_followed_but_not_in_circles(animals, tmp_path_factory, capsys):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for i in range(10):
        save(elsewhere / "far" / f"{i}.png")
    (animals / "birds").symlink_to(elsewhere / "far")
    (animals / "cats" / "back").symlink_to(animals)
    (elsewhere / "far" / "itself").symlink_to(elsewhere / "far")
    (animals / "nowhere").symlink_to(animals / "gone")
    train, test = both_splits(animals)
    assert len(train) + len(test) == 50 and train.classes == ("birds", "cats", "dogs")
    assert f"{animals}: 50 images\n" in capsys.readouterr().err


def test_a_script_without_a_main_guard_trains_where_processes_are_not_forked(animals, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import multiprocessing, os, sys\n"
        "multiprocessing.set_start_method('spawn')\n"
        "os.cpu_count = lambda: 4\n"
        "from ganbook import data\n"
        f"print(len(next(data.load('folder', root={str(animals)!r}).batches(8))))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert done.stdout == "8\n", done.stderr


def test_a_seed_of_any_size_gives_an_order(animals):
    assert len(next(data.load("folder", root=animals, size=8).batches(4, seed=2**70))) == 4


@pytest.mark.parametrize("cores", [2, 4])
def test_reading_takes_none_of_torchs_random_numbers(animals, cores, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)
    for _ in islice(data.load("folder", root=animals, size=8).batches(4, seed=1), 3):
        pass
    assert torch.equal(torch.rand(3), expected)


def broken_jpeg(path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:1500])


def broken_png(path):
    save(path, format="PNG")
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 6] ^= 0xFF
    path.write_bytes(content)


def text_file(path):
    path.write_text("not an image")


def empty_file(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [broken_jpeg, broken_png, text_file, empty_file])
@pytest.mark.parametrize("cores", [2, 4])
def test_a_broken_file_is_named(spoil, cores, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)  # four cores: decoded by two worker processes
    for i in range(12):
        save(tmp_path / f"{i}.png", size=(8, 8))
    bad = data.load("folder", root=tmp_path).files[3]
    spoil(bad)
    with pytest.raises(DataError, match=rf"^{bad} cannot be read as an image \(.*\): remove or replace it$"):
        for _ in islice(data.load("folder", root=tmp_path).batches(4), 4):
            pass


def test_worker_processes_change_no_batch(animals, monkeypatch):
    train = data.load("folder", root=animals, size=8)
    expected = [batch.real for batch in islice(train.batches(6, seed=2, start=3), 4)]
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    again = [batch.real for batch in islice(train.batches(6, seed=2, start=3), 4)]
    assert all(torch.equal(a, b) for a, b in zip(expected, again, strict=True))


def test_folders_that_hold_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"^root is None: "):
        data.load("folder")
    with pytest.raises(DataError, match=r"nowhere is not a folder"):
        data.load("folder", root=tmp_path / "nowhere")
    with pytest.raises(DataError, match=r": 0 images: an image is a file that ends in .*\.bmp, .*\.webp$"):
        data.load("folder", root=tmp_path)
    save(tmp_path / "one.png")
    counts = []
    for split in ("train", "test"):
        try:
            counts.append(len(data.load("folder", split, root=tmp_path)))
        except DataError as error:
            assert f"holds 1 images, none of them in the {split} split" in str(error)
    assert counts == [1]


# -- train beside test --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", ["test", "val", "validation", "Test"])
def test_what_lies_in_test_beside_train_is_never_trained_on(held, tmp_path):
    for part, n in (("Train", 20), (held, 6)):
        for i in range(n):
            save(tmp_path / part / ("cats" if i % 2 else "dogs") / f"{i}.png", size=(8, 8))
    train, test = both_splits(tmp_path, size=8)
    assert (len(train), len(test)) == (20, 6) and train.classes == test.classes == ("cats", "dogs")
    assert all("Train" in path.parts for path in train.files) and all(held in path.parts for path in test.files)
    assert test.labels.tolist() == [0, 0, 0, 1, 1, 1]


def test_of_test_and_val_the_first_is_the_test_split(tmp_path):
    for part in ("train", "val", "test"):
        for i in range(12):
            save(tmp_path / part / f"{i}.png", size=(8, 8))
    train, test = both_splits(tmp_path)
    assert {path.parent.name for path in train.files} == {"train"}
    assert {path.parent.name for path in test.files} == {"test"}


def test_train_alone_is_split_and_beside_others_it_is_a_class(tmp_path):
    for i in range(30):
        save(tmp_path / "train" / f"{i}.png", size=(8, 8))
    train, test = both_splits(tmp_path)
    assert len(train) + len(test) == 30 and 0 < len(test) < 8 and train.classes == ()
    for i in range(4):
        save(tmp_path / "aeroplane" / f"{i}.png", size=(8, 8))
    assert data.load("folder", root=tmp_path).classes == ("aeroplane", "train")


def test_a_test_folder_without_classes_has_no_labels_and_one_with_another_is_named(tmp_path):
    for i in range(12):
        save(tmp_path / "train" / "ab"[i % 2] / f"{i}.png", size=(8, 8))
        save(tmp_path / "test" / f"{i}.png", size=(8, 8))
    train, test = both_splits(tmp_path)
    assert train.classes == ("a", "b") and test.classes == () and test.labels is None
    for path in [*(tmp_path / "test").iterdir()]:
        path.unlink()
    save(tmp_path / "test" / "c" / "x.png")
    with pytest.raises(DataError, match=r"test/c/x\.png is of a class that .*train has not: its classes are a, b$"):
        data.load("folder", "test", root=tmp_path)


def test_of_a_few_pictures_one_is_held_out():
    names = [f"{i}.png" for i in range(4)]
    assert not any(zlib.crc32(name.encode()) % 10 == 0 for name in names), "by chance alone none would be"
    assert held_out(numbers_of(names)).sum() == 1 and held_out(numbers_of(names[:1])).tolist() == [False]
    many = numbers_of(f"{i}.png" for i in range(2000))
    assert 150 < held_out(many).sum() < 250 and (held_out(many)[:1000] == held_out(many[:1000])).all()


def test_the_folder_of_a_run_is_known_by_what_it_holds(tmp_path):
    assert recipe.SETTINGS_FILE in folder.OF_A_RUN
    save(tmp_path / "a.png")
    save(tmp_path / "runs" / "first" / "samples.png")
    assert len(folder.find_images(tmp_path)) == 2
    (tmp_path / "runs" / "first" / "checkpoints").mkdir()
    (tmp_path / "runs" / "first" / recipe.SETTINGS_FILE).write_text("{}")
    assert folder.find_images(tmp_path) == (tmp_path / "a.png",)


def test_a_class_of_one_picture_is_learned_from_whatever_its_name(tmp_path):
    for i in range(40):
        save(tmp_path / "many" / f"{i}.png", size=(8, 8))
        save(tmp_path / f"alone-{i:02}" / "a.png", size=(8, 8))
    train, test = both_splits(tmp_path)
    assert held_out(numbers_of(f"alone-{i:02}/a.png" for i in range(40))).any(), "by its name alone"
    assert set(train.numbers) == set(range(41)) and len(train) + len(test) == 80
    assert set(test.numbers) == {train.classes.index("many")}


# -- squares, channels, windows and mirrors -----------------------------------------------------------------------


def test_a_wide_picture_is_cropped_padded_or_squeezed(padding):
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    Image.fromarray(wide).save(padding / "wide.png")
    corner_edge_middle = {"crop": (1, 1, 1), "squeeze": (0, 0, 1), "pad": (1, 0, 1)}
    for fit, expected in corner_edge_middle.items():
        image = images_of(padding, size=30, fit=fit)["wide.png"]
        seen = (image[0, 0, 0], image[0, 15, 1], image[0, 15, 15])
        assert tuple(int(value > 128) for value in seen) == expected, fit


def test_grey_sets_have_one_channel(padding):
    save(padding / "kind.png", colour=(255, 0, 0))
    grey = data.load("folder", root=padding, size=8, channels=1)
    assert grey.images.shape[1:] == (1, 8, 8) and next(grey.batches(4)).real.shape == (4, 1, 8, 8)
    assert int(images_of(padding, size=8, channels=1)["kind.png"].float().mean()) == 76, "as the eye weighs red"


def test_what_is_transparent_stays_so_in_four_channels_and_lies_on_white_in_three(padding):
    clear = np.zeros((10, 30, 4), np.uint8)
    clear[..., 0], clear[:, 10:20, 3] = 255, 128  # red, half of it to be seen in the middle, and nothing elsewhere
    Image.fromarray(clear).save(padding / "clear.png")
    for fit, corner in (("crop", 128), ("squeeze", 0), ("pad", 0)):
        image = images_of(padding, size=30, fit=fit, channels=4)["clear.png"]
        assert image.shape == (4, 30, 30)
        assert image[:, 15, 15].tolist() == [255, 0, 0, 128] and int(image[3, 15, 1]) == corner, fit
    on_white = images_of(padding, size=30, channels=3)["clear.png"]
    assert on_white[:, 15, 15].tolist() == [255, 127, 127]
    save(padding / "opaque.png", colour=(1, 2, 3))
    assert images_of(padding, size=8, channels=4)["opaque.png"][:, 4, 4].tolist() == [1, 2, 3, 255]


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("folder", {"channels": 2}, r"^channels is 2: allowed is 1 \(grey\), 3 \(colour; .* on white\) or 4 \(.*\)$"),
        ("folder", {"fit": "stretch"}, r"^fit is 'stretch': allowed is 'crop', 'squeeze' or 'pad' or None$"),
        ("digits", {"fit": "pad"}, r"^fit is 'pad': allowed for image files only, and 'digits' holds none$"),
        ("digits", {"channels": 3}, r"^channels is 3: allowed for image files only"),
    ],
)
def test_what_cannot_be_prepared_so(name, wrong, said, padding):
    with pytest.raises(ValueError, match=said):
        data.load(name, root=padding if name == "folder" else None, **wrong)


def ramps(root):
    """Pictures 20 x 20 whose red says the column, green the row, and blue the number."""
    root.mkdir(parents=True, exist_ok=True)
    place = np.arange(20, dtype=np.uint8) * 10
    for i in range(12):
        pixels = np.stack([*np.meshgrid(place, place), np.full((20, 20), 10 * i, np.uint8)], 2)
        Image.fromarray(pixels).save(root / f"{i}.png")
    return root


def test_windows_and_mirrors_are_drawn_anew_for_every_image(tmp_path, monkeypatch):
    plain = data.load("folder", root=ramps(tmp_path / "ramps"), size=16)
    moved = dataclasses.replace(plain, jitter=0.25, mirror=True)
    assert torch.equal(moved.images, plain.images), "what is scored is as it was"
    batches = [*islice(moved.batches(5, seed=1), 40)]
    pixels = torch.cat([(batch.real + 1) * 127.5 / 10 for batch in batches])
    assert pixels.shape[1:] == (3, 16, 16)
    turned = pixels[:, 0, 0, 0] > pixels[:, 0, 0, 15]
    assert 70 < int(turned.sum()) < 130, "one of two"
    lefts, tops = pixels[:, 0].amin((1, 2)).round(), pixels[:, 1].amin((1, 2)).round()
    assert set(lefts.tolist()) == set(tops.tolist()) == {0, 1, 2, 3, 4}
    assert abs(np.corrcoef(lefts, tops)[0, 1]) < 0.2
    # A function of seed and step: resumed, and with worker processes, they are the same.
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    again = [*islice(moved.batches(5, seed=1, start=20), 20)]
    assert all(torch.equal(a.real, b.real) for a, b in zip(batches[20:], again, strict=True))
    halves = [next(moved.batches(4, seed=1, start=3, rank=rank, world=2)).real for rank in range(2)]
    whole = next(moved.batches(4, seed=1, start=3)).real
    assert torch.equal(whole[0::2], halves[0]) and torch.equal(whole[1::2], halves[1])
    other = next(moved.batches(5, seed=2)).real
    assert not torch.equal(other, batches[0].real)


def test_the_papers_jitter_is_286_to_256(tmp_path, monkeypatch):
    seen = []

    def noted(image, size, *more):
        seen.append(size)
        return squared(image, size, *more)

    monkeypatch.setattr(encoded, "squared", noted)
    jittered = dataclasses.replace(data.load("folder", root=ramps(tmp_path), size=256), jitter=JITTER)
    assert next(jittered.batches(2)).real.shape == (2, 3, 256, 256) and set(seen) == {286}


# -- broken files, before they are met ----------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    where = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("GANBOOK_CACHE", str(where))
    return where


@pytest.mark.parametrize("spoil", [broken_jpeg, broken_png, text_file, empty_file])
def test_a_broken_file_is_named_before_it_is_met_or_left_out(spoil, padding, cache, capsys):
    bad = padding / "pad_004.png"
    spoil(bad)
    train = data.load("folder", root=padding)
    with pytest.raises(DataError, match=rf"^{bad} cannot be read as an image \(.*\): remove or replace it, or leave"):
        train.sound()
    sound = train.sound(skip=True)
    assert set(train.files) - set(sound.files) == {bad} and sound.size == train.size
    assert f"1 broken left out: {bad}\n" in capsys.readouterr().err
    next(sound.batches(len(sound)))
    spoil(padding / "pad_007.png")
    with pytest.raises(DataError, match=r", nor 1 other: remove or replace them, or leave out what is broken "):
        data.load("folder", root=padding).sound()


def test_labels_stay_with_their_images_when_some_are_left_out(animals, cache):
    train = data.load("folder", root=animals, size=8)
    text_file(train.files[0])
    sound = train.sound(skip=True)
    assert sound.labels.tolist() == train.labels.tolist()[1:] and sound.classes == train.classes


def test_files_are_looked_at_once_as_long_as_they_stay_as_they_are(padding, cache, monkeypatch):
    looked = []
    plain = encoded.ImageFiles.inspect
    monkeypatch.setattr(encoded.ImageFiles, "inspect", lambda of, i: (looked.append(i), plain(of, i))[1])
    train = data.load("folder", root=padding)
    assert train.sound() is train and sorted(looked) == list(range(len(train)))
    data.load("folder", root=padding, size=16).sound()
    assert len(looked) == len(train)
    text_file(train.files[3])
    with pytest.raises(DataError, match=str(train.files[3])):
        data.load("folder", root=padding).sound()
    # A cache that cannot be written, or holds something else, is no hindrance.
    for file in (cache / "decoded").iterdir():
        file.write_text("[")
    with pytest.raises(DataError, match=str(train.files[3])):
        data.load("folder", root=padding).sound()
    monkeypatch.setenv("GANBOOK_CACHE", str(padding / "pad_001.png"))
    with pytest.raises(DataError, match=str(train.files[3])):
        data.load("folder", root=padding).sound()


def test_a_folder_of_broken_files_is_not_left_with_none(tmp_path, cache):
    for i in range(5):
        text_file(tmp_path / f"{i}.png")
    with pytest.raises(DataError, match=r", nor 3 others: no other is left$"):
        data.load("folder", root=tmp_path).sound(skip=True)


# -- ImageNet's layout ---------------------------------------------------------------------------------


def test_a_folder_like_imagenets(tmp_path):
    for synset in ("n01440764", "n02102040", "n03888257"):
        for i in range(15):
            save(tmp_path / synset / f"{synset}_{i}.JPEG")
    train, test = both_splits(tmp_path, size=64)
    assert train.classes == test.classes == ("n01440764", "n02102040", "n03888257")
    assert len(train) + len(test) == 45 and 0 < len(test) < 15
    assert next(train.batches(4)).real.shape == (4, 3, 64, 64)


# -- CelebA --------------------------------------------------------------------------------------------


def write_celeba(root, packed=False):
    """list_eval_partition.txt and 178 x 218 JPEG files, numbered from 1; the red channel tells the number."""
    root.mkdir(parents=True, exist_ok=True)
    parts = {i: "0" if i <= 6 else "1" if i <= 8 else "2" for i in range(1, 11)}
    (root / "list_eval_partition.txt").write_text("".join(f"{i:06}.jpg {part}\n" for i, part in parts.items()))
    for i in parts:
        save(root / "img_align_celeba" / f"{i:06}.jpg", size=(178, 218), colour=(20 * i, 0, 0), quality=95)
    if packed:
        with zipfile.ZipFile(root / "img_align_celeba.zip", "w") as archive:
            for path in sorted((root / "img_align_celeba").iterdir()):
                archive.write(path, f"img_align_celeba/{path.name}")
                path.unlink()
        (root / "img_align_celeba").rmdir()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("below", [".", "celeba"])
def test_celeba_files(tmp_path, packed, below):
    write_celeba(tmp_path / below, packed)
    for split, numbers in (("train", [1, 2, 3, 4, 5, 6]), ("test", [9, 10])):
        faces = data.load("celeba", split, root=tmp_path)
        assert (faces.name, faces.split, faces.labels, faces.classes) == ("celeba", split, None, ())
        assert faces.images.shape == (len(numbers), 3, 64, 64) and "research" in faces.licence
        seen = faces.images[:, 0].flatten(1).float().mean(1) / 20
        assert seen.round().int().tolist() == numbers
    assert not (tmp_path / below / "img_align_celeba.zip").exists()


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_celeba_as_kaggle_unpacks_it(tmp_path, nested, ends):
    write_celeba(tmp_path)
    listed = tmp_path / "list_eval_partition.txt"
    rows = ["image_id,partition", *(line.replace(" ", ",") for line in listed.read_text().splitlines())]
    (tmp_path / "list_eval_partition.csv").write_bytes((ends.join(rows) + ends).encode())
    (tmp_path / "list_attr_celeba.csv").write_text("image_id,Smiling\n000001.jpg,1\n")
    listed.unlink()
    if nested:
        (tmp_path / "img_align_celeba").rename(tmp_path / "inner")
        (tmp_path / "img_align_celeba").mkdir()
        (tmp_path / "inner").rename(tmp_path / "img_align_celeba" / "img_align_celeba")
    for split, numbers in (("train", [1, 2, 3, 4, 5, 6]), ("test", [9, 10])):
        faces = data.load("celeba", split, root=tmp_path)
        seen = faces.images[:, 0].flatten(1).float().mean(1) / 20
        assert seen.round().int().tolist() == numbers


def test_celeba_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"^celeba is not in .* could not be downloaded \(.*name resolution") as caught:
        data.load("celeba", root=tmp_path)
    assert "mmlab" in str(caught.value) and 'data.load("folder", root=...)' in str(caught.value)
    assert "\n" not in str(caught.value)


def test_celeba_that_is_incomplete(tmp_path):
    write_celeba(tmp_path)
    (tmp_path / "img_align_celeba" / "000003.jpg").unlink()
    with pytest.raises(DataError, match=r"000003\.jpg is missing: delete"):
        data.load("celeba", root=tmp_path)
    (tmp_path / "list_eval_partition.txt").write_text("<html>quota exceeded</html>\n")
    with pytest.raises(DataError, match=r"is not CelebA's list of splits"):
        data.load("celeba", root=tmp_path)
