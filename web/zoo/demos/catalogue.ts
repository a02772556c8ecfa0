/** The demos by the names that pages and Python give them. */

import { captionDemo } from "./caption.ts";
import { classDemo } from "./class.ts";
import { colouringDemo } from "./colouring.ts";
import { cycleganDemo } from "./cyclegan.ts";
import type { Demo } from "./demo.ts";
import { latentDemo } from "./latent.ts";

export const DEMOS: Readonly<Record<string, Demo>> = {
  latent: latentDemo,
  class: classDemo,
  colouring: colouringDemo,
  caption: captionDemo,
  cyclegan: cycleganDemo,
};
