/** A button that moves a slider from its first step to its last, as in a film. */

import { button, type Control } from "../controls/controls.ts";
import type { Slider } from "./explorer.ts";

const PACE = 150; // milliseconds
const CALM = 1000; // for who asked the system for less motion

export class Play {
  readonly root = button("", () => this.#toggle(), { class: "gan-play" });
  readonly #slider: Control<number>;
  readonly #range: Slider;
  readonly #moved: () => void;
  #timer = 0;

  constructor(slider: Control<number>, range: Slider, moved: () => void) {
    this.#slider = slider;
    this.#range = range;
    this.#moved = moved;
    this.stop();
  }

  get playing(): boolean {
    return this.#timer > 0;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.root.textContent = "▶ play";
  }

  #toggle(): void {
    if (this.playing) {
      this.stop();
      return;
    }
    this.root.textContent = "❚❚ pause";
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#timer = Number(setInterval(() => this.#step(), still ? CALM : PACE));
    if (this.#slider.value >= this.#range.high) this.#to(this.#range.low);
  }

  #step(): void {
    const next = Math.min(this.#range.high, this.#slider.value + this.#range.step);
    if (next >= this.#range.high) this.stop();
    this.#to(next);
  }

  #to(value: number): void {
    this.#slider.value = value;
    this.#moved();
  }
}
