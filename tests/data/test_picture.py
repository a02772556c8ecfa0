"""One reader of pictures: what training decodes and what a reader brings along become the same numbers."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image, features

from ganbook import data
from ganbook.data import picture
from ganbook.data.encoded import ImageFiles
from ganbook.data.picture import read_picture, write_film, write_picture

RAMP = np.linspace(0, 1, 24)[None].repeat(24, 0)
"""A square that grows lighter from left to right."""


def depth(scale, kind):
    return Image.fromarray((RAMP * scale).astype(kind))


def sixteen_bits_of_grey():
    """A PGM, which older releases of Pillow read and do not write."""
    values = np.asarray(depth(65535, np.uint16))
    return b"P5 %d %d 65535\n" % values.shape[::-1] + values.astype(">u2").tobytes()


def palette(transparent):
    image = Image.fromarray((RAMP * 255).astype(np.uint8)).convert("P")
    if transparent:
        image.info["transparency"] = 255  # the lightest, which is white already
    return image


def with_alpha(mode):
    image = Image.fromarray((RAMP * 255).astype(np.uint8)).convert(mode)
    image.putalpha(Image.new("L", image.size, 255))
    return image


def turned():
    return Image.fromarray((RAMP * 255).astype(np.uint8)).rotate(90, expand=True)


EXIF = Image.Exif()
EXIF[0x0112] = 6  # to be turned by 90 degrees clockwise to be seen

KINDS = {
    "grey.png": lambda path: depth(255, np.uint8).save(path),
    "sixteen.png": lambda path: depth(65535, np.uint16).save(path),
    "sixteen.tif": lambda path: depth(65535, np.uint16).save(path),
    "sixteen-big-endian.tif": lambda path: depth(65535, ">u2").save(path),
    "thirty-two.tif": lambda path: depth(65535, np.int32).save(path),
    "thirty-two-of-eight.tif": lambda path: depth(255, np.int32).save(path),
    "float.tif": lambda path: depth(1, np.float32).save(path),
    "float-of-eight.tif": lambda path: depth(255, np.float32).save(path),
    "float.pfm": lambda path: depth(1, np.float32).save(path),
    "sixteen.pgm": lambda path: path.write_bytes(sixteen_bits_of_grey()),
    "palette.png": lambda path: palette(False).save(path),
    "palette-transparent.png": lambda path: palette(True).save(path),
    "alpha.png": lambda path: with_alpha("RGB").save(path),
    "grey-alpha.png": lambda path: with_alpha("L").save(path),
    "cmyk.jpg": lambda path: depth(255, np.uint8).convert("RGB").convert("CMYK").save(path, quality=95),
    "turned.jpg": lambda path: turned().save(path, quality=95, exif=EXIF),
    "turned-sixteen.tif": lambda path: Image.fromarray(np.rot90(RAMP * 65535).astype(np.uint16)).save(path, exif=EXIF),
    "first.gif": lambda path: palette(False).save(path, save_all=True, append_images=[Image.new("P", (24, 24))]),
    "named.jfif": lambda path: depth(255, np.uint8).save(path, "JPEG", quality=95),
    "small.webp": lambda path: depth(255, np.uint8).save(path, lossless=True),
    "small.avif": lambda path: depth(255, np.uint8).save(path, quality=95),
    "plain.bmp": lambda path: depth(255, np.uint8).save(path),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_read_alike_in_training_and_alone(name, tmp_path):
    if name.endswith("avif") and not features.check("avif"):
        pytest.skip("this Pillow reads no AVIF")
    KINDS[name](tmp_path / name)
    expected = torch.from_numpy(RAMP * 2 - 1).float()
    alone = read_picture(tmp_path / name, 24, 3)
    trained = ImageFiles("folder", "train", 24, (tmp_path / name,)).batch(torch.tensor([0])).real[0]
    torch.testing.assert_close(alone, expected.expand(3, -1, -1), atol=0.05, rtol=0)
    assert torch.equal(alone, trained)
    assert (read_picture((tmp_path / name).read_bytes(), 24, 1) - expected).abs().max() < 0.05
    assert (tmp_path / name).suffix in picture.endings()


UNKNOWN = {
    "nearly-black.png": lambda path: depth(200, np.uint16).save(path),
    "below-zero.tif": lambda path: depth(-255, np.float32).save(path),
    "beyond.tif": lambda path: depth(1000, np.float32).save(path),
    "not-a-number.tif": lambda path: depth(np.nan, np.float32).save(path),
    "negative.tif": lambda path: depth(-5, np.int32).save(path),
    "huge.tif": lambda path: depth(10**6, np.int32).save(path),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_numbers_of_no_known_scale_are_refused_by_name(name, tmp_path):
    UNKNOWN[name](tmp_path / name)
    for read in (
        lambda: read_picture(tmp_path / name, 24, 3),
        lambda: ImageFiles("folder", "train", 24, (tmp_path / name,))[0],
    ):
        with pytest.raises((ValueError, data.DataError), match=rf"{name} cannot be read .*values go from .* 8 bits\)"):
            read()


def test_black_stays_black(tmp_path):
    depth(0, np.uint16).save(tmp_path / "night.png")
    assert (read_picture(tmp_path / "night.png", 8, 1) == -1).all()


def test_a_transparent_picture_is_read_and_written_as_it_is(tmp_path):
    image = torch.rand(4, 6, 6) * 2 - 1
    torch.testing.assert_close(read_picture(write_picture(image, tmp_path / "a.png"), 6, 4), image, atol=0.005, rtol=0)
    found = read_picture(write_picture(image, tmp_path / "a.webp"), 6, 4)
    assert (found[3] - image[3]).abs().max() < 0.05 and found.shape == image.shape
    assert (read_picture(tmp_path / "a.png", 6, 3) - data.on_white(image[None])[0]).abs().max() < 0.02
    with pytest.raises(ValueError, match=r"a\.jpg: allowed is a name that ends in \.png or \.webp, for what is transp"):
        write_picture(image, tmp_path / "a.jpg")
    assert not (tmp_path / "a.jpg").exists()
    with pytest.raises(ValueError, match=r"^channels is 2: allowed is"):
        read_picture(tmp_path / "a.png", 6, 2)


def test_only_transparent_images_are_laid_on_white():
    image = torch.tensor([-1.0, 0.0, 1.0, 0.0]).view(1, 4, 1, 1)
    assert data.on_white(image).flatten().tolist() == [0.0, 0.5, 1.0]
    for channels in (1, 3):
        assert data.on_white(image[:, :channels]) is not None
        assert torch.equal(data.on_white(image[:, :channels]), image[:, :channels])


def test_a_picture_is_padded_with_white(tmp_path):
    Image.new("RGB", (40, 20), (255, 0, 0)).save(tmp_path / "red.png")
    image = read_picture(tmp_path / "red.png", 16, 3)
    assert image.shape == (3, 16, 16) and (image[:, 0] == 1).all() and (image[:, -1] == 1).all()
    torch.testing.assert_close(image[:, 8, 8], torch.tensor([1.0, -1.0, -1.0]))


def test_transparent_is_white_and_grey_has_one_channel(tmp_path):
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_picture((tmp_path / "clear.png").read_bytes(), 8, 1).eq(1).all()


# A wide picture, black with a white middle: what is left of it tells how it became a square.
@pytest.mark.parametrize(
    ("name", "white"),
    [
        ("emoji-lines", "padded"),
        ("emoji-styles", "padded"),
        ("folder", "cropped"),
        ("unpaired-folder", "cropped"),
        ("horse2zebra", "cropped"),
        ("pairs-folder", "squeezed"),
        ("pairs-folder-reversed", "squeezed"),
    ],
)
def test_an_own_picture_is_prepared_as_those_that_were_trained_on(name, white, tmp_path):
    wide = np.zeros((16, 48), np.uint8)
    wide[:, 16:32] = 255
    Image.fromarray(wide).save(tmp_path / "wide.png")
    image = data.prepare_picture(name, tmp_path / "wide.png", 48, 1)[0]
    corner, centre, edge = (bool(image[at] > 0) for at in ((0, 0), (24, 24), (24, 0)))
    assert (corner, centre, edge) == {
        "padded": (True, True, False),
        "cropped": (True, True, True),
        "squeezed": (False, True, False),
    }[white]


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "x.png").write_text("hello")
    with pytest.raises(ValueError, match=r"x\.png cannot be read as a picture \(it is none of PNG, JPEG, WEBP, .*\)$"):
        read_picture(tmp_path / "x.png", 8, 1)
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "y.png", 8, 1)
    for wrong in ({"size": 0}, {"channels": 2}, {"fit": "stretch"}):
        with pytest.raises(ValueError, match=rf"^{next(iter(wrong))} is "):
            read_picture(tmp_path / "x.png", **{"size": 8, "channels": 1, **wrong})


# -- the one writer -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.png", "a.PNG", "a.jpg", "a.jpeg", "a.webp"])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_is_written_is_what_is_read(name, channels, tmp_path):
    image = torch.from_numpy(RAMP * 2 - 1).float().expand(channels, -1, -1)
    assert write_picture(image, tmp_path / "new" / name) == tmp_path / "new" / name
    torch.testing.assert_close(read_picture(tmp_path / "new" / name, 24, channels), image, atol=0.06, rtol=0)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


def test_a_picture_of_bytes_is_written_as_it_is(tmp_path):
    pixels = torch.randint(256, (5, 7, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    write_picture(pixels, tmp_path / "grid.png")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "grid.png")), pixels.numpy())


@pytest.mark.parametrize("name", ["film.gif", "film.webp", "film.png"])
def test_a_film_has_its_frames_and_their_time(name, tmp_path):
    frames = torch.linspace(-1, 1, 4)[:, None, None, None].expand(4, 3, 8, 8)
    write_film(frames, tmp_path / name, seconds=0.2)
    with Image.open(tmp_path / name) as film:
        assert film.n_frames == 4
        film.seek(3)
        film.load()
        assert film.info["duration"] == 200
        assert np.asarray(film.convert("RGB")).min() > 250, "the last one is white"


@pytest.mark.parametrize(
    ("write", "image", "name", "said"),
    [
        (write_picture, torch.zeros(3, 8, 8), "a.txt", r"^path is .*a\.txt: allowed is a name that ends in \.png, "),
        (write_picture, torch.zeros(3, 8, 8), "a", r"^path is .*: allowed is a name that ends in \.png, \.jpg, "),
        (write_picture, torch.zeros(2, 8, 8), "a.png", r"^image's number of channels is 2: allowed is one of 1, 3, 4$"),
        (write_picture, torch.full((3, 8, 8), torch.nan), "a.png", r"^image holds NaN"),
        (write_picture, torch.zeros(8, 8), "a.png", r"^image has shape \(8, 8\)"),
        (write_film, torch.zeros(3, 8, 8), "a.gif", r"^frames has shape \(3, 8, 8\): allowed is \(N, C, H, W\)"),
        (write_film, torch.zeros(2, 3, 8, 8), "a.jpg", r"ends in \.gif, \.webp or \.png$"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(write, image, name, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        write(image, tmp_path / name)
    assert not [*tmp_path.iterdir()]


# -- hostile files ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="a program that is a shell script")
def test_postscript_by_another_name_runs_nothing(tmp_path, monkeypatch):
    ghostscript = tmp_path / "bin" / "gs"
    ghostscript.parent.mkdir()
    ghostscript.write_text(f"#!/bin/sh\necho run >> {tmp_path / 'run'}\n")
    ghostscript.chmod(0o755)
    monkeypatch.setenv("PATH", str(ghostscript.parent), prepend=os.pathsep)
    folder = tmp_path / "folder"
    folder.mkdir()
    for i in range(12):
        (folder / f"{i}.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n%%EOF\n")
    with pytest.raises(data.DataError, match="it is none of PNG"):
        data.load("folder", root=folder)[0]
    with pytest.raises(ValueError, match="it is none of PNG"):
        read_picture(folder / "0.png", 8, 3)
    with pytest.raises(ValueError, match="it is none of PNG"):
        read_picture((folder / "0.png").read_bytes(), 8, 3)
    assert not (tmp_path / "run").exists()


# In another process, whose greatest use of memory is its own.
MEMORY = """
import resource, sys
from ganbook.data.picture import read_picture
def used():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1 if sys.platform != "darwin" else 1024)
read_picture(sys.argv[1], 8, 3)
before = used()
try:
    read_picture(sys.argv[2], 8, 3)
    print("read", used() - before)
except ValueError as error:
    print(str(error).split("(")[1], used() - before)
"""


@pytest.mark.parametrize(
    ("side", "said", "megabytes"), [(13_000, "it has 13000 x 13000 pixels", 100), (4000, "read", 250)]
)
def test_a_picture_of_too_many_pixels_is_not_decoded(side, said, megabytes, tmp_path):
    pytest.importorskip("resource")
    Image.new("RGBA", (8, 8)).save(tmp_path / "small.png")
    Image.new("RGBA" if said == "read" else "1", (side, side)).save(tmp_path / "bomb.png", compress_level=1)
    command = [sys.executable, "-c", MEMORY, tmp_path / "small.png", tmp_path / "bomb.png"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found, kilobytes = out.rsplit(maxsplit=1)
    assert found.startswith(said) and int(kilobytes) < 1000 * megabytes, out
