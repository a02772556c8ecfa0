"""Emoji in two looks: training halves that share no emoji, held-out pairs without a network, and a broken archive."""

import json
import tarfile
import urllib.request
from urllib.error import URLError

import pytest
import torch

from ganbook import data
from ganbook.data import emoji, styles
from ganbook.data.download import unpack
from ganbook.data.errors import DataError


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", refuse)


# -- held-out pairs, which come with the course -------------------------------------------------------------------


def test_held_out_pairs_need_no_network():
    test, plain = data.load("emoji-styles", "test", 32), data.load("emoji", "test", 32)
    assert (test.name, test.split, len(test)) == ("emoji-styles", "test", 643)
    assert test.images.shape == test.sources.shape == (643, 3, 32, 32) and test.images.dtype == torch.uint8
    assert all(of in test.licence for of in ("OpenMoji", "CC BY-SA 4.0", "Fluent Emoji", "Microsoft", "MIT"))
    held = dict(zip(plain.captions, plain.images, strict=True))
    assert all(torch.equal(held[name], source) for name, source in zip(test.captions, test.sources, strict=True))


def test_a_pair_shows_one_thing_in_two_looks():
    test = data.load("emoji-styles", "test", 32)
    looks = [images.float().mean(1) for images in (test.sources, test.images)]
    own, other = ((looks[0] - truth).abs().mean().item() for truth in (looks[1], looks[1].roll(100, 0)))
    assert own < 0.85 * other, "a source is nearer to its own target"
    lines = [(look < 40).float().mean().item() for look in looks]
    assert lines[0] > 0.02 and lines[1] < 0.5 * lines[0], "black lines are OpenMoji's"
    covered = [(look < 250).flatten(1).any(1).all().item() for look in looks]
    assert covered == [True, True], "no drawing is empty"


def test_faces_are_as_large_in_both_looks():
    test = data.load("emoji-styles", "test")
    faces = [i for i, name in enumerate(test.captions) if name.endswith(" face") and "with" not in name]
    widths = [
        (images[faces] < 240).any(1).any(1).sum(1).float().median().item() for images in (test.sources, test.images)
    ]
    assert len(faces) > 5 and widths[0] == pytest.approx(widths[1], abs=3) and 38 < widths[0] < 50


@pytest.mark.parametrize("size", [20, 48, 64])
def test_pairs_of_any_size(size):
    test = data.load("emoji-styles", "test", size)
    assert test.images.shape == test.sources.shape == (643, 3, size, size)


# -- training, from an archive like the published one -------------------------------------------------------------


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Each emoji is a square whose colour says which; one more is unknown to OpenMoji."""
    of = emoji.drawings(32)
    squares = {c: f'<path fill="#{i:06x}" d="M-5-5h42v42h-42z"/>' for i, c in enumerate(of.codes)}
    icons = {"icons": {f"it-{code}": {"body": body} for code, body in squares.items()} | {"x": {"body": "<path/>"}}}
    chars = {code.lower(): f"it-{code}" for code in of.codes} | {"1f9ff-1f9ff": "x", "1f9fe-1f9fe": "not-there"}
    package = tmp_path / "package"
    package.mkdir()
    for name, content in (("icons", icons), ("chars", chars)):
        (package / f"{name}.json").write_text(json.dumps(content), "utf-8")
    packed = tmp_path / styles.FLUENT.name
    with tarfile.open(packed, "w:gz") as file:
        file.add(package, "package")

    def have(asked, folder):
        assert asked is styles.FLUENT
        return folder if folder.is_dir() else unpack(packed, folder)

    monkeypatch.setattr(styles, "fetch_folder", have)
    return tmp_path / "root"


def which(images):
    """The number that a square's colour stands for."""
    red, green, blue = images[:, :, 16, 16].long().unbind(1)
    return (red * 65536 + green * 256 + blue).tolist()


def test_no_emoji_is_in_both_halves_or_held_out(archive):
    of = emoji.drawings(32)
    train = data.load("emoji-styles", "train", 32, archive)
    assert (train.name, train.split) == ("emoji-styles", "train") and "Microsoft" in train.licence
    targets = which(train.target_set.images)
    pictures = {picture.numpy().tobytes(): i for i, picture in enumerate(of.colours)}
    sources = [pictures[picture.numpy().tobytes()] for picture in train.source_set.images]
    held = set(data.load("emoji", "test", 32).captions)
    halves = [{of.groups[i].item() for i in half} for half in (sources, targets)]
    assert not halves[0] & halves[1] and len(halves[0] | halves[1]) > 1000
    assert not held & {of.names[i] for i in sources + targets}
    assert len(sources) + len(targets) + len(held) == len(of.codes), "and each of the others is in one"
    assert 0.8 < len(sources) / len(targets) < 1.25


def test_batches_know_no_pair(archive):
    batch = next(data.load("emoji-styles", "train", 32, archive).batches(8, seed=1))
    assert batch.real.shape == batch.sources.shape == (8, 3, 32, 32) and batch.labels is None


def test_what_comes_with_the_course_is_what_the_archive_holds_out(archive, tmp_path, monkeypatch):
    styles.write_held_out(archive, tmp_path / "held.json.xz")
    monkeypatch.setattr(styles, "KEPT", tmp_path / "held.json.xz")
    of, test = emoji.drawings(32), data.load("emoji-styles", "test", 32)
    assert test.captions == data.load("emoji", "test", 32).captions and len(styles._held_out()) == len(test)
    assert [of.names[i] for i in which(test.images)] == list(test.captions)


@pytest.mark.parametrize("broken", ["", "[]", '{"icons": {"a": 3}}', '{"icons": {"a": {}}}', None])
def test_a_broken_archive_is_named(archive, broken):
    data.load("emoji-styles", "train", 32, archive)
    folder = archive / "fluent-emoji-flat"
    if broken is None:
        (folder / "icons.json").unlink()
    else:
        (folder / "icons.json").write_text(broken, "utf-8")
    with pytest.raises(DataError, match=r"fluent-emoji-flat is broken or incomplete \(.*\): delete it") as caught:
        data.load("emoji-styles", "train", 32, archive)
    assert "\n" not in str(caught.value)


def test_without_a_network_one_sentence_says_what_works(tmp_path):
    with pytest.raises(DataError, match=r"^emoji-styles is not in .* could not be .*name resolution") as caught:
        data.load("emoji-styles", root=tmp_path)
    sentence = str(caught.value)
    assert '"test"' in sentence and 'data.load("emoji-lines")' in sentence and "\n" not in sentence
    assert str(tmp_path) in sentence and not (tmp_path / "fluent-emoji-flat").exists()


def test_the_archive_is_pinned():
    remote = styles.FLUENT
    (address,) = remote.mirrors
    assert address.startswith("https://registry.npmjs.org/") and address.endswith(remote.name)
    assert len(remote.sha256) == 64 and remote.size == 1_172_438
