"""Where a notebook can be opened without installing anything: the forms that the services ask for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace

import colab
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


def instructions(path: Path) -> list[tuple[str, str]]:
    """What a Dockerfile says, in its order: the instruction and the rest of its line, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", path.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_is_one_that_binder_can_start():
    """Its rules: a named tag, `notebook` and `jupyterlab`, the user it names, who owns the home, no entry point."""
    assert [path.name for path in (ROOT / ".binder").iterdir()] == ["Dockerfile"], "others would not be read beside it"
    said = instructions(ROOT / ".binder/Dockerfile")
    assert said[0] == ("FROM", "debian:bookworm-slim")
    assert {word for word, _ in said} <= {"FROM", "RUN", "ARG", "ENV", "WORKDIR", "COPY", "USER", "EXPOSE", "CMD"}
    of = {word: [rest for other, rest in said if other == word] for word, _ in said}
    arguments = dict(rest.split("=") for rest in of["ARG"])
    assert {"NB_USER", "NB_UID"} <= set(arguments)
    assert arguments["TORCH_INDEX"] == "https://download.pytorch.org/whl/cpu", "else 3.2 GB of CUDA come along"
    assert (
        " HOME=/home/$NB_USER " in of["ENV"][0]
        and "--create-home" in of["RUN"][1]
        and "$NB_UID $NB_USER" in of["RUN"][1]
    )
    assert (of["USER"], of["WORKDIR"], of["COPY"]) == (["$NB_USER"], ["$HOME"], ["--chown=$NB_UID . ."])
    assert json.loads(said[-1][1])[:2] == ["jupyter", "lab"] and said[-1][0] == "CMD"


def test_a_reader_of_the_image_has_what_pages_ask_for_and_may_install_more():
    said = instructions(ROOT / ".binder/Dockerfile")
    installed = [(word, rest) for word, rest in said if rest.startswith("pip install --no-cache-dir ")]
    assert [rest.split()[3:] for _, rest in installed] == [
        ["torch", "torchvision", "--index-url", "$TORCH_INDEX"],
        ["jupyterlab", "notebook"],
        ["--no-deps", colab.D2L],
        ["."],
    ]
    first = said.index(installed[0])
    assert said.index(("USER", "$NB_USER")) < said.index(("RUN", "python3 -m venv /opt/course")) < first


def test_what_a_clone_makes_is_not_sent_to_the_image():
    made = {line.strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()}
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line.removeprefix("**/") for line in left_out} == {*made, ".git"}


def test_an_editor_sets_up_what_everybody_does():
    content = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    assert content["postCreateCommand"] == "make install" and "python:3.12" in content["image"]
