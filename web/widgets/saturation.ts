/** Explorer of chapter 3: how sure D is about the fakes, and how large each generator loss's slope then is. */

import { sigmoid, softplus, trapezoid } from "../arithmetic.ts";
import { Axes, linspace, panels, picture } from "../plots/chart.ts";
import { FAKE, FOURTH, fixed, THIRD } from "../plots/look.ts";
import { type Draw, number } from "./explorer.ts";

const X = [-20, 10] as const;
const LOGITS = linspace(...X, 301);
const [SATURATING, NON_SATURATING] = [THIRD, FOURTH];
const DECADES = [0, -2, -4, -6, -8].map((power) => [10 ** power, power ? `1e−${-power}` : "1"] as const);

export const draw: Draw = (values, _data, width) => {
  const [logit, spread] = [number(values, "logit"), number(values, "spread")];
  const saturating = meanOver(logit, spread, sigmoid);
  const nonSaturating = meanOver(logit, spread, (a) => sigmoid(-a));
  const curve = (of: (a: number) => number) => LOGITS.map((a) => [a, of(a)] as const);
  // The middle 95 % of a Gaussian; a hair's breadth where there is no spread.
  const half = Math.max(1.96 * spread, 0.05);
  const xLabel = "logit a of a fake (shaded: 95 % of them)";

  const { boxes, height } = panels(2, width, 340);
  const left = new Axes({
    box: boxes[0]!,
    x: X,
    y: [-11, 22],
    xLabel,
    title: "generator's loss, and its slope",
    legend: [
      { name: "log(1 − σ(a))", colour: SATURATING },
      { name: "−log σ(a)", colour: NON_SATURATING, dashed: true },
    ],
  })
    .stripe(logit - half, logit + half, FAKE)
    .line(
      curve((a) => -softplus(a)),
      { colour: SATURATING },
    )
    .line(
      curve((a) => softplus(-a)),
      { colour: NON_SATURATING, dashed: true },
    );
  tangent(left, logit, -softplus(logit), -sigmoid(logit), SATURATING);
  tangent(left, logit, softplus(-logit), -sigmoid(-logit), NON_SATURATING);
  const right = new Axes({
    box: boxes[1]!,
    x: X,
    y: [1e-9, 5],
    log: true,
    yTicks: DECADES,
    xLabel,
    title: `mean slope: ${short(saturating)} and ${short(nonSaturating)}`,
    legend: [
      { name: "saturating: σ(a)", colour: SATURATING },
      { name: "the other: 1 − σ(a)", colour: NON_SATURATING, dashed: true },
    ],
  })
    .stripe(logit - half, logit + half, FAKE)
    .line(curve(sigmoid), { colour: SATURATING })
    .line(
      curve((a) => sigmoid(-a)),
      { colour: NON_SATURATING, dashed: true },
    )
    .dot(logit, saturating, SATURATING)
    .dot(logit, nonSaturating, NON_SATURATING);
  const alt =
    `The fakes' logits have mean ${logit} and standard deviation ${spread}. Mean size of the loss's slope against ` +
    `the logit: ${short(saturating)} for the saturating loss, the mean of D(G(z)), and ${short(nonSaturating)} for ` +
    "the non-saturating loss.";
  const figures = { saturating, non_saturating: nonSaturating };
  return { svg: picture(width, height, alt, [left, right]), alt, figures };
};

/** The mean of a function of a ~ N(logit, spread²). */
function meanOver(logit: number, spread: number, of: (a: number) => number): number {
  const density = (e: number) => Math.exp(-0.5 * e * e) / Math.sqrt(2 * Math.PI);
  return trapezoid((e) => density(e) * of(logit + spread * e), -10, 10, 2000);
}

function tangent(axes: Axes, at: number, value: number, slope: number, colour: string): void {
  axes
    .line(
      [
        [at - 3, value - 3 * slope],
        [at + 3, value + 3 * slope],
      ],
      { colour, width: 5, opacity: 0.4 },
    )
    .dot(at, value, colour);
}

function short(value: number): string {
  return value >= 0.01 ? fixed(value, 2) : value.toExponential(0).replace("-", "−");
}
