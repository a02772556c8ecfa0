/** Optimisers of one flat array of weights, with PyTorch's formulas.
 *
 * They are loops rather than tensors: a step of Adam is a dozen operations on each of six arrays, and the cost of the
 * library is in the number of operations.
 */

export const OPTIMISER_NAMES = ["adam", "sgd"] as const;
export type OptimiserName = (typeof OPTIMISER_NAMES)[number];

/** What an optimiser remembers. SGD's momentum is in `first`; `second` is Adam's alone. */
export interface Memory {
  steps: number;
  first: Float32Array;
  second: Float32Array;
}

export interface Rates {
  lr: number;
  /** Adam's first decay rate, or SGD's momentum. */
  beta1: number;
  beta2: number;
}

const EPSILON = 1e-8;

export function blank(count: number): Memory {
  return { steps: 0, first: new Float32Array(count), second: new Float32Array(count) };
}

export function copied(memory: Memory): Memory {
  return { steps: memory.steps, first: memory.first.slice(), second: memory.second.slice() };
}

type Step = (weights: Float32Array, gradient: Float32Array, memory: Memory, rates: Rates) => void;

/** Kingma and Ba 2015, Algorithm 1. */
const adam: Step = (weights, gradient, memory, { lr, beta1, beta2 }) => {
  const { first, second } = memory;
  const steps = ++memory.steps;
  const size = lr / (1 - beta1 ** steps);
  const correction = Math.sqrt(1 - beta2 ** steps);
  for (let i = 0; i < weights.length; i++) {
    const slope = gradient[i]!;
    const mean = beta1 * first[i]! + (1 - beta1) * slope;
    const square = beta2 * second[i]! + (1 - beta2) * slope * slope;
    first[i] = mean;
    second[i] = square;
    weights[i]! -= (size * mean) / (Math.sqrt(square) / correction + EPSILON);
  }
};

/** Stochastic gradient descent with momentum β₁ (0: without). */
const sgd: Step = (weights, gradient, memory, { lr, beta1 }) => {
  const { first } = memory;
  memory.steps++;
  for (let i = 0; i < weights.length; i++) {
    const velocity = beta1 * first[i]! + gradient[i]!;
    first[i] = velocity;
    weights[i]! -= lr * velocity;
  }
};

export const OPTIMISERS: Readonly<Record<OptimiserName, Step>> = { adam, sgd };
