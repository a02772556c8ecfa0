"""Folders of images of every kind, and CelebA's files as its authors publish them."""

import os
import subprocess
import sys
import urllib.request
import zipfile
from itertools import islice
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image

from ganbook import data
from ganbook.data.errors import DataError


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
