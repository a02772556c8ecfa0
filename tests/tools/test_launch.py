"""Where a notebook can be opened without installing anything: the forms that the services ask for."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

from packaging.requirements import Requirement

import launch
from pages import config
from repository import ROOT, Repository

WHERE = Repository("https://github.com/some-one/course", "main")
PAGE = Path("book/game/two_players.ipynb")


def test_addresses_are_of_the_form_that_each_service_asks_for():
    assert launch.services(WHERE, PAGE) == {
        "Kaggle": f"https://kaggle.com/kernels/welcome?src=https://github.com/some-one/course/blob/main/{PAGE}",
        "Studio Lab": f"https://studiolab.sagemaker.aws/import/github/some-one/course/blob/main/{PAGE}",
    }


def test_they_stand_under_the_rocket_where_there_is_one():
    rocket = {"label": "launch-buttons", "buttons": [{"text": "Colab"}]}
    context = {"header_buttons": [{"label": "source-buttons", "buttons": []}, rocket]}
    launch.add_buttons(None, "book/game/two_players", "", context, None)
    assert [button["text"] for button in rocket["buttons"]] == ["Colab", "Kaggle", "Studio Lab"]
    assert all(button["url"].endswith("/blob/main/book/game/two_players.ipynb") for button in rocket["buttons"][1:])
    assert context["header_buttons"][0]["buttons"] == []
    launch.add_buttons(None, "genindex", "", {}, None)  # a page without buttons


def test_the_extension_comes_after_the_themes_own_buttons():
    connected = {}
    launch.setup(SimpleNamespace(connect=lambda event, act, priority: connected.update({event: priority})))
    assert connected["html-page-context"] > 501
    assert config()["launch_buttons"]["binderhub_url"] == "https://mybinder.org"


def test_binders_files_are_what_it_reads():
    assert re.fullmatch(r"python-3\.1[1-3]\n", (ROOT / ".binder/runtime.txt").read_text(encoding="utf-8"))
    lines = (ROOT / ".binder/requirements.txt").read_text(encoding="utf-8").splitlines()
    options = [line for line in lines if line.startswith("-")]
    assert options == ["--extra-index-url https://download.pytorch.org/whl/cpu"], "else 3.2 GB of CUDA come along"
    asked = {Requirement(line).name for line in lines if line and line[0] not in "-#"}
    assert {"torch", "torchvision", "jupyterlab"} == asked
    script = ROOT / ".binder/postBuild"
    assert script.stat().st_mode & 0o111 and subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_an_editor_sets_up_what_everybody_does():
    content = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert content["postCreateCommand"] == "make install" and "python:3.12" in content["image"]
