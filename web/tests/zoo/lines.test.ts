import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { blank, inked, polyline, SHAPES, stroke } from "../../zoo/lines.ts";

interface Reference {
  size: number;
  strokes: { tool: "pen" | "eraser"; x0: number; y0: number; x1: number; y1: number; thick: number }[];
  after: number[][];
}

// Made by tests/zoo/test_strokes.py from distances.
const reference: Reference = JSON.parse(readFileSync(new URL("strokes.json", import.meta.url), "utf-8"));

test("strokes cover what is near them", () => {
  const lines = blank(reference.size);
  reference.strokes.forEach((one, i) => {
    stroke(lines, { ...one, tool: one.tool === "pen" ? "pencil" : "eraser" });
    const far = Math.max(...lines.map((value, k) => Math.abs(value - reference.after[i]![k]!)));
    assert.ok(far < 1e-4, `stroke ${i} differs by ${far}`);
  });
});

test("a line of many points is inked, and an eraser takes it away", () => {
  const lines = blank(32);
  const points = [
    [4, 4],
    [28, 4],
    [28, 28],
  ] as const;
  polyline(lines, points, 2, "pencil");
  assert.ok(inked(lines) > 0.05 && inked(lines) < 0.15);
  polyline(lines, points, 5, "eraser");
  assert.equal(inked(lines), 0);
  polyline(lines, [[16, 16]], 3, "pencil");
  assert.ok(inked(lines) > 0, "a touch is a dot");
});

test("every shape draws something on the sheet and leaves most of it white", () => {
  for (const [name, shape] of SHAPES) {
    const lines = blank(64);
    for (const points of shape) polyline(lines, points, 2, "pencil");
    assert.ok(inked(lines) > 0.001 && inked(lines) < 0.2, `${name}: ${inked(lines)}`);
  }
});
