/** One game on the page: its picture, its figures, its curves. */

import { element, write } from "../controls/element.ts";
import { LOSSES, type LossName } from "../losses.ts";
import { chance } from "../metrics/modes.ts";
import { fixed } from "../plots/look.ts";
import { History } from "../training/history.ts";
import { type Figures, SAMPLES } from "../training/measure.ts";
import type { Scores } from "../training/round.ts";
import { Bars } from "./bars.ts";
import { modesChart, scoresChart } from "./curves.ts";
import { percent, rounds, short } from "./numbers.ts";
import { paint } from "./paint.ts";
import type { Frame } from "./session.ts";
import { type Settings, toyOf } from "./settings.ts";

const CURVES_EVERY = 400; // milliseconds
const TRAIL = 120; // rounds
const NARROWEST = 250;
const INSET =
  "In the corner: where the mean sample is (across) and how fast it moves (up), as D’s slope makes it, over 120 rounds.";
/** Not the empty text, which would take the place of a node. */
const NO_TEXT = " ";

export class Panel {
  readonly root = element("section", { class: "gp-game" });
  readonly scores = new History<Scores>();
  readonly seen = new History<Figures>();
  readonly #title = element("p", { class: "gp-title" });
  readonly #canvas = element("canvas", { class: "gp-canvas", role: "img", "aria-label": "A game that has not begun" });
  readonly #turn = element("p", { class: "gp-turn" });
  readonly #inset = element("p", { class: "gp-inset" }, INSET);
  readonly #figures = element("dl", { class: "gp-figures" });
  readonly #bars = new Bars();
  readonly #curves = element("div", { class: "gp-curves" });
  readonly #shown = new Map<string, { row: HTMLElement; note: HTMLElement; value: HTMLElement }>();
  #settings: Settings;
  #frame: Frame | undefined;
  #arrows: LossName | undefined;
  #name = "the game";
  #drawn = 0;
  #trail: Scores[] = [];

  constructor(settings: Settings) {
    this.#settings = settings;
    const bars = element("p", { class: "gp-caption" }, "Mean arrow that each loss would give G under this very D");
    this.root.append(
      element("div", { class: "gp-picture" }, this.#title, this.#canvas, this.#turn, this.#inset),
      element("div", { class: "gp-side" }, this.#figures, bars, this.#bars.root),
      this.#curves,
    );
  }

  /** What is played from now on; `name` is how a sentence calls it, `title` what stands above it. */
  set(settings: Settings, arrows: LossName | undefined, name: string, title: string): void {
    this.#settings = settings;
    this.#arrows = arrows;
    this.#name = name;
    this.#title.textContent = title;
    this.#title.hidden = !title;
    this.redraw();
  }

  forget(): void {
    this.scores.clear();
    this.#trail = [];
    this.seen.clear();
    this.#drawn = 0;
  }

  show(frame: Frame): void {
    this.#frame = frame;
    const { figures } = frame;
    // After an undo the clock is behind what was recorded.
    this.scores.back(figures.clock);
    this.seen.back(figures.clock);
    for (const score of frame.scores) this.scores.add(score);
    this.#trail = [...this.#trail, ...frame.scores].filter(
      ({ clock }) => clock > figures.clock - TRAIL && clock <= figures.clock,
    );
    if (this.seen.last?.clock !== figures.clock) this.seen.add(figures);
    const now = performance.now();
    const due = now - this.#drawn > CURVES_EVERY;
    if (due) this.#drawn = now;
    this.redraw(due);
  }

  redraw(curves = true): void {
    const frame = this.#frame;
    if (!frame) return;
    const { loss, data } = this.#settings;
    const toy = toyOf(this.#settings);
    this.#inset.hidden = data !== "dot";
    const trail = data === "dot" ? this.#trail.map(({ mean }) => mean) : [];
    paint(this.#canvas, frame, { loss, arrows: this.#arrows, ...toy, trail });
    this.#bars.show(frame.figures.pulls, loss, this.#arrows);
    write(this.#turn, said(frame) || NO_TEXT);
    this.#write(frame);
    if (curves) this.#drawCurves();
  }

  /** What the picture shows, in numbers. */
  describe(): string {
    const frame = this.#frame;
    if (!frame) return "";
    const { figures } = frame;
    const { loss } = this.#settings;
    const { centres, by } = this.#chance();
    const last = this.scores.last;
    return [
      `${capital(this.#name)}, round ${rounds(figures.clock)}, ${LOSSES[loss].title} loss.`,
      frame.unsound ? `The ${frame.unsound}’s numbers have overflowed: this game is over.` : "",
      centres
        ? `${figures.modes} of ${centres} modes are covered (by chance ${fixed(by.modes, 1)}), ` +
          `${percent(figures.highQuality)} of the samples are of high quality (by chance ${percent(by.highQuality)}).`
        : "",
      `D(x) is ${fixed(figures.dReal, 2)} on real and D(G(z)) ${fixed(figures.dFake, 2)} on generated samples;`,
      `G’s arrows are ${short(figures.pulls[loss])} long on average.`,
      last ? `D’s loss is ${fixed(last.dLoss, 2)}, G’s ${fixed(last.gLoss, 2)}.` : "",
    ]
      .filter(Boolean)
      .join(" ");
  }

  /** For whoever does not see the picture. */
  label(): void {
    this.#canvas.setAttribute("aria-label", this.describe());
  }

  #chance(): { centres: number; by: { modes: number; highQuality: number } } {
    const { centres, std } = toyOf(this.#settings);
    return { centres: centres.length, by: chance(SAMPLES, centres, std) };
  }

  #write({ figures }: Frame): void {
    const last = this.scores.last;
    const { centres, by } = this.#chance();
    const loss = (value: number | undefined) => (value === undefined ? "–" : short(value));
    this.#line("Round", rounds(figures.clock));
    this.#line("Loss of D · of G", `${loss(last?.dLoss)} · ${loss(last?.gLoss)}`);
    this.#line("D(x) · D(G(z))", `${short(figures.dReal)} · ${short(figures.dFake)}`);
    this.#line("Mean arrow", short(figures.pulls[this.#settings.loss]));
    this.#line("D’s slope at the fakes", short(figures.steepness));
    this.#line("Modes covered", centres ? `${figures.modes} of ${centres}` : "", `by chance ${fixed(by.modes, 1)}`);
    this.#line("Starved modes", centres ? `${figures.starved}` : "", "below ¼ of a fair share");
    this.#line("High quality", centres ? percent(figures.highQuality) : "", `by chance ${percent(by.highQuality)}`);
  }

  /** A figure with its name; without a text there is none. */
  #line(name: string, text: string, note = ""): void {
    let shown = this.#shown.get(name);
    if (!shown) {
      const [small, value] = [element("small"), element("dd")];
      const row = element("div", {}, element("dt", {}, `${name} `, small), value);
      shown = { row, note: small, value };
      this.#shown.set(name, shown);
      this.#figures.append(row);
    }
    shown.row.hidden = !text;
    write(shown.note, note || NO_TEXT);
    write(shown.value, text || NO_TEXT);
  }

  #drawCurves(): void {
    const width = Math.max(NARROWEST, this.#curves.clientWidth);
    const { centres, by } = this.#chance();
    const withModes = centres > 1;
    const wide = withModes && width >= 620;
    const charts = [scoresChart(this.scores.entries, wide ? (2 * width) / 3 : width, this.#name)];
    if (withModes) charts.push(modesChart(this.seen.entries, wide ? width / 3 : width, centres, by, this.#name));
    this.#curves.innerHTML = charts.join("");
  }
}

function said({ turned, unsound }: Frame): string {
  if (unsound) return `The ${unsound}’s numbers have overflowed: this game is over. Undo, or start anew.`;
  if (turned === "d") return "D has moved: the surface has changed, the points have not.";
  if (turned === "g") return "G has moved: the points have followed their arrows, the surface has not.";
  return "";
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
