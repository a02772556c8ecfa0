"""Models in the page draw what PyTorch draws, fast enough to follow a hand, and ask no other host for anything."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

import models_for_pages
import web
from ganbook import zoo
from ganbook.data.images import to_float
from ganbook.zoo.export import metadata
from pages import ROOT

SCRIPTS = ROOT / "book" / "_static" / "web"
CAPTIONS = {
    "text-digits": [
        "a bold red seven on green",
        "zebra",
        "",
        "two",
        "white six on a black ground with paper",
        "a",
        "b",
    ],
    "text-emoji": ["woman astronaut", "a man with a beard", "purple person", "", "facing right", "judge", "elf"],
}


@pytest.fixture(scope="module", autouse=True)
def scripts() -> None:
    web.build()


@pytest.fixture
def opened(browser, tmp_path):
    """opened(body, **settings): a page with this body and the scripts, from a file; what went wrong is in its log."""
    contexts = []

    def open_page(body: str = "", **settings: Any) -> Any:
        path = tmp_path / "page.html"
        path.write_text(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Models</title></head><body><main>'
            f'<h1>Models</h1>{body}</main><script src="{(SCRIPTS / "models.js").as_uri()}"></script></body></html>',
            encoding="utf-8",
        )
        context = browser.new_context(**settings)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.requests, page.troubles = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("requestfailed", lambda request: page.troubles.append(request.url))
        page.on("console", lambda said: page.troubles.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def told(value: torch.Tensor) -> dict[str, Any]:
    return {"data": value.flatten().tolist(), "shape": list(value.shape), "whole": not value.is_floating_point()}


def run(page, name: str, **inputs: torch.Tensor) -> torch.Tensor:
    fed = {key: told(value) for key, value in inputs.items()}
    drawn = page.evaluate("([name, inputs]) => ganbookModels.run(name, inputs)", [name, fed])
    return torch.tensor(drawn["data"]).view(drawn["shape"])


def example(name: str, n: int) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Inputs of a model's file, and what PyTorch makes of the same."""
    sampler, inputs, conditions = zoo.load(name.removesuffix("-back")), {}, {}
    if sampler.prior is not None:
        inputs["z"] = sampler.prior.sample(n, generator=torch.Generator().manual_seed(n))
    if sampler.given == "labels":
        inputs["labels"] = conditions["labels"] = torch.arange(n) % sampler.classes
    elif sampler.given == "captions":
        conditions["captions"] = CAPTIONS[name][:n]
        inputs["tokens"] = sampler.generator.encoder.tokenizer(conditions["captions"])
    elif sampler.given == "sources":
        _, lines, colours = models_for_pages.drawn(sampler.shape[-1])
        chosen = colours if name.endswith("-back") else lines.expand(-1, 3 if "cyclegan" in name else 1, -1, -1)
        inputs["sources"] = conditions["sources"] = to_float(chosen[:n])
    if name.endswith("-back"):
        with torch.no_grad():
            return inputs, sampler.generator.back(inputs["sources"])
    return inputs, sampler.sample(n, **conditions, seed=n)


@pytest.mark.parametrize("name", [*models_for_pages.MODELS, "cyclegan-emoji-back"])
def test_a_model_draws_in_the_page_what_it_draws_in_pytorch(opened, name: str):
    page = opened()
    for n in (1, 7):
        inputs, expected = example(name, n)
        drawn = run(page, name, **inputs)
        assert drawn.shape == expected.shape
        assert (drawn - expected).abs().max() < 1e-3
    assert page.troubles == [] and all(address.startswith("file:") for address in page.requests)


def test_nothing_large_is_loaded_before_it_is_asked_for(opened):
    page = opened()
    page.wait_for_timeout(300)
    assert [Path(address).name for address in page.requests] == ["page.html", "models.js"]
    assert (SCRIPTS / "models.js").stat().st_size < 60_000
    inputs, _ = example("dcgan-digits", 1)
    run(page, "dcgan-digits", **inputs)
    loaded = sorted(Path(address).name for address in page.requests[2:])
    assert loaded == ["dcgan-digits.js", "manifest.js", "onnx.js", "runtime.js"]


REPEATED = """async ([name, inputs, times]) => {
  await ganbookModels.run(name, inputs);
  const start = performance.now();
  for (let i = 0; i < times; i++) await ganbookModels.run(name, inputs);
  return (performance.now() - start) / times;
}"""


def test_models_are_fast_enough_to_follow_a_hand(opened, record_property):
    """Wanted on two idle cores: 20 digits a second, 150 ms a stroke. A busy machine may take five times as long."""
    page = opened()
    digits, strokes = (
        page.evaluate(REPEATED, [name, {key: told(value) for key, value in example(name, n)[0].items()}, 5])
        for name, n in (("dcgan-digits", 9), ("pix2pix-emoji", 1))
    )
    record_property("digits_per_second", 9000 / digits)
    record_property("stroke_ms", strokes)
    print(f"\n{9000 / digits:.0f} digits a second, {strokes:.0f} ms a stroke")
    assert 9000 / digits > 20 / 5 and strokes < 150 * 5


# The demos. ----------------------------------------------------------------------------------------------------------


def demo(opened, kind: str, attributes: str = "", **settings: Any) -> Any:
    """A page with one demo, its model loaded."""
    page = opened(f'<div data-demo="{kind}" {attributes}></div>', **settings)
    still = page.get_by_role("img")
    assert still.get_attribute("src").endswith(f"/{kind}.png") and len(still.get_attribute("alt").split()) > 5
    page.get_by_role("button", name="Load the model").click()
    page.locator("[data-demo][data-ready]").wait_for()
    assert page.locator("img").count() == 0
    return page


def figures(page) -> dict[str, float]:
    return json.loads(page.locator("[data-demo]").get_attribute("data-figures"))


def pixels(page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('canvas')].map(canvas => canvas.toDataURL())")


def alts(page) -> list[str]:
    return page.evaluate("[...document.querySelectorAll('canvas')].map(canvas => canvas.getAttribute('aria-label'))")


def after(page, action) -> tuple[list[str], list[str]]:
    """Pictures and texts once ``action`` has shown."""
    before = pixels(page)
    action()
    page.wait_for_function(
        "before => JSON.stringify([...document.querySelectorAll('canvas')].map(c => c.toDataURL())) !== before",
        arg=json.dumps(before, separators=(",", ":")),
    )
    page.wait_for_timeout(200)
    return pixels(page), alts(page)


def set_range(page, label: str, value: float) -> None:
    page.get_by_label(label).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input')) }", str(value)
    )


def clean(page) -> None:
    assert page.troubles == [] and all(address.startswith(("file:", "blob:", "data:")) for address in page.requests)


LOST = """() => {
  const append = document.head.append;
  document.head.append = function (script) {
    const lost = script.src.endsWith("dcgan-digits.js");
    if (lost) { script.src += ".lost"; document.head.append = append; }
    append.call(this, script);
  };
}"""
"""The next time, a model's script is not found."""


def test_a_page_may_bring_a_still_of_its_own(opened):
    page = opened('<div data-demo="class"><img src="data:," alt="A picture of the page."></div>')
    page.get_by_role("button", name="Load the model (").wait_for()
    assert page.get_by_role("img").count() == 1


def test_the_button_says_how_much_is_loaded_and_a_failure_may_be_tried_again(opened):
    page = opened('<div data-demo="latent"></div>')
    button = page.get_by_role("button", name="Load the model (")
    button.wait_for()
    said = float(re.search(r"([\d.]+) MB", button.inner_text())[1])
    files = [SCRIPTS / "models" / name for name in ("runtime.js", "dcgan-digits.js")]
    assert said == pytest.approx(sum(file.stat().st_size for file in files) / 1e6, abs=0.06)
    page.evaluate(LOST)
    button.click()
    page.get_by_text("The model could not be loaded (").wait_for()
    button.click()
    page.locator("[data-ready]").wait_for()
    page.get_by_label("first latent").wait_for()


def test_latents_are_walked_and_the_same_numbers_give_the_same_picture(opened):
    page = demo(opened, "latent")
    first, said = pixels(page), alts(page)
    assert re.search(
        r"9 generated images from latent \d+ to latent \d+ along the arc\. The largest .* \d\.\d times", said[0]
    )
    moved, said = after(page, lambda: page.get_by_label("first latent").press("ArrowRight"))
    assert moved[0] != first[0] and "from latent 13 to latent 13" in said[0]
    back, _ = after(page, lambda: page.get_by_label("first latent").press("ArrowLeft"))
    assert back == first
    _, said = after(page, lambda: set_range(page, "push by", 2))
    assert "with 2.0 added to coordinate 0" in said[0] and figures(page)["push"] == 2
    _, said = after(page, lambda: page.get_by_label("way", exact=True).select_option("straight line"))
    assert "along the straight line" in said[0]
    page.get_by_text("along the straight line").wait_for()  # what a reader who listens is told
    clean(page)


def test_a_class_is_picked(opened):
    page = demo(opened, "class")
    before = pixels(page)
    now, said = after(page, lambda: page.get_by_label("7", exact=True).first.check())
    assert now[0] != before[0] and now[1] == before[1]
    assert (
        said[0] == "9 generated images of class 7 on the way from latent 0 to latent 1."
        and 0.02 < figures(page)["difference"] < 1
    )
    clean(page)


@pytest.mark.parametrize("finger", [False, True], ids=["mouse", "finger"])
def test_what_is_drawn_is_coloured_and_can_be_taken_back(opened, finger):
    page = demo(opened, "colouring", has_touch=finger)
    page.get_by_label("begin with").select_option("a white sheet")
    page.wait_for_function("JSON.parse(document.querySelector('[data-demo]').dataset.figures).ink === 0")
    white = pixels(page)
    board = page.locator("canvas.gan-board")
    board.scroll_into_view_if_needed()
    place = board.bounding_box()
    turns = [(0.5 + 0.35 * math.cos(k / 6), 0.5 + 0.35 * math.sin(k / 6)) for k in range(39)]
    points = [(place["x"] + x * place["width"], place["y"] + y * place["height"]) for x, y in turns]

    def draw() -> None:
        if finger:
            touch = page.context.new_cdp_session(page)
            for kind, some in (("Start", points[:1]), *(("Move", [point]) for point in points), ("End", [])):
                at = [{"x": x, "y": y} for x, y in some]
                touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": at})
        else:
            page.mouse.move(*points[0])
            page.mouse.down()
            for point in points:
                page.mouse.move(*point)
            page.mouse.up()

    after(page, draw)
    page.wait_for_function("JSON.parse(document.querySelector('[data-demo]').dataset.figures).ink > 0.05")
    page.wait_for_timeout(300)
    found = figures(page)
    assert found["strokes"] == 1 and 0.05 < found["ink"] < 0.2
    assert found["colourful"] > 0.02, "a round outline gets a colour"
    assert "with 1 stroke added" in alts(page)[0] and "of its pixels have a colour" in alts(page)[1]
    undone, _ = after(page, lambda: page.get_by_role("button", name="Undo").click())
    assert undone == white
    assert page.get_by_role("button", name="Undo").is_disabled()
    clean(page)


def test_shapes_are_drawn_with_the_keyboard(opened):
    page = demo(opened, "colouring")
    after(page, lambda: page.get_by_role("button", name="Clear").press("Enter"))
    for name in ("round face", "eyes", "smile"):
        after(page, lambda name=name: page.get_by_role("checkbox", name=name).press("Space"))
    found = figures(page)
    assert found["strokes"] == 3 and found["ink"] > 0.05 and found["colourful"] > 0.1
    after(page, lambda: page.get_by_role("checkbox", name="smile").press("Space"))  # and rubbed out again
    assert figures(page)["ink"] < found["ink"]
    after(page, lambda: page.get_by_role("button", name="Undo").press("Enter"))
    assert figures(page)["ink"] == found["ink"] and page.get_by_role("checkbox", name="smile").is_checked()
    after(page, lambda: page.get_by_role("button", name="Clear").press("Enter"))
    assert figures(page)["ink"] == 0 and not page.get_by_role("checkbox", name="smile").is_checked()
    after(page, lambda: page.get_by_role("button", name="Undo").press("Enter"))
    assert figures(page)["strokes"] == 3
    clean(page)


def test_captions_are_drawn_and_unknown_words_named(opened):
    page = demo(opened, "caption")
    _, said = after(page, lambda: page.get_by_role("textbox", name="caption").fill("a white six on redd zebra"))
    assert said[0].startswith("8 images of the caption “a white six on redd zebra”, latents 0 to 7.")
    assert "never read: redd, zebra" in page.locator(".gan-unknown").inner_text()
    assert "near redd it knows red" in page.locator(".gan-unknown").inner_text()
    assert figures(page)["unknown"] == 2
    after(page, lambda: page.get_by_label("examples").select_option("pink paper with a white zero"))
    assert page.get_by_role("textbox", name="caption").input_value() == "pink paper with a white zero"
    assert page.locator(".gan-unknown").inner_text() == ""
    words = json.loads(metadata(zoo.load("text-digits"))["words"])
    page.get_by_text(f"All {len(words)} words").click()
    assert page.locator(".gan-words li").all_inner_texts() == sorted(words)
    after(page, lambda: page.get_by_label("people").check())
    assert page.get_by_role("textbox", name="caption").input_value() == "woman astronaut"
    clean(page)


def test_a_page_may_begin_with_people(opened):
    page = demo(opened, "caption", """data-options='{"model": "text-emoji"}'""")
    assert page.get_by_label("people").is_checked() and "text-digits.js" not in str(page.requests)


def test_both_translators_translate(opened):
    page = demo(opened, "cyclegan")
    there, said = pixels(page), alts(page)
    assert "lines of" in said[0] and "translation to colours" in said[1] and len(there) == 3
    back, said = after(page, lambda: page.get_by_label("colours to lines").check())
    assert "colours of" in said[0] and "translation to lines" in said[1] and back[1] != there[1]
    after(page, lambda: page.get_by_label("drawing").select_option(index=3))
    assert 0 < figures(page)["lost"] < 0.5
    clean(page)


VIEWS = {
    "desk-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


@pytest.mark.parametrize("view", VIEWS)
def test_demos_are_accessible_and_fit_a_phone(opened, view: str):
    kinds = ("latent", "class", "colouring", "caption", "cyclegan")
    body = "<style>:root { color-scheme: light dark }</style>" + "".join(f'<div data-demo="{k}"></div>' for k in kinds)
    page = opened(body, **VIEWS[view])
    assert violations(page) == []
    for kind in kinds:
        page.locator(f"[data-demo={kind}] button").click()
        page.locator(f"[data-demo={kind}][data-ready]").wait_for()
    assert violations(page) == []
    assert all(len(alt.split()) >= 3 and re.search(r"\d|drawn", alt) for alt in alts(page)) and len(alts(page)) == 10
    width = VIEWS[view]["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    clean(page)


def violations(page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found]
