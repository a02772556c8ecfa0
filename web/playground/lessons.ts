/** Small tasks that notice when they are done. */

import type { Figures } from "../training/measure.ts";
import type { Setting, Texts } from "./link.ts";
import { DEFAULTS, type Settings } from "./settings.ts";

type Change = Partial<Settings>;

export interface Stage {
  /** What to bring about, as an order. */
  goal: string;
  /** Where to turn. */
  hint: string;
  /** Settings with which it can be done, for a first stage from a new start. */
  suggested: Change;
  /** What is to be seen in it. */
  reached: string;
  /** Whether it is done, by what was seen since the stage began, and the rules now in force. */
  done(seen: readonly Figures[], settings: Settings): boolean;
}

export interface Lesson {
  name: string;
  title: string;
  /** Where it begins: the goal is not reached from here by waiting. */
  start: Change;
  stages: readonly Stage[];
}

/** A mode is served by 2 % of the samples nearby, as in chapter 7. */
const SERVED = 0.02;

/** As many pictures as five rounds have where each is drawn. */
const LEAST = 6;

export const LESSONS: readonly Lesson[] = [
  {
    name: "vanish",
    title: "Make the arrows vanish",
    start: { loss: "saturating", g_lr: 0.0005 },
    stages: [
      {
        goal: "Make G’s arrows vanish although its samples are still far from the data.",
        hint: "Let D win from the first round: give it ten turns in a round, and press New start. Samples that lie on the data already would be beyond its power.",
        suggested: { loss: "saturating", d_steps: 10 },
        reached:
          "D is sure, D(G(z)) is nearly 0, and this loss’s gradient is multiplied by just that. The bars show what the other losses would do under the very same D.",
        done: (seen, { loss }) =>
          held(
            seen,
            5,
            (at) => at.pulls[loss] < 0.01 && at.pulls.non_saturating > 0.3 && at.dFake < 0.01 && astray(at),
          ),
      },
      {
        goal: "Bring them back by changing one setting, while D keeps its ten turns.",
        hint: "Look at the bars: which losses still pull? Choose one of them.",
        suggested: { loss: "non_saturating" },
        reached: "The same D, the same samples, another loss: the arrows are back, and the samples move.",
        done: (seen, { loss, d_steps }) => d_steps >= 10 && held(seen, 20, (at) => at.pulls[loss] > 0.3),
      },
    ],
  },
  {
    name: "circle",
    title: "Make it circle, then damp it",
    start: {
      ...{ data: "dot", blur: 0.1, depth: 0, optimiser: "sgd", d_lr: 0.3, g_lr: 0.3, beta1: 0 },
      ...{ penalty: "r1", weight: 1, loss: "non_saturating" },
    },
    stages: [
      {
        goal: "Make the samples swing around the data without coming to rest.",
        hint: "Take the penalty away, let both players step simultaneously, and press New start.",
        suggested: { penalty: "none", timing: "simultaneous" },
        reached:
          "No player has made a mistake: each follows its own gradient, and together they turn. D is flat when the samples are farthest away, and steepest as they pass the data.",
        done: (seen) => {
          const swings = peaks(seen);
          return swings.length >= 4 && swings.at(-1)! > 0.25 && swings.at(-1)! > 0.6 * swings[0]!;
        },
      },
      {
        goal: "Damp it: bring the samples to rest on the data, and keep them there for 60 rounds.",
        hint: "R1 takes away D’s slope on the data, which acts as friction. Try a weight of 1.",
        suggested: { penalty: "r1", weight: 1 },
        reached: "Friction instead of a smaller step: R1 turns the circle into a spiral inwards.",
        done: (seen) => held(seen, 60, ({ off }) => Math.hypot(...off) < 0.15),
      },
    ],
  },
  {
    name: "collapse",
    title: "Collapse it, then cure it",
    start: { blur: 0.1, width: 32, batch: 64, beta2: 0.999, d_lr: 0.005, g_lr: 0.002 },
    stages: [
      {
        goal: "Collapse it: after round 250, serve no more than two of the eight modes for 100 rounds.",
        hint: "Let G learn five times as fast as D, with step sizes of 0.005 and 0.001, from a new start.",
        suggested: { d_lr: 0.001, g_lr: 0.005 },
        reached:
          "One heap chases the place that D believes in. Each sample is a fair imitation; what is missing is seen in the batch alone, and in no loss.",
        done: (seen) => held(seen, 100, (at) => at.clock >= 150 && served(at) <= 2),
      },
      {
        goal: "Cure it without a new start: serve seven modes or more, for 40 rounds.",
        hint: "Give D the same step size as G, and calm it with R1 + R2 at a weight of 0.1.",
        suggested: { d_lr: 0.005, penalty: "r1r2", weight: 0.1 },
        reached: "D now keeps up with G, and R1 + R2 keep it smooth, so the heap is pulled apart to all sides.",
        done: (seen) => held(seen, 40, (at) => served(at) >= 7),
      },
    ],
  },
  {
    name: "leash",
    title: "Let a critic run away, then leash it",
    start: { loss: "wasserstein", width: 32, depth: 1, d_lr: 0.01, g_lr: 0.001, penalty: "gp", weight: 1 },
    stages: [
      {
        goal: "Let the critic’s slope run away: above 8 on average at the samples.",
        hint: "The Wasserstein loss is bounded only among critics of bounded slope. Take the penalty away.",
        suggested: { penalty: "none" },
        reached: "The critic multiplies its weights. The scale of its scores says nothing about the samples.",
        done: (seen) => held(seen, 5, ({ steepness }) => steepness > 8),
      },
      {
        goal: "Leash it: a slope between 0.3 and 2, for 40 rounds.",
        hint: "The gradient penalty asks for a slope of one. A weight of 1 is enough.",
        suggested: { penalty: "gp", weight: 1 },
        reached: "Now the difference of the mean scores has a unit: that of a distance in the plane.",
        done: (seen) => held(seen, 40, ({ steepness }) => steepness > 0.3 && steepness < 2),
      },
    ],
  },
];

export function lessonOf(name: string | undefined): Lesson | undefined {
  return LESSONS.find((lesson) => lesson.name === name);
}

/** Whether it was true of all that was seen during the last `rounds` rounds, in as many pictures as tell it from chance:
 * where a small game plays hundreds of rounds between two pictures, one of them may catch a swing as it passes by. */
export function held(seen: readonly Figures[], rounds: number, is: (at: Figures) => boolean): boolean {
  const last = seen.at(-1);
  if (!last || seen.length < LEAST || last.clock - seen[0]!.clock < rounds) return false;
  return seen.every((at, i) => (at.clock < last.clock - rounds && i < seen.length - LEAST) || is(at));
}

/** Few samples are near any mode. */
function astray({ heaps }: Figures): boolean {
  return heaps.reduce((sum, share) => sum + share, 0) < 0.5;
}

function served({ heaps }: Figures): number {
  return heaps.filter((share) => share >= SERVED).length;
}

/** How far the mean sample went to either side of the data, from one crossing to the next, along the longest way. */
export function peaks(seen: readonly Figures[]): number[] {
  const axis = principal(seen.map(({ off }) => off));
  const found: number[] = [];
  let [side, peak, crossed] = [0, 0, false];
  for (const { off } of seen) {
    const along = off[0] * axis[0] + off[1] * axis[1];
    if (side && Math.sign(along) !== side) {
      if (crossed) found.push(peak); // the part before the first crossing is where it started
      [crossed, peak] = [true, 0];
    }
    side = Math.sign(along) || side;
    peak = Math.max(peak, Math.abs(along));
  }
  return found;
}

/** Direction of the largest second moment. */
export function principal(vectors: readonly (readonly [number, number])[]): [number, number] {
  let [xx, xy, yy] = [0, 0, 0];
  for (const [x, y] of vectors) [xx, xy, yy] = [xx + x * x, xy + x * y, yy + y * y];
  const angle = Math.atan2(2 * xy, xx - yy) / 2;
  return [Math.cos(angle), Math.sin(angle)];
}

/** A lesson that a link or a page names brings its own start, unless other settings are given besides. */
export function begun(setting: Setting, texts: Texts): Setting {
  const lesson = lessonOf(setting.lesson);
  const given = Object.fromEntries(
    Object.keys(texts).flatMap((key) => (key in DEFAULTS ? [[key, setting.settings[key as keyof Settings]]] : [])),
  );
  return { ...setting, settings: { ...DEFAULTS, ...lesson?.start, ...given } as Settings };
}
