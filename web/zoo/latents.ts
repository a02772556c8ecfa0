/** Latents: each the one that torch draws from the seed of its number; ways between them as in ganbook.widgets. */

import type { Said, Tensor } from "./model.ts";
import { rand, randn } from "./torch.ts";

/** The last of the latents that a slider offers. */
export const LATENTS = 99;

/** How many numbers a generator's latents have, 0 where it takes none, and the latent of a seed. */
export function priorOf({ dim = "0", prior }: Said): { dim: number; latent: (seed: number) => Float32Array } {
  const size = Number(dim);
  if (prior !== "uniform") return { dim: size, latent: (seed) => randn(size, seed) };
  return { dim: size, latent: (seed) => rand(size, seed).map((value) => 2 * value - 1) };
}

export function straight(start: Float32Array, end: Float32Array, t: number): Float32Array {
  return start.map((value, i) => value + t * (end[i]! - value));
}

/** The point at the share t of the arc (White 2016): direction and length turn evenly. */
export function spherical(start: Float32Array, end: Float32Array, t: number): Float32Array {
  const [from, to] = [norm(start), norm(end)];
  if (Math.min(from, to) < 1e-6) return straight(start, end, t);
  const cosine = start.reduce((sum, value, i) => sum + value * end[i]!, 0) / (from * to);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const sine = Math.sin(angle);
  if (Math.abs(sine) < 1e-6) return straight(start, end, t);
  const length = from + t * (to - from);
  const [a, b] = [Math.sin((1 - t) * angle) / from / sine, Math.sin(t * angle) / to / sine];
  return start.map((value, i) => length * (a * value + b * end[i]!));
}

export function norm(z: Float32Array): number {
  return Math.sqrt(z.reduce((sum, value) => sum + value * value, 0));
}

/** Latents one after the other, as a model takes them. */
export function stacked(rows: readonly Float32Array[]): Tensor {
  const dim = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    data.set(row, i * dim);
  });
  return { data, shape: [rows.length, dim] };
}
