/** The demos by the names that pages give them. */

import { STYLE } from "../../widgets/style.ts";
import type { Runtime } from "../runtime.ts";
import type { Shelf } from "../shelf.ts";
import { captionDemo } from "./caption.ts";
import { classDemo } from "./class.ts";
import { colouringDemo } from "./colouring.ts";
import { cycleganDemo } from "./cyclegan.ts";
import { type Demo, mount } from "./demo.ts";
import { latentDemo } from "./latent.ts";
import { DEMO_STYLE } from "./style.ts";

const DEMOS: Readonly<Record<string, Demo>> = {
  latent: latentDemo,
  class: classDemo,
  colouring: colouringDemo,
  caption: captionDemo,
  cyclegan: cycleganDemo,
};

/** Every element of the page that asks for a demo gets it. */
export function mountDemos(runtime: Runtime, shelf: Shelf): void {
  const style = Object.assign(document.createElement("style"), { textContent: STYLE + DEMO_STYLE });
  document.head.append(style);
  for (const root of document.querySelectorAll<HTMLElement>("[data-demo]")) {
    const demo = DEMOS[root.dataset.demo ?? ""];
    if (demo) mount(root, demo, runtime, shelf);
  }
}
