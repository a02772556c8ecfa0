/** What every demo is: a button that loads what it needs, controls, pictures that follow them, and a text that says so. */

import type { Model, Runtime } from "../runtime.ts";
import type { Shelf } from "../shelf.ts";
import { box, button, element } from "./controls.ts";

const QUIET = 600; // milliseconds without a change before a reader who listens is told
const LOADED = "gan-model-loaded";

/** What a demo finds when its models are there. */
export interface Stage {
  readonly root: HTMLElement;
  readonly runtime: Runtime;
  readonly shelf: Shelf;
  /** The demo's own model, or models, by name. */
  readonly models: ReadonlyMap<string, Model>;
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
  /** Names of ONNX files, and of other things on the shelf. */
  needs(root: HTMLElement): { models: string[]; others?: string[] };
  start(stage: Stage): Promise<HTMLElement[]>;
}

/** Put a demo in its place; what stands there is shown until the models are loaded. */
export function mount(root: HTMLElement, demo: Demo, runtime: Runtime, shelf: Shelf): void {
  root.classList.add("gan-explorer", "gan-demo");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", demo.name);
  const { models, others = [] } = demo.needs(root);
  const status = element("p", "gan-status");
  status.setAttribute("role", "status");
  const load = button("Load the model", () => void open());
  const before = box("gan-before", load, status);
  root.prepend(before);
  if (!root.querySelector("img")) {
    const src = `${shelf.base}${root.dataset.demo}.png`;
    root.append(Object.assign(element("img"), { src, alt: demo.still, loading: "lazy" }));
  }

  const sized = async () => {
    try {
      const entries = await Promise.all(others.map((name) => shelf.entry(name)));
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes, await runtime.toLoad(models));
      load.textContent = `Load the model (${megabytes(bytes)})`;
    } catch {
      load.textContent = "Load the model"; // the click will say what is wrong
    }
  };
  // Its size is looked up when the demo is near the window: that of a page's first demo counts the runtime too.
  const watcher = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    watcher.disconnect();
    void sized();
    document.addEventListener(LOADED, () => void sized());
  });
  watcher.observe(root);

  async function open(): Promise<void> {
    load.disabled = true;
    status.textContent = "Loading …";
    try {
      const [found] = await Promise.all([
        Promise.all(models.map((name) => runtime.model(name))),
        ...others.map((name) => shelf.take(name)),
      ]);
      document.dispatchEvent(new Event(LOADED));
      const said = element("div", "gan-said");
      said.setAttribute("aria-live", "polite");
      const parts = await demo.start({
        root,
        runtime,
        shelf,
        models: new Map(found.map((model) => [model.name, model])),
        say: speaker(root, said),
        tell: (text) => {
          status.textContent = text;
        },
      });
      status.textContent = "";
      root.replaceChildren(...parts, status, said);
      root.querySelector<HTMLElement>("input, select, button")?.focus({ preventScroll: true });
      root.dataset.ready = "";
    } catch (error) {
      load.disabled = false;
      status.textContent = `The model could not be loaded (${(error as Error).message}). You may try again.`;
    }
  }
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

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Work that follows a control: while one run is under way, only the newest wish is kept. */
export function latest(work: () => Promise<void>, wrong: (error: Error) => void): () => void {
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
      wrong(error as Error);
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
  const canvas = element("canvas", "gan-images");
  canvas.setAttribute("role", "img");
  const shown = box("gan-figure", canvas);
  if (caption) shown.append(element("div", "gan-below", caption));
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
