import assert from "node:assert/strict";
import { test } from "node:test";
import type { Point } from "../../data/toy.ts";
import { phase } from "../../playground/phase.ts";

const swing = (shrink: number): Point[] =>
  Array.from({ length: 120 }, (_, i) => [2, 1 + 0.4 * Math.exp(-shrink * i) * Math.cos((2 * Math.PI * i) / 40)]);

test("a swing along a line is a circle in place and speed", () => {
  for (const [place, speed] of phase(swing(0), [2, 1])) assert.ok(Math.abs(Math.hypot(place, speed) - 1) < 0.02);
});

test("a damped one is a spiral inwards", () => {
  const radii = phase(swing(0.02), [2, 1]).map(([place, speed]) => Math.hypot(place, speed));
  assert.ok(radii.at(-1)! < 0.25 * radii[0]!);
});

test("nothing is drawn of a game that has just begun", () => {
  assert.deepEqual(phase([[2, 0]], [2, 0]), []);
});
