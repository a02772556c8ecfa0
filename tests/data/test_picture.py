"""A reader's own picture: on white, square, grey or in colour."""

import pytest
import torch
from PIL import Image

from ganbook.data.picture import read_picture


def test_a_picture_is_padded_with_white(tmp_path):
    Image.new("RGB", (40, 20), (255, 0, 0)).save(tmp_path / "red.png")
    image = read_picture(tmp_path / "red.png", 16, 3)
    assert image.shape == (3, 16, 16) and (image[:, 0] == 1).all() and (image[:, -1] == 1).all()
    torch.testing.assert_close(image[:, 8, 8], torch.tensor([1.0, -1.0, -1.0]))


def test_transparent_is_white_and_grey_has_one_channel(tmp_path):
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_picture((tmp_path / "clear.png").read_bytes(), 8, 1).eq(1).all()


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "x.png").write_text("hello")
    with pytest.raises(ValueError, match=r"x\.png cannot be read as a picture \(it is none of PNG, JPEG, WEBP, .*\)$"):
        read_picture(tmp_path / "x.png", 8, 1)
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "y.png", 8, 1)
