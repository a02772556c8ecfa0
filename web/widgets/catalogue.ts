/** The explorers by the names that Python gives them. */

import { draw as convolutionGeometry } from "./convolution_geometry.ts";
import { draw as dirac } from "./dirac.ts";
import type { Draw } from "./explorer.ts";
import { draw as saturation } from "./saturation.ts";
import { draw as trainingScrubber } from "./training_scrubber.ts";
import { draw as twoGaussians } from "./two_gaussians.ts";

export const EXPLORERS: Readonly<Record<string, Draw>> = {
  convolution_geometry: convolutionGeometry,
  dirac,
  saturation,
  training_scrubber: trainingScrubber,
  two_gaussians: twoGaussians,
};
