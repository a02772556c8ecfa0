/** What is seen of a game from outside: samples, the discriminator's surface, the arrows, and figures. */

import * as tf from "@tensorflow/tfjs-core";
import { sigmoid } from "../arithmetic.ts";
import { Dice } from "../data/random.ts";
import { LIMIT } from "../data/toy.ts";
import { LOSS_NAMES, LOSSES, type LossName } from "../losses.ts";
import { heaps, modeCoverage } from "../metrics/modes.ts";
import { forward, layers, tidied } from "../models/mlp.ts";
import { slopes } from "../penalties.ts";
import { type Game, latents, STREAM } from "./game.ts";

/** Samples whose modes are counted. */
export const SAMPLES = 1000;
/** Of these, in their order, how many are shown and judged by D, and how many carry an arrow. */
export const SHOWN = 300;
export const ARROWS = 90;
/** Points of the surface in each direction. */
export const GRID = 40;

export type Figures = {
  clock: number;
  /** Mean of σ(a) over real and over generated samples. */
  dReal: number;
  dFake: number;
  /** Mean logit of real minus that of generated samples. */
  gap: number;
  /** Mean ‖∇a(x)‖ over the generated samples that are shown. */
  steepness: number;
  /** For each loss the mean length of a sample's arrow under this discriminator. */
  pulls: Record<LossName, number>;
  /** Mean generated sample, and its distance from the mean real one. */
  mean: [number, number];
  off: [number, number];
  /** NaN where the data have no centres to count. */
  modes: number;
  starved: number;
  highQuality: number;
  /** Shares near each centre, the largest first. */
  heaps: number[];
};

export type View = {
  real: Float32Array;
  fake: Float32Array;
  /** a(x) on a grid of GRID², row by row from below. */
  surface: Float32Array;
  /** The middle between the mean logits, where D wavers if only differences count. */
  middle: number;
  /** For each loss the way in which every sample with an arrow is sent. */
  arrows: Record<LossName, Float32Array>;
  figures: Figures;
};

export function look(game: Game): View {
  return tidied((): View => {
    const { shape, toy, d, g } = game;
    const z = latents(shape, SAMPLES, new Dice(shape.seed, STREAM.shown));
    const real = toy.sample(SAMPLES, new Dice(shape.seed, STREAM.data));
    const judge = layers(d.weights, d.sizes);
    const critic = (x: tf.Tensor2D) => forward(judge, x);
    const points = forward(layers(g.weights, g.sizes), tf.tensor2d(z, [SAMPLES, shape.dim]));
    const fake = points.dataSync() as Float32Array;
    const shown = tf.tensor2d(fake.slice(0, 2 * SHOWN), [SHOWN, 2]);
    const [logits, realLogits] = [critic(shown), critic(tf.tensor2d(real.slice(0, 2 * SHOWN), [SHOWN, 2]))];
    const slope = slopes(critic, shown).dataSync() as Float32Array;
    const arrows = {} as Record<LossName, Float32Array>;
    const pulls = {} as Record<LossName, number>;
    for (const name of LOSS_NAMES) {
      // A sample's gradient is the loss's slope at its logit times the logit's slope at the sample.
      const loss = LOSSES[name];
      const weight = tf
        .grad((a) => loss.generator(a, realLogits))(logits)
        .dataSync();
      const way = slope.map((value, i) => -SHOWN * weight[i >> 1]! * value);
      arrows[name] = way.slice(0, 2 * ARROWS);
      pulls[name] = meanLength(way);
    }
    const a = { real: realLogits.dataSync(), fake: logits.dataSync() };
    const [realMean, fakeMean] = [mean(a.real), mean(a.fake)];
    const covered = toy.centres.length
      ? { ...modeCoverage(fake, toy.centres, toy.std), heaps: heaps(fake, toy.centres) }
      : { modes: Number.NaN, starved: Number.NaN, highQuality: Number.NaN, heaps: [] };
    const middleOf = (of: Float32Array, axis: number) => mean(of.filter((_, i) => i % 2 === axis));
    const centre = (of: Float32Array): [number, number] => [middleOf(of, 0), middleOf(of, 1)];
    const [x, y] = centre(fake);
    const [realX, realY] = centre(real);
    return {
      real: real.slice(0, 2 * SHOWN),
      fake: fake.slice(0, 2 * SHOWN),
      surface: critic(tf.tensor2d(lattice(), [GRID * GRID, 2])).dataSync() as Float32Array,
      middle: (realMean + fakeMean) / 2,
      arrows,
      figures: {
        clock: game.clock,
        dReal: mean(a.real.map(sigmoid)),
        dFake: mean(a.fake.map(sigmoid)),
        gap: realMean - fakeMean,
        steepness: meanLength(slope),
        pulls,
        mean: [x, y],
        off: [x - realX, y - realY],
        ...covered,
      },
    };
  });
}

let places: Float32Array | undefined;

function lattice(): Float32Array {
  places ??= Float32Array.from({ length: 2 * GRID * GRID }, (_, i) => {
    const at = i % 2 ? Math.floor(i / 2 / GRID) : (i / 2) % GRID;
    return ((at + 0.5) / GRID) * 2 * LIMIT - LIMIT; // in the middle of a cell
  });
  return places;
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

function meanLength(vectors: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < vectors.length; i += 2) sum += Math.hypot(vectors[i]!, vectors[i + 1]!);
  return (2 * sum) / vectors.length;
}
