/** The explorers by the names that Python gives them. */

import type { Draw } from "./explorer.ts";
import { draw as twoGaussians } from "./two_gaussians.ts";

export const EXPLORERS: Readonly<Record<string, Draw>> = { two_gaussians: twoGaussians };
