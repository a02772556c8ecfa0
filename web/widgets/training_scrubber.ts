/** Explorer of chapter 1: a recorded game in the plane, moment by moment. */

import { contours } from "d3-contour";
import { Axes, linspace, type Points, panels, picture } from "../plots/chart.ts";
import { FAINT, FAKE, INK, REAL } from "../plots/look.ts";
import { bytes, shorts } from "./encoded.ts";
import { type Data, type Draw, number, text } from "./explorer.ts";

/** What Python's Recorder kept; see `recorded` in ganbook/widgets/training_scrubber.py. */
interface Recorded {
  limit: number;
  modes: number;
  resolution: number;
  real: string;
  moments: readonly Moment[];
}

interface Moment {
  round: number;
  accuracy: number;
  modes: number;
  high_quality: number;
  fake: string;
  arrows: string;
  surface: string;
}

const STEPS = 15;

export const draw: Draw = (values, data, width) => {
  const { limit, modes, resolution, real, moments } = data as Data & Recorded;
  const moment = moments[number(values, "number")]!;
  const view = text(values, "view");
  const { boxes, height } = panels(2, width, 400);
  const square: readonly [number, number] = [-limit, limit];
  const plane = new Axes({
    box: boxes[0]!,
    x: square,
    y: square,
    equal: true,
    xLabel: "x₁",
    yLabel: "x₂",
    title: `round ${moment.round}: ${moment.modes} of ${modes} modes`,
    legend: [
      { name: "real", colour: REAL, dot: true },
      { name: "fake", colour: FAKE, dot: true },
    ],
  });
  if (view.includes("D")) surface(plane, bytes(moment.surface), resolution, limit);
  for (const [x, y] of points(real, limit)) plane.dot(x, y, REAL, 2.5, 0.5);
  const fake = points(moment.fake, limit);
  for (const [x, y] of fake) plane.dot(x, y, FAKE, 2.5);
  if (view.includes("arrows")) {
    const arrows = points(moment.arrows, 1);
    arrows.forEach(([dx, dy], i) => {
      const [x, y] = fake[Math.floor((i * fake.length) / arrows.length)]!;
      plane.arrow(x, y, x + dx, y + dy);
    });
  }
  const last = moments[moments.length - 1]!.round;
  const curve = (of: (one: Moment) => number) => moments.map((one) => [one.round, of(one)] as const);
  const shares = new Axes({
    box: boxes[1]!,
    x: [0, Math.max(1, last)],
    y: [-0.02, 1.02],
    xLabel: "round",
    title: "share",
    legend: [
      { name: "accuracy of D", colour: INK },
      { name: "high-quality fakes", colour: FAKE, dashed: true },
    ],
  })
    .level(0.5, { colour: FAINT })
    .line(curve((one) => one.accuracy))
    .line(
      curve((one) => one.high_quality),
      { colour: FAKE, dashed: true },
    )
    .dot(moment.round, moment.accuracy)
    .dot(moment.round, moment.high_quality, FAKE);
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  const alt =
    `After ${moment.round} rounds the fakes reach ${moment.modes} modes, ${percent(moment.high_quality)} of them are ` +
    `of high quality, and D calls ${percent(moment.accuracy)} of real and fake samples by their right name.`;
  const { round, accuracy, high_quality } = moment;
  const figures = { round, accuracy, high_quality, modes: moment.modes };
  return { svg: picture(width, height, alt, [plane, shares]), alt, figures };
};

/** Pale orange where D says fake, nothing where it cannot tell, pale blue where it says real, in steps of 1/15. */
function surface(plane: Axes, values: Uint8Array, side: number, limit: number): void {
  // The grid's points are the middles of d3's cells, the outermost ones at the edge of the square.
  const place = (at: number) => -limit + (2 * limit * (at - 0.5)) / (side - 1);
  const levels = linspace(0, 255, STEPS + 1).slice(0, -1);
  for (const { value, coordinates } of contours().size([side, side]).thresholds(levels)(Array.from(values))) {
    const opinion = (2 * (value + 255 / STEPS / 2)) / 255 - 1;
    const rings = coordinates.flat().map((ring) => ring.map(([x, y]) => [place(x!), place(y!)] as const));
    // A layer lies on the ones below it, so each is opaque: the page's ground, tinted.
    plane.shape(rings, tint(opinion));
  }
}

function tint(opinion: number): string {
  const share = Math.round(55 * Math.abs(opinion));
  return `color-mix(in srgb, ${opinion > 0 ? REAL : FAKE} ${share}%, var(--gan-ground, #fff))`;
}

function points(encoded: string, limit: number): Points {
  const values = shorts(encoded);
  const scale = limit / 32767;
  return Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i]! * scale, values[2 * i + 1]! * scale]);
}
