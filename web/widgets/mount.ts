/** An explorer on a page: its controls above its picture, for a mouse, a finger and the keyboard. */

import { type Control, choice, slider } from "../controls/controls.ts";
import { box, element, spoken } from "../controls/element.ts";
import { EXPLORERS } from "./catalogue.ts";
import type { Described, Picture, State, Value, Values } from "./explorer.ts";
import { Play } from "./play.ts";

const NARROWEST = 280;

/** A mounted explorer. */
export class Mounted {
  readonly #root: HTMLElement;
  readonly #shown = box("gan-picture");
  readonly #said = spoken();
  readonly #controls = new Map<string, Control<Value>>();
  readonly #state: State;
  readonly #changed: (values: Values) => void;
  readonly #observer: ResizeObserver;
  #values: Values;
  #play: Play | undefined;
  #frame = 0;

  /** `changed` is told the controls' values when a reader has moved one. */
  constructor(root: HTMLElement, state: State, changed: (values: Values) => void = () => {}) {
    this.#root = root;
    this.#state = state;
    this.#changed = changed;
    this.#values = state.values;
    root.classList.add("gan-explorer");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", `Explorer: ${state.name.replaceAll("_", " ")}`);
    const controls = box("gan-controls", ...state.controls.flatMap((control) => this.#control(control)));
    root.replaceChildren(controls, this.#shown, this.#said);
    if (state.note) root.append(element("p", { class: "gan-note" }, state.note));
    this.#draw(false);
    let width = this.#width();
    this.#observer = new ResizeObserver(() => {
      if (this.#width() !== width) {
        width = this.#width();
        this.#later(false);
      }
    });
    this.#observer.observe(root);
  }

  /** Show other values, without telling who listens. */
  set(values: Values): void {
    this.#values = values;
    for (const [name, control] of this.#controls) control.value = values[name]!;
    this.#later(true);
  }

  remove(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    this.#play?.stop();
    this.#root.replaceChildren();
  }

  #control(described: Described): HTMLElement[] {
    const { name, label } = described;
    const moved = () => {
      this.#values = { ...this.#values, [name]: made.value };
      this.#changed(this.#values);
      this.#later(true);
    };
    let made: Control<Value>;
    let play: HTMLElement[] = [];
    if (described.kind === "choice") {
      made = choice<Value>(label, described.options, moved);
      made.value = this.#values[name]!;
    } else {
      const moving = slider(label, { ...described, value: Number(this.#values[name]) }, moved);
      made = moving as Control<Value>;
      if (described.play) {
        this.#play = new Play(moving, described, moved);
        play = [this.#play.root];
      }
    }
    this.#controls.set(name, made);
    return [made.root, ...play];
  }

  #later(aloud: boolean): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw(aloud));
  }

  #draw(aloud: boolean): void {
    const draw = EXPLORERS[this.#state.name];
    if (!draw) throw new Error(`no explorer is called ${this.#state.name}`);
    const picture: Picture = draw(this.#values, this.#state.data, this.#width());
    this.#shown.innerHTML = picture.svg;
    this.#root.dataset.figures = JSON.stringify(picture.figures);
    if (aloud && !this.#play?.playing) this.#said.textContent = picture.alt; // a film is not read out
  }

  #width(): number {
    return Math.max(NARROWEST, this.#root.clientWidth || 0);
  }
}
