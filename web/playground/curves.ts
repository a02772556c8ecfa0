/** The curves of a game. */

import { Axes, type Points, picture, type Range } from "../plots/chart.ts";
import { FAKE, FOURTH, fixed, INK, REAL, THIRD } from "../plots/look.ts";
import type { Figures } from "../training/measure.ts";
import type { Scores } from "../training/round.ts";
import { percent } from "./numbers.ts";

const HEIGHT = 172;

/** Both losses, and D's mean outputs. */
export function scoresChart(scores: readonly Scores[], width: number, name: string): string {
  const x: Range = [0, Math.max(10, scores.at(-1)?.clock ?? 0)];
  const of = (key: Exclude<keyof Scores, "mean">): Points => {
    return scores.filter((at) => Number.isFinite(at[key])).map((at) => [at.clock, at[key]] as const);
  };
  const losses = [of("dLoss"), of("gLoss")] as const;
  const two = width >= 440;
  const box = (i: number) => ({
    left: two ? (i * width) / 2 : 0,
    top: two ? 0 : i * HEIGHT,
    width: two ? width / 2 : width,
    height: HEIGHT,
  });
  const left = new Axes({
    ...{ box: box(0), x, y: around(losses.flat().map(([, y]) => y)), xLabel: "round" },
    legend: [
      { name: "D’s loss", colour: INK },
      { name: "G’s loss", colour: FOURTH },
    ],
  });
  draw(left, losses[0]);
  draw(left, losses[1], FOURTH);
  const right = new Axes({
    ...{ box: box(1), x, y: [0, 1], xLabel: "round" },
    legend: [
      { name: "D(x)", colour: REAL },
      { name: "D(G(z))", colour: FAKE },
    ],
  }).level(0.5, { dashed: true, width: 0.8 });
  draw(right, of("dReal"), REAL);
  draw(right, of("dFake"), FAKE);
  const last = scores.at(-1);
  const alt = last
    ? `Curves of ${name} over ${last.clock} rounds. At the end D’s loss is ${fixed(last.dLoss, 2)}, G’s ` +
      `${fixed(last.gLoss, 2)}, D(x) ${fixed(last.dReal, 2)} and D(G(z)) ${fixed(last.dFake, 2)}.`
    : `Curves of ${name}, which has not begun.`;
  return picture(width, two ? HEIGHT : 2 * HEIGHT, alt, [left, right]);
}

/** Shares of modes covered and of high-quality samples, with what chance scores. */
export function modesChart(
  seen: readonly Figures[],
  width: number,
  centres: number,
  chance: { modes: number; highQuality: number },
  name: string,
): string {
  const x: Range = [0, Math.max(10, seen.at(-1)?.clock ?? 0)];
  const chart = new Axes({
    ...{ box: { left: 0, top: 0, width, height: HEIGHT }, x, y: [0, 1.02], xLabel: "round (dashed: by chance)" },
    legend: [
      { name: "modes", colour: INK },
      { name: "quality", colour: THIRD },
    ],
  })
    .level(chance.modes / centres, { dashed: true, width: 0.8 })
    .level(chance.highQuality, { dashed: true, width: 0.8, colour: THIRD });
  draw(
    chart,
    seen.map((at) => [at.clock, at.modes / centres]),
  );
  draw(
    chart,
    seen.map((at) => [at.clock, at.highQuality]),
    THIRD,
  );
  const last = seen.at(-1);
  const alt = last
    ? `Shares of ${name} over ${last.clock} rounds: at the end ${last.modes} of ${centres} modes are covered and ` +
      `${percent(last.highQuality)} of the samples are of high quality.`
    : `Shares of ${name}, which has not begun.`;
  return picture(width, HEIGHT, alt, [chart]);
}

/** A line of two points or more. */
function draw(axes: Axes, points: Points, colour = INK): void {
  if (points.length > 1) axes.line(points, { colour });
}

/** A range that holds nearly all values: a single peak would flatten the rest. */
function around(values: readonly number[]): Range {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const [low, high] = [Math.min(0, at(0.01)), Math.max(at(0.99), 0)];
  const room = 0.05 * (high - low || 1);
  return [low < 0 ? low - room : 0, high > 0 ? high + room : 0.5];
}
