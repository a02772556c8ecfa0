import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { norm, priorOf, spherical, stacked, straight } from "../../zoo/latents.ts";

// Made by tests/zoo/test_latents_in_pages.py.
const drawn: { prior: string; dim: number; seed: number; z: number[] }[] = JSON.parse(
  readFileSync(new URL("latents.json", import.meta.url), "utf-8"),
);

const close = (a: number, b: number, within: number) => assert.ok(Math.abs(a - b) < within, `${a} is not ${b}`);
const { latent } = priorOf({ dim: "64" });

test("the latent of a seed is the one that torch draws", () => {
  for (const { prior, dim, seed, z } of drawn) {
    const found = priorOf({ prior, dim: String(dim) });
    assert.equal(found.dim, dim);
    const far = Math.max(...found.latent(seed).map((value, i) => Math.abs(value - z[i]!)));
    assert.ok(far < 1e-5, `${prior} ${dim} ${seed}: ${far}`);
  }
});

test("latents are stacked in rows; a translator may take none", () => {
  assert.deepEqual(stacked([latent(1), latent(2)]).shape, [2, 64]);
  assert.deepEqual(stacked([latent(1), latent(2)]).data.slice(64), latent(2));
  assert.equal(priorOf({}).dim, 0);
});

test("the arc's points lie between its ends, at lengths between theirs", () => {
  const [a, b] = [latent(0), latent(1)];
  assert.ok(spherical(a, b, 0).every((value, i) => Math.abs(value - a[i]!) < 1e-5));
  assert.ok(spherical(a, b, 1).every((value, i) => Math.abs(value - b[i]!) < 1e-5));
  close(norm(spherical(a, b, 0.5)), (norm(a) + norm(b)) / 2, 1e-4);
  assert.ok(norm(straight(a, b, 0.5)) < 0.85 * norm(a));
  const twice = a.map((value) => 2 * value);
  assert.ok(spherical(a, twice, 0.5).every((value, i) => Math.abs(value - 1.5 * a[i]!) < 1e-5));
});
