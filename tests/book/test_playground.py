"""The playground in a browser, on a small page of its own that is opened from a file.

No request leaves the page, the console is silent, axe finds nothing at desk size on a light page and at phone size on a
dark one, and what the buttons, the keyboard and a link do is seen in the figures.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

import web
from pages import ROOT

SCRIPT = ROOT / "book/_static/web/playground.js"
VIEWS = {
    "desk-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
PATIENCE = 120_000  # milliseconds
SMALL = {"width": 8, "depth": 1, "batch": 16}
FARTHEST = "Math.max(...[...document.querySelectorAll('main *')].map(node => node.getBoundingClientRect().right))"
PAGE = """<!doctype html><html lang="en" data-theme="{theme}"><head><title>A playground</title>
<meta name="viewport" content="width=device-width"><style>{style} body {{ margin: 16px; font-family: sans-serif }}
html[data-theme=dark] {{ background: #121212; color: #ced6dd }}</style></head>
<body><main><h1>A playground</h1>{mounts}</main><script src="{script}"></script></body></html>"""


@pytest.fixture(scope="module")
def script() -> str:
    web.build()
    return SCRIPT.as_uri()


class Visit:
    """An open page, with what it asked for and what it reported."""

    def __init__(self, page):
        self.page, self.requests, self.messages = page, [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.messages.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.messages.append(str(error)))

    def figure(self, name: str) -> str:
        return self.page.locator(f".gp-figures div:has(dt:has-text('{name}')) dd").first.inner_text()

    @property
    def round(self) -> float:
        return float(self.figure("Round").replace(",", ""))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def until(self, condition, what: str, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            self.page.wait_for_timeout(50)

    def picture(self) -> str:
        return self.page.evaluate("document.querySelector('.gp-canvas').toDataURL()")

    def list(self, label: str):
        return self.page.locator(f"label:has(span:text-is('{label}')) select")


@pytest.fixture
def visit(script, browser, tmp_path):
    """Opens pages: visit({settings}, "#link", view="phone-dark", **of the browser's context)."""
    contexts = []

    def open_page(settings=None, link="", view="desk-light", mounts=1, **more) -> Visit:
        context = browser.new_context(**VIEWS[view], **more)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        attribute = json.dumps(settings or {}).replace('"', "&quot;")
        path = tmp_path / f"page{len(contexts)}.html"
        theme, style = view.rpartition("-")[2], (ROOT / "book/_static/ganbook.css").read_text(encoding="utf-8")
        mount = f'<div data-playground="{attribute}"></div>' * mounts
        path.write_text(PAGE.format(theme=theme, style=style, mounts=mount, script=script), encoding="utf-8")
        opened = Visit(context.new_page())
        opened.page.goto(path.as_uri() + link)
        if more.get("java_script_enabled", True):
            opened.page.wait_for_function("document.querySelector('.gp-figures')?.textContent.includes('Round')")
        return opened

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("view", VIEWS)
def test_it_plays_from_a_file_and_asks_nobody(visit, view):
    opened = visit({"play": True, "open": True, "vs": "loss:hinge", **SMALL}, view=view)
    opened.until(lambda: opened.round > 20, "twenty rounds")
    opened.press("Pause")
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    assert page.evaluate(FARTHEST) <= page.evaluate("innerWidth")  # the scroll width knows nothing of what is contained
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found] == []
    assert [address for address in opened.requests if not address.startswith(("file:", "data:", "blob:"))] == []
    assert len(opened.requests) >= 2 and len(page.workers) == 1
    assert opened.messages == []


def test_the_text_states_the_numbers_and_the_picture_carries_it(visit):
    opened = visit(SMALL)
    opened.press("One round")
    opened.until(lambda: opened.round == 1, "a round")
    said = opened.page.locator(".gan-said")
    opened.until(lambda: "round 1," in said.inner_text(), "the text")
    assert re.search(r"\d of 8 modes are covered \(by chance 7\.\d\)", said.inner_text())
    assert opened.page.locator(".gp-canvas").get_attribute("aria-label") == said.inner_text()
    assert said.get_attribute("aria-live") == "polite"


def test_turns_rounds_and_undo(visit):
    opened = visit(SMALL)
    start = opened.picture()
    opened.press("D’s turn")
    opened.until(lambda: opened.round == 0.5, "half a round")
    opened.press("G’s turn")
    opened.until(lambda: opened.round == 1, "a round")
    for _ in range(25):
        opened.press("One round")
    opened.until(lambda: opened.round == 26, "26 rounds")
    assert opened.picture() != start
    for _ in range(27):
        opened.press("Undo")
    opened.until(lambda: opened.round == 0, "the start")
    opened.until(opened.page.get_by_role("button", name="Undo").is_disabled, "nothing left to undo")
    assert opened.picture() == start


def test_slow_motion_shows_whose_turn_it_was(visit):
    opened = visit(SMALL)
    opened.list("Speed").select_option("slow")
    opened.press("Play")
    said = opened.page.locator(".gp-turn")
    opened.until(lambda: said.inner_text().startswith("D has moved"), "D's turn")
    opened.until(lambda: said.inner_text().startswith("G has moved"), "G's turn")
    assert opened.round >= 1


def test_less_motion_means_no_start_by_itself(visit):
    opened = visit({"play": True, **SMALL}, reduced_motion="reduce")
    opened.page.wait_for_timeout(1000)
    assert opened.round == 0
    opened.press("Play")
    opened.until(lambda: opened.round > 3, "rounds, once asked for")


def test_a_link_carries_the_setting_and_refuses_kindly(visit):
    opened = visit(link="#loss=hinge&depth=1&vs=penalty:r1&width=999&cake=1")
    page = opened.page
    assert opened.list("Loss").input_value() == "hinge"
    assert page.locator(".gp-title").all_inner_texts() == ["Penalty on D: none", "Penalty on D: R1"]
    notice = page.locator(".gp-notice").inner_text()
    assert "width is “999”: allowed is a whole number from 1 to 128; it stays at 64." in notice
    assert "No setting is called “cake”" in notice
    page.locator(".gp-settings summary").click()
    opened.list("G’s step size").select_option("0.005")
    assert page.evaluate("location.hash") == "#loss=hinge&g_lr=0.005&depth=1&vs=penalty:r1"
    assert page.get_by_label("Link to this setting").input_value().endswith(page.evaluate("location.hash"))


def test_the_keyboard_plays_and_draws(visit):
    opened = visit({**SMALL, "data": "drawn", "open": True})
    page = opened.page
    page.get_by_role("button", name="One round").focus()
    page.keyboard.press("Enter")
    opened.until(lambda: opened.round == 1, "a round")
    page.get_by_role("application").focus()
    for key in ("Space", "ArrowRight", "ArrowRight", "Space", "ArrowUp", "Space", "Backspace"):
        page.keyboard.press(key)
    assert "2 points of at most 200." in page.locator(".gp-pad").inner_text()
    assert re.search(r"points=\w{4}$", page.evaluate("location.hash"))
    opened.until(lambda: opened.round == 0, "a new start with other data")


def test_a_finger_draws(visit):
    opened = visit({**SMALL, "data": "drawn", "open": True}, view="phone-dark", has_touch=True)
    pad = opened.page.get_by_role("application")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    opened.page.touchscreen.tap(box["x"] + 40, box["y"] + 60)
    opened.until(lambda: "1 points" in opened.page.locator(".gp-pad").inner_text(), "a point")


@pytest.mark.parametrize(
    ("lesson", "stages"),
    [("Make the arrows vanish", 2), ("Make it circle, then damp it", 2)],
)
def test_a_lesson_notices_that_it_is_done(visit, lesson, stages):
    opened = visit({"play": True})
    page = opened.page
    opened.press(lesson)
    for stage in range(stages):
        opened.until(lambda: opened.round > 30, "some rounds")
        assert page.locator(".gp-done").count() == stage
        page.locator(".gp-open summary").click()
        opened.press("Set it for me")
        opened.until(lambda stage=stage: page.locator(".gp-done").count() == stage + 1, f"{lesson}, stage {stage}")


def test_saturation_is_seen_in_two_games_side_by_side(visit):
    preset = {"loss": "saturating", "d_steps": 10, "g_lr": 0.0005, "vs": "loss:non_saturating", "play": True}
    opened = visit(preset)
    opened.until(lambda: opened.round >= 20, "twenty rounds", seconds=120)
    opened.press("Pause")
    arrows = opened.page.locator(".gp-figures div:has(dt:has-text('Mean arrow')) dd").all_inner_texts()
    assert re.fullmatch(r"10⁻[\d⁰¹²³⁴⁵⁶⁷⁸⁹]+|0\.00\d", arrows[0])
    assert float(arrows[1]) > 0.3
    assert "They differ in one setting, Loss: saturating in the first" in opened.page.locator("main").inner_text()


def test_two_playgrounds_of_one_page_play_each_its_own(visit):
    opened = visit(SMALL, mounts=2)
    opened.page.locator("[data-playground]").nth(1).scroll_into_view_if_needed()
    opened.page.locator("[data-playground]").nth(1).get_by_role("button", name="One round").click()
    second = opened.page.locator(".gp-figures").nth(1)
    opened.until(lambda: second.locator("dd").first.inner_text() == "1", "a round of the second")
    assert opened.round == 0
    assert opened.messages == []


def test_it_is_fast_enough_even_on_a_busy_machine(visit):
    """At least 60 rounds a second at a batch of 128 were asked of two free cores; the tests may have less than one."""
    opened = visit({"play": True})
    opened.until(lambda: opened.round > 20, "a start")
    began, first = time.monotonic(), opened.round
    opened.page.wait_for_timeout(5000)
    rate = (opened.round - first) / (time.monotonic() - began)
    print(f"\n{rate:.0f} rounds a second")
    assert rate > 5, f"{rate:.0f} rounds a second"


PAGE_SOURCE = ROOT / "book/game/playground.md"
NOT_OURS = {"pretrained start", "how $G$ bends the plane of $z$", "diagram of the data flow"}
"""Rows in which only GAN Lab has something."""


def rows(text: str) -> dict[str, str]:
    """First to last cell of a table's rows."""
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if re.match(r"\| [^|]", line)]
    return {row[0]: row[-1] for row in cells}


def test_each_row_beside_gan_lab_names_a_test_that_exists():
    beside, behind = PAGE_SOURCE.read_text(encoding="utf-8").split("## Beside GAN Lab")[1].split(":class: dropdown")
    tested = rows(behind.split(":::")[0])
    assert set(tested) == set(rows(beside)) - NOT_OURS
    ours = Path(__file__).read_text(encoding="utf-8")
    for row, cell in tested.items():
        for name, titles in re.findall(r"`([^`]+)`((?:,? ?“[^”]+”)*)", cell):
            if name.endswith(".ts"):
                text = (ROOT / "web/tests" / name).read_text(encoding="utf-8")
                assert all(title in text for title in re.findall("“([^”]+)”", titles)), f"{row}: {name} {titles}"
            else:
                assert f"\ndef {name}(" in ours, f"{row}: {name}"
        assert "`" in cell, row
