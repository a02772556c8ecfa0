/** Play, pause, slow motion: when the worker is asked for what. */

import type { Engine, Played } from "./engine.ts";
import type { Order } from "./protocol.ts";
import type { Settings } from "./settings.ts";

export const SPEEDS = ["slow", "5", "30", "full"] as const;
export type Speed = (typeof SPEEDS)[number];

/** For how many milliseconds the worker plays between two pictures; longer where pictures are dear, as on a busy or slow
 * machine, so that most of the time goes into the game. */
const SLICE = [36, 160] as const;
const SHARE = 1.5;
const MOST = 400;
const SLOW = 1200;

export interface Audience {
  /** Of the games that are played. */
  settings(): readonly Settings[];
  show(played: Played): void;
  failed(error: unknown): void;
}

export class Player {
  speed: Speed = "full";
  readonly #engine: Engine;
  readonly #audience: Audience;
  #playing = false;
  #visible = true;
  #turns = 0;
  #slice: number = SLICE[0];
  #wake: () => void = () => {};

  constructor(engine: Engine, audience: Audience) {
    this.#engine = engine;
    this.#audience = audience;
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** Games that nobody sees stand still. */
  set visible(visible: boolean) {
    this.#visible = visible;
    this.#wake();
  }

  play(): void {
    if (this.#playing) return;
    this.#playing = true;
    this.#turns = 0;
    void this.#run().catch((error: unknown) => {
      this.#playing = false;
      this.#audience.failed(error);
    });
  }

  pause(): void {
    this.#playing = false;
    this.#wake();
  }

  async #run(): Promise<void> {
    // The next order is given before the picture is drawn, so that worker and page work side by side.
    let asked = this.#engine.ask(this.#next());
    let due = performance.now();
    let answered = due;
    for (;;) {
      due = Math.max(due + this.#pace(), performance.now());
      const played = await asked;
      const besides = performance.now() - answered - played.milliseconds;
      answered = performance.now();
      this.#slice = Math.min(SLICE[1], Math.max(SLICE[0], 0.8 * this.#slice + 0.2 * SHARE * besides));
      const going = this.#playing && !played.frames.every((frame) => frame.unsound);
      const ahead = going && this.speed === "full" && this.#visible;
      if (ahead) asked = this.#engine.ask(this.#next());
      this.#audience.show(played);
      if (!going) break;
      await this.#until(due);
      if (ahead) continue;
      if (!this.#playing) break;
      asked = this.#engine.ask(this.#next());
    }
    this.#playing = false;
  }

  #next(): Order {
    const [{ d_steps, g_steps, timing }, second] = this.#audience.settings() as [Settings, Settings?];
    const alike = !second || (second.d_steps === d_steps && second.g_steps === g_steps && second.timing === timing);
    if (this.speed === "full") return { do: "play", rounds: MOST, milliseconds: this.#slice };
    if (this.speed !== "slow" || timing === "simultaneous" || !alike)
      return { do: "play", rounds: 1, milliseconds: this.#slice };
    return { do: "turn", who: this.#turns++ % (d_steps + g_steps) < d_steps ? "d" : "g" };
  }

  #pace(): number {
    return this.speed === "full" ? 0 : this.speed === "slow" ? SLOW : 1000 / Number(this.speed);
  }

  /** The next picture of the browser's, not before `due`, and not while nobody looks. */
  async #until(due: number): Promise<void> {
    await new Promise(requestAnimationFrame);
    const wait = due - performance.now();
    if (wait > 4 && this.#playing) {
      await new Promise<void>((done) => {
        this.#wake = done;
        setTimeout(done, wait);
      });
    }
    while (!this.#visible && this.#playing) {
      await new Promise<void>((done) => {
        this.#wake = done;
      });
    }
  }
}
