/** Latents: drawn from a seed, joined by an arc, as in ganbook/widgets/latent_explorer.py. */

export type Prior = "gaussian" | "uniform";

/** `dim` numbers of the latent with this number; always the same ones, and not those that torch draws. */
export function latent(seed: number, dim: number, prior: Prior = "gaussian"): Float32Array {
  const uniform = random(seed);
  const z = new Float32Array(dim);
  for (let i = 0; i < dim; i++) {
    if (prior === "uniform") z[i] = 2 * uniform() - 1;
    // Box and Muller 1958; 1 - u, since u may be 0.
    else z[i] = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }
  return z;
}

/** Uniform numbers in [0, 1): Mulberry32, begun far apart for neighbouring seeds. */
export function random(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) ^ 0x85ebca6b;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
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
export function stacked(rows: readonly Float32Array[]): Float32Array {
  const dim = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * dim);
  rows.forEach((row, i) => {
    all.set(row, i * dim);
  });
  return all;
}
