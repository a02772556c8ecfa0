import assert from "node:assert/strict";
import { test } from "node:test";
import { latent, norm, random, spherical, stacked, straight } from "../../zoo/latents.ts";

const close = (a: number, b: number, within: number) => assert.ok(Math.abs(a - b) < within, `${a} is not ${b}`);

test("a seed gives the same latent again, another seed another", () => {
  assert.deepEqual(latent(3, 64), latent(3, 64));
  const [a, b] = [latent(3, 64), latent(4, 64)];
  const cosine = a.reduce((sum, value, i) => sum + value * b[i]!, 0) / norm(a) / norm(b);
  assert.ok(Math.abs(cosine) < 0.4);
});

test("latents are standard normal, or uniform on [-1, 1]", () => {
  const z = Float64Array.from(stacked(Array.from({ length: 100 }, (_, seed) => latent(seed, 100))));
  const moment = (k: number) => z.reduce((sum, value) => sum + value ** k, 0) / z.length;
  close(moment(1), 0, 0.04);
  close(moment(2), 1, 0.06);
  close(moment(4), 3, 0.4);
  const u = latent(1, 10_000, "uniform");
  assert.ok(u.every((value) => value >= -1 && value < 1));
  close(u.reduce((sum, value) => sum + value * value, 0) / u.length, 1 / 3, 0.02);
});

test("first numbers of neighbouring seeds are evenly spread", () => {
  const first = Array.from({ length: 1000 }, (_, seed) => random(seed)());
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = first.filter((value) => Math.floor(value * 10) === tenth).length;
    assert.ok(count > 60 && count < 140, `${count} of 1000 in tenth ${tenth}`);
  }
});

test("the arc's points lie between its ends, at lengths between theirs", () => {
  const [a, b] = [latent(0, 64), latent(1, 64)];
  assert.ok(spherical(a, b, 0).every((value, i) => Math.abs(value - a[i]!) < 1e-5));
  assert.ok(spherical(a, b, 1).every((value, i) => Math.abs(value - b[i]!) < 1e-5));
  close(norm(spherical(a, b, 0.5)), (norm(a) + norm(b)) / 2, 1e-4);
  assert.ok(norm(straight(a, b, 0.5)) < 0.85 * norm(a));
  const twice = a.map((value) => 2 * value);
  assert.ok(spherical(a, twice, 0.5).every((value, i) => Math.abs(value - 1.5 * a[i]!) < 1e-5));
});
