"""What the pages run: the bundle for notebooks is that of the sources, and what bundles hold of others is named."""

from __future__ import annotations

import re

import pytest

import web
from pages import ROOT

BUNDLE = ROOT / "ganbook/widgets/explorers.js"


@pytest.fixture(scope="module", autouse=True)
def built():
    """The bundle as it lay here, and as it is made now."""
    before = BUNDLE.read_bytes()
    web.build()
    return before, BUNDLE.read_bytes()


def test_the_committed_bundle_is_that_of_the_sources(built):
    assert built[0] == built[1], "commit ganbook/widgets/explorers.js as tools/web.py makes it"


def test_every_page_script_is_a_classic_script():
    """A browser loads no module from a file."""
    names = {path.stem for path in (ROOT / "web/pages").glob("*.ts")}
    for name in names:
        text = (ROOT / f"book/_static/web/{name}.js").read_text(encoding="utf-8")
        assert not re.search(r"^(import|export)\b", text, re.MULTILINE), name
    assert {"explorers", "models", "playground"} <= names


def test_what_is_bundled_of_others_comes_with_its_licence():
    licences = (ROOT / "book/_static/web/LICENCES.txt").read_text(encoding="utf-8")
    for package in ("d3-scale", "@tensorflow/tfjs-core", "onnxruntime-web"):
        assert re.search(rf"^{package} [\d.]+ \((ISC|Apache-2.0|MIT)\)$", licences, re.MULTILINE)


def test_a_type_error_fails_the_check(tmp_path, monkeypatch, capfd):
    wrong = ROOT / "web" / "wrong_on_purpose.ts"
    wrong.write_text("export const wrong: number = 'text';\n", encoding="utf-8")
    try:
        monkeypatch.setattr(web, "CHECKS", web.CHECKS[:1])
        assert web.check() == 1
    finally:
        wrong.unlink()
    assert "wrong_on_purpose.ts" in capfd.readouterr().out
