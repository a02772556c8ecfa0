"""Explorers of a generator as a notebook shows them: the front end in Chromium, the kernel's part in this process.

The bundle that anywidget would load is given a model whose messages go to the explorer and whose answers come back. The
pictures are those that the built page's own model draws.
"""

from __future__ import annotations

import base64
import json

import pytest
import torch
from axe_playwright_python.sync_playwright import Axe

import models_for_pages
import web
from ganbook import widgets, zoo
from ganbook.data.images import to_float
from pages import ROOT

MOUNT = """async ([source, state, views]) => {
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const heard = {};
  const model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; },
    save_changes: () => {},
    on: (event, call) => { (heard[event] ??= new Set()).add(call); },
    off: (event, call) => heard[event]?.delete(call),
    send: async (content, _callbacks, buffers = []) => {
      const bytes = buffers.map(({ buffer }) => btoa(String.fromCharCode(...new Uint8Array(buffer))));
      const answer = await window.askKernel(content, bytes);
      if (!answer) return;
      const view = (text) => new DataView(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);
      for (const call of [...(heard["msg:custom"] ?? [])]) call(answer.content, answer.buffers.map(view));
    },
  };
  window.heard = heard;
  window.closers = [];
  for (let i = 0; i < views; i++) {
    const el = document.createElement("section");
    document.querySelector("main").append(el);
    window.closers.push(module.default.render({ model, el }));
  }
}"""


@pytest.fixture(scope="module", autouse=True)
def scripts():
    web.build()


@pytest.fixture
def shown(browser, monkeypatch):
    """(explorer, views=1, alive=True) -> a page on which a notebook shows it."""
    contexts = []

    def show(explorer, views=1, alive=True, **settings):
        answers = []
        monkeypatch.setattr(explorer, "send", lambda content, sent=(): answers.append((content, sent)))

        def ask(content, buffers):
            explorer._handle_custom_msg(content, [memoryview(base64.b64decode(text)) for text in buffers])
            said, sent = answers.pop()
            return {"content": said, "buffers": [base64.b64encode(one).decode() for one in sent]} if alive else None

        context = browser.new_context(**settings)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.troubles = []
        page.on("console", lambda said: page.troubles.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: page.troubles.append(str(error)))
        page.expose_function("askKernel", ask)
        page.set_content('<html lang="en"><title>A notebook</title><main><h1>A notebook</h1></main></html>')
        page.clock.install()
        source = (ROOT / "ganbook/widgets/explorers.js").read_text(encoding="utf-8")
        state = {key: getattr(explorer, key) for key in ("name", "controls", "values", "data", "note")}
        page.evaluate(MOUNT, [source, state, views])
        if alive:
            page.locator("[data-ready]").nth(views - 1).wait_for()
        return page

    yield show
    for context in contexts:
        context.close()


def pixels(page):
    return page.evaluate("[...document.querySelectorAll('canvas')].map(canvas => canvas.toDataURL())")


def greys(page, script):
    """What a canvas shows, as numbers in [-1, 1]."""
    return torch.tensor(page.evaluate(script), dtype=torch.float32) / 127.5 - 1


CANVAS = """() => {
  const { data, width, height } = document.querySelector("canvas").getContext("2d")
    .getImageData(0, 0, 56, 56);
  return Array.from({ length: 28 * 28 }, (_, i) => data[4 * (2 * Math.floor(i / 28) * width + 2 * (i % 28))]);
}"""


def drawing_board():
    names, lines, _ = models_for_pages.drawn(64)
    return widgets.colouring_board(zoo.load("pix2pix-emoji"), dict(zip(names, to_float(lines), strict=True)))


MADE = {
    "latent": lambda: widgets.latent_explorer(zoo.load("dcgan-digits"), start=3, end=8),
    "class": lambda: widgets.class_explorer(zoo.load("conditional-digits"), label=3),
    "caption": lambda: widgets.caption_explorer(zoo.load("text-digits"), "a bold red seven on green", examples=["two"]),
    "colouring": drawing_board,
}
MOVES = {
    "latent": lambda page: page.get_by_label("first latent").press("ArrowRight"),
    "class": lambda page: page.get_by_label("7", exact=True).first.check(),
    "caption": lambda page: page.get_by_role("textbox", name="caption").fill("a white six on redd"),
    "colouring": lambda page: page.get_by_role("checkbox", name="round face").check(),
}


@pytest.mark.parametrize("name", MADE)
def test_a_control_moves_and_the_kernel_draws(shown, name):
    page = shown(MADE[name]())
    before, figures = pixels(page), page.locator("[data-figures]").get_attribute("data-figures")
    MOVES[name](page)
    page.wait_for_function(
        "before => document.querySelector('[data-figures]').dataset.figures !== before", arg=figures, polling=50
    )
    assert pixels(page)[-1] != before[-1] or pixels(page)[0] != before[0]
    assert all(
        len(text.split()) > 3 for text in page.locator("canvas").evaluate_all("all => all.map(c => c.ariaLabel)")
    )
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    assert found == [] and page.troubles == []


def test_a_latent_is_the_one_that_torch_draws_from_its_number(shown):
    sampler = zoo.load("dcgan-digits")
    page = shown(MADE["latent"]())
    z = sampler.prior.sample(1, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        drawn = sampler.generator(z)[0, 0].flatten()
    assert (greys(page, CANVAS) - drawn).abs().max() < 1.5 / 127.5


def test_jupyterlab_leaves_keys_to_the_control_that_has_the_focus(shown):
    """Its shortcuts would take arrow keys; it spares an element with this attribute, and looks at no other one."""
    page = shown(MADE["latent"]())
    slider = page.get_by_label("first latent")
    assert slider.get_attribute("data-lm-suppress-shortcuts") is None
    slider.focus()
    assert slider.get_attribute("data-lm-suppress-shortcuts") == "true"


def test_two_views_of_one_explorer_each_hear_their_own_answers(shown):
    page = shown(MADE["latent"](), views=2)
    before = pixels(page)
    assert before[:2] == before[2:]
    second = page.locator("section").nth(1)
    second.get_by_label("first latent").press("ArrowRight")
    page.wait_for_function("before => document.querySelectorAll('canvas')[2].toDataURL() !== before", arg=before[2])
    assert pixels(page)[:2] == before[:2]
    page.evaluate("closers.forEach(close => close())")
    assert page.evaluate("heard['msg:custom'].size") == 0, "a view that is closed still listens"


def test_a_kernel_that_is_gone_is_named_and_nothing_hangs(shown):
    page = shown(MADE["latent"](), alive=False)
    page.get_by_text("The kernel draws …").wait_for()
    page.clock.fast_forward(16_000)
    page.get_by_text("run this cell again").wait_for()


def test_what_the_kernel_cannot_draw_is_a_sentence(shown, monkeypatch):
    explorer = MADE["latent"]()
    page = shown(explorer)
    monkeypatch.setattr(explorer, "_sampler", zoo.load("pix2pix-emoji"))
    page.get_by_label("first latent").press("ArrowRight")
    page.get_by_text("The model could not draw: ").wait_for()
    monkeypatch.setattr(explorer, "_sampler", zoo.load("dcgan-digits"))
    page.get_by_label("first latent").press("ArrowRight")
    page.get_by_text("The model could not draw: ").wait_for(state="detached")
    assert json.loads(page.locator("[data-figures]").get_attribute("data-figures"))["from"] == 5
