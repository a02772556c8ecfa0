/** Gradient penalties on the critic, per sample: the formulas of ganbook.penalties. */

import * as tf from "@tensorflow/tfjs-core";

export type Critic = (points: tf.Tensor2D) => tf.Tensor2D;

/** What a discriminator's turn has: samples and, for the gradient penalty, t in [0, 1) for each pair, (N, 1). */
export interface Turn {
  real: tf.Tensor2D;
  fake: tf.Tensor2D;
  t: tf.Tensor2D;
}

type Penalty = (critic: Critic, turn: Turn, weight: number) => tf.Scalar;

export const PENALTY_NAMES = ["none", "r1", "r2", "r1r2", "gp"] as const;
export type PenaltyName = (typeof PENALTY_NAMES)[number];

/** γ/2 · E‖∇a(x)‖² over real samples (Mescheder et al. 2018, eq. 9). */
export const r1: Penalty = (critic, { real }, gamma) => tf.mul(gamma / 2, mean(squaredNorms(critic, real)));

/** The same over generated samples (eq. 10). */
export const r2: Penalty = (critic, { fake }, gamma) => tf.mul(gamma / 2, mean(squaredNorms(critic, fake)));

/** λ · E(‖∇a(x)‖ − 1)² between real and fake (Gulrajani et al. 2017, eq. 3). */
export const gradientPenalty: Penalty = (critic, { real, fake, t }, weight) => {
  const between = tf.add(real, tf.mul(t, tf.sub(fake, real))) as tf.Tensor2D;
  const squared = squaredNorms(critic, between);
  // Where the gradient is zero the norm's slope is infinite; it is taken as zero there.
  const zero = tf.sub(1, tf.step(squared));
  const norms = tf.sub(tf.sqrt(tf.add(squared, zero)), zero);
  const off = tf.sub(norms, 1);
  return tf.mul(weight, mean(tf.mul(off, off)));
};

export const PENALTIES: Readonly<Record<Exclude<PenaltyName, "none">, Penalty>> = {
  r1,
  r2,
  r1r2: (critic, turn, gamma) => tf.add(r1(critic, turn, gamma), r2(critic, turn, gamma)),
  gp: gradientPenalty,
};

/** ∇a(x) of each sample, (N, 2), with a graph for the critic's weights. */
export function slopes(critic: Critic, points: tf.Tensor2D): tf.Tensor2D {
  return tf.grad((x) => tf.sum(critic(x as tf.Tensor2D)))(points) as tf.Tensor2D;
}

function squaredNorms(critic: Critic, points: tf.Tensor2D): tf.Tensor1D {
  const slope = slopes(critic, points);
  return tf.sum(tf.mul(slope, slope), 1);
}

function mean(x: tf.Tensor): tf.Scalar {
  return tf.mul(tf.sum(x), 1 / x.size);
}
