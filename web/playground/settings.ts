/** What can be set, within which bounds, and in which words. */

import { drawn, grid, line, moons, type Point, ring, spiral, type Toy } from "../data/toy.ts";
import { LOSS_NAMES, LOSSES } from "../losses.ts";
import type { Rules, Shape } from "../training/game.ts";

export const DATA_NAMES = ["ring", "grid", "line", "spiral", "moons", "dot", "drawn"] as const;
export type DataName = (typeof DATA_NAMES)[number];

/** All that a game follows from. */
export interface Settings extends Rules, Shape {
  data: DataName;
  /** Standard deviation of the noise around the data's centres or curve. */
  blur: number;
  /** What was drawn, for `data: "drawn"`. */
  points: readonly Point[];
}

export type Key = Exclude<keyof Settings, "points">;
export type Value = string | number;

export const DEFAULTS: Settings = {
  data: "ring",
  blur: 0.05,
  points: [],
  loss: "non_saturating",
  penalty: "none",
  weight: 0.1,
  optimiser: "adam",
  d_lr: 0.002,
  g_lr: 0.001,
  beta1: 0.5,
  beta2: 0.9,
  timing: "alternating",
  d_steps: 1,
  g_steps: 1,
  batch: 128,
  prior: "gaussian",
  dim: 2,
  width: 64,
  depth: 2,
  seed: 0,
};

type Option = readonly [value: Value, text: string];

interface Common {
  key: Key;
  label: string;
  group: string;
  /** A game whose value changes begins anew. */
  restarts?: true;
}

export interface Choice extends Common {
  kind: "choice";
  options: readonly Option[];
}

export interface Amount extends Common {
  kind: "amount";
  low: number;
  high: number;
  whole?: true;
  /** What the page offers; a link may hold any number from low to high. */
  offered: readonly number[];
}

export type Control = Choice | Amount;

export const CONTROLS: readonly Control[] = [
  {
    ...{ key: "data", label: "Data", group: "Data and loss", kind: "choice", restarts: true },
    options: [
      ["ring", "ring of eight"],
      ["grid", "grid of 25"],
      ["line", "line"],
      ["spiral", "spiral"],
      ["moons", "two moons"],
      ["dot", "one Gaussian"],
      ["drawn", "draw your own"],
    ],
  },
  amount("blur", "Spread σ of the data", "Data and loss", 0.005, 0.5, [0.02, 0.05, 0.1, 0.2], { restarts: true }),
  {
    ...{ key: "loss", label: "Loss", group: "Data and loss", kind: "choice" },
    options: LOSS_NAMES.map((name) => [name, LOSSES[name].title] as const),
  },
  {
    ...{ key: "penalty", label: "Penalty on D", group: "Data and loss", kind: "choice" },
    options: [
      ["none", "none"],
      ["r1", "R1"],
      ["r2", "R2"],
      ["r1r2", "R1 + R2"],
      ["gp", "gradient penalty"],
    ],
  },
  amount("weight", "Its weight γ or λ", "Data and loss", 0, 100, [0.01, 0.1, 0.3, 1, 3, 10]),
  {
    ...{ key: "optimiser", label: "Optimiser", group: "Steps", kind: "choice" },
    options: [
      ["adam", "Adam"],
      ["sgd", "SGD"],
    ],
  },
  amount("d_lr", "D’s step size", "Steps", 1e-5, 1, [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3]),
  amount("g_lr", "G’s step size", "Steps", 1e-5, 1, [0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3]),
  amount("beta1", "β₁ (momentum)", "Steps", 0, 0.99, [0, 0.5, 0.9]),
  amount("beta2", "β₂ (Adam)", "Steps", 0, 0.9999, [0.9, 0.99, 0.999]),
  {
    ...{ key: "timing", label: "Order", group: "Round", kind: "choice" },
    options: [
      ["alternating", "alternating"],
      ["simultaneous", "simultaneous"],
    ],
  },
  amount("d_steps", "D’s turns in a round", "Round", 1, 20, [1, 2, 3, 5, 10], { whole: true }),
  amount("g_steps", "G’s turns in a round", "Round", 1, 20, [1, 2, 3, 5, 10], { whole: true }),
  amount("batch", "Batch", "Round", 1, 512, [16, 32, 64, 128, 256], { whole: true }),
  {
    ...{ key: "prior", label: "Noise", group: "Networks", kind: "choice", restarts: true },
    options: [
      ["gaussian", "Gaussian"],
      ["uniform", "uniform"],
    ],
  },
  amount("dim", "Numbers in z", "Networks", 1, 16, [1, 2, 4, 8], { whole: true, restarts: true }),
  amount("width", "Width", "Networks", 1, 128, [4, 16, 32, 64, 128], { whole: true, restarts: true }),
  amount("depth", "Hidden layers", "Networks", 0, 4, [0, 1, 2, 3, 4], { whole: true, restarts: true }),
  amount("seed", "Seed", "Networks", 0, 9999, [0, 1, 2, 3, 4], { whole: true, restarts: true }),
];

function amount(
  key: Key,
  label: string,
  group: string,
  low: number,
  high: number,
  offered: readonly number[],
  more: { whole?: true; restarts?: true } = {},
): Amount {
  return { kind: "amount", key, label, group, low, high, offered, ...more };
}

export function controlOf(key: string): Control | undefined {
  return CONTROLS.find((control) => control.key === key);
}

/** The value that a text stands for, or what is wrong with it, as the end of a sentence. */
export function parsed(control: Control, text: string): { value: Value } | { refused: string } {
  if (control.kind === "choice") {
    const found = control.options.find(([value]) => value === text);
    return found ? { value: found[0] } : { refused: `allowed are ${control.options.map(([v]) => v).join(", ")}` };
  }
  const value = text.trim() === "" ? Number.NaN : Number(text);
  const { low, high, whole } = control;
  const sound = value >= low && value <= high && (!whole || Number.isInteger(value));
  return sound ? { value } : { refused: `allowed is a ${whole ? "whole " : ""}number from ${low} to ${high}` };
}

/** In words of the page. */
export function worded(control: Control, value: Value): string {
  if (control.kind === "choice") return control.options.find(([one]) => one === value)?.[1] ?? String(value);
  return String(value);
}

export function toyOf({ data, blur, points }: Settings): Toy {
  switch (data) {
    case "ring":
      return ring(blur);
    case "dot":
      return ring(blur, 1);
    case "grid":
      return grid(blur);
    case "line":
      return line(blur);
    case "spiral":
      return spiral(blur);
    case "moons":
      return moons(blur);
    case "drawn":
      return points.length ? drawn(points, blur) : drawn(STROKE, blur);
  }
}

/** What stands on an empty sheet, so that there is something to play for: a smile. */
export const STROKE: readonly Point[] = [
  ...Array.from({ length: 17 }, (_, i): Point => {
    const angle = Math.PI * (1.15 + (0.7 * i) / 16);
    return [1.6 * Math.cos(angle), 0.5 + 1.6 * Math.sin(angle)];
  }),
  [-0.7, 1.2],
  [-0.7, 1.4],
  [0.7, 1.2],
  [0.7, 1.4],
];
