/** A round of Goodfellow et al. 2014, Algorithm 1, for any pair of losses and any penalty; or one turn of it. */

import * as tf from "@tensorflow/tfjs-core";
import { Dice } from "../data/random.ts";
import { LOSSES } from "../losses.ts";
import { flat, forward, layers, tidied } from "../models/mlp.ts";
import { PENALTIES, type Turn } from "../penalties.ts";
import { type Game, latents, type Player, STREAM, type Who } from "./game.ts";
import { OPTIMISERS } from "./optimisers.ts";

/** What a turn is played with. `real` is needed by G only where its loss compares with real samples. */
export interface Batch {
  real: Float32Array;
  z: Float32Array;
  /** For the gradient penalty: where between real and fake, in [0, 1). */
  t: Float32Array;
}

export type Slope = {
  loss: number;
  gradient: Float32Array;
  /** Mean of D = σ(a) over the batch's samples. */
  dReal: number;
  dFake: number;
  /** Mean generated sample of a generator's turn. */
  mean: readonly [x: number, y: number];
};

/** The scores of a round: those of each player's last turn in it. */
export interface Scores {
  clock: number;
  dLoss: number;
  gLoss: number;
  dReal: number;
  dFake: number;
  mean: readonly [x: number, y: number];
}

/** The samples of a player's next turn. They follow from the seed and the turn's number alone. */
export function nextBatch(game: Game, who: Who): Batch {
  const { shape, rules } = game;
  const dice = new Dice(shape.seed, STREAM[who], game[who].turns);
  const z = latents(shape, rules.batch, dice);
  const real = game.toy.sample(rules.batch, dice);
  return { z, real, t: Float32Array.from({ length: rules.batch }, () => dice.uniform()) };
}

/** The discriminator's loss, with its penalty, and the gradient in its weights; the generator is fixed. */
export function discriminatorSlope({ rules, shape, d, g }: Game, batch: Batch): Slope {
  return tidied(() => {
    const n = batch.t.length;
    const real = tf.tensor2d(batch.real, [n, 2]);
    const fake = forward(layers(g.weights, g.sizes), tf.tensor2d(batch.z, [n, shape.dim]));
    const turn: Turn = { real, fake, t: tf.tensor2d(batch.t, [n, 1]) };
    let [realLogits, fakeLogits]: (tf.Tensor2D | undefined)[] = [];
    const { value, grads } = tf.valueAndGrads((...own: tf.Tensor[]) => {
      const critic = (x: tf.Tensor2D) => forward(own as tf.Tensor2D[], x);
      [realLogits, fakeLogits] = [critic(real), critic(fake)];
      const loss = LOSSES[rules.loss].discriminator(realLogits, fakeLogits);
      tf.keep(realLogits);
      tf.keep(fakeLogits);
      return rules.penalty === "none" ? loss : tf.add(loss, PENALTIES[rules.penalty](critic, turn, rules.weight));
    })(layers(d.weights, d.sizes));
    return slope(value, grads, d, realLogits, fakeLogits);
  });
}

/** The generator's loss and the gradient in its weights; the discriminator is fixed. */
export function generatorSlope({ rules, shape, d, g }: Game, batch: Batch): Slope {
  return tidied(() => {
    const n = batch.t.length;
    const loss = LOSSES[rules.loss];
    const judge = layers(d.weights, d.sizes);
    const realLogits = loss.paired ? forward(judge, tf.tensor2d(batch.real, [n, 2])) : tf.zeros([n, 1]);
    const z = tf.tensor2d(batch.z, [n, shape.dim]);
    let mean: tf.Tensor | undefined;
    const { value, grads } = tf.valueAndGrads((...own: tf.Tensor[]) => {
      const fake = forward(own as tf.Tensor2D[], z);
      mean = tf.keep(tf.sum(fake, 0));
      return loss.generator(forward(judge, fake), realLogits);
    })(layers(g.weights, g.sizes));
    const [x, y] = mean!.dataSync();
    mean!.dispose();
    return { ...slope(value, grads, g), mean: [x! / n, y! / n] };
  });
}

function slope(value: tf.Tensor, grads: tf.Tensor[], player: Player, real?: tf.Tensor, fake?: tf.Tensor): Slope {
  const gradient = flat(grads, new Float32Array(player.weights.length));
  return { loss: value.dataSync()[0]!, gradient, dReal: meanOutput(real), dFake: meanOutput(fake), mean: [0, 0] };
}

/** Mean of σ(a); disposes of the logits. */
function meanOutput(logits?: tf.Tensor): number {
  if (!logits) return Number.NaN;
  const values = logits.dataSync();
  logits.dispose();
  let sum = 0;
  for (const a of values) sum += 1 / (1 + Math.exp(-a));
  return sum / values.length;
}

/** One player takes one step down its gradient. */
export function turn(game: Game, who: Who, draw = nextBatch): Slope {
  const found = slopeOf(game, who, draw);
  descend(game, who, found.gradient);
  return found;
}

/** Each player takes its turns: D first and then G, or, simultaneously, each against the other as it stood before. */
export function round(game: Game, draw = nextBatch): Scores {
  const { d_steps, g_steps, timing } = game.rules;
  const end = game.clock + 1;
  const before = timing === "simultaneous" ? { ...game.d, weights: game.d.weights.slice() } : undefined;
  let d: Slope | undefined;
  let g: Slope | undefined;
  for (let i = 0; i < d_steps; i++) d = turn(game, "d", draw);
  const after = game.d;
  for (let i = 0; i < g_steps; i++) {
    if (before) game.d = before;
    g = slopeOf(game, "g", draw);
    game.d = after;
    descend(game, "g", g.gradient);
  }
  game.clock = Math.round(1e6 * end) / 1e6; // sums of thirds and fifths would not come out whole
  return { clock: game.clock, dLoss: d!.loss, gLoss: g!.loss, dReal: d!.dReal, dFake: d!.dFake, mean: g!.mean };
}

function slopeOf(game: Game, who: Who, draw: typeof nextBatch): Slope {
  const batch = draw(game, who);
  return who === "d" ? discriminatorSlope(game, batch) : generatorSlope(game, batch);
}

function descend(game: Game, who: Who, gradient: Float32Array): void {
  const { rules } = game;
  const player = game[who];
  const lr = who === "d" ? rules.d_lr : rules.g_lr;
  OPTIMISERS[rules.optimiser](player.weights, gradient, player.memory, { ...rules, lr });
  player.turns++;
  game.clock += 1 / (rules.d_steps + rules.g_steps);
}
