/** Multi-layer perceptrons whose weights lie one after another in one array: a copy of it is a copy of the network. */

import * as tf from "@tensorflow/tfjs-core";
import type { Dice } from "../data/random.ts";

/** Units of each layer, from the input to the output. */
export type Sizes = readonly number[];
export type Layers = tf.Tensor2D[];

export function sizes(inputs: number, width: number, depth: number, outputs: number): Sizes {
  return [inputs, ...Array<number>(depth).fill(width), outputs];
}

/** How many weights and biases. */
export function count(of: Sizes): number {
  return shapes(of).reduce((sum, [rows, columns]) => sum + rows * columns, 0);
}

/** As PyTorch starts a linear layer: uniform up to one over the root of its inputs. */
export function initial(of: Sizes, dice: Dice): Float32Array {
  const weights = new Float32Array(count(of));
  let at = 0;
  for (let layer = 0; layer + 1 < of.length; layer++) {
    const bound = 1 / Math.sqrt(of[layer]!);
    const end = at + (of[layer]! + 1) * of[layer + 1]!;
    while (at < end) weights[at++] = bound * (2 * dice.uniform() - 1);
  }
  return weights;
}

/** Tensors of the layers, W (inputs, outputs) and b (1, outputs) in turn; they are the caller's to dispose of. */
export function layers(weights: Float32Array, of: Sizes): Layers {
  let at = 0;
  return shapes(of).map(([rows, columns]) => {
    const part = weights.slice(at, at + rows * columns);
    at += part.length;
    return tf.tensor2d(part, [rows, columns]);
  });
}

/** x (N, inputs) to (N, outputs): ReLU between the layers, nothing after the last. */
export function forward(of: Layers, x: tf.Tensor2D): tf.Tensor2D {
  let h = x;
  for (let i = 0; i < of.length; i += 2) {
    h = tf.add(tf.matMul(h, of[i]!), of[i + 1]!);
    if (i + 2 < of.length) h = tf.relu(h);
  }
  return h;
}

/** What `compute` returns, which holds no tensor, without the tensors that it made. `tf.tidy` would look for tensors in
 * every number of an array that is returned, which takes longer than a small network. */
export function tidied<Result>(compute: () => Result): Result {
  let result: Result | undefined;
  tf.tidy(() => {
    result = compute();
  });
  return result as Result;
}

/** Gradients of the layers, in the order of the weights. */
export function flat(gradients: readonly tf.Tensor[], into: Float32Array): Float32Array {
  let at = 0;
  for (const gradient of gradients) {
    const part = gradient.dataSync();
    into.set(part, at);
    at += part.length;
  }
  return into;
}

function shapes(of: Sizes): [rows: number, columns: number][] {
  return of.slice(1).flatMap((outputs, i): [number, number][] => [
    [of[i]!, outputs],
    [1, outputs],
  ]);
}
