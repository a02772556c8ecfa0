"""Images in tar files: what is read of them, in which order, and what is said of broken ones."""

import gzip
import io
import os
import subprocess
import tarfile
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image

from ganbook import data
from ganbook.data import folder, lsun, shards
from ganbook.data.batch import Order
from ganbook.data.errors import DataError, EmptySplit
from ganbook.data.shards import TOGETHER, write_shards


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("GANBOOK_CACHE", str(tmp_path_factory.mktemp("cache")))


def png(number):
    """A picture that says its number."""
    file = io.BytesIO()
    Image.new("RGB", (6, 4), (number % 256, number // 256, 200)).save(file, "PNG")
    return file.getvalue()


def write(path, members, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w", **options) as file:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            file.addfile(member, io.BytesIO(content))


def write_many(base, sizes, split="train"):
    first = 0
    for k, size in enumerate(sizes):
        write(base / f"{split}-{k:06}.tar", {f"{i:05}.png": png(i) for i in range(first, first + size)})
        first += size


def numbers(images):
    """What the pictures say."""
    pixels = images if images.dtype == torch.uint8 else ((images + 1) * 127.5).round().int()
    return (pixels[:, 0, 0, 0].int() + 256 * pixels[:, 1, 0, 0].int()).tolist()


@pytest.fixture
def photographs(tmp_path):
    """A folder of two classes, and the same in three shards, mixed, made by the system's own tar."""
    for i in range(60):
        path = tmp_path / "photographs" / ("cats" if i % 3 else "dogs") / f"{i:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(i))
    (tmp_path / "photographs" / "read.me").touch()
    (tmp_path / "shards").mkdir()
    mixed = "find . -type f | shuf --random-source=<(yes)"
    made = f"{mixed} | split -l 21 --filter 'tar -cf {tmp_path}/shards/$FILE.tar -T -'"
    subprocess.run(["bash", "-c", made], cwd=tmp_path / "photographs", check=True)
    return tmp_path


def test_shards_hold_what_the_folder_holds_split_by_split_and_class_by_class(photographs, capsys):
    for split in ("train", "test"):
        files, packed = (data.load("folder", split, 4, photographs / name) for name in ("photographs", "shards"))
        assert len(packed.shards) > 1 and packed.classes == files.classes == ("cats", "dogs")
        both = [sorted(zip(numbers(of.images), of.labels.tolist(), strict=True)) for of in (files, packed)]
        assert both[0] == both[1] and len(both[0]) > 3
    whole = folder.load_whole(photographs / "shards")
    assert sorted(numbers(whole.images)) == list(range(60)) and whole.split == "all"
    assert "60 images in 3 shards, 1 other file passed over (endings .me)" in capsys.readouterr().err


def test_where_images_lie_shards_are_passed_over(photographs):
    (photographs / "shards" / "xaa.tar").rename(photographs / "photographs" / "backup.tar")
    assert len(folder.load_whole(photographs / "photographs")) == 60


@pytest.mark.parametrize("named", ["{}-{}.tar", "imagenet-{}-{}.tar", "{}/{}.tar"])
@pytest.mark.parametrize("test", ["test", "val"])
def test_shards_are_named_by_their_splits(tmp_path, named, test):
    for k in range(3):
        write(tmp_path / named.format("train", k), {f"{k}{i}.png": png(10 * k + i) for i in range(4)})
    write(tmp_path / named.format(test, 0), {"x.png": png(500)})
    found = [data.load("folder", split, 4, tmp_path) for split in ("train", "test")]
    assert sorted(numbers(found[0].images)) == [10 * k + i for k in range(3) for i in range(4)]
    assert numbers(found[1].images) == [500] and len(found[1].shards) == 1


def test_classes_of_cls_files(tmp_path):
    members = {}
    for i in range(40):
        members[f"{i:03}.json"] = b"{}"
        members[f"{i:03}.png"] = png(i)
        members[f"{i:03}.cls"] = str(i % 3).encode()
    write(tmp_path / "a.tar", members)
    train = data.load("folder", "train", 4, tmp_path)
    assert train.classes == ("0", "1", "2")
    assert [i % 3 for i in numbers(train.images)] == train.labels.tolist()
    batch = next(train.batches(8))
    assert batch.labels.tolist() == [i % 3 for i in numbers(batch.real)]
    members.pop("007.cls")
    write(tmp_path / "a.tar", members)
    with pytest.raises(DataError, match=r"has 1 images without a class, a file NAME\.cls, of 40$"):
        data.load("folder", root=tmp_path)
    write(tmp_path / "a.tar", {**members, "007.cls": b"cat"})
    with pytest.raises(DataError, match=r"^007\.cls in .*a\.tar says b'cat': a class is a whole number"):
        data.load("folder", root=tmp_path)


def test_captions_of_txt_files(tmp_path, capsys):
    members = {f"{i:03}.png": png(i) for i in range(40)}
    members |= {f"{i:03}.txt": f"picture {i}\n\nnumber {i}\n".encode() for i in range(1, 40)}
    write(tmp_path / "a.tar", members)
    train, test = (data.load("captions-folder", split, 4, tmp_path) for split in ("train", "test"))
    assert len(train) + len(test) == 39 and len(test) > 1 and train.labels is None
    assert "images left out, which have no caption" in capsys.readouterr().err
    for of in (train, test):
        assert list(of.texts) == [(f"picture {i}", f"number {i}") for i in numbers(of.images)]
        batches = list(islice(of.batches(len(of), seed=2), 4))
        for batch in batches:
            assert [int(caption.split()[1]) for caption in batch.captions] == numbers(batch.real)
        assert {caption.split()[0] for batch in batches[:2] for caption in batch.captions} == {"picture", "number"}
        again = next(of.batches(len(of), seed=2, start=3))
        assert again.captions == batches[3].captions
    assert train.chosen([1, 3]).texts == (train.texts[1], train.texts[3])
    write(tmp_path / "a.tar", members | {name: b" \n" for name in members if name.endswith("txt")})
    with pytest.raises(DataError, match="has a text file without a caption in its shards"):
        data.load("captions-folder", root=tmp_path)
    write(tmp_path / "a.tar", {name: content for name, content in members.items() if name.endswith("png")})
    with pytest.raises(DataError, match=r"has shards without captions: NAME\.txt beside NAME\.jpg holds"):
        data.load("captions-folder", root=tmp_path)


def test_names_of_any_length_and_hidden_files(tmp_path):
    long = "a" * 150 + "/" + "b" * 120
    for number, form in enumerate((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)):
        members = {f"{long}{number}.png": png(number), "c/._x.png": b"", ".thumbnails/a.png": b"", "d/e/f.PNG": png(7)}
        write(tmp_path / "a.tar", members, format=form)
        whole = folder.load_whole(tmp_path, 4)
        assert numbers(whole.images) == [number, 7] and whole.classes == ("a" * 150, "d")


SIZES = (5, 9, 1, 7, 6, 8, 4, 10, 3, 11, 2, 12, 5, 5, 7, 9, 6, 4, 8, 13)


@pytest.fixture
def many(tmp_path):
    """More shards than are open at a time."""
    write_many(tmp_path, SIZES)
    write_many(tmp_path, (3,), "test")
    return data.load("folder", "train", 4, tmp_path)


def test_an_epoch_has_every_image_once_and_goes_from_shard_to_shard(many):
    n, order = sum(SIZES), Order(9, seed=4)
    epochs = torch.cat(list(islice(many.indices(order), 2 * (n // 9)))).view(2, -1)
    for epoch in epochs:
        assert len(set(epoch.tolist())) == len(epoch) == n // 9 * 9
    assert epochs[0].tolist() != epochs[1].tolist()
    whole = many.mixed(torch.Generator().manual_seed(1))
    assert sorted(whole.tolist()) == list(range(n))
    of_shard = many.files[whole.numpy(), 0]
    places = [np.flatnonzero(of_shard == k) for k in range(len(SIZES))]
    opened = sorted(range(len(SIZES)), key=lambda k: places[k][0])
    for first in range(0, len(SIZES), TOGETHER):
        here = np.concatenate([places[shard] for shard in opened[first : first + TOGETHER]])
        assert sorted(here.tolist()) == list(range(here.min(), here.max() + 1)), "they are read together"
        assert len(set(of_shard[here.min() : here.min() + 12].tolist())) > 2, "and mixed"
    assert opened != sorted(opened)


def test_the_order_goes_on_in_the_middle_of_a_shard_and_is_shared_out(many):
    whole = [batch.real for batch in islice(many.batches(10, seed=3), 40)]
    for start in (1, 7, 14, 15, 33):
        resumed = [batch.real for batch in islice(many.batches(10, seed=3, start=start), 5)]
        assert all(map(torch.equal, resumed, whole[start : start + 5]))
    halves = [list(islice(many.batches(10, seed=3, rank=rank, world=2), 20)) for rank in (0, 1)]
    for step, parts in enumerate(zip(*halves, strict=True)):
        assert sorted(numbers(torch.cat([part.real for part in parts]))) == sorted(numbers(whole[step]))


@pytest.mark.parametrize("start", [0, 6])
def test_the_system_is_told_of_each_shard_once_an_epoch_and_before_it_is_read(many, start, monkeypatch):
    told = []
    monkeypatch.setattr(shards, "_will_need", told.append)
    steps = many.indices(Order(5, seed=2, start=start))
    per_epoch = sum(SIZES) // 5
    for _ in range(start, per_epoch):
        needed = {many.shards[k] for k in many.files[next(steps).numpy(), 0]}
        assert needed <= set(told)
    assert len(told) == len(set(told)) and (start or len(told) == len(SIZES))
    next(steps)
    assert len(told) > len(set(told)), "a new epoch begins anew"


@pytest.mark.parametrize("cores", [2, 4])
def test_balanced_classes_and_workers(photographs, cores, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    train = data.load("folder", "train", 4, photographs / "shards")
    balanced = [batch.labels for batch in islice(shards.replace(train, balanced=True).batches(8), 10)]
    assert torch.cat(balanced).float().mean() == 0.5
    assert len(set(numbers(next(train.batches(16)).real))) == 16


def test_what_was_found_is_remembered_until_a_shard_changes(many, tmp_path, monkeypatch):
    def refuse(path):
        raise AssertionError(path)

    with monkeypatch.context() as patch:
        patch.setattr(shards, "_members", refuse)
        again = data.load("folder", "train", 4, tmp_path)
        assert (again.files == many.files).all()
    write(tmp_path / "train-000000.tar", {"new.png": png(1000)})
    assert 1000 in numbers(data.load("folder", "train", 4, tmp_path).images)


def test_a_broken_image_is_named_and_may_be_left_out(tmp_path, capsys):
    write(tmp_path / "train-0.tar", {**{f"{i}.png": png(i) for i in range(5)}, "x.png": png(9)[:40]})
    write(tmp_path / "test-0.tar", {"t.png": png(7)})
    train = data.load("folder", "train", 4, tmp_path)
    with pytest.raises(
        DataError, match=r"^x\.png in .*train-0\.tar cannot be read as an image .*: remove or replace it"
    ):
        train.sound()
    assert numbers(train.sound(skip=True).images) == list(range(5))
    assert len(data.load("folder", "test", 4, tmp_path).sound()) == 1
    assert "1 broken left out: x.png in" in capsys.readouterr().err
    write(tmp_path / "train-0.tar", {f"{i}.png": png(i) for i in range(6)})
    assert len(data.load("folder", "train", 4, tmp_path).sound()) == 6, "looked at anew"


def test_a_broken_shard_gives_one_sentence(tmp_path):
    write_many(tmp_path, (30,))
    shard = tmp_path / "train-000000.tar"
    content = shard.read_bytes()
    for broken in (content[:9000], b"no tar file" * 100, gzip.compress(content)):
        shard.write_bytes(broken)
        with pytest.raises(DataError, match=r"train-000000\.tar cannot be read as an uncompressed tar file \("):
            data.load("folder", root=tmp_path)
    write(shard, {"a.txt": b"x"})
    with pytest.raises(DataError, match="holds shards without an image, a file that ends in"):
        data.load("folder", root=tmp_path)
    write(shard, {"1.png": png(1)})
    with pytest.raises(EmptySplit, match="holds 1 images, none of them in the test split"):
        data.load("folder", "test", root=tmp_path)
    write(shard, {"a/1.png": png(1)})
    write(tmp_path / "val-0.tar", {"b/1.png": png(1)})
    with pytest.raises(DataError, match="has images of class b to test with, and none to learn from"):
        data.load("folder", root=tmp_path)


def test_a_folder_is_packed_and_read_back(photographs, tmp_path):
    files = [data.load("folder", split, 4, photographs / "photographs") for split in ("train", "test")]
    written = [path for of in files for path in write_shards(of, tmp_path / "packed", each=20)]
    assert [path.name for path in written] == [*(f"train-{k:06}.tar" for k in range(3)), "test-000000.tar"]
    for of in files:
        packed = data.load("folder", of.split, 4, tmp_path / "packed")
        both = [sorted(zip(numbers(x.images), x.labels.tolist(), strict=True)) for x in (of, packed)]
        assert both[0] == both[1] and packed.classes == of.classes
        assert packed.encoded(0)[0] == ".png"
    assert len(set(packed.labels.tolist())) == 2 and len(set(packed.shards)) == 1
    with pytest.raises(ValueError, match="which holds shards of the train split: choose another folder"):
        write_shards(files[0], tmp_path / "packed")
    with pytest.raises(ValueError, match=r"^the set of images is 'pairs-folder': allowed is one of folder, celeba"):
        write_shards(shards.replace(files[0], name="pairs-folder"), tmp_path / "pairs")
    again = write_shards(files[0], tmp_path / "again", each=20)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in written[:3]]
    repacked = write_shards(packed, tmp_path / "repacked")
    assert sorted(numbers(folder.load_whole(tmp_path / "repacked", 4).images)) == sorted(numbers(packed.images))
    assert len(repacked) == 1


def test_lsun_in_shards(tmp_path):
    from tests.data.test_lsun import write_lsun

    write_lsun(tmp_path / "lmdb" / "bedroom_train_lmdb", 9)
    source = data.load("lsun-bedroom", "train", 16, tmp_path / "lmdb")
    write_shards(source, tmp_path / "shards", each=4)
    write(tmp_path / "shards" / "val-0.tar", {"a.png": png(3)})
    packed = data.load("lsun-bedroom", "train", 16, tmp_path / "shards")
    assert isinstance(packed, shards.Shards) and packed.licence == source.licence == lsun._LICENCE
    assert sorted(of.sum().item() for of in packed.images) == sorted(of.sum().item() for of in source.images)
    assert len(data.load("lsun-bedroom", "test", root=tmp_path / "shards")) == 1
