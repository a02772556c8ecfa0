/** What every demo is: controls, pictures that follow them, and a text that says what is to be seen. */

import { box, element, spoken } from "../../controls/element.ts";
import type { Drawing } from "../drawings.ts";
import type { Model } from "../model.ts";
import type { Runtime } from "../runtime.ts";

const QUIET = 600; // milliseconds without a change before a reader who listens is told

/** Where a demo begins, as a page or Python says it. */
export interface Options {
  start?: number;
  end?: number;
  label?: number;
  model?: string;
  caption?: string;
  seed?: number;
  examples?: readonly string[];
}

/** What a demo is given: by a kernel (notebook.ts) or by the page (page.ts). */
export interface Given {
  readonly options: Options;
  readonly model: Model;
  /** Line drawings to begin with, where the demo needs them. */
  readonly drawings: readonly Drawing[];
  /** The page's other models; a kernel has none. */
  readonly runtime?: Runtime;
}

export interface Stage extends Given {
  readonly root: HTMLElement;
  /** Say what is to be seen, and the numbers behind it. */
  say(alt: string, figures: Readonly<Record<string, number>>): void;
  /** Say what is under way, or went wrong; nothing clears it. */
  tell(text: string): void;
}

export interface Demo {
  /** A group's name for who listens. */
  name: string;
  /** What the still shows: the picture that the tool made for who has not loaded the model. */
  still: string;
  /** Names of the page's models, its own first, and the side of the drawings that it begins with. */
  needs(options: Options): { models: [string, ...string[]]; drawings?: 64 | 32 };
  start(stage: Stage): Promise<HTMLElement[]>;
}

/** Name the place of a demo. */
export function placed(root: HTMLElement, demo: Demo): void {
  root.classList.add("gan-explorer", "gan-demo");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", demo.name);
}

/** A line for what is under way or went wrong. */
export function statusLine(): HTMLElement {
  return element("p", { class: "gan-status", role: "status" });
}

/** Draw the first pictures, then take the place of what stood there. */
export async function begin(root: HTMLElement, demo: Demo, given: Given, status: HTMLElement): Promise<void> {
  const said = spoken();
  const tell = (text: string) => {
    status.textContent = text;
  };
  const parts = await demo.start({ ...given, root, say: speaker(root, said), tell });
  tell("");
  root.replaceChildren(...parts, status, said);
  root.dataset.ready = "";
}

function speaker(root: HTMLElement, said: HTMLElement): Stage["say"] {
  let waiting = 0;
  return (alt, figures) => {
    root.dataset.figures = JSON.stringify(figures);
    clearTimeout(waiting);
    waiting = Number(
      setTimeout(() => {
        said.textContent = alt;
      }, QUIET),
    );
  };
}

/** Work that follows a control: while one run is under way, only the newest wish is kept. */
export function latest(work: () => Promise<void>, wrong: (text: string) => void): () => void {
  let [running, again] = [false, false];
  const go = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      await work();
    } catch (error) {
      wrong(`The model could not draw: ${(error as Error).message}`);
    }
    running = false;
    if (again) {
      again = false;
      void go();
    }
  };
  return () => void go();
}

/** A canvas that is an image, with its text and a caption beneath. */
export function picture(caption = ""): { box: HTMLElement; canvas: HTMLCanvasElement; tell(alt: string): void } {
  const canvas = element("canvas", { class: "gan-images", role: "img" });
  const shown = box("gan-figure", canvas);
  if (caption) shown.append(box("gan-below", caption));
  return {
    box: shown,
    canvas,
    tell: (alt) => canvas.setAttribute("aria-label", alt),
  };
}

/** How many of `count` images stand in a row here. */
export function columns(root: HTMLElement, count: number): number {
  return root.clientWidth < 520 ? Math.ceil(count / 2) : count;
}
