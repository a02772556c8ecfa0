"""What the pages' models are made of: everything once, and again only what changed."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil

import onnxruntime
import pytest

import models_for_pages
import web


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    web.build()
    folder = tmp_path_factory.mktemp("pages") / "models"
    shutil.copytree(models_for_pages.OUTPUT, folder)
    return folder


def test_a_script_registers_the_bytes_of_its_file(made):
    text = (made / "dcgan-digits.js").read_text("utf-8")
    name, packed = re.search(r'register\("([^"]+)", "([^"]+)"\)', text).groups()
    session = onnxruntime.InferenceSession(gzip.decompress(base64.b64decode(packed)))
    assert name == "dcgan-digits" == session.get_modelmeta().custom_metadata_map["recipe"]
    told = json.loads(re.search(r"tell\((.*)\);", (made / "manifest.js").read_text("utf-8"))[1])
    assert told[name]["bytes"] == (made / "dcgan-digits.js").stat().st_size
    assert told["text-digits"]["said"]["given"] == "captions"
    assert {*models_for_pages.MODELS, "cyclegan-emoji-back", "runtime", "drawings"} == set(told)
    assert "Copyright (c) Microsoft Corporation" in (made / "runtime.js").read_text("utf-8")[:200]
    assert "OpenMoji" in (made / "drawings.js").read_text("utf-8")[:200]
    assert "MNIST" in text[:200]
    assert all((made / f"{demo}.png").is_file() for demo in models_for_pages.STILLS)


def test_only_what_is_missing_or_changed_is_made_again(made, monkeypatch):
    asked = []
    monkeypatch.setattr(models_for_pages, "_model", lambda name, output: asked.append(name) or {"files": {name: {}}})
    models_for_pages.build(made)
    assert asked == []
    (made / "text-digits.js").unlink()
    models_for_pages.build(made)
    assert asked == ["text-digits"]
    stamps = models_for_pages.stamps()
    monkeypatch.setattr(models_for_pages, "stamps", lambda: {**stamps, "pix2pix-emoji": "of other weights"})
    models_for_pages.build(made)
    assert "pix2pix-emoji" in asked and "dcgan-digits" not in asked


def test_what_no_longer_belongs_is_removed(made):
    (made / "an-older-model.js").write_text("")
    (made / "manifest.js").unlink()
    known = json.loads((made / "manifest.json").read_text("utf-8"))
    known["drawings"]["stamp"] = "older"
    (made / "manifest.json").write_text(json.dumps(known))
    models_for_pages.build(made)
    assert not (made / "an-older-model.js").exists() and (made / "manifest.js").is_file()
