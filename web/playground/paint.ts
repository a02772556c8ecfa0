/** The picture of a game: D's surface, real and generated points, arrows, and the centres of modes. */

import { contours } from "d3-contour";
import { sigmoid } from "../arithmetic.ts";
import { LIMIT, type Point } from "../data/toy.ts";
import type { LossName } from "../losses.ts";
import { GRID } from "../training/measure.ts";
import { inset, phase } from "./phase.ts";
import type { Frame } from "./session.ts";

export interface Look {
  loss: LossName;
  /** A second loss, whose arrows are drawn under the game's own. */
  arrows?: LossName | undefined;
  centres: readonly Point[];
  std: number;
  /** Mean samples of the rounds before, where their way is of interest. */
  trail: readonly Point[];
}

interface Colours {
  real: string;
  fake: string;
  third: string;
  ground: string;
  ink: string;
}

const DEEPEST = 0.42;
/** Length of an arrow whose gradient is 1, in units of the data; and of the longest. */
const ARROW = 0.35;
const LONGEST = 0.8;

export function paint(canvas: HTMLCanvasElement, frame: Frame, look: Look): void {
  const pixels = Math.round(canvas.clientWidth * Math.min(2, devicePixelRatio || 1));
  if (!pixels) return;
  if (canvas.width !== pixels) [canvas.width, canvas.height] = [pixels, pixels];
  // Painted by the processor: without a graphics card a browser emulates one, which takes half the time of the game.
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  const colours = coloursOf(canvas);
  const unit = pixels / (2 * LIMIT);
  const dot = pixels / 420;
  const opinion = opinions(frame, look.loss);
  surface(context, opinion, colours, pixels);
  context.setTransform(unit, 0, 0, -unit, pixels / 2, pixels / 2);
  context.lineCap = "round";
  indecision(context, opinion, colours, unit);
  for (const [x, y] of look.centres) ring(context, x, y, Math.max(3 * look.std, 0.09), colours.real, dot / unit);
  points(context, frame.real, colours.real, (2 * dot) / unit, 0.8);
  points(context, frame.fake, colours.fake, (2.3 * dot) / unit, 0.8);
  if (look.arrows && look.arrows !== look.loss)
    arrows(context, frame.fake, frame.arrows[look.arrows], colours.third, (1.6 * dot) / unit);
  arrows(context, frame.fake, frame.arrows[look.loss], colours.ink, (1.2 * dot) / unit);
  way(context, look.trail, colours.fake, (1.4 * dot) / unit);
  context.setTransform(1, 0, 0, 1, 0, 0);
  if (look.trail.length) inset(context, phase(look.trail, look.centres[0]!), colours, pixels);
}

let small: OffscreenCanvasRenderingContext2D | undefined;

/** D's opinion between 0, fake, and 1, real, on the grid: its output, or for losses without one a place on its scale. */
function opinions({ surface, middle, figures }: Frame, loss: LossName): Float64Array {
  const scale = 4 / Math.max(Math.abs(figures.gap), 1e-3);
  const of = (a: number) => {
    if (loss === "least_squares") return Math.min(1, Math.max(0, a));
    if (loss === "wasserstein") return sigmoid(scale * (a - middle));
    return sigmoid(loss === "relativistic" ? a - middle : a);
  };
  return Float64Array.from(surface, of);
}

function surface(context: CanvasRenderingContext2D, opinion: Float64Array, colours: Colours, pixels: number): void {
  const [real, fake, ground] = [rgb(colours.real), rgb(colours.fake), rgb(colours.ground)];
  const image = new ImageData(GRID, GRID);
  for (let i = 0; i < opinion.length; i++) {
    const lean = 2 * opinion[i]! - 1;
    const share = DEEPEST * Math.abs(lean);
    const row = GRID - 1 - Math.floor(i / GRID);
    const at = 4 * (row * GRID + (i % GRID));
    const tint = lean > 0 ? real : fake;
    for (let c = 0; c < 3; c++) image.data[at + c] = ground[c]! + share * (tint[c]! - ground[c]!);
    image.data[at + 3] = 255;
  }
  small ??= new OffscreenCanvas(GRID, GRID).getContext("2d") ?? undefined;
  if (!small) return;
  small.putImageData(image, 0, 0);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(small.canvas, 0, 0, pixels, pixels);
}

/** Where D is undecided. */
function indecision(context: CanvasRenderingContext2D, opinion: Float64Array, colours: Colours, unit: number): void {
  const [line] = contours().size([GRID, GRID]).thresholds([0.5])([...opinion]);
  context.beginPath();
  const place = (at: number) => (at / GRID) * 2 * LIMIT - LIMIT;
  for (const polygon of line?.coordinates ?? []) {
    for (const around of polygon) {
      let inside = false; // the frame of the picture is no line of D's
      for (const [x, y] of around as [number, number][]) {
        const edge = x <= 0.5 || y <= 0.5 || x >= GRID - 0.5 || y >= GRID - 0.5;
        if (inside && !edge) context.lineTo(place(x), place(y));
        else context.moveTo(place(x), place(y));
        inside = !edge;
      }
    }
  }
  context.globalAlpha = 0.45;
  context.strokeStyle = colours.ink;
  context.lineWidth = 1 / unit;
  context.stroke();
  context.globalAlpha = 1;
}

function ring(context: CanvasRenderingContext2D, x: number, y: number, radius: number, colour: string, width: number) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function points(context: CanvasRenderingContext2D, at: Float32Array, colour: string, radius: number, alpha: number) {
  context.fillStyle = colour;
  context.globalAlpha = alpha;
  context.beginPath();
  for (let i = 0; i < at.length; i += 2) {
    context.moveTo(at[i]! + radius, at[i + 1]!);
    context.arc(at[i]!, at[i + 1]!, radius, 0, 2 * Math.PI);
  }
  context.fill();
  context.globalAlpha = 1;
}

/** An arrow's length grows as the root of the gradient, so that both a tenth and a ten can be seen. */
function arrows(
  context: CanvasRenderingContext2D,
  at: Float32Array,
  ways: Float32Array,
  colour: string,
  width: number,
) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  for (let i = 0; i < ways.length; i += 2) {
    const size = Math.hypot(ways[i]!, ways[i + 1]!);
    const length = Math.min(LONGEST, ARROW * Math.sqrt(size));
    if (!(length > width)) continue; // shorter than it is wide
    const [dx, dy] = [(ways[i]! / size) * length, (ways[i + 1]! / size) * length];
    const [x, y] = [at[i]! + dx, at[i + 1]! + dy];
    context.moveTo(at[i]!, at[i + 1]!);
    context.lineTo(x, y);
    const head = Math.min(0.09, 0.4 * length) / length;
    for (const side of [-1, 1]) {
      context.moveTo(x, y);
      context.lineTo(x - head * (dx + side * 0.6 * dy), y - head * (dy - side * 0.6 * dx));
    }
  }
  context.stroke();
}

function way(context: CanvasRenderingContext2D, trail: readonly Point[], colour: string, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  trail.forEach(([x, y], i) => {
    if (i) context.lineTo(x, y);
    else context.moveTo(x, y);
  });
  context.stroke();
}

function coloursOf(canvas: HTMLCanvasElement): Colours {
  const style = getComputedStyle(canvas);
  const variable = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    real: variable("--gan-real", "#0072b2"),
    fake: variable("--gan-fake", "#d55e00"),
    third: variable("--gan-third", "#009e73"),
    ground: variable("--gan-ground", "#ffffff"),
    ink: style.color,
  };
}

function rgb(hex: string): number[] {
  const digits = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
  return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}
