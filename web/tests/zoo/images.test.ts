import assert from "node:assert/strict";
import { test } from "node:test";
import { coloured, colourful, difference, part, spread, unevenness } from "../../zoo/images.ts";

const images = (shape: number[], values: number[]) => ({ data: Float32Array.from(values), shape });

test("some of the images are cut out", () => {
  const all = images([3, 1, 1, 2], [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(part(all, 1, 3), images([2, 1, 1, 2], [3, 4, 5, 6]));
});

test("grey gets three equal channels, and no colour", () => {
  const grey = images([2, 1, 1, 2], [0, 1, -1, 0.5]);
  const three = coloured(grey);
  assert.deepEqual(three, images([2, 3, 1, 2], [0, 1, 0, 1, 0, 1, -1, 0.5, -1, 0.5, -1, 0.5]));
  assert.equal(coloured(three), three);
  assert.equal(colourful(three), 0);
  assert.equal(colourful(images([1, 3, 1, 2], [1, 0, 1, 0, 0.7, 0.1])), 0.5);
});

test("differences, steps and spreads are those of the definition", () => {
  assert.equal(difference(images([1, 1, 1, 2], [0, 1]), images([1, 1, 1, 2], [1, -1])), 1.5);
  assert.equal(unevenness(images([3, 1, 1, 1], [0, 1, 4])), 1.5);
  assert.equal(unevenness(images([3, 1, 1, 1], [2, 2, 2])), 1);
  assert.ok(Math.abs(spread(images([2, 1, 1, 2], [0, 1, 2, 1])) - Math.SQRT2 / 2) < 1e-6);
});
