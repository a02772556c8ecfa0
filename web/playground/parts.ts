/** Small parts of the page: the legend, the choice of a speed, how fast the game goes, and the link to its setting. */

import { button, type Choice, choice } from "../controls/controls.ts";
import { element, write } from "../controls/element.ts";
import type { Speed } from "./player.ts";

export function legend(): HTMLElement {
  const shown = element("p", { class: "gp-legend" });
  shown.innerHTML =
    '<span class="gp-real" aria-hidden="true">●</span> real <span class="gp-fake" aria-hidden="true">●</span> generated ' +
    '<span class="gp-real" aria-hidden="true">○</span> modes <span class="gp-tint" aria-hidden="true"></span> what D takes ' +
    'for <u class="gp-fake">generated</u> and for <u class="gp-real">real</u>; thin line: D is undecided. ' +
    "Arrows: where G’s loss sends its samples; their length grows as the root of the gradient.";
  return shown;
}

export function speeds(chosen: (speed: Speed) => void): Choice<Speed> {
  const options = [
    ["full speed", "full"],
    ["30 rounds/s", "30"],
    ["5 rounds/s", "5"],
    ["slow motion", "slow"],
  ] as const;
  const made = choice<Speed>("Speed", options, () => chosen(made.value));
  return made;
}

const WINDOW = 2000; // milliseconds

/** Rounds a second over the last two seconds. */
export class Rate {
  readonly root = element("span", { class: "gp-rate" }, " ");
  #played: { at: number; rounds: number }[] = [];

  add(rounds: number): void {
    const now = performance.now();
    this.#played = [...this.#played.filter(({ at }) => at > now - WINDOW), { at: now, rounds }];
  }

  forget(): void {
    this.#played = [];
  }

  /** Write the rate where a game is played; returns it as a text. */
  show(playing: boolean): string {
    const [first, ...later] = this.#played;
    const seconds = first ? (performance.now() - first.at) / 1000 : 0;
    const known = playing && seconds > 0.5;
    const rate = later.reduce((sum, { rounds }) => sum + rounds, 0) / seconds;
    write(this.root, known && rate >= 1 ? `${rate.toFixed(0)} rounds/s` : " ");
    return known ? rate.toFixed(1) : "";
  }
}

/** The link to a setting, to be copied. */
export class Link {
  readonly #field = element("input", { readonly: true, "aria-label": "Link to this setting", class: "gp-address" });
  readonly root = element("div", { class: "gp-link" });
  #hash = "";

  constructor(copied: () => void) {
    const copy = async () => {
      this.#field.select();
      await navigator.clipboard?.writeText(this.#field.value).catch(() => {}); // it is selected: Ctrl+C does it
      copied();
    };
    this.root.append(button("Copy a link to this setting", copy), this.#field);
  }

  show(hash: string): void {
    this.#hash = hash;
    this.#field.value = location.href.split("#")[0] + hash;
  }

  /** Put it into the page's address. Some browsers refuse that where a page is opened from a file. */
  remember(): void {
    try {
      history.replaceState(null, "", this.#hash);
    } catch {
      // the link can be copied all the same
    }
  }
}
