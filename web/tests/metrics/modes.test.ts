import assert from "node:assert/strict";
import { test } from "node:test";
import { Dice } from "../../data/random.ts";
import { grid, ring } from "../../data/toy.ts";
import { chance, heaps, modeCoverage } from "../../metrics/modes.ts";

test("three standard deviations decide, and the nearest centre", () => {
  const { centres } = ring(0.1);
  // On a centre, just within, just outside, and nowhere.
  const samples = Float32Array.from([2, 0, 2.29, 0, 2.31, 0, 0, 0]);
  const found = modeCoverage(samples, centres, 0.1);
  assert.deepEqual(found, { modes: 1, starved: 7, highQuality: 0.5 });
  assert.deepEqual(heaps(samples, centres).slice(0, 2), [0.75, 0]);
});

test("the data themselves cover everything", () => {
  const toy = grid(0.05);
  const found = modeCoverage(toy.sample(5000, new Dice(0)), toy.centres, toy.std);
  assert.equal(found.modes, 25);
  assert.equal(found.starved, 0);
  assert.ok(Math.abs(found.highQuality - (1 - Math.exp(-4.5))) < 0.005); // Rayleigh: P(r > 3σ) = exp(−9/2)
});

test("chance is what evenly scattered points score", () => {
  for (const toy of [ring(0.02), grid(0.05)]) {
    const [n, tries] = [400, 60];
    const limit = Math.max(...toy.centres.map(([x]) => x)) + 3 * toy.std;
    let [modes, share] = [0, 0];
    for (let i = 0; i < tries; i++) {
      const dice = new Dice(i);
      const points = Float32Array.from({ length: 2 * n }, () => (2 * dice.uniform() - 1) * limit);
      const found = modeCoverage(points, toy.centres, toy.std);
      modes += found.modes / tries;
      share += found.highQuality / tries;
    }
    const expected = chance(n, toy.centres, toy.std);
    assert.ok(Math.abs(modes - expected.modes) < 0.06 * toy.centres.length, `${modes}, not ${expected.modes}`);
    assert.ok(Math.abs(share - expected.highQuality) < 0.15 * expected.highQuality + 1e-3, `${share}`);
  }
});
