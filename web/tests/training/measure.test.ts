import "../engine.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { LOSS_NAMES, LOSSES } from "../../losses.ts";
import { forward, layers } from "../../models/mlp.ts";
import { DEFAULTS, toyOf } from "../../playground/settings.ts";
import { newGame } from "../../training/game.ts";
import { GRID, look, SHOWN } from "../../training/measure.ts";
import { round } from "../../training/round.ts";

const settings = { ...DEFAULTS, width: 16 };
const game = newGame(settings, settings, toyOf(settings));
for (let i = 0; i < 20; i++) round(game);
const view = look(game);

test("an arrow is the negative gradient of G's loss by the sample", () => {
  const judge = layers(game.d.weights, game.d.sizes);
  const real = forward(judge, tf.tensor2d(view.real, [SHOWN, 2]));
  const fake = tf.tensor2d(view.fake, [SHOWN, 2]);
  for (const name of LOSS_NAMES) {
    const slope = tf
      .grad((x) => LOSSES[name].generator(forward(judge, x as tf.Tensor2D), real))(fake)
      .dataSync();
    view.arrows[name].forEach((value, i) => {
      assert.ok(Math.abs(value + SHOWN * slope[i]!) < 1e-5, `${name}[${i}]: ${value}, not ${-SHOWN * slope[i]!}`);
    });
  }
});

test("the saturating arrow is D(x) times the hinge's, the non-saturating 1 − D(x) times", () => {
  for (let i = 0; i < view.arrows.hinge.length; i++) {
    const both = view.arrows.saturating[i]! + view.arrows.non_saturating[i]!;
    assert.ok(Math.abs(both - view.arrows.hinge[i]!) < 1e-5);
  }
});

test("the surface is D on the grid, row by row from below", () => {
  const at = (column: number, row: number) => [column, row].map((i) => ((i + 0.5) / GRID) * 6 - 3);
  const [column, row] = [7, 30];
  const judge = layers(game.d.weights, game.d.sizes);
  const [wanted] = forward(judge, tf.tensor2d([at(column, row) as [number, number]])).dataSync();
  assert.ok(Math.abs(view.surface[row * GRID + column]! - wanted!) < 1e-5);
});
