/** Adversarial losses, in pairs, of logits: the formulas of ganbook.losses. Each player steps down its own. */

import * as tf from "@tensorflow/tfjs-core";

type Logits = tf.Tensor;
type Loss = tf.Scalar;

export interface AdversarialLoss {
  /** In words of the page. */
  title: string;
  discriminator(real: Logits, fake: Logits): Loss;
  /** `real`: logits of real samples, which a paired loss compares with. */
  generator(fake: Logits, real: Logits): Loss;
  paired?: true;
}

export const LOSS_NAMES = [
  "saturating",
  "non_saturating",
  "least_squares",
  "hinge",
  "wasserstein",
  "relativistic",
] as const;
export type LossName = (typeof LOSS_NAMES)[number];

const logistic = (real: Logits, fake: Logits) => plus(mean(tf.softplus(tf.neg(real))), mean(tf.softplus(fake)));
const score = (fake: Logits) => tf.neg(mean(fake)) as Loss;

export const LOSSES: Readonly<Record<LossName, AdversarialLoss>> = {
  saturating: {
    title: "saturating",
    discriminator: logistic,
    generator: (fake) => tf.neg(mean(tf.softplus(fake))),
  },
  non_saturating: {
    title: "non-saturating",
    discriminator: logistic,
    generator: (fake) => mean(tf.softplus(tf.neg(fake))),
  },
  least_squares: {
    title: "least squares",
    discriminator: (real, fake) => tf.mul(0.5, plus(mean(square(tf.sub(real, 1))), mean(square(fake)))),
    generator: (fake) => tf.mul(0.5, mean(square(tf.sub(fake, 1)))),
  },
  hinge: {
    title: "hinge",
    discriminator: (real, fake) => plus(mean(tf.relu(tf.sub(1, real))), mean(tf.relu(tf.add(1, fake)))),
    generator: score,
  },
  wasserstein: {
    title: "Wasserstein",
    discriminator: (real, fake) => tf.sub(mean(fake), mean(real)) as Loss,
    generator: score,
  },
  relativistic: {
    title: "relativistic",
    discriminator: (real, fake) => mean(tf.softplus(tf.sub(fake, real))),
    generator: (fake, real) => mean(tf.softplus(tf.sub(real, fake))),
    paired: true,
  },
};

/** A sum, because `tf.mean` of the library casts first: three operations for one. */
function mean(x: tf.Tensor): Loss {
  return tf.mul(tf.sum(x), 1 / x.size);
}

function square(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, x);
}

function plus(a: Loss, b: Loss): Loss {
  return tf.add(a, b);
}
