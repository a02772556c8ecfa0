/**
 * Explorer of chapter 4: the smallest GAN, step by step; the same round as `dirac_round` in ganbook/dynamics.py, to
 * which each player's step may add momentum times its last one.
 */

import { sigmoid } from "../arithmetic.ts";
import { Axes, panels, picture } from "../plots/chart.ts";
import { FAINT, FAKE, fixed, INK, REAL } from "../plots/look.ts";
import { type Draw, number, text } from "./explorer.ts";

type State = readonly [theta: number, psi: number];

interface Game {
  loss: string;
  alternating: boolean;
  lr: number;
  gamma: number;
  momentum: number;
}

const START: State = [1, 0];
const FARTHEST = 1e3;

/** By loss: slope of D's loss against the logit of a fake, and of G's. */
const SLOPES: Readonly<Record<string, readonly [d: (a: number) => number, g: (a: number) => number]>> = {
  non_saturating: [sigmoid, (a) => -sigmoid(-a)],
  saturating: [sigmoid, (a) => -sigmoid(a)],
  hinge: [(a) => (a > -1 ? 1 : 0), () => -1],
  wasserstein: [() => 1, () => -1],
};

export const draw: Draw = (values, _data, width) => {
  const game = {
    loss: text(values, "loss"),
    alternating: text(values, "updates") === "alternating",
    lr: number(values, "lr"),
    gamma: number(values, "gamma"),
    momentum: number(values, "momentum"),
  };
  const path = orbit(game, number(values, "rounds"));
  const last = path.length - 1;
  const [theta, psi] = path[last]!;
  const distances = path.map((state) => Math.hypot(...state));
  const distance = distances[last]!;
  const reach = Math.min(FARTHEST, 1.15 * Math.max(1, ...distances));

  const { boxes, height } = panels(2, width, 330);
  const plane = new Axes({
    box: boxes[0]!,
    x: [-reach, reach],
    y: [-reach, reach],
    xLabel: "θ, where G puts its samples",
    yLabel: "ψ, the slope of D",
    title: `after ${last} rounds: θ = ${fixed(theta, 3)}, ψ = ${fixed(psi, 3)}`,
  })
    .level(0, { colour: FAINT })
    .line(
      [
        [0, -reach],
        [0, reach],
      ],
      { colour: FAINT },
    )
    .line(path, { colour: REAL, width: 1.2 })
    .dot(0, 0, INK, 4)
    .dot(theta, psi, FAKE, 6)
    .text(0.03 * reach, 0.05 * reach, "equilibrium");
  const curve = new Axes({
    box: boxes[1]!,
    x: [0, Math.max(1, last)],
    y: [0, reach],
    xLabel: "round",
    title: `distance from equilibrium: ${fixed(distance, 3)}`,
  })
    .level(1, { colour: FAINT })
    .line(
      distances.map((value, round) => [round, value]),
      { colour: REAL },
    )
    .dot(last, distance, FAKE, 6);
  const damped = game.gamma ? `R1 of weight ${game.gamma}` : "no penalty";
  const pushed = game.momentum ? `momentum ${game.momentum}` : "no momentum";
  const alt =
    `Dirac-GAN with the ${game.loss.replace("_", "-")} loss, ${text(values, "updates")} updates, step size ` +
    `${game.lr}, ${pushed} and ${damped}: after ${last} rounds the players are ${fixed(distance, 3)} away from the ` +
    `equilibrium, where they began 1 away.${last < number(values, "rounds") ? " They left the picture." : ""}`;
  return { svg: picture(width, height, alt, [plane, curve]), alt, figures: { theta, psi, distance } };
};

/** The states after 0, 1, 2, ... rounds; it ends where the players are far off. */
export function orbit(game: Game, rounds: number): State[] {
  const states: State[] = [START];
  let before = START; // no last step at first
  while (states.length <= rounds && Math.hypot(...states[states.length - 1]!) < FARTHEST) {
    const now = states[states.length - 1]!;
    states.push(round(game, now, before));
    before = now;
  }
  return states;
}

function round({ loss, alternating, lr, gamma, momentum }: Game, [theta, psi]: State, before: State): State {
  const [ofD, ofG] = SLOPES[loss]!;
  const answer = psi + momentum * (psi - before[1]) - lr * (ofD(psi * theta) * theta + gamma * psi);
  const opponent = alternating ? answer : psi;
  return [theta + momentum * (theta - before[0]) - lr * ofG(opponent * theta) * opponent, answer];
}
