import "../engine.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { memory } from "@tensorflow/tfjs-core";
import { Session } from "../../playground/session.ts";
import { DEFAULTS, type Settings, toyOf } from "../../playground/settings.ts";
import { newGame, unsound } from "../../training/game.ts";

const SMALL: Settings = { ...DEFAULTS, width: 8, batch: 16 };

const only = (session: Session) => session.frames()[0]!;

test("undo goes back a step at a time, and what follows is the same again", () => {
  const session = new Session({ settings: SMALL });
  session.rounds(10);
  const then = only(session);
  session.rounds(30);
  session.turn("d");
  const later = only(session);
  for (let i = 0; i < 31; i++) session.undo();
  assert.deepEqual({ ...only(session), scores: [] }, { ...then, scores: [] });
  session.rounds(30);
  session.turn("d");
  assert.deepEqual(only(session).fake, later.fake);
  assert.deepEqual(only(session).surface, later.surface);
});

test("beyond the last forty rounds undo goes back by fifties, to the start", () => {
  const session = new Session({ settings: SMALL });
  session.rounds(400);
  const clocks: number[] = [];
  while (session.canUndo) {
    session.undo();
    clocks.push(only(session).figures.clock);
  }
  assert.deepEqual(
    clocks.slice(0, 40),
    Array.from({ length: 40 }, (_, i) => 399 - i),
  );
  assert.equal(clocks.at(-1), 0);
  const gaps = clocks.slice(41).map((clock, i) => clocks[i + 40]! - clock);
  assert.ok(gaps.length >= 5 && gaps.slice(1).every((gap) => gap >= 50 && gap <= 51), String(gaps));
});

test("a turn of one player leaves the other where it is", () => {
  const session = new Session({ settings: SMALL });
  const start = only(session);
  session.turn("d");
  const afterD = only(session);
  assert.deepEqual(afterD.fake, start.fake);
  assert.notDeepEqual(afterD.surface, start.surface);
  assert.equal(afterD.turned, "d");
  session.turn("g");
  const afterG = only(session);
  assert.notDeepEqual(afterG.fake, start.fake);
  assert.deepEqual(afterG.surface, afterD.surface);
  const round = new Session({ settings: SMALL });
  round.rounds(1);
  assert.deepEqual(only(round).fake, afterG.fake);
  assert.equal(afterG.figures.clock, 1);
});

test("two games share start and batches, and differ where they should", () => {
  const same = new Session({ settings: SMALL, versus: { key: "loss", value: "non_saturating" } });
  same.rounds(5);
  const [a, b] = same.frames();
  assert.deepEqual(a!.fake, b!.fake);
  const other = new Session({ settings: SMALL, versus: { key: "loss", value: "hinge" } });
  const [left, right] = other.frames();
  assert.deepEqual(left!.surface, right!.surface);
  other.rounds(5);
  const [l, r] = other.frames();
  assert.deepEqual(l!.fake, a!.fake);
  assert.notDeepEqual(r!.fake, a!.fake);
});

test("rules change in play; data and networks begin anew", () => {
  const session = new Session({ settings: SMALL });
  session.rounds(3);
  assert.equal(session.change({ settings: { ...SMALL, loss: "hinge", penalty: "r1" } }), false);
  assert.equal(only(session).figures.clock, 3);
  assert.equal(session.change({ settings: { ...SMALL, points: [] } }), false);
  assert.equal(session.change({ settings: { ...SMALL, width: 4 } }), true);
  assert.equal(only(session).figures.clock, 0);
});

test("a game whose numbers overflow says so and stops", () => {
  const wild: Settings = { ...SMALL, optimiser: "sgd", d_lr: 1, penalty: "r1", weight: 100 };
  const session = new Session({ settings: wild });
  session.rounds(200);
  const { unsound: who, figures } = only(session);
  assert.ok(who);
  session.rounds(5);
  assert.equal(only(session).figures.clock, figures.clock);
});

test("who has overflowed is named", () => {
  const game = newGame(SMALL, SMALL, toyOf(SMALL));
  assert.equal(unsound(game), undefined);
  game.g.weights[0] = Number.NaN;
  assert.equal(unsound(game), "generator");
  game.d.weights[3] = Number.POSITIVE_INFINITY;
  assert.equal(unsound(game), "discriminator");
});

test("no tensor is left behind", () => {
  const session = new Session({
    settings: { ...SMALL, penalty: "gp" },
    versus: { key: "loss", value: "relativistic" },
  });
  session.frames();
  const before = memory().numTensors;
  session.rounds(3);
  session.turn("g");
  session.frames();
  assert.equal(memory().numTensors, before);
});

test("as many rounds as begin in the time", () => {
  const session = new Session({ settings: SMALL });
  let now = 0;
  assert.equal(
    session.rounds(100, 10, () => (now += 3)),
    4,
  );
  assert.equal(session.rounds(2, 1e9), 2);
});
