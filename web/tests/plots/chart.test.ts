import assert from "node:assert/strict";
import { test } from "node:test";
import { ticks } from "../../plots/chart.ts";

const long = (text: string) => 8 * text.length + 8;

test("ticks are about five, and fewer where their texts would run into each other", () => {
  assert.deepEqual(
    ticks([0, 325], 400, long).map(([at]) => at),
    [0, 50, 100, 150, 200, 250, 300],
  );
  const few = ticks([0, 325], 110, long);
  assert.deepEqual(few, [
    [0, "0"],
    [100, "100"],
    [200, "200"],
    [300, "300"],
  ]);
  const step = 110 / 3.25;
  assert.ok(step > 8 * 3, "neighbours do not touch");
  assert.equal(ticks([0, 325], 1, long).length, 1, "at last as few as there can be");
});
