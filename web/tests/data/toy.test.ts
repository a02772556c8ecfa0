import assert from "node:assert/strict";
import { test } from "node:test";
import { Dice } from "../../data/random.ts";
import { drawn, grid, line, moons, ring, spiral, type Toy } from "../../data/toy.ts";

const TOYS: Record<string, Toy> = {
  ring: ring(0.05),
  grid: grid(0.05),
  spiral: spiral(0.05),
  moons: moons(0.05),
  line: line(0.05),
  drawn: drawn(
    [
      [1, 1],
      [-1, 0],
    ],
    0.05,
  ),
};

const pairs = (of: Float32Array) =>
  Array.from({ length: of.length / 2 }, (_, i) => [of[2 * i]!, of[2 * i + 1]!] as const);

for (const [name, toy] of Object.entries(TOYS)) {
  test(`${name}: samples follow from the key and lie in the picture`, () => {
    const sample = () => toy.sample(2000, new Dice(3, 1));
    assert.deepEqual(sample(), sample());
    assert.notDeepEqual(sample(), toy.sample(2000, new Dice(3, 2)));
    assert.ok(sample().every((value) => Math.abs(value) < 3));
  });
}

test("components are of equal weight and of the standard deviation asked for", () => {
  for (const toy of [TOYS.ring!, TOYS.grid!]) {
    const k = toy.centres.length;
    const found = pairs(toy.sample(400 * k, new Dice(0)));
    const counts = toy.centres.map(() => 0);
    let squares = 0;
    for (const [x, y] of found) {
      const distances = toy.centres.map(([a, b]) => Math.hypot(x - a, y - b));
      const nearest = Math.min(...distances);
      counts[distances.indexOf(nearest)]!++;
      squares += nearest ** 2;
    }
    assert.ok(
      counts.every((count) => Math.abs(count - 400) < 100),
      String(counts),
    );
    assert.ok(Math.abs(Math.sqrt(squares / found.length / 2) - 0.05) < 0.003);
  }
});

test("ring and grid stand where ganbook.data.toy has them", () => {
  assert.deepEqual(
    TOYS.ring!.centres[2]!.map((value) => Math.round(1e6 * value) / 1e6),
    [0, 2],
  );
  assert.deepEqual(TOYS.grid!.centres[0], [-2, -2]);
  assert.equal(TOYS.grid!.centres.length, 25);
});

test("dice: uniform and normal numbers have their moments, and keys their own streams", () => {
  const dice = new Dice(1, 2, 3);
  const uniform = Array.from({ length: 40_000 }, () => dice.uniform());
  const normal = Array.from({ length: 40_000 }, () => dice.normal());
  const mean = (of: number[]) => of.reduce((sum, value) => sum + value, 0) / of.length;
  assert.ok(Math.abs(mean(uniform) - 0.5) < 0.01);
  assert.ok(Math.abs(mean(uniform.map((u) => u * u)) - 1 / 3) < 0.01);
  assert.ok(Math.abs(mean(normal)) < 0.02);
  assert.ok(Math.abs(mean(normal.map((n) => n * n)) - 1) < 0.03);
  const firsts = new Set(Array.from({ length: 2000 }, (_, i) => new Dice(0, 1, i).uniform()));
  assert.equal(firsts.size, 2000);
});

test("an empty sheet is refused", () => {
  assert.throws(() => drawn([], 0.1), /points is empty: allowed is one point or more/);
});
