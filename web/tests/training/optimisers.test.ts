import assert from "node:assert/strict";
import { test } from "node:test";
import { blank, OPTIMISERS } from "../../training/optimisers.ts";

test("Adam's first step is the step size, whatever the gradient's", () => {
  const weights = Float32Array.from([1, 1]);
  OPTIMISERS.adam(weights, Float32Array.from([1e-3, -50]), blank(2), { lr: 0.1, beta1: 0.5, beta2: 0.9 });
  assert.ok(Math.abs(weights[0]! - 0.9) < 1e-4 && Math.abs(weights[1]! - 1.1) < 1e-6);
});

test("momentum of SGD adds up", () => {
  const [weights, memory] = [Float32Array.from([0]), blank(1)];
  for (let i = 0; i < 2; i++)
    OPTIMISERS.sgd(weights, Float32Array.from([1]), memory, { lr: 0.1, beta1: 0.5, beta2: 0 });
  assert.ok(Math.abs(weights[0]! + 0.1 * (1 + 1.5)) < 1e-7);
});
