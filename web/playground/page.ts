/** The playground on a page: buttons, games side by side, lessons, settings, and a link that carries them. */

import { button, type Choice, choice } from "../controls/controls.ts";
import { box, element, spoken, write } from "../controls/element.ts";
import { LOSS_NAMES, LOSSES, type LossName } from "../losses.ts";
import type { Who } from "../training/game.ts";
import { Comparison, Controls, difference, titles } from "./controls.ts";
import { Engine, type Played } from "./engine.ts";
import { LessonCard } from "./lesson_card.ts";
import { begun, LESSONS, type Lesson, lessonOf } from "./lessons.ts";
import { isLink, linkOf, type Setting, settingOf, type Texts, textsOf } from "./link.ts";
import { Pad } from "./pad.ts";
import { Panel } from "./panel.ts";
import { Link, legend, Rate, speeds } from "./parts.ts";
import { Player } from "./player.ts";
import type { Order } from "./protocol.ts";
import { both } from "./session.ts";
import { DEFAULTS } from "./settings.ts";

const SAID_EVERY = 10_000; // milliseconds
const NAMES = LESSONS.map(({ name }) => name);

export interface Options {
  /** Starts by itself, unless the reader prefers less motion. */
  play?: boolean;
  /** All settings are laid open. */
  open?: boolean;
  /** Follows the link in the address. */
  linked?: boolean;
}

export class Playground {
  readonly #root: HTMLElement;
  readonly #options: Options;
  readonly #engine = new Engine();
  readonly #player: Player;
  readonly #games = element("div", { class: "gp-games" });
  readonly #notice = element("p", { class: "gp-notice", role: "status" });
  readonly #difference = element("p", { class: "gp-difference" });
  readonly #said = spoken();
  readonly #rate = new Rate();
  readonly #play: HTMLButtonElement;
  readonly #undo: HTMLButtonElement;
  readonly #lesson: LessonCard;
  readonly #controls: Controls;
  readonly #comparison: Comparison;
  readonly #pad: Pad;
  readonly #arrows: Choice<LossName | "">;
  readonly #link = new Link(() => this.#say("The link is copied."));
  #panels: Panel[] = [];
  #setting: Setting;
  #saidAt = 0;

  constructor(root: HTMLElement, texts: Texts, options: Options = {}) {
    this.#root = root;
    this.#options = options;
    const hash = options.linked && isLink(location.hash);
    const { setting, refused } = settingOf(hash ? textsOf(location.hash) : texts, NAMES);
    this.#setting = begun(setting, hash ? textsOf(location.hash) : texts);
    this.#player = new Player(this.#engine, {
      settings: () => both(this.#setting),
      show: (played) => this.#show(played),
      failed: (error) => this.#failed(error),
    });
    this.#play = button("Play", () => this.#toggle(), { class: "gp-main" });
    this.#undo = button("Undo", () => this.#order({ do: "undo" }), { disabled: true });
    this.#lesson = new LessonCard({
      begin: (lesson) => this.#begin(lesson),
      follow: (change, anew) => this.#change({ settings: { ...this.#setting.settings, ...change } }, anew),
      say: (text) => this.#say(text),
    });
    this.#controls = new Controls(this.#setting.settings, (settings) => this.#change({ settings }));
    this.#comparison = new Comparison((versus) => this.#change({ versus }));
    this.#pad = new Pad((points) => this.#change({ settings: { ...this.#setting.settings, points } }));
    this.#arrows = choice<LossName | "">(
      "Also draw, in green, the arrows of",
      [["no other loss", ""], ...LOSS_NAMES.map((name) => [LOSSES[name].title, name] as const)],
      () => this.#change({ arrows: this.#arrows.value || undefined }),
    );
    this.#lay();
    this.#lesson.begin(lessonOf(this.#setting.lesson));
    this.#write();
    this.#panelsFor();
    this.#notify(refused.join(" "));
    this.#order({ do: "set", setting: this.#setting });
    this.#watch();
    if (hash) root.scrollIntoView();
  }

  #lay(): void {
    const speed = speeds((value) => {
      this.#player.speed = value;
    });
    const turn = (text: string, who: Who) =>
      button(text, () => this.#order({ do: "turn", who }), { title: `One step of ${text[0]}, alone` });
    const bar = element(
      "div",
      { class: "gan-buttons gp-play", role: "group", "aria-label": "Play" },
      this.#play,
      turn("D’s turn", "d"),
      turn("G’s turn", "g"),
      button("One round", () => this.#order({ do: "play", rounds: 1, milliseconds: 1e9 })),
      this.#undo,
      button("New start", () => this.#order({ do: "restart" })),
      speed.root,
      this.#rate.root,
    );
    const settings = element(
      "details",
      { class: "hide gp-settings", open: this.#options.open },
      element("summary", {}, "Settings"),
    );
    settings.append(this.#controls.root);
    this.#controls.append("Data and loss", this.#pad.root);
    this.#root.classList.add("gan-playground");
    this.#root.setAttribute("role", "group");
    this.#root.setAttribute("aria-label", "Playground: a GAN in the plane");
    this.#root.replaceChildren(
      this.#lesson.root,
      bar,
      this.#notice,
      this.#difference,
      this.#games,
      legend(),
      box("gp-beside", this.#comparison.root, this.#arrows.root),
      settings,
      this.#link.root,
      this.#said,
    );
  }

  #watch(): void {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let first = true;
    new IntersectionObserver(([entry]) => {
      this.#player.visible = entry!.isIntersecting;
      if (first && entry!.isIntersecting && this.#options.play && !still) this.#toggle();
      if (entry!.isIntersecting) first = false;
    }).observe(this.#root);
    const redraw = () => {
      for (const panel of this.#panels) panel.redraw();
      this.#pad.redraw();
    };
    new ResizeObserver(redraw).observe(this.#games);
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme", "data-mode"] });
    if (!this.#options.linked) return;
    addEventListener("hashchange", () => {
      if (!isLink(location.hash) || location.hash === linkOf(this.#setting)) return;
      const { setting, refused } = settingOf(textsOf(location.hash), NAMES);
      this.#lesson.begin(lessonOf(setting.lesson));
      this.#change({ versus: undefined, arrows: undefined, lesson: undefined, ...setting });
      this.#notify(refused.join(" "));
    });
  }

  #toggle(): void {
    if (this.#player.playing) this.#player.pause();
    else this.#player.play();
    this.#rate.forget();
    this.#marks();
    if (!this.#player.playing) this.#describe();
  }

  #begin(lesson: Lesson | undefined): void {
    this.#lesson.begin(lesson);
    const settings = { ...DEFAULTS, seed: this.#setting.settings.seed, ...lesson?.start };
    this.#change({ settings, versus: undefined, arrows: undefined, lesson: lesson?.name }, true);
  }

  #change(change: Partial<Setting>, anew = false): void {
    const next = { ...this.#setting, ...change };
    // A second game that would be the same as the first is none.
    if (next.versus && next.settings[next.versus.key] === next.versus.value) next.versus = undefined;
    this.#setting = next;
    this.#notify("");
    this.#write();
    this.#panelsFor();
    this.#order({ do: "set", setting: next });
    if (anew) this.#order({ do: "restart" });
    if (this.#options.linked) this.#link.remember();
  }

  #write(): void {
    const { settings, versus, arrows } = this.#setting;
    this.#controls.show(settings);
    this.#comparison.show(settings, versus);
    this.#pad.show(settings.points);
    this.#pad.root.hidden = settings.data !== "drawn";
    this.#arrows.value = arrows ?? "";
    this.#link.show(linkOf(this.#setting));
  }

  #panelsFor(): void {
    const games = both(this.#setting);
    if (games.length !== this.#panels.length) {
      this.#panels = games.map((settings) => new Panel(settings));
      this.#games.replaceChildren(...this.#panels.map(({ root }) => root));
      this.#games.classList.toggle("gp-two", games.length > 1);
    }
    const names = titles(this.#setting);
    this.#difference.textContent = difference(this.#setting);
    this.#difference.hidden = games.length < 2;
    games.forEach((settings, i) => {
      const name = games.length > 1 ? `the ${i ? "second" : "first"} game (${names[i]})` : "the game";
      this.#panels[i]!.set(settings, this.#setting.arrows, name, names[i]!);
    });
  }

  #order(order: Order): void {
    const single = order.do === "turn" || order.do === "undo" || (order.do === "play" && order.rounds === 1);
    if (single && this.#player.playing) this.#player.pause();
    this.#engine.ask(order).then(
      (played) => {
        this.#show(played);
        if (!this.#player.playing) this.#describe();
      },
      (error: unknown) => this.#failed(error),
    );
  }

  #show(played: Played): void {
    if (played.anew) {
      for (const panel of this.#panels) panel.forget();
      this.#lesson.restart();
    }
    // The answer to an order from before the second game came or went.
    if (played.frames.length !== this.#panels.length) return;
    for (const [i, frame] of played.frames.entries()) this.#panels[i]!.show(frame);
    this.#undo.disabled = !played.canUndo;
    this.#lesson.see(played.frames[0]!.figures, this.#setting.settings);
    const now = performance.now();
    this.#rate.add(played.rounds);
    this.#marks();
    if (this.#player.playing && now - this.#saidAt > SAID_EVERY) this.#describe();
  }

  #marks(): void {
    const { playing } = this.#player;
    write(this.#play, playing ? "Pause" : "Play");
    this.#root.dataset.rate = this.#rate.show(playing);
  }

  #describe(): void {
    for (const panel of this.#panels) panel.label();
    this.#say(this.#panels.map((panel) => panel.describe()).join(" "));
  }

  #say(text: string): void {
    this.#said.textContent = text;
    this.#saidAt = performance.now();
  }

  #notify(text: string): void {
    this.#notice.textContent = text;
    this.#notice.hidden = !text;
  }

  #failed(error: unknown): void {
    this.#notify(`The game cannot be played here: ${error instanceof Error ? error.message : error}.`);
    this.#marks();
  }
}
