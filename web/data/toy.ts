/** Toy distributions in the plane, as in ganbook.data.toy, and three more. */

import type { Dice } from "./random.ts";

export type Point = readonly [x: number, y: number];

export interface Toy {
  /** n points, as x₁ y₁ x₂ y₂ … */
  sample(n: number, dice: Dice): Float32Array<ArrayBuffer>;
  /** Means of the components, where there are any to count. */
  centres: readonly Point[];
  /** Standard deviation of a component. */
  std: number;
}

export const LIMIT = 3;
/** What pages show: both coordinates from −LIMIT to LIMIT. */

/** `modes` equal Gaussians on a circle. */
export function ring(std: number, modes = 8, radius = 2): Toy {
  const angles = Array.from({ length: modes }, (_, i) => (2 * Math.PI * i) / modes);
  return mixture(
    angles.map((angle) => [radius * Math.cos(angle), radius * Math.sin(angle)]),
    std,
  );
}

/** `side`² equal Gaussians on a lattice around the origin. */
export function grid(std: number, side = 5, spacing = 1): Toy {
  const ticks = Array.from({ length: side }, (_, i) => spacing * (i - (side - 1) / 2));
  return mixture(
    ticks.flatMap((x) => ticks.map((y) => [x, y] as const)),
    std,
  );
}

/** A spiral with Gaussian noise around it (`swiss_roll` in Python). */
export function spiral(std: number, radius = 2, turns = 1.5): Toy {
  return along(std, (dice) => {
    // The root makes points about equally dense along the spiral, whose length grows as the angle squared.
    const share = Math.sqrt(0.05 + 0.95 * dice.uniform());
    const angle = 2 * Math.PI * turns * share;
    return [radius * share * Math.cos(angle), radius * share * Math.sin(angle)];
  });
}

/** Two half circles that reach into each other. */
export function moons(std: number): Toy {
  return along(std, (dice) => {
    const upper = dice.uniform() < 0.5;
    const angle = Math.PI * dice.uniform();
    const [x, y] = upper ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
    return [1.4 * (x - 0.5), 1.4 * (y - 0.25)];
  });
}

export function line(std: number): Toy {
  return along(std, (dice) => {
    const at = 2 * dice.uniform() - 1;
    return [2 * at, 1.2 * at];
  });
}

/** Equal Gaussians around points that somebody drew. Neighbours are of one stroke, so they do not count as modes. */
export function drawn(points: readonly Point[], std: number): Toy {
  if (points.length === 0) throw new RangeError("points is empty: allowed is one point or more");
  return { ...mixture(points, std), centres: [] };
}

function mixture(centres: readonly Point[], std: number): Toy {
  return { ...along(std, (dice) => centres[dice.whole(centres.length)]!), centres };
}

function along(std: number, place: (dice: Dice) => Point): Toy {
  return {
    centres: [],
    std,
    sample(n, dice) {
      const points = new Float32Array(2 * n);
      for (let i = 0; i < n; i++) {
        const [x, y] = place(dice);
        points[2 * i] = x + std * dice.normal();
        points[2 * i + 1] = y + std * dice.normal();
      }
      return points;
    },
  };
}
