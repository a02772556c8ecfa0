/** Against PyTorch: reference/rounds.json is made by tools/playground_reference.py. */

import "../engine.ts";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ring } from "../../data/toy.ts";
import { LOSS_NAMES, type LossName } from "../../losses.ts";
import { PENALTY_NAMES, type PenaltyName } from "../../penalties.ts";
import { type Game, newGame, type Rules, type Shape, type Who } from "../../training/game.ts";
import { discriminatorSlope, generatorSlope, nextBatch, round, turn } from "../../training/round.ts";

interface Case {
  loss: LossName;
  penalty: PenaltyName;
  d_loss: number;
  g_loss: number;
  d_gradient: number[];
  g_gradient: number[];
  adam: Record<Who, number[]>;
  sgd: Record<Who, number[]>;
}

const reference = JSON.parse(readFileSync(new URL("../reference/rounds.json", import.meta.url), "utf8"));
const cases: Case[] = reference.cases;

function game({ loss, penalty }: Case, optimiser: "adam" | "sgd", more: Partial<Rules> = {}): Game {
  const { lr, beta1, beta2 } = reference[optimiser];
  const rules: Rules = {
    ...{ loss, penalty, weight: reference.weight, optimiser, d_lr: lr, g_lr: lr, beta1, beta2 },
    ...{ timing: "alternating", d_steps: 1, g_steps: 1, batch: 16, ...more },
  };
  const shape: Shape = { prior: "gaussian", dim: 2, width: reference.width, depth: reference.depth, seed: 0 };
  const made = newGame(rules, shape, ring(0.1));
  made.d.weights.set(reference.d);
  made.g.weights.set(reference.g);
  return made;
}

const recorded = (of: Game, who: Who) => {
  const { real, t, d_z, g_z } = reference.batches[of[who].turns];
  const array = (values: number[]) => Float32Array.from(values);
  return { real: array(real), t: array(t), z: array(who === "d" ? d_z : g_z) };
};

/** ‖found − wanted‖ / ‖wanted‖, and each number within 1e-4 of the largest. */
function same(found: Float32Array, wanted: number[], what: string): void {
  assert.equal(found.length, wanted.length);
  const size = Math.hypot(...wanted);
  const off = Math.hypot(...wanted.map((value, i) => value - found[i]!)) / size;
  assert.ok(off < 1e-4, `${what}: relative distance ${off}`);
  const largest = Math.max(...wanted.map(Math.abs));
  wanted.forEach((value, i) => {
    assert.ok(Math.abs(value - found[i]!) < 1e-4 * largest, `${what}[${i}]: ${found[i]}, not ${value}`);
  });
}

const near = (found: number, wanted: number) => Math.abs(found - wanted) < 1e-4 * Math.abs(wanted) + 1e-6;

test("the reference holds every loss with every penalty", () => {
  assert.equal(cases.length, LOSS_NAMES.length * 4);
  assert.deepEqual(new Set(cases.map((one) => one.loss)), new Set(LOSS_NAMES));
  for (const { penalty } of cases) assert.ok(PENALTY_NAMES.includes(penalty));
});

for (const one of cases) {
  test(`${one.loss}, ${one.penalty}: losses and gradients are PyTorch's`, () => {
    const at = game(one, "sgd");
    const d = discriminatorSlope(at, recorded(at, "d"));
    assert.ok(near(d.loss, one.d_loss), `${d.loss}, not ${one.d_loss}`);
    same(d.gradient, one.d_gradient, "D's gradient");
    turn(at, "d", recorded);
    const g = generatorSlope(at, recorded(at, "g"));
    assert.ok(near(g.loss, one.g_loss), `${g.loss}, not ${one.g_loss}`);
    same(g.gradient, one.g_gradient, "G's gradient");
  });

  for (const optimiser of ["adam", "sgd"] as const) {
    test(`${one.loss}, ${one.penalty}: three rounds of ${optimiser} end where PyTorch's do`, () => {
      const at = game(one, optimiser);
      for (let i = 0; i < 3; i++) round(at, recorded);
      same(at.d.weights, one[optimiser].d, "D");
      same(at.g.weights, one[optimiser].g, "G");
      assert.equal(at.clock, 3);
    });
  }
}

test("R1 and R2 together are their sum", () => {
  const slope = (penalty: PenaltyName) => {
    const at = game({ ...cases[0]!, penalty }, "sgd");
    return discriminatorSlope(at, recorded(at, "d"));
  };
  const [none, r1, r2, both] = (["none", "r1", "r2", "r1r2"] as const).map(slope);
  assert.ok(near(both!.loss, r1!.loss + r2!.loss - none!.loss));
});

test("the gradient penalty is finite where the critic is flat", () => {
  const at = game({ ...cases[0]!, penalty: "gp" }, "sgd");
  at.d.weights.fill(0);
  const { loss, gradient } = discriminatorSlope(at, recorded(at, "d"));
  assert.ok(near(loss, 2 * Math.log(2) + reference.weight));
  assert.ok(gradient.every(Number.isFinite));
});

test("simultaneous: G's step is against the D of before", () => {
  const [turns, together] = [game(cases[0]!, "sgd"), game(cases[0]!, "sgd", { timing: "simultaneous" })];
  const wanted = generatorSlope(together, recorded(together, "g")).gradient;
  const start = together.g.weights.slice();
  round(turns, recorded);
  round(together, recorded);
  assert.deepEqual(together.d.weights, turns.d.weights);
  assert.notDeepEqual(together.g.weights, turns.g.weights);
  same(
    start.map((weight, i) => weight - reference.sgd.lr * wanted[i]!),
    [...together.g.weights],
    "G",
  );
});

test("a turn's samples follow from the seed and its number", () => {
  const [one, other] = [game(cases[0]!, "sgd"), game(cases[0]!, "adam")];
  assert.deepEqual(nextBatch(one, "d"), nextBatch(other, "d"));
  assert.notDeepEqual(nextBatch(one, "d"), nextBatch(one, "g"));
  one.d.turns++;
  assert.notDeepEqual(nextBatch(one, "d"), nextBatch(other, "d"));
});

test("the ratio counts turns, and a round is one on the clock", () => {
  const at = game(cases[0]!, "adam", { d_steps: 3, g_steps: 2 });
  round(at, (of, who) => ({ ...recorded(game(cases[0]!, "sgd"), who), real: nextBatch(of, "d").real }));
  assert.deepEqual([at.d.turns, at.g.turns, at.clock], [3, 2, 1]);
});
