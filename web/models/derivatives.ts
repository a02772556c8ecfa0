/** Derivatives of the few operations that the playground uses, so that gradients of gradients exist.
 *
 * The library registers its own only all together, which its build for Node cannot, and its matrix product derives to
 * products of transposed matrices, for which its WebAssembly has a slow path: a round takes twice as long.
 */

import * as tf from "@tensorflow/tfjs-core";

type T = tf.Tensor;
type Slopes = Record<string, () => T>;

/** Called for its effect: the engine of tfjs keeps one table for all. */
export function registerDerivatives(): void {
  known("Add", ["a", "b"], (dy, [a, b]) => ({ a: () => like(dy, a!), b: () => like(dy, b!) }));
  known("Sub", ["a", "b"], (dy, [a, b]) => ({ a: () => like(dy, a!), b: () => like(tf.neg(dy), b!) }));
  known("Multiply", ["a", "b"], (dy, [a, b]) => ({
    a: () => like(tf.mul(dy, b!), a!),
    b: () => like(tf.mul(dy, a!), b!),
  }));
  known("BatchMatMul", ["a", "b"], (dy, [a, b]) => ({
    a: () => tf.matMul(dy, tf.transpose(b!)),
    b: () => tf.matMul(tf.transpose(a!), dy),
  }));
  known("Transpose", [], (dy) => ({ x: () => tf.transpose(dy) }));
  known("Reshape", ["x"], (dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) }));
  known("Neg", [], (dy) => ({ x: () => tf.neg(dy) }));
  known("Relu", ["x"], (dy, [x]) => ({ x: () => tf.mul(dy, tf.step(x!)) }));
  known("Step", [], (dy) => ({ x: () => tf.zeros(dy.shape) }));
  known("Softplus", ["x"], (dy, [x]) => ({ x: () => tf.mul(dy, tf.sigmoid(x!)) }));
  known("Sqrt", ["x"], (dy, [x]) => ({ x: () => tf.div(dy, tf.mul(tf.sqrt(x!), 2)) }));
  known("Sum", ["x"], (dy, [x], attributes) => {
    const axes = tf.util.parseAxisParam(attributes.axis as number, x!.shape);
    const kept = x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    return { x: () => tf.mul(tf.reshape(dy, kept), tf.ones(x!.shape)) };
  });
}

type Slope = (dy: T, saved: T[], attributes: Record<string, unknown>) => Slopes;

function known(kernelName: string, inputsToSave: string[], slope: Slope): void {
  tf.registerGradient({
    kernelName,
    inputsToSave,
    gradFunc: (dy, saved, attributes) => slope(dy as T, saved, attributes as Record<string, unknown>) as never,
  });
}

/** `dy`, summed over the axes along which `x` was repeated. */
function like(dy: T, x: T): T {
  const axes = tf.broadcast_util.getReductionAxes(x.shape, dy.shape);
  return axes.length ? tf.reshape(tf.sum(dy, axes), x.shape) : dy;
}
