/** Explorer of chapter 2: two Gaussians on the line, the best response to them, and what it is worth. */

import { sigmoid, softplus, trapezoid } from "../arithmetic.ts";
import { Axes, linspace, panels, picture } from "../plots/chart.ts";
import { FAKE, fixed, INK, REAL, THIRD } from "../plots/look.ts";
import { type Draw, number } from "./explorer.ts";

const LIMIT = 6;
const CONFIDENCES = linspace(0, 2.5, 101);
const BEST = -Math.log(4);

export const draw: Draw = (values, _data, width) => {
  const [mean, std, confidence] = [number(values, "mean"), number(values, "std"), number(values, "confidence")];
  // p_data = N(0, 1) loses no generality: D*, V and JS do not change when the line is shifted or stretched.
  const [logData, logGen] = [logDensity(0, 1), logDensity(mean, std)];
  const logit = (x: number) => logData(x) - logGen(x);
  const [value, best] = [valueAt(mean, std, confidence), valueAt(mean, std, 1)];
  const js = Math.max(0, (best + Math.log(4)) / 2); // rounding would show equal distributions as −0.000

  const { boxes, height } = panels(2, width, 310);
  const x = linspace(-LIMIT, LIMIT, 241);
  const curve = (of: (x: number) => number) => x.map((at) => [at, of(at)] as const);
  const left = new Axes({
    box: boxes[0]!,
    x: [-LIMIT, LIMIT],
    y: [0, Math.max(1.02, 1.02 * Math.exp(logGen(mean)))],
    xLabel: "x",
    legend: [
      { name: "p_data", colour: REAL, filled: true },
      { name: "p_gen", colour: FAKE, filled: true },
      { name: "D*", colour: THIRD, dashed: true },
      { name: "D", colour: INK },
    ],
  })
    .area(
      curve((at) => Math.exp(logData(at))),
      REAL,
    )
    .area(
      curve((at) => Math.exp(logGen(at))),
      FAKE,
    )
    .line(
      curve((at) => sigmoid(logit(at))),
      { colour: THIRD, dashed: true, width: 2 },
    )
    .line(curve((at) => sigmoid(confidence * logit(at))));
  const right = new Axes({
    box: boxes[1]!,
    x: [0, 2.5],
    y: [-2.6, 0.3],
    xLabel: "confidence c in D = σ(c · a*)",
    title: `V(D, G) = ${fixed(value, 3)}`,
    yTicks: [
      [-2, "−2"],
      [BEST, "−log 4"],
      [-1, "−1"],
      [0, "0"],
    ],
  })
    .band(BEST, 0)
    .level(best, { colour: THIRD, dashed: true })
    .line(CONFIDENCES.map((c) => [c, valueAt(mean, std, c)]))
    .dot(confidence, value)
    .text(2.45, best + 0.06, `best: V(D*, G) = ${fixed(best, 3)}`, "end")
    .text(2.45, -2.5, `JS = ${fixed(js, 3)} nats, at most log 2 = ${fixed(Math.log(2), 3)}`, "end");
  const alt =
    `p_data is N(0, 1) and p_gen N(${mean}, ${std}²). The best discriminator's value is ${fixed(best, 3)}, so the ` +
    `Jensen-Shannon divergence is ${fixed(js, 3)} nats. D with confidence ${confidence} reaches ${fixed(value, 3)}: ` +
    (Math.abs(value - best) < 5e-4 ? "it is the best one." : `${fixed(best - value, 3)} less.`);
  return { svg: picture(width, height, alt, [left, right]), alt, figures: { value, best, js } };
};

function logDensity(mean: number, std: number): (x: number) => number {
  return (x) => -0.5 * ((x - mean) / std) ** 2 - Math.log(std) - 0.5 * Math.log(2 * Math.PI);
}

/** V(D, G) of D = σ(c · a*), by the trapezoid rule, whose error is far below what is shown. */
function valueAt(mean: number, std: number, confidence: number): number {
  const reach = 10 * Math.max(1, std) + Math.abs(mean);
  const [logData, logGen] = [logDensity(0, 1), logDensity(mean, std)];
  const gain = (x: number) => {
    const [a, b] = [logData(x), logGen(x)];
    const logit = confidence * (a - b);
    // log σ(a) = −softplus(−a), log(1 − σ(a)) = −softplus(a)
    return -Math.exp(a) * softplus(-logit) - Math.exp(b) * softplus(logit);
  };
  return trapezoid(gain, -reach, reach, 1000);
}
