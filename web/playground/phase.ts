/** Two players as one moving point: where the mean sample is, and how fast it moves, which is what D's slope asks for. */

import type { Point } from "../data/toy.ts";
import { principal } from "./lessons.ts";

/** A place is measured over so many rounds to each side: batches differ by chance. */
const AROUND = 3;

/** Less than this is rest, and is not blown up. */
const REST = [0.2, 0.02] as const;

/** (place, speed) along the longest way, relative to `centre`, each scaled to at most 1. */
export function phase(trail: readonly Point[], centre: Point): Point[] {
  const offsets = trail.map(([x, y]): [number, number] => [x - centre[0], y - centre[1]]);
  const axis = principal(offsets);
  const along = offsets.map(([x, y]) => x * axis[0] + y * axis[1]);
  const points: Point[] = [];
  for (let i = AROUND; i + AROUND < along.length; i++) {
    const near = along.slice(i - AROUND, i + AROUND + 1);
    const place = near.reduce((sum, at) => sum + at, 0) / near.length;
    points.push([place, (near.at(-1)! - near[0]!) / (2 * AROUND)]);
  }
  const most = (axis: 0 | 1, least: number) => Math.max(least, ...points.map((point) => Math.abs(point[axis])));
  const [widest, fastest] = [most(0, REST[0]), most(1, REST[1])];
  return points.map(([place, speed]) => [place / widest, speed / fastest]);
}

/** Draws it into the lower left corner of a picture, `pixels` wide. */
export function inset(context: CanvasRenderingContext2D, points: readonly Point[], colours: Colours, pixels: number) {
  if (points.length < 2) return;
  const [size, edge] = [0.24 * pixels, 0.03 * pixels];
  const [left, top] = [edge, pixels - edge - size];
  const place = ([x, y]: Point): Point => [left + (0.5 + 0.42 * x) * size, top + (0.5 - 0.42 * y) * size];
  context.fillStyle = colours.ground;
  context.globalAlpha = 0.85;
  context.fillRect(left, top, size, size);
  context.globalAlpha = 0.5;
  context.strokeStyle = colours.ink;
  context.lineWidth = pixels / 500;
  context.strokeRect(left, top, size, size);
  context.beginPath();
  context.moveTo(left, top + size / 2);
  context.lineTo(left + size, top + size / 2);
  context.moveTo(left + size / 2, top);
  context.lineTo(left + size / 2, top + size);
  context.stroke();
  context.globalAlpha = 1;
  context.strokeStyle = colours.fake;
  context.lineWidth = pixels / 280;
  context.beginPath();
  for (const point of points) context.lineTo(...place(point));
  context.stroke();
  context.fillStyle = colours.fake;
  context.beginPath();
  context.arc(...place(points.at(-1)!), pixels / 90, 0, 2 * Math.PI);
  context.fill();
}

interface Colours {
  fake: string;
  ground: string;
  ink: string;
}
