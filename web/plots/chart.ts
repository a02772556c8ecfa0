/** Pictures as text: SVG made of plain strings, so that a page, a notebook and a test without a browser draw alike. */

import { scaleLinear } from "d3-scale";
import { area as areaOf, line as lineOf } from "d3-shape";
import { escaped, FAINT, FONT, INK } from "./look.ts";

export type Range = readonly [low: number, high: number];
export type Points = readonly (readonly [x: number, y: number])[];

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface AxesOptions {
  box: Box;
  x: Range;
  y: Range;
  xLabel?: string;
  yLabel?: string;
  title?: string;
  /** Where ticks stand, with their text; by default about five round numbers. */
  xTicks?: readonly (readonly [number, string])[];
  yTicks?: readonly (readonly [number, string])[];
  legend?: readonly Entry[];
}

export interface Entry {
  name: string;
  colour: string;
  dashed?: boolean;
  filled?: boolean;
}

export interface Stroke {
  colour?: string;
  width?: number;
  dashed?: boolean;
}

const MARGIN = { left: 52, right: 12, top: 48, bottom: 42 };
let clips = 0;

/** A pair of axes with its marks, which are clipped to it. */
export class Axes {
  readonly #options: AxesOptions;
  readonly #x: (value: number) => number;
  readonly #y: (value: number) => number;
  readonly #marks: string[] = [];
  readonly #labels: string[] = [];

  constructor(options: AxesOptions) {
    const { left, top, width, height } = options.box;
    this.#options = options;
    this.#x = scaleLinear(options.x, [left + MARGIN.left, left + width - MARGIN.right]);
    this.#y = scaleLinear(options.y, [top + height - MARGIN.bottom, top + MARGIN.top]);
  }

  line(points: Points, { colour = INK, width = 1.5, dashed = false }: Stroke = {}): this {
    const path = lineOf<readonly [number, number]>(
      ([x]) => this.#x(x),
      ([, y]) => this.#y(y),
    ).digits(2)(points);
    const dash = dashed ? ' stroke-dasharray="6 4"' : "";
    this.#marks.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}"${dash}/>`);
    return this;
  }

  /** What lies between y = 0 and the curve. */
  area(points: Points, colour: string, opacity = 0.35): this {
    const path = areaOf<readonly [number, number]>()
      .x(([x]) => this.#x(x))
      .y0(this.#y(0))
      .y1(([, y]) => this.#y(y))
      .digits(2)(points);
    this.#marks.push(`<path d="${path}" fill="${colour}" opacity="${opacity}"/>`);
    return this;
  }

  /** The ground between two heights, from side to side. */
  band(low: number, high: number): this {
    const [from, to] = this.#options.x.map(this.#x) as [number, number];
    const [top, bottom] = [this.#y(high), this.#y(low)];
    this.#marks.push(`<rect x="${from}" y="${top}" width="${to - from}" height="${bottom - top}" fill="${FAINT}"/>`);
    return this;
  }

  level(y: number, stroke: Stroke = {}): this {
    const [low, high] = this.#options.x;
    return this.line(
      [
        [low, y],
        [high, y],
      ],
      stroke,
    );
  }

  dot(x: number, y: number, colour = INK, radius = 5): this {
    this.#marks.push(`<circle cx="${px(this.#x(x))}" cy="${px(this.#y(y))}" r="${radius}" fill="${colour}"/>`);
    return this;
  }

  text(x: number, y: number, text: string, anchor: "start" | "middle" | "end" = "start"): this {
    const place = `x="${px(this.#x(x))}" y="${px(this.#y(y))}" text-anchor="${anchor}"`;
    this.#labels.push(`<text ${place}>${escaped(text)}</text>`);
    return this;
  }

  toString(): string {
    const { box, x, y, xLabel = "", yLabel = "", title = "", legend = [] } = this.#options;
    const [left, right] = x.map(this.#x) as [number, number];
    const [bottom, top] = y.map(this.#y) as [number, number];
    const clip = `gan-clip-${clips++}`;
    const xTicks = this.#options.xTicks ?? ticks(x);
    const yTicks = this.#options.yTicks ?? ticks(y);
    return [
      `<clipPath id="${clip}"><rect x="${left}" y="${top - 6}" width="${right - left}" height="${bottom - top + 12}"/></clipPath>`,
      `<g clip-path="url(#${clip})">${this.#marks.join("")}</g>`,
      `<path d="M${left},${top}V${bottom}H${right}" fill="none" stroke="${INK}" stroke-width="0.8"/>`,
      ...xTicks.map(([at, text]) => {
        const place = px(this.#x(at));
        const tick = `<path d="M${place},${bottom}v4" stroke="${INK}" stroke-width="0.8"/>`;
        return `${tick}<text x="${place}" y="${bottom + 17}" text-anchor="middle">${escaped(text)}</text>`;
      }),
      ...yTicks.map(([at, text]) => {
        const place = px(this.#y(at));
        const tick = `<path d="M${left},${place}h-4" stroke="${INK}" stroke-width="0.8"/>`;
        return `${tick}<text x="${left - 7}" y="${place + 4}" text-anchor="end">${escaped(text)}</text>`;
      }),
      ...this.#labels,
      `<text x="${px((left + right) / 2)}" y="${bottom + 35}" text-anchor="middle">${escaped(xLabel)}</text>`,
      `<text transform="translate(${box.left + 13},${px((top + bottom) / 2)}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
      `<text x="${px((left + right) / 2)}" y="${box.top + 16}" text-anchor="middle" font-weight="600">${escaped(title)}</text>`,
      entries(legend, left, box.top + (title ? 36 : 20)),
    ].join("");
  }
}

/** A whole picture, `width` pixels wide, of these parts; `alt` says what it shows. */
export function picture(width: number, height: number, alt: string, parts: readonly (Axes | string)[]): string {
  const size = `width="${px(width)}" height="${px(height)}" viewBox="0 0 ${px(width)} ${px(height)}"`;
  const text = `font-size="${FONT}" font-family="inherit" fill="${INK}"`;
  return `<svg role="img" aria-label="${escaped(alt)}" ${size} ${text}>${parts.join("")}</svg>`;
}

/** Boxes of so many panels: side by side, or one above the other where the page is narrow. */
export function panels(count: number, width: number, height: number, narrow = 560): { boxes: Box[]; height: number } {
  const stacked = width < narrow;
  const boxes = Array.from({ length: count }, (_, i) =>
    stacked
      ? { left: 0, top: i * height, width, height }
      : { left: (i * width) / count, top: 0, width: width / count, height },
  );
  return { boxes, height: stacked ? count * height : height };
}

/** `count` numbers from low to high. */
export function linspace(low: number, high: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}

function ticks(range: Range): [number, string][] {
  const scale = scaleLinear(range, [0, 1]);
  const format = scale.tickFormat(5);
  return scale.ticks(5).map((value) => [value, format(value)]);
}

function entries(legend: readonly Entry[], left: number, y: number): string {
  let x = left;
  return legend
    .map(({ name, colour, dashed = false, filled = false }) => {
      const sign = filled
        ? `<rect x="${x}" y="${y - 10}" width="22" height="10" fill="${colour}" opacity="0.35"/>`
        : `<path d="M${x},${y - 5}h22" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="6 4"' : ""}/>`;
      const entry = `${sign}<text x="${x + 27}" y="${y}">${escaped(name)}</text>`;
      x += 27 + 0.62 * FONT * name.length + 12;
      return entry;
    })
    .join("");
}

function px(value: number): number {
  return Math.round(value * 100) / 100;
}
