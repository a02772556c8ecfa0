/** Pictures as text: SVG made of plain strings, so that a page, a notebook and a test without a browser draw alike. */

import { scaleLinear, scaleLog } from "d3-scale";
import { area as areaOf, line as lineOf } from "d3-shape";
import { escaped, FAINT, FAKE, FONT, INK } from "./look.ts";

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
  /** Where ticks stand, with their text; by default about five round numbers, as there is room. */
  xTicks?: readonly (readonly [number, string])[];
  yTicks?: readonly (readonly [number, string])[];
  legend?: readonly Entry[];
  /** Whether the heights are on a logarithmic scale, with ticks given. */
  log?: boolean;
  /** Whether a unit is as long in both directions. */
  equal?: boolean;
}

export interface Entry {
  name: string;
  colour: string;
  dashed?: boolean;
  filled?: boolean;
  dot?: boolean;
}

export interface Stroke {
  colour?: string;
  width?: number;
  dashed?: boolean;
  opacity?: number;
}

const GAP = 8; // between two ticks' texts
const MARGIN = { left: 60, right: 20, top: 48, bottom: 42 };
let clips = 0;

/** A pair of axes with its marks, which are clipped to it. */
export class Axes {
  readonly #options: AxesOptions;
  readonly #x: (value: number) => number;
  readonly #y: (value: number) => number;
  readonly #marks: string[] = [];
  readonly #labels: string[] = [];

  constructor(options: AxesOptions) {
    const { left, top, width, height } = options.equal ? squared(options.box) : options.box;
    this.#options = options;
    this.#x = scaleLinear(options.x, [left + MARGIN.left, left + width - MARGIN.right]);
    this.#y = (options.log ? scaleLog : scaleLinear)(options.y, [top + height - MARGIN.bottom, top + MARGIN.top]);
  }

  line(points: Points, { colour = INK, width = 1.5, dashed = false, opacity = 1 }: Stroke = {}): this {
    const path = lineOf<readonly [number, number]>(
      ([x]) => this.#x(x),
      ([, y]) => this.#y(y),
    ).digits(2)(points);
    const dash = dashed ? ' stroke-dasharray="6 4"' : "";
    const style = `stroke="${colour}" stroke-width="${width}" opacity="${opacity}"${dash}`;
    this.#marks.push(`<path d="${path}" fill="none" ${style}/>`);
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

  /** The ground between two places, from top to bottom. */
  stripe(low: number, high: number, colour: string): this {
    const [bottom, top] = this.#options.y.map(this.#y) as [number, number];
    const [from, to] = [this.#x(low), this.#x(high)];
    const size = `width="${px(to - from)}" height="${px(bottom - top)}"`;
    this.#marks.push(`<rect x="${px(from)}" y="${top}" ${size} fill="${colour}" opacity="0.15"/>`);
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

  dot(x: number, y: number, colour = INK, radius = 5, opacity = 1): this {
    const place = `cx="${px(this.#x(x))}" cy="${px(this.#y(y))}" r="${radius}"`;
    this.#marks.push(`<circle ${place} fill="${colour}"${opacity < 1 ? ` opacity="${opacity}"` : ""}/>`);
    return this;
  }

  arrow(x0: number, y0: number, x1: number, y1: number): this {
    const [from, to] = [[this.#x(x0), this.#y(y0)] as const, [this.#x(x1), this.#y(y1)] as const];
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    if (length < 1) return this;
    const [dx, dy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
    const head = Math.min(5, length / 2);
    const barb = (side: number) =>
      `${px(to[0] - head * dx + 0.6 * side * head * dy)},${px(to[1] - head * dy - 0.6 * side * head * dx)}`;
    const path = `M${px(from[0])},${px(from[1])}L${px(to[0])},${px(to[1])}M${barb(1)}L${px(to[0])},${px(to[1])}L${barb(-1)}`;
    this.#marks.push(`<path d="${path}" fill="none" stroke="${INK}" stroke-width="1.2"/>`);
    return this;
  }

  /** A filled shape of rings; a ring in a ring is a hole. */
  shape(rings: readonly Points[], colour: string): this {
    const path = rings.map((ring) => `M${ring.map(([x, y]) => `${px(this.#x(x))},${px(this.#y(y))}`).join("L")}Z`);
    this.#marks.push(`<path d="${path.join("")}" fill="${colour}" fill-rule="evenodd"/>`);
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
    const xTicks = this.#options.xTicks ?? ticks(x, right - left, (text) => wide(text) + GAP);
    const yTicks = this.#options.yTicks ?? ticks(y, bottom - top, () => FONT);
    return [
      `<clipPath id="${clip}"><rect x="${left - 7}" y="${top - 7}" width="${right - left + 14}" height="${bottom - top + 14}"/></clipPath>`,
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
      heading(title, (left + right) / 2, box),
      entries(legend, left, box.top + (title ? 36 : 20), box),
    ].join("");
  }
}

/** About how long a text is. */
const wide = (text: string): number => 0.62 * FONT * text.length;

/** A title above the middle of its axes, or smaller and above the middle of its box where it would be cut off. */
function heading(title: string, middle: number, { left, top, width }: Box): string {
  const long = wide(title);
  const room = 2 * Math.min(middle - left, left + width - middle);
  const at = long > room ? left + width / 2 : middle;
  const size = long > width ? ` font-size="${px((FONT * width) / long)}"` : "";
  return `<text x="${px(at)}" y="${top + 16}" text-anchor="middle" font-weight="600"${size}>${escaped(title)}</text>`;
}

export interface GridOptions {
  box: Box;
  cells: readonly (readonly number[])[];
  title: string;
  fill: (value: number) => string;
  label?: (value: number) => string;
}

/** Square cells, one per value, with frames around some of them. */
export class Grid {
  readonly #options: GridOptions;
  readonly #frames: string[] = [];

  constructor(options: GridOptions) {
    this.#options = options;
  }

  frame(row: number, column: number, side: number): this {
    const { left, top, cell } = this.#place();
    const at = `x="${px(left + column * cell)}" y="${px(top + row * cell)}" width="${px(side * cell)}"`;
    this.#frames.push(`<rect ${at} height="${px(side * cell)}" fill="none" stroke="${FAKE}" stroke-width="3"/>`);
    return this;
  }

  toString(): string {
    const { box, cells, title, fill, label } = this.#options;
    const { left, top, cell } = this.#place();
    const parts = cells.flatMap((row, y) =>
      row.map((value, x) => {
        const [at, down] = [px(left + x * cell), px(top + y * cell)];
        const size = `width="${px(cell)}" height="${px(cell)}" fill="${fill(value)}" stroke="#999999"`;
        const font = Math.min(FONT, 0.6 * cell);
        const middle = `x="${px(at + cell / 2)}" y="${px(down + cell / 2 + 0.35 * font)}" font-size="${px(font)}"`;
        const said = label ? `<text ${middle} text-anchor="middle">${escaped(label(value))}</text>` : "";
        return `<rect x="${at}" y="${down}" ${size} stroke-width="0.6"/>${said}`;
      }),
    );
    const heading = `<text x="${px(box.left + box.width / 2)}" y="${box.top + 16}" text-anchor="middle" font-weight="600">`;
    return [`${heading}${escaped(title)}</text>`, ...parts, ...this.#frames].join("");
  }

  #place(): { left: number; top: number; cell: number } {
    const { box, cells } = this.#options;
    const side = Math.min(box.width - 2 * MARGIN.right, box.height - MARGIN.top - MARGIN.right);
    return { left: box.left + (box.width - side) / 2, top: box.top + MARGIN.top - 4, cell: side / cells.length };
  }
}

/** A whole picture, `width` pixels wide, of these parts; `alt` says what it shows. */
export function picture(width: number, height: number, alt: string, parts: readonly (Axes | Grid | string)[]): string {
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

/** The largest box in this one whose axes are a square. */
function squared(box: Box): Box {
  const [x, y] = [MARGIN.left + MARGIN.right, MARGIN.top + MARGIN.bottom];
  const side = Math.min(box.width - x, box.height - y);
  return { left: box.left + (box.width - x - side) / 2, top: box.top, width: side + x, height: side + y };
}

/** About five round numbers, or fewer where their texts, each as long as `long` says, would run into each other. */
export function ticks(range: Range, room: number, long: (text: string) => number): [number, string][] {
  const scale = scaleLinear(range, [0, 1]);
  for (let count = 5; ; count--) {
    const format = scale.tickFormat(count, "~f");
    const shown = scale.ticks(count).map((value): [number, string] => [value, format(value)]);
    // Texts stand around their ticks: half of the first and half of the last lie outside.
    const needed = shown.slice(1).reduce((sum, [, text]) => sum + long(text), 0);
    if (needed <= room || count === 1) return shown;
  }
}

/** From `from` on, or from further left where the last one would be cut off. */
function entries(legend: readonly Entry[], from: number, y: number, { left, width }: Box): string {
  const long = (name: string) => 27 + 0.54 * FONT * name.length + 12;
  const total = legend.reduce((sum, { name }) => sum + long(name), 0);
  let x = Math.max(left, Math.min(from, left + width - total));
  return legend
    .map(({ name, colour, dashed = false, filled = false, dot = false }) => {
      const sign = dot
        ? `<circle cx="${x + 16}" cy="${y - 4}" r="4" fill="${colour}"/>`
        : filled
          ? `<rect x="${x}" y="${y - 10}" width="22" height="10" fill="${colour}" opacity="0.35"/>`
          : `<path d="M${x},${y - 5}h22" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="6 4"' : ""}/>`;
      const entry = `${sign}<text x="${x + 27}" y="${y}">${escaped(name)}</text>`;
      x += long(name);
      return entry;
    })
    .join("");
}

function px(value: number): number {
  return Math.round(value * 100) / 100;
}
