"""Explorers in a page without a kernel: a control moves, and picture, text and figures follow.

No built book is needed.
"""

from __future__ import annotations

import json
import re

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

import explorers
import web
from ganbook import data, recipes, widgets
from pages import ROOT

PAGE = """<!DOCTYPE html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>Explorers</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{static}/ganbook.css"></head>
<body style="margin: 0 1rem"><main><h1>Explorers</h1>{body}</main>
<script src="{static}/web/explorers.js"></script></body></html>"""


def scrubber():
    torch.manual_seed(0)
    recorder = widgets.Recorder(data.toy.ring(), resolution=11, samples=40)
    recipes.get("ring").changed(steps=300).train("smoke", progress=False, watch=recorder, watch_every=25)
    return widgets.training_scrubber(recorder)


MADE = {
    "two_gaussians": widgets.two_gaussians,
    "saturation": widgets.saturation,
    "convolution_geometry": widgets.convolution_geometry,
    "dirac": widgets.dirac,
    "training_scrubber": scrubber,
}
MOVES = {
    "two_gaussians": {"mean": 3.0, "std": 0.5, "confidence": 1.5},
    "saturation": {"logit": 2.0, "spread": 3.0},
    "convolution_geometry": {"direction": "convolution", "size": 6, "kernel": 3, "stride": 1, "padding": 2},
    "dirac": {"loss": "wasserstein", "updates": "simultaneous", "lr": 0.5, "gamma": 1.0, "momentum": 0.3, "rounds": 7},
    "training_scrubber": {"number": 1, "view": "samples"},
}


@pytest.fixture(scope="module")
def made():
    web.build()
    return {name: make() for name, make in MADE.items()}


@pytest.fixture(scope="module")
def page_of(made, tmp_path_factory):
    """(theme) -> a file with every explorer."""
    body = "".join(explorer.html() for explorer in made.values())

    def write(theme="light"):
        path = tmp_path_factory.mktemp("page") / f"{theme}.html"
        path.write_text(PAGE.format(theme=theme, static=(ROOT / "book/_static").as_uri(), body=body), encoding="utf-8")
        return path.as_uri()

    return write


@pytest.fixture
def opened(browser, page_of):
    messages: list[str] = []
    contexts = []

    def open_page(theme="light", **settings):
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: messages.append(str(error)))
        page.on("console", lambda said: messages.append(said.text) if said.type in ("error", "warning") else None)
        page.goto(page_of(theme))
        page.locator(".gan-explorer svg").nth(len(MADE) - 1).wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []


def state(box):
    return json.loads(box.get_attribute("data-figures")), box.locator("svg").get_attribute("aria-label")


@pytest.mark.parametrize("name", MADE)
def test_a_control_moves_and_everything_follows(made, opened, name):
    page, explorer = opened(), made[name]
    box = page.locator(".gan-explorer").nth(list(MADE).index(name))
    values = dict(explorer.values)
    for control, value in MOVES[name].items():
        before, picture = state(box), box.locator("svg").inner_html()
        described = next(of for of in explorer.controls if of["name"] == control)
        field = box.get_by_label(described["label"], exact=True)
        if described["kind"] == "slider":
            field.fill(str(value))
        else:
            field.select_option(label=value)
        page.wait_for_function(
            "([box, old]) => box.querySelector('svg').innerHTML !== old", arg=[box.element_handle(), picture]
        )
        values[control] = value
        kept = {key: getattr(explorer, key) for key in ("name", "controls", "data", "note")}
        (right,) = explorers.stills([json.dumps(kept | {"values": values})])
        figures, text = state(box)
        assert figures == {key: pytest.approx(figure, abs=1e-9) for key, figure in right["figures"].items()}
        assert text == right["alt"] and box.locator("[aria-live]").inner_text() == text
        # The sample's view changes what is drawn of the same moment, and not its figures.
        assert text != before[1] or control in ("view",)


def test_a_slider_moves_by_keyboard_and_says_its_value(opened):
    page = opened()
    slider = page.get_by_label("mean of p_gen")
    slider.focus()
    before = page.locator("svg").first.get_attribute("aria-label")
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "1.6"
    page.wait_for_function("old => document.querySelector('svg').getAttribute('aria-label') !== old", arg=before)
    assert page.locator(".gan-value").first.inner_text() == slider.get_attribute("aria-valuetext") == "1.6"


def test_a_finger_moves_a_slider(opened):
    page = opened(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    slider = page.get_by_label("mean of p_gen")
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + 4, box["y"] + box["height"] / 2)
    assert float(slider.input_value()) < -3


def test_a_recorded_game_plays_and_pauses(opened):
    page = opened()
    slider, button = page.get_by_label("moment", exact=True), page.get_by_role("button", name=re.compile("play"))
    slider.fill("0")
    button.click()
    page.wait_for_function("slider => Number(slider.value) > 0", arg=slider.element_handle())
    page.wait_for_function("slider => slider.value === slider.max", arg=slider.element_handle())
    button.wait_for()


def test_less_motion_is_a_moment_a_second(opened):
    page = opened(reduced_motion="reduce")
    page.clock.install()
    slider = page.get_by_label("moment", exact=True)
    slider.fill("0")
    page.get_by_role("button", name=re.compile("play")).click()
    page.clock.run_for(900)
    assert slider.input_value() == "0"
    page.clock.run_for(200)
    assert slider.input_value() == "1"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_and_width(opened, theme, width):
    page = opened(theme, viewport={"width": width, "height": 900}, color_scheme=theme)
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert [(rule["id"], [node["html"][:160] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_javascript_a_picture_stands_there(browser, page_of, made, tmp_path):
    body = "".join(explorer.html() for explorer in made.values())
    context: dict[str, str] = {"body": body}
    explorers.add_stills(None, "", "", context, None)
    assert context["body"].count("<svg role") == len(MADE) and context["body"].count("<noscript>") == len(MADE)
    path = tmp_path / "still.html"
    path.write_text(PAGE.format(theme="light", static="none", body=context["body"]), encoding="utf-8")
    quiet = browser.new_context(java_script_enabled=False)
    page = quiet.new_page()
    page.goto(path.as_uri())
    assert all(page.locator("svg").nth(i).get_attribute("aria-label") for i in range(len(MADE)))
    said = page.locator("noscript").all_text_contents()
    assert said == ["This explorer needs JavaScript, or a kernel."] * len(MADE)
    quiet.close()
