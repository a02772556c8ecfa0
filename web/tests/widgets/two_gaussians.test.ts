import assert from "node:assert/strict";
import { test } from "node:test";
import { draw } from "../../widgets/two_gaussians.ts";

const at = (mean: number, std: number, confidence: number, width = 800) => draw({ mean, std, confidence }, {}, width);

test("equal distributions cannot be told apart", () => {
  const { figures, alt } = at(0, 1, 1);
  assert.ok(Math.abs(figures.best! + Math.log(4)) < 1e-9);
  assert.ok(figures.js! < 1e-9);
  assert.match(alt, /it is the best one/);
});

test("an overconfident D is worth less than the best one, by what the text says", () => {
  const { figures, alt } = at(1.5, 1, 2);
  assert.ok(figures.value! < figures.best!);
  assert.match(alt, new RegExp(`${(figures.best! - figures.value!).toFixed(3)} less`));
});

test("far apart, the divergence is log 2", () => {
  assert.ok(Math.abs(at(4, 0.3, 1).figures.js! - Math.log(2)) < 2e-2);
});

test("panels stand one above the other where the page is narrow", () => {
  const height = (svg: string) => Number(/height="(\d+)/.exec(svg)![1]);
  assert.equal(height(at(1, 1, 1, 360).svg), 2 * height(at(1, 1, 1, 800).svg));
});

test("on a phone no title and no legend is cut off", async () => {
  const { draw: dirac } = await import("../../widgets/dirac.ts");
  const values = { loss: "non_saturating", updates: "alternating", lr: 0.3, gamma: 0, momentum: 0, rounds: 100 };
  for (const { svg } of [dirac(values, {}, 328), at(1, 1, 1, 328)]) {
    for (const [, x, size, title] of svg.matchAll(
      /<text x="([\d.]+)" y="\d+" text-anchor="middle" font-weight="600"(?: font-size="([\d.]+)")?>([^<]+)/g,
    )) {
      const half = (0.62 * Number(size ?? 13) * title!.length) / 2;
      assert.ok(Number(x) - half >= -1 && Number(x) + half <= 329, title);
    }
  }
});
