/** What every explorer is: controls, described by Python, and a picture that follows from their values. */

export interface Slider {
  kind: "slider";
  name: string;
  label: string;
  low: number;
  high: number;
  step: number;
  /** Whether a button lets it run from its first step to its last. */
  play?: boolean;
}

export interface Choice {
  kind: "choice";
  name: string;
  label: string;
  options: readonly (readonly [text: string, value: number | string])[];
}

export type Described = Slider | Choice;
export type Value = number | string;
export type Values = Readonly<Record<string, Value>>;

/** What Python knows besides: recorded arrays. */
export type Data = Readonly<Record<string, unknown>>;

export interface Picture {
  /** An SVG with a text of its own (see plots/chart.ts). */
  svg: string;
  /** What the picture shows, in one or two sentences. */
  alt: string;
  /** The numbers that it shows. */
  figures: Readonly<Record<string, number>>;
}

/** Draws the picture for these values, `width` pixels wide. */
export type Draw = (values: Values, data: Data, width: number) => Picture;

/** The whole of an explorer, as Python describes it. */
export interface State {
  name: string;
  controls: readonly Described[];
  values: Values;
  data: Data;
  note: string;
}

/** The value of a slider. */
export function number(values: Values, name: string): number {
  const value = values[name];
  if (typeof value !== "number") throw new TypeError(`${name} is ${value}: allowed is a number`);
  return value;
}

/** The value of a list. */
export function text(values: Values, name: string): string {
  return String(values[name] ?? "");
}
