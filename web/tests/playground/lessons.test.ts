/** Every lesson is played through: with what it suggests it is reached, from its start by waiting it is not. */

import "../engine.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { begun, held, LESSONS, type Lesson, peaks } from "../../playground/lessons.ts";
import { Session } from "../../playground/session.ts";
import { DEFAULTS, type Settings } from "../../playground/settings.ts";
import type { Figures } from "../../training/measure.ts";

const PICTURE_EVERY = 5; // rounds

/** Rounds that each stage took, or undefined from the first that was not done in `most`. */
function played(lesson: Lesson, follow: boolean, most: number): (number | undefined)[] {
  let settings: Settings = { ...DEFAULTS, ...lesson.start };
  const session = new Session({ settings });
  return lesson.stages.map((stage) => {
    if (follow) settings = { ...settings, ...stage.suggested };
    session.change({ settings });
    const seen: Figures[] = [];
    for (let rounds = PICTURE_EVERY; rounds <= most; rounds += PICTURE_EVERY) {
      session.rounds(PICTURE_EVERY);
      seen.push(session.frames()[0]!.figures);
      if (stage.done(seen, settings)) return rounds;
    }
    return undefined;
  });
}

for (const lesson of LESSONS) {
  test(`${lesson.name}: what it suggests leads to its goals`, () => {
    const took = played(lesson, true, 600);
    assert.ok(!took.includes(undefined), String(took));
  });

  test(`${lesson.name}: waiting does not`, () => {
    assert.equal(played({ ...lesson, stages: lesson.stages.slice(0, 1) }, false, 300)[0], undefined);
  });

  test(`${lesson.name}: what it suggests can go on in play, and is in the bounds of the settings`, () => {
    const start = { ...DEFAULTS, ...lesson.start };
    const session = new Session({ settings: start });
    for (const { suggested } of lesson.stages) {
      assert.equal(session.change({ settings: { ...start, ...suggested } }), false);
    }
  });
}

test("the second part of “vanish” asks for the same strong D", () => {
  const [, back] = LESSONS.find(({ name }) => name === "vanish")!.stages;
  const pulls = { saturating: 1, non_saturating: 1, least_squares: 1, hinge: 1, wasserstein: 1, relativistic: 1 };
  const seen = [0, 6, 12, 18, 24, 30].map((clock) => ({ clock, pulls }) as Figures);
  assert.equal(back!.done(seen, { ...DEFAULTS, d_steps: 10 }), true);
  assert.equal(back!.done(seen, { ...DEFAULTS, d_steps: 1 }), false);
});

test("one picture that catches a swing as it passes by does not end a lesson", () => {
  const seen = (offs: number[], every: number) => offs.map((x, i) => ({ clock: i * every, off: [x, 0] }) as Figures);
  const near = ({ off }: Figures) => Math.abs(off[0]) < 0.15;
  assert.equal(held(seen([1, 0.1], 300), 60, near), false);
  assert.equal(held(seen([1, 0.1, -1, 0.9, 0.1, 0, 0.1, 0.1], 300), 60, near), false);
  assert.equal(held(seen([1, 0.1, 0, 0.1, 0, 0.1, 0], 300), 60, near), true);
  assert.equal(held(seen([1, ...new Array(60).fill(0)], 1), 60, near), false);
  assert.equal(held(seen(new Array(61).fill(0), 1), 60, near), true);
});

test("swings are told from one crossing to the next", () => {
  const swing = (t: number) => ({ off: [Math.cos(t) * Math.exp(-t / 20), 0] }) as unknown as Figures;
  const found = peaks(Array.from({ length: 400 }, (_, i) => swing(i / 20)));
  assert.equal(found.length, 5); // of six crossings in 20 radians
  assert.ok(found.every((peak, i) => Math.abs(peak - Math.exp((-Math.PI * (i + 1)) / 20)) < 0.01));
});

test("a lesson brings its start, and other settings that are given win", () => {
  const setting = { settings: { ...DEFAULTS, seed: 3, depth: 2 }, lesson: "circle" };
  const { settings } = begun(setting, { lesson: "circle", seed: "3" });
  assert.deepEqual([settings.data, settings.depth, settings.seed], ["dot", 0, 3]);
});
