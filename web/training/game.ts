/** The state of the two players, and the rules by which they play. */

import { Dice } from "../data/random.ts";
import type { Toy } from "../data/toy.ts";
import type { LossName } from "../losses.ts";
import { count, initial, type Sizes, sizes } from "../models/mlp.ts";
import type { PenaltyName } from "../penalties.ts";
import { blank, copied, type Memory, type OptimiserName } from "./optimisers.ts";

/** What may change while a game goes on. */
export interface Rules {
  loss: LossName;
  penalty: PenaltyName;
  /** The penalty's γ or λ. */
  weight: number;
  optimiser: OptimiserName;
  d_lr: number;
  g_lr: number;
  beta1: number;
  beta2: number;
  timing: "alternating" | "simultaneous";
  /** Turns of each player in a round. */
  d_steps: number;
  g_steps: number;
  batch: number;
}

/** What belongs to a game from its start. */
export interface Shape {
  prior: "gaussian" | "uniform";
  /** Numbers in a latent. */
  dim: number;
  width: number;
  depth: number;
  seed: number;
}

export interface Player {
  sizes: Sizes;
  weights: Float32Array;
  memory: Memory;
  /** Turns it has had. */
  turns: number;
}

export type Who = "d" | "g";

export interface Game {
  rules: Rules;
  shape: Shape;
  toy: Toy;
  d: Player;
  g: Player;
  /** Rounds played; a single turn is a part of one. */
  clock: number;
}

/** The streams of random numbers that belong to a seed. */
export const STREAM = { d: 1, g: 2, dWeights: 3, gWeights: 4, shown: 5, data: 6 } as const;

export function newGame(rules: Rules, shape: Shape, toy: Toy): Game {
  const { dim, width, depth, seed } = shape;
  const player = (of: Sizes, stream: number): Player => {
    return { sizes: of, weights: initial(of, new Dice(seed, stream)), memory: blank(count(of)), turns: 0 };
  };
  return {
    rules,
    shape,
    toy,
    d: player(sizes(2, width, depth, 1), STREAM.dWeights),
    g: player(sizes(dim, width, depth, 2), STREAM.gWeights),
    clock: 0,
  };
}

/** n latents, one after another, as ganbook.training.Prior draws them. */
export function latents(shape: Shape, n: number, dice: Dice): Float32Array {
  return Float32Array.from({ length: n * shape.dim }, () =>
    shape.prior === "gaussian" ? dice.normal() : 2 * dice.uniform() - 1,
  );
}

/** Everything that changes in play. */
export type Snapshot = Pick<Game, "d" | "g" | "clock">;

export function snapshot({ d, g, clock }: Snapshot): Snapshot {
  const player = ({ sizes, weights, memory, turns }: Player): Player => {
    return { sizes, weights: weights.slice(), memory: copied(memory), turns };
  };
  return { d: player(d), g: player(g), clock };
}

/** The player whose weights are not all finite. */
export function unsound(game: Game): "discriminator" | "generator" | undefined {
  if (!game.d.weights.every(Number.isFinite)) return "discriminator";
  if (!game.g.weights.every(Number.isFinite)) return "generator";
  return undefined;
}
