"""torchvision's sets in the format in which they lie on a disk, and folders of images of every kind."""

import gzip
import hashlib
import os
import pickle
import struct
import urllib.request
from itertools import islice
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision.datasets
from PIL import Image

from ganbook import data
from ganbook.data.errors import DataError


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)


# -- MNIST and Fashion-MNIST ---------------------------------------------------------------------------


def idx(array):
    """An array in the IDX format: two zero bytes, 8 for uint8, the rank, the sizes big-endian, the bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(root, kind, n_train=20, n_test=10):
    rng = np.random.default_rng(0)
    raw = root / kind / "raw"
    raw.mkdir(parents=True)
    written = {}
    for split, stem, n in (("train", "train", n_train), ("test", "t10k", n_test)):
        images = rng.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        labels = (np.arange(n) % 10).astype(np.uint8)
        (raw / f"{stem}-images-idx3-ubyte").write_bytes(idx(images))
        (raw / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels))
        written[split] = images, labels
    return written


@pytest.mark.parametrize(("name", "kind"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
def test_mnist_files(name, kind, tmp_path):
    written = write_mnist(tmp_path, kind)
    for split, n in (("train", 20), ("test", 10)):
        loaded = data.load(name, split, root=tmp_path)
        images, labels = written[split]
        assert (loaded.name, loaded.split, len(loaded)) == (name, split, n)
        assert loaded.images.dtype == torch.uint8 and loaded.labels.dtype == torch.int64
        assert np.array_equal(loaded.images.numpy(), images[:, None])
        assert np.array_equal(loaded.labels.numpy(), labels)
        assert len(loaded.classes) == 10 and loaded.licence
    assert data.load(name, root=tmp_path, size=32).images.shape == (20, 1, 32, 32)
    assert next(data.load(name, root=str(tmp_path)).batches(4)).real.shape == (4, 1, 28, 28)


def test_downloaded_archives_are_unpacked_and_cached(tmp_path, monkeypatch):
    # What a mirror would send: the gzipped files. Their checksums are those of our small files.
    written = write_mnist(tmp_path / "mirror", "MNIST")
    raw = tmp_path / "mirror" / "MNIST" / "raw"
    packed = {f"{path.name}.gz": gzip.compress(path.read_bytes()) for path in raw.iterdir()}
    sums = [(name, hashlib.md5(content).hexdigest()) for name, content in packed.items()]
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", sums)

    def send(url, filename, *args, **kwargs):
        with open(filename, "wb") as file:
            file.write(packed[url.rsplit("/", 1)[-1]])

    monkeypatch.setattr(torchvision.datasets.utils, "_urlretrieve", send)
    monkeypatch.setattr(torchvision.datasets.utils, "_get_redirect_url", lambda url, **_: url)
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path / "cache"))
    loaded = data.load("mnist", "test")
    assert np.array_equal(loaded.images.numpy(), written["test"][0][:, None])
    packed.clear()  # the second time nothing is fetched
    assert len(data.load("mnist", "train")) == 20
    assert (tmp_path / "cache" / "mnist" / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").is_file()


# -- CIFAR-10 ------------------------------------------------------------------------------------------

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """Files as in cifar-10-python.tar.gz: pickled rows of 1 024 red, 1 024 green and 1 024 blue bytes."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    kind, written, sums = torchvision.datasets.CIFAR10, {"train": [], "test": []}, {}
    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        rows = rng.integers(0, 256, (6, 3072), dtype=np.uint8)
        labels = rng.integers(0, 10, 6).tolist()
        entry = {b"batch_label": name.encode(), b"labels": labels, b"data": rows, b"filenames": [b"x.png"] * 6}
        (folder / name).write_bytes(pickle.dumps({k.decode(): v for k, v in entry.items()}, protocol=2))
        written["test" if name == "test_batch" else "train"].append((rows, labels))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": CLASSES, "num_vis": 3072}, protocol=2))
    for path in folder.iterdir():
        sums[path.name] = hashlib.md5(path.read_bytes()).hexdigest()
    monkeypatch.setattr(kind, "train_list", [[name, sums[name]] for name, _ in kind.train_list])
    monkeypatch.setattr(kind, "test_list", [[name, sums[name]] for name, _ in kind.test_list])
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": sums["batches.meta"]})
    return tmp_path, written


def test_cifar_files(cifar):
    root, written = cifar
    for split, n in (("train", 30), ("test", 6)):
        loaded = data.load("cifar10", split, root=root)
        rows = np.concatenate([rows for rows, _ in written[split]])
        assert loaded.images.shape == (n, 3, 32, 32) and loaded.images.dtype == torch.uint8
        assert loaded.images.is_contiguous()
        assert np.array_equal(loaded.images.numpy(), rows.reshape(n, 3, 32, 32))
        assert loaded.labels.tolist() == [label for _, labels in written[split] for label in labels]
        assert loaded.classes == tuple(CLASSES)
    assert data.load("cifar10", root=root, size=64).images.shape == (30, 3, 64, 64)


def test_a_changed_cifar_file_is_never_unpickled(cifar):
    root, _ = cifar

    class Stranger:
        def __reduce__(self):
            return (os.mkdir, (str(root / "code ran"),))

    (root / "cifar-10-batches-py" / "data_batch_3").write_bytes(pickle.dumps(Stranger()))
    with pytest.raises(DataError, match=r"^cifar10 is not in .*delete"):
        data.load("cifar10", root=root)
    assert not (root / "code ran").exists()


# -- what cannot be had --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10"])
def test_without_network_one_sentence_says_what_works(name, tmp_path, capsys):
    with pytest.raises(DataError) as caught:
        data.load(name, root=tmp_path / "none")
    message = str(caught.value)
    assert message.startswith(f"{name} is not in {tmp_path / 'none'} and could not be downloaded (")
    assert 'connect to the network once, or use data.load("digits"), which works offline' in message
    assert "\n" not in message and "Traceback" not in message and "delete" not in message


def test_the_default_place_is_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path))
    write_mnist(tmp_path / "mnist", "MNIST")
    assert len(data.load("mnist")) == 20


@pytest.mark.parametrize("keep", [0, 3, 16, 100])
def test_truncated_files_are_named(keep, tmp_path):
    write_mnist(tmp_path, "MNIST")
    path = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="whose files are broken or incomplete") as caught:
        data.load("mnist", root=tmp_path)
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_root_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"^mnist is not in "):
        data.load("mnist", root=tmp_path / "file")


# -- folders -------------------------------------------------------------------------------------------

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
    with pytest.raises(DataError, match=r"holds 0 images, none of them in the train split: supported are \.bmp"):
        data.load("folder", root=tmp_path)
    save(tmp_path / "one.png")
    counts = []
    for split in ("train", "test"):
        try:
            counts.append(len(data.load("folder", split, root=tmp_path)))
        except DataError as error:
            assert f"holds 1 images, none of them in the {split} split" in str(error)
    assert counts == [1]
