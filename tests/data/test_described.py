"""Flowers and birds with captions, in the folders that their authors' archives unpack to."""

import os
from collections import Counter
from itertools import islice

import pytest
import torch
from PIL import Image

from ganbook import data
from ganbook.data.errors import DataError

FLOWERS = {"train": ("class_00001", "class_00003", "class_00102"), "test": ("class_00002", "class_00004")}
BIRDS = {
    "train": ("001.Black_footed_Albatross", "009.Brewer_Blackbird"),
    "test": ("004.Groove_billed_Ani",),
}


def save(path, size=(40, 30), mode="RGB", colour=(200, 30, 60), **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)


def lists(folder, classes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trainvalclasses.txt").write_text("\n".join(classes["train"]) + "\n")
    (folder / "testclasses.txt").write_text("\r\n".join(classes["test"]))


def sentences(number, n=10):
    return [f"flower {number} in its {k}. words" for k in range(n)]


def write_flowers(root, captions="."):
    """Four images a class, numbered through; the red channel and the captions tell the number."""
    lists(root / captions, FLOWERS)
    names = sorted((*FLOWERS["train"], *FLOWERS["test"]))
    for i in range(1, 4 * len(names) + 1):
        save(root / "jpg" / f"image_{i:05}.jpg", colour=(10 * i, 0, 0), quality=95)
        text = root / captions / "text_c10" / names[(i - 1) // 4] / f"image_{i:05}.txt"
        text.parent.mkdir(parents=True, exist_ok=True)
        text.write_text("\n".join(sentences(i)) + "\n")
        text.with_suffix(".h5").write_bytes(b"the same captions, for another program")
    (root / captions / "text_c10" / "class_00001.t7").write_bytes(b"the same captions, for another program")
    save(root / "jpg" / "image_00099.jpg")  # nobody described it
    return root


def write_birds(root, pictures="CUB_200_2011/images", captions="cvpr2016_cub"):
    """Three images a class."""
    lists(root / captions, BIRDS)
    (root / captions / "images").mkdir(exist_ok=True)  # features, in the authors' archive
    for name in (*BIRDS["train"], *BIRDS["test"]):
        for i in range(3):
            stem = f"{name.split('.')[1]}_{i:04}_{7960 + i}"
            save(root / pictures / name / f"{stem}.jpg", colour=(0, 50 * i, int(name[:3])), quality=95)
            text = root / captions / "text_c10" / name / f"{stem}.txt"
            text.parent.mkdir(parents=True, exist_ok=True)
            text.write_text(f"bird {stem}\nits wings are {i}\n")
    return root


@pytest.fixture
def flowers(tmp_path):
    return write_flowers(tmp_path)


@pytest.fixture
def birds(tmp_path):
    return write_birds(tmp_path)


def number(image):
    """The number that write_flowers put into the red channel of a float image (3, H, W)."""
    return round((image[0].mean().item() + 1) * 12.75)


# -- what is read -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("captions", [".", "cvpr2016_flowers"])
def test_flowers_of_a_split_are_of_its_classes(tmp_path, captions):
    write_flowers(tmp_path, captions)
    train, test = (data.load("flowers", split, root=tmp_path) for split in ("train", "test"))
    assert (train.name, train.split, test.split, len(train), len(test)) == ("flowers", "train", "test", 12, 8)
    assert train.classes == FLOWERS["train"] and test.classes == FLOWERS["test"]
    assert not set(train.files) & set(test.files) and "research" in train.licence
    of_train = [1, 2, 3, 4, 9, 10, 11, 12, 17, 18, 19, 20]
    assert [path.stem for path in train.files] == [f"image_{i:05}" for i in of_train]
    assert train.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert [list(of_image) for of_image in train.texts] == [sentences(i) for i in of_train]
    assert train.captions == tuple(sentences(i)[0] for i in of_train)
    assert train.images.shape == (12, 3, 64, 64) and train.images.dtype == torch.uint8, "64 pixels unless asked"


@pytest.mark.parametrize("pictures, captions", [("CUB_200_2011/images", "cvpr2016_cub"), ("images", ".")])
def test_birds_of_a_split_are_of_its_classes(tmp_path, pictures, captions):
    write_birds(tmp_path, pictures, captions)
    train, test = (data.load("birds", split, 16, tmp_path) for split in ("train", "test"))
    assert (train.name, len(train), len(test), train.classes) == ("birds", 6, 3, BIRDS["train"])
    assert test.labels.tolist() == [0, 0, 0] and test.images.shape == (3, 3, 16, 16)
    assert train.files[4] == tmp_path / pictures / BIRDS["train"][1] / "Brewer_Blackbird_0001_7961.jpg"
    assert train.texts[4] == ("bird Brewer_Blackbird_0001_7961", "its wings are 1")
    colours = train.images.flatten(2).float().mean(2).round()
    assert colours[4].tolist() == pytest.approx([0, 50, 9], abs=3)


def test_birds_whose_name_the_archives_spell_differently(birds):
    """The captions' archive writes 009.Brewers_Blackbird in places; the number is the same everywhere."""
    captions = birds / "cvpr2016_cub"
    (captions / "trainvalclasses.txt").write_text("001.Black_footed_Albatross\n009.Brewers_Blackbird\n")
    train = data.load("birds", "train", 8, birds)
    assert len(train) == 6 and train.files[3].parent.name == "009.Brewer_Blackbird"
    folder = captions / "text_c10" / "009.Brewer_Blackbird"
    folder.rename(folder.with_name("009.Brewers_Blackbird"))
    (captions / "trainvalclasses.txt").write_text("001.Black_footed_Albatross\n009.Brewer_Blackbird\n")
    assert data.load("birds", "train", 8, birds).files == train.files


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (200, 3), (65, 63)])
@pytest.mark.parametrize("mode, colour", [("RGB", (90, 90, 90)), ("L", 90), ("CMYK", (165, 165, 165, 0))])
def test_odd_sizes_and_grey_images_become_rgb_squares(flowers, size, mode, colour):
    save(flowers / "jpg" / "image_00001.jpg", size, mode, colour, quality=95)
    image, label = data.load("flowers", size=24, root=flowers)[0]
    assert image.shape == (3, 24, 24) and label == 0
    assert image.flatten(1).float().mean(1).tolist() == pytest.approx([90] * 3, abs=3)


# -- batches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cores", [2, 4])
def test_captions_in_a_batch_are_of_its_images_and_each_has_its_turn(flowers, cores, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)  # four cores: decoded by two worker processes
    train = data.load("flowers", size=8, root=flowers)
    seen = Counter()
    for batch in islice(train.batches(4, seed=1), 30):  # ten epochs
        assert batch.real.shape == (4, 3, 8, 8) and batch.real.dtype == torch.float32 and batch.real.abs().max() <= 1
        assert isinstance(batch.captions, tuple) and len(batch.captions) == len(batch) == 4
        for image, caption, label in zip(batch.real, batch.captions, batch.labels, strict=True):
            assert caption in sentences(number(image)) and label == (number(image) - 1) // 8
        seen.update(batch.captions)
    every = {caption for of_image in train.texts for caption in of_image}
    assert set(seen) == every and set(seen.values()) == {1} and len(every) == 120


def test_an_epoch_mixes_first_and_last_captions(flowers):
    train = data.load("flowers", size=8, root=flowers)
    places = Counter(caption.split()[-2] for batch in islice(train.batches(12), 1) for caption in batch.captions)
    assert len(places) > 5


def test_images_may_differ_in_how_many_captions_they_have(flowers):
    (flowers / "text_c10" / "class_00001" / "image_00001.txt").write_text("alone\n")
    (flowers / "text_c10" / "class_00001" / "image_00002.txt").write_text("one of two\nthe other\n")
    train = data.load("flowers", size=8, root=flowers)
    seen = Counter(caption for batch in islice(train.batches(12), 4) for caption in batch.captions)
    assert (seen["alone"], seen["one of two"], seen["the other"]) == (4, 2, 2)


def test_a_resumed_run_reads_the_same_captions(flowers):
    train = data.load("flowers", size=8, root=flowers)
    through = [*islice(train.batches(5, seed=3), 9)]
    resumed = [*islice(train.batches(5, seed=3, start=4), 5)]
    assert [batch.captions for batch in resumed] == [batch.captions for batch in through[4:]]
    assert all(torch.equal(a.real, b.real) for a, b in zip(resumed, through[4:], strict=True))
    assert next(train.batches(5, seed=4)).captions != through[0].captions


def test_processes_share_a_batch(flowers):
    train = data.load("flowers", size=8, root=flowers)
    whole = [*islice(train.batches(6, seed=2), 5)]
    halves = [[*islice(train.batches(6, seed=2, rank=rank, world=2), 5)] for rank in (0, 1)]
    for batch, first, second in zip(whole, *halves, strict=True):
        assert (first.captions, second.captions) == (batch.captions[0::2], batch.captions[1::2])
        assert torch.equal(first.real, batch.real[0::2])


def test_a_batch_of_one_and_batches_that_are_not_allowed(flowers):
    train = data.load("flowers", size=8, root=flowers)
    batch = next(train.batches(1))
    assert len(batch) == len(batch.captions) == 1 and batch.captions[0] in sentences(number(batch.real[0]))
    for asked, allowed in ((0, "1 or more"), (13, "1 to 12")):
        with pytest.raises(ValueError, match=rf"^batch_size is {asked}: allowed is {allowed}$"):
            next(train.batches(asked))


# -- what is not as it should be ----------------------------------------------------------------------------------


def test_text_that_is_not_clean(flowers):
    folder = flowers / "text_c10" / "class_00001"
    (folder / "image_00001.txt").write_bytes(
        b"\xef\xbb\xbf this  flower\thas \xff\xfepetals \r\n\r\n  \nthe second\xef\xbf\xbd\xef\xbf\xbdone"
    )
    (folder / "._image_00001.txt").write_bytes(b"a companion that macOS writes")
    train = data.load("flowers", root=flowers)
    assert train.texts[0] == ("this flower has petals", "the second one") and len(train) == 12


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xff\xff"])
def test_a_file_without_captions_is_named(flowers, content):
    bad = flowers / "text_c10" / "class_00003" / "image_00010.txt"
    bad.write_bytes(content)
    with pytest.raises(DataError, match=rf"^{bad} holds no caption, and needs one per line: remove or replace it$"):
        data.load("flowers", root=flowers)
    bad.unlink()
    assert len(data.load("flowers", root=flowers)) == 11, "an image that nobody described is passed over"


def test_a_class_without_captions_is_named(birds):
    folder = birds / "cvpr2016_cub" / "text_c10" / "004.Groove_billed_Ani"
    for path in folder.iterdir():
        path.unlink()
    for _ in range(2):
        with pytest.raises(DataError, match=rf"^{folder} holds no captions: it needs a \.txt file per image"):
            data.load("birds", "test", root=birds)
        assert len(data.load("birds", root=birds)) == 6
        if folder.is_dir():
            folder.rmdir()


@pytest.mark.parametrize("name, bad", [("flowers", "image_00009"), ("birds", "Brewer_Blackbird_0002_7962")])
def test_an_image_that_is_missing_is_named(tmp_path, name, bad):
    (write_flowers if name == "flowers" else write_birds)(tmp_path)
    (image,) = tmp_path.rglob(f"{bad}.jpg")
    image.unlink()
    (text,) = tmp_path.rglob(f"{bad}.txt")
    with pytest.raises(
        DataError, match=rf"^{image} is missing \(all endings .*, which {text} describes: unpack \w+\.tgz "
    ):
        data.load(name, root=tmp_path)


@pytest.mark.parametrize("ending", [".png", ".jpeg", ".JPG", ".webp"])
def test_an_image_may_have_any_ending(flowers, ending):
    (flowers / "jpg" / "image_00009.jpg").unlink()
    save(flowers / "jpg" / f"image_00009{ending}")
    train = data.load("flowers", root=flowers)
    assert train.files[4].name == f"image_00009{ending}" and len(train) == 12


def test_a_class_of_birds_without_pictures(birds):
    folder = birds / "CUB_200_2011" / "images" / "009.Brewer_Blackbird"
    folder.rename(birds / "elsewhere")
    with pytest.raises(DataError, match=rf"^{folder}/Brewer_Blackbird_0000_7960\.jpg is missing"):
        data.load("birds", root=birds)


@pytest.mark.parametrize("cores", [2, 4])
def test_a_broken_image_is_named(flowers, cores, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    bad = flowers / "jpg" / "image_00002.jpg"
    bad.write_bytes(bad.read_bytes()[:200])
    with pytest.raises(DataError, match=rf"^{bad} cannot be read as an image \(.*\): remove or replace it$"):
        for _ in islice(data.load("flowers", size=8, root=flowers).batches(4), 3):
            pass


@pytest.mark.parametrize(
    "name, gone, what",
    [
        ("flowers", "jpg", "jpg"),
        ("flowers", "text_c10", "text_c10"),
        ("flowers", "trainvalclasses.txt", r"trainvalclasses\.txt"),
        ("flowers", "testclasses.txt", r"testclasses\.txt"),
        ("birds", "CUB_200_2011/images", "CUB_200_2011/images or images"),
        ("birds", "cvpr2016_cub", "text_c10"),
        ("birds", "cvpr2016_cub/testclasses.txt", r"testclasses\.txt"),
    ],
)
def test_what_is_not_there_is_said_in_one_sentence(tmp_path, name, gone, what):
    (write_flowers if name == "flowers" else write_birds)(tmp_path / "data")
    (tmp_path / "data" / gone).rename(tmp_path / "gone")
    with pytest.raises(DataError, match=rf"^{name} is not in {tmp_path / 'data'} \(no {what}\): unpack") as caught:
        data.load(name, root=tmp_path / "data")
    said = str(caught.value)
    assert "reedscot/cvpr2016" in said and 'data.load("captioned-digits")' in said and "\n" not in said
    assert "--data FOLDER" in said
    assert ("robots.ox.ac.uk" in said) == (name == "flowers")


@pytest.mark.parametrize("name", ["flowers", "birds"])
def test_without_a_root_the_cache_is_looked_at(name, tmp_path, monkeypatch):
    monkeypatch.setattr("ganbook.data.catalogue.cache_dir", lambda: tmp_path)
    with pytest.raises(DataError, match=rf"^{name} is not in {tmp_path / name} \("):
        data.load(name)
    (write_flowers if name == "flowers" else write_birds)(tmp_path / name)
    assert len(data.load(name)) > 3


def test_lists_that_cannot_be_right(flowers):
    (flowers / "testclasses.txt").write_text("class_00002\nclass_00003\n")
    for split in ("train", "test"):
        with pytest.raises(DataError, match=r"trainvalclasses\.txt and testclasses\.txt both name class_00003: get"):
            data.load("flowers", split, root=flowers)
    (flowers / "testclasses.txt").write_text("\n")
    with pytest.raises(DataError, match=r"testclasses\.txt names no class: it needs one per line$"):
        data.load("flowers", "test", root=flowers)
    assert len(data.load("flowers", root=flowers)) == 12


# -- a folder of one's own ----------------------------------------------------------------------------------------


def pictured(root, n=24, below=""):
    for i in range(n):
        save(root / below / f"{i:02}.{'jpg' if i % 2 else 'PNG'}", colour=(10 * i, 0, 0))
    return root


def numbered(of):
    return [int(path.stem) for path in of.files]


def own(root, split="train", **kwargs):
    return data.load("captions-folder", split, root=root, **kwargs)


def test_captions_lie_beside_the_images(tmp_path, capsys):
    pictured(tmp_path)
    for i in range(23):
        (tmp_path / f"{i:02}.txt").write_text(f"the number {i}\n\n  once   more {i} \n")
    train, test = own(tmp_path, size=8), own(tmp_path, "test", size=8)
    assert sorted(numbered(train) + numbered(test)) == list(range(23)) and len(test) >= 1
    for of in (train, test):
        assert of.texts == tuple((f"the number {i}", f"once more {i}") for i in numbered(of))
        assert (of.name, of.labels, of.classes) == ("captions-folder", None, ())
    said = f"{tmp_path}: 1 of 24 images left out, which have no caption (23.jpg, ...)\n"
    assert said in capsys.readouterr().err
    first, second = (next(train.batches(len(train), start=start)) for start in (0, 1))
    assert {text.split()[0] for text in first.captions + second.captions} == {"the", "once"}
    for image, text in zip(first.real, first.captions, strict=True):
        assert abs((image[0].mean().item() + 1) * 12.75 - int(text.split()[-1])) < 0.6


TABLES = {
    "a head": "file,caption\n{rows}",
    "no head": "{rows}",
    "other names": "id,text,file_name\n{turned}",
    "semicolons": "\ufeffFilename;Caption;note\n{semicolons}",
    "quotes and windows": "file,caption\r\n{quoted}",
    "no endings": "image,description\n{bare}",
    "empty columns": "file,caption\n{trailing}",
    "windows' folders": "file,caption\n{backwards}",
    "lines in quotes": "file,caption\n{folded}",
}


@pytest.mark.parametrize("kind", TABLES)
@pytest.mark.parametrize("name", ["captions.csv", "metadata.csv"])
def test_captions_lie_in_one_table(kind, name, tmp_path):
    files = [path.name for path in sorted(pictured(tmp_path).iterdir())]
    rows = {
        "rows": "\n".join(f"{file},a picture {file[:2]}" for file in files),
        "turned": "\n".join(f"7,a picture {file[:2]},{file}" for file in files),
        "semicolons": "\n".join(f"{file};a picture {file[:2]};x" for file in files),
        "quoted": "\r\n".join(f'{file},"a picture {file[:2]}"' for file in files),
        "trailing": "\n".join(f"{file},a picture {file[:2]},," for file in files),
        "backwards": "\n".join(f".\\{file},a picture {file[:2]}" for file in files),
        "folded": "\n".join(f'{file},"a\npicture\r\n{file[:2]}"' for file in files),
        "bare": "\n".join(f"{file[:2]},a picture {file[:2]}" for file in files),
    }
    (tmp_path / name).write_text(TABLES[kind].format(**rows), encoding="utf-8")
    for of in (own(tmp_path), own(tmp_path, "test")):
        assert of.captions == tuple(f"a picture {i:02}" for i in numbered(of))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("in_table", [True, False])
def test_captions_as_editors_and_spreadsheets_write_them(encoding, in_table, tmp_path):
    pictured(tmp_path, 4)
    for path in sorted(tmp_path.iterdir()):
        if not in_table:
            path.with_suffix(".txt").write_bytes("ein Gemälde, später".encode(encoding))
    if in_table:
        rows = "\r\n".join(f'{path.name},"ein Gemälde, später"' for path in sorted(tmp_path.iterdir()))
        (tmp_path / "captions.csv").write_bytes(f"file,caption\r\n{rows}".encode(encoding))
    assert own(tmp_path).captions == ("ein Gemälde, später",) * 3


def test_a_file_may_have_several_rows_and_a_text_file_too(tmp_path):
    pictured(tmp_path, 3, "deep")
    rows = ["file,caption", 'deep/00.PNG,"one, two"', "deep/00.PNG,three", "deep/01.jpg,four", "deep/02.PNG,"]
    (tmp_path / "captions.csv").write_text("\n".join(rows))
    (tmp_path / "deep" / "01.txt").write_text("five")
    texts = dict(zip(numbered(own(tmp_path)), own(tmp_path).texts, strict=True))
    texts |= dict(zip(numbered(own(tmp_path, "test")), own(tmp_path, "test").texts, strict=True))
    assert texts == {0: ("one, two", "three"), 1: ("four", "five")}


def test_captions_of_train_and_test_in_a_table_each_or_in_one(tmp_path):
    pictured(tmp_path, 6, "train")
    pictured(tmp_path, 4, "test")
    for part, n in (("train", 6), ("test", 4)):
        names = [f"{i:02}.{'jpg' if i % 2 else 'PNG'}" for i in range(n)]
        text = "file,caption\n" + "\n".join(f"{name},{part} {name}" for name in names)
        (tmp_path / part / "captions.csv").write_text(text)
    assert len(own(tmp_path)) == 6 and own(tmp_path, "test").captions[0] == "test 00.PNG"
    both = [f"{part}/{name},{part}" for part in ("train", "test") for name in ("00.PNG", "01.jpg")]
    for part in ("train", "test"):
        (tmp_path / part / "captions.csv").unlink()
    (tmp_path / "captions.csv").write_text("file,caption\n" + "\n".join(both))
    assert own(tmp_path).captions == ("train", "train") and own(tmp_path, "test").captions == ("test", "test")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", r"captions\.csv begins with nothing: it needs the columns file, caption$"),
        ("picture,likes\n00.PNG,3", r"begins with picture, likes: it needs the columns file, caption$"),
        ("file,caption\nnowhere.jpg,x", r"captions\.csv names nowhere\.jpg, which is not there: add the image, or"),
        (
            "file,caption\n00.PNG",
            r"captions\.csv has a row '00\.PNG', which lacks a column: put captions with commas in quotes$",
        ),
        (
            "file,caption\n00.PNG,a red, round thing",
            r"has a row '00\.PNG,a red, round thing', which has more columns than the first: put captions with commas",
        ),
    ],
)
def test_what_is_wrong_with_a_table_is_said(table, said, tmp_path):
    pictured(tmp_path)
    (tmp_path / "captions.csv").write_text(table)
    with pytest.raises(DataError, match=said):
        own(tmp_path)


def test_a_folder_without_captions(tmp_path):
    with pytest.raises(DataError, match=r" holds 24 images and no captions: each needs a file of its own name"):
        own(pictured(tmp_path))


def test_captions_stay_with_their_images_when_some_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path / "cache"))
    pictured(tmp_path / "own")
    for i in range(24):
        (tmp_path / "own" / f"{i:02}.txt").write_text(f"the number {i}")
    (tmp_path / "own" / "05.jpg").write_text("no picture")
    sound = own(tmp_path / "own").sound(skip=True)
    assert 5 not in numbered(sound) and sound.captions == tuple(f"the number {i}" for i in numbered(sound))
