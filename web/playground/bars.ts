/** What each loss would do under the very same discriminator: a bar each, on a scale of powers of ten. */

import { element, write } from "../controls/element.ts";
import { LOSS_NAMES, LOSSES, type LossName } from "../losses.ts";
import type { Figures } from "../training/measure.ts";
import { short } from "./numbers.ts";

const LEAST = -4;
const MOST = 1;

export class Bars {
  readonly root = element("dl", { class: "gp-pulls" });
  readonly #rows = new Map<LossName, { row: HTMLElement; bar: HTMLElement; text: HTMLElement }>();

  constructor() {
    for (const name of LOSS_NAMES) {
      const [bar, text] = [element("span"), element("span")];
      const value = element("dd", {}, element("span", { class: "gp-bar" }, bar), text);
      const row = element("div", {}, element("dt", {}, LOSSES[name].title), value);
      this.#rows.set(name, { row, bar, text });
      this.root.append(row);
    }
  }

  /** `own`: the loss that is played; `other`: one whose arrows are drawn besides. */
  show(pulls: Figures["pulls"], own: LossName, other?: LossName): void {
    for (const [name, { row, bar, text }] of this.#rows) {
      const share = (Math.log10(Math.max(pulls[name], 1e-12)) - LEAST) / (MOST - LEAST);
      bar.style.width = `${Math.round(100 * Math.min(1, Math.max(0, share)))}%`;
      row.className = name === own ? "gp-own" : name === other ? "gp-other" : "";
      write(text, short(pulls[name]));
    }
  }
}
