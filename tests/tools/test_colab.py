"""What would change on Colab is told; the twin itself is resolved by `make colab`, which needs a network."""

from __future__ import annotations

import json
import os

import colab
from pages import name, notebooks


def test_colabs_list_is_read_without_its_cuda():
    listed = colab.pinned(
        "# a comment\n\nIPython_x==7.34.0\nnvidia-cublas-cu12==1\ncuda-python==12\ntriton==3\ntorch==2.11.0+cu128\n"
    )
    assert listed == {"ipython-x": "7.34.0", "torch": "2.11.0+cu128"}
    whole = colab.pinned(colab.CONSTRAINTS.read_text(encoding="utf-8"))
    assert len(whole) > 500 and set(colab.NEVER) | set(colab.FRONT_END) <= set(whole)


def test_what_is_new_and_what_would_change_are_told_apart():
    there = {"torch": "2.11.0+cu128", "torchvision": "0.26.0", "numpy": "2.1.3", "ipywidgets": "7.7.1", "tqdm": "4.67"}
    found = {"torch": "2.11.0", "torchvision": "0.26.0", "numpy": "2.1.3", "ipywidgets": "7.7.1", "emoji": "2.16"}
    assert colab.judged(found | {"nvidia-nccl-cu12": "2"}, there) == ({"emoji": "2.16"}, [])
    new, faults = colab.judged(found | {"numpy": "2.2.0"}, there)
    assert new == {"emoji": "2.16"} and faults == ["numpy would be 2.2.0, and Colab has 2.1.3"]
    assert colab.judged({"tqdm": "4.67"}, there)[1] == [f"{name} is not there at all" for name in colab.NEVER]


def test_a_page_ended_well_if_nothing_is_to_be_said():
    well = {"errors": [], "stderr": " ", "left": [], "widgets": 2, "seconds": 9.0, "date": "2026-11-29"}
    assert colab.said(well) == "well"
    assert colab.said({**well, "errors": ["KeyError: 'a'"], "left": ["x.png"]}) == "KeyError: 'a'; left x.png"
    assert colab.said({**well, "stderr": "/tmp/tmp1_b/a: 3 images\n"}) == "well; stderr: a: 3 images"
    head, rows = colab.rows({"pages": {"index": well}})
    assert rows[0] == ["index", "well", "2", "9 s", "2026-11-29"] and {len(row) for row in rows} == {len(head)}
    assert len(rows) == len(notebooks()) and rows[1][1:] == ["not run", "", "", ""]


def test_what_the_packages_weigh_is_told_of_the_twin_and_of_binders_image():
    binder = {"python": "3.11.2", "versions": {"torch": "2.14.1+cpu"}, "megabytes": {"image": 1900, "packages": 1600}}
    _, rows = colab.weight({"megabytes": {"packages": 5000, "of them CUDA's": 3600}, "binder": binder})
    assert [row[1] for row in rows] == ["5000", "3600", "1900", "1600"]
    assert rows[2][0] == "Binder's image, with PyTorch 2.14.1+cpu and Python 3.11.2"


def test_an_image_is_weighed_file_by_file(tmp_path, monkeypatch):
    """A second name of a file takes no room, and neither does a link."""
    (tmp_path / "file").write_bytes(bytes(3_000_000))
    (tmp_path / "folder").mkdir()
    os.link(tmp_path / "file", tmp_path / "folder/again")
    (tmp_path / "link").symlink_to("file")
    asked = []
    monkeypatch.setattr(colab, "about", lambda *python: asked.append(python) or {"megabytes": {"packages": 2}})
    assert colab.of_image(tmp_path) == {"megabytes": {"image": 3, "packages": 2}}
    assert asked == [("chroot", str(tmp_path), "/opt/course/bin/python")]


def test_binders_image_was_built_with_cpu_wheels_and_takes_two_gigabytes_at_most():
    kept = json.loads(colab.FILE.read_text(encoding="utf-8"))["binder"]
    assert kept["versions"]["torch"].endswith("+cpu")
    assert kept["megabytes"]["packages"] < kept["megabytes"]["image"] <= 2000


def test_d2l_is_the_one_that_pages_ask_for():
    pages = [text for page in notebooks() if "from d2l" in (text := page.read_text(encoding="utf-8"))]
    assert pages and all(f"pip install --no-deps {colab.D2L}" in text for text in pages)
    assert set(colab.D2L_IMPORTS) <= set(colab.pinned(colab.CONSTRAINTS.read_text(encoding="utf-8")))


def test_every_page_that_was_run_in_the_twin_ended_well():
    kept = json.loads(colab.FILE.read_text(encoding="utf-8"))
    assert [page for page, found in kept["pages"].items() if not colab.went_well(found)] == []
    assert set(kept["pages"]) <= set(map(name, notebooks()))
    listed = colab.pinned(colab.CONSTRAINTS.read_text(encoding="utf-8"))
    for package in ("torch", "ipywidgets", "ipykernel"):
        assert kept["versions"][package].partition("+")[0] == listed[package].partition("+")[0]
