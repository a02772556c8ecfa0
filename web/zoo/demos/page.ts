/** A demo in a built page: a button loads the models that it needs. */

import { button } from "../../controls/controls.ts";
import { box, element } from "../../controls/element.ts";
import { drawings } from "../drawings.ts";
import type { Runtime } from "../runtime.ts";
import type { Shelf } from "../shelf.ts";
import { begin, type Demo, type Options, placed, statusLine } from "./demo.ts";

const LOADED = "gan-model-loaded";

/** Put a demo in its place; what stands there is shown until the models are loaded. */
export function mount(root: HTMLElement, demo: Demo, runtime: Runtime, shelf: Shelf): void {
  placed(root, demo);
  const options = JSON.parse(root.dataset.options ?? "{}") as Options;
  const { models, drawings: side } = demo.needs(options);
  const status = statusLine();
  const load = button("Load the model", () => void open());
  root.prepend(box("gan-before", load, status));
  if (!root.querySelector("img")) {
    const src = `${shelf.base}${root.dataset.demo}.png`;
    root.append(element("img", { src, alt: demo.still, loading: "lazy", class: "dark-light" }));
  }

  const sized = async () => {
    try {
      const others = side ? (await shelf.entry("drawings")).bytes : 0;
      load.textContent = `Load the model (${megabytes((await runtime.toLoad(models)) + others)})`;
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
      const [[model], known] = await Promise.all([
        Promise.all(models.map((name) => runtime.model(name))),
        side ? drawings(shelf, side) : [],
      ]);
      document.dispatchEvent(new Event(LOADED));
      await begin(root, demo, { options, model: model!, drawings: known, runtime }, status);
      root.querySelector<HTMLElement>("input, select, button")?.focus({ preventScroll: true });
    } catch (error) {
      load.disabled = false;
      status.textContent = `The model could not be loaded (${(error as Error).message}). You may try again.`;
    }
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
