/** Which modes of a known mixture a generator reaches, as in ganbook.metrics.modes. */

import type { Point } from "../data/toy.ts";

export interface ModeCoverage {
  /** Modes with at least one high-quality sample. */
  modes: number;
  /** Modes with less than a quarter of their fair share of all samples, high quality only. */
  starved: number;
  /** Share of the samples within three standard deviations of a centre. */
  highQuality: number;
}

const REACH = 3;
const NEAR = 0.5;

/** `samples`: x₁ y₁ x₂ y₂ …; the protocol of VEEGAN (Srivastava et al. 2017) and PacGAN (Lin et al. 2018). */
export function modeCoverage(samples: Float32Array, centres: readonly Point[], std: number): ModeCoverage {
  const counts = nearest(samples, centres, REACH * std);
  const n = samples.length / 2;
  const fair = n / centres.length;
  return {
    modes: counts.filter((count) => count > 0).length,
    starved: counts.filter((count) => count < fair / 4).length,
    highQuality: counts.reduce((sum, count) => sum + count, 0) / n,
  };
}

/** What n points score that are scattered evenly over the smallest box which holds every mode. */
export function chance(n: number, centres: readonly Point[], std: number): { modes: number; highQuality: number } {
  const reach = REACH * std;
  const side = (axis: 0 | 1) => {
    const at = centres.map((centre) => centre[axis]);
    return Math.max(...at) - Math.min(...at) + 2 * reach;
  };
  const share = (Math.PI * reach ** 2) / (side(0) * side(1)); // discs of toys do not overlap
  return { modes: centres.length * (1 - (1 - share) ** n), highQuality: centres.length * share };
}

/** Shares of the samples that lie near each centre (within 0.5), the largest first. */
export function heaps(samples: Float32Array, centres: readonly Point[]): number[] {
  const n = samples.length / 2;
  return nearest(samples, centres, NEAR)
    .map((count) => count / n)
    .sort((a, b) => b - a);
}

/** For each centre the samples nearest to it that lie within `reach`. */
function nearest(samples: Float32Array, centres: readonly Point[], reach: number): number[] {
  const counts = centres.map(() => 0);
  for (let i = 0; i < samples.length; i += 2) {
    let [best, which] = [Infinity, -1];
    for (let k = 0; k < centres.length; k++) {
      const [x, y] = centres[k]!;
      const squared = (samples[i]! - x) ** 2 + (samples[i + 1]! - y) ** 2;
      if (squared < best) [best, which] = [squared, k];
    }
    if (best <= reach ** 2) counts[which]!++;
  }
  return counts;
}
