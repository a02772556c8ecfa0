/** Line drawings (H, W) in [-1, 1], white 1: strokes of a pencil or an eraser, as a colouring board takes them. */

export interface Stroke {
  tool: "pencil" | "eraser";
  /** From and to, in pixels from the top left. */
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  thick: number;
}

export function blank(size: number): Float32Array {
  return new Float32Array(size * size).fill(1);
}

/** Put a straight stroke on square lines; its edges are one pixel soft. */
export function stroke(lines: Float32Array, { tool, x0, y0, x1, y1, thick }: Stroke): void {
  const size = Math.sqrt(lines.length);
  const [dx, dy] = [x1 - x0, y1 - y0];
  const long = Math.max(dx * dx + dy * dy, 1e-6);
  const reach = thick / 2 + 1;
  const ink = tool === "pencil" ? -1 : 1;
  const within = (a: number, b: number) => [Math.max(0, Math.floor(Math.min(a, b) - reach)), Math.max(a, b) + reach];
  const [left, right] = within(x0, x1) as [number, number];
  const [top, bottom] = within(y0, y1) as [number, number];
  for (let row = top; row < Math.min(size, bottom); row++) {
    for (let column = left; column < Math.min(size, right); column++) {
      const [x, y] = [column + 0.5 - x0, row + 0.5 - y0];
      const along = Math.min(1, Math.max(0, (x * dx + y * dy) / long));
      const distance = Math.hypot(x - along * dx, y - along * dy);
      const cover = Math.min(1, Math.max(0, thick / 2 + 0.5 - distance));
      const at = row * size + column;
      lines[at]! += cover * (ink - lines[at]!);
    }
  }
}

export type Point = readonly [x: number, y: number];

/** Strokes from point to point. */
export function polyline(lines: Float32Array, points: readonly Point[], thick: number, tool: Stroke["tool"]): void {
  const [first] = points;
  if (!first) return;
  if (points.length === 1) stroke(lines, { tool, x0: first[0], y0: first[1], x1: first[0], y1: first[1], thick });
  for (let i = 1; i < points.length; i++) {
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    stroke(lines, { tool, x0, y0, x1, y1, thick });
  }
}

/** The share of pixels that are dark. */
export function inked(lines: Float32Array): number {
  return lines.reduce((sum, value) => sum + (value < 0 ? 1 : 0), 0) / lines.length;
}

function arc(x: number, y: number, rx: number, ry: number, from = 0, to = 360): Point[] {
  const steps = Math.max(8, Math.round((to - from) / 10));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)] as const;
  });
}

const dot = (x: number, y: number): Point[] => arc(x, y, 0.8, 1.2);

export const SHEET = 64;

/** Shapes that can be put on a sheet of SHEET x SHEET without a hand: a name, and the lines. */
export const SHAPES: readonly (readonly [name: string, lines: readonly Point[][]])[] = [
  ["round face", [arc(32, 34, 20, 20)]],
  ["eyes", [dot(25, 30), dot(39, 30)]],
  ["smile", [arc(32, 37, 9, 7, 15, 165)]],
  ["open mouth", [arc(32, 44, 5, 4)]],
  [
    "hat",
    [
      [
        [16, 19],
        [48, 19],
      ],
      [
        [22, 19],
        [22, 6],
        [42, 6],
        [42, 19],
      ],
    ],
  ],
  ["long hair", [arc(32, 30, 24, 24, 150, 390), [[11, 42], [9, 56]], [[53, 42], [55, 56]]]], // biome-ignore format: short
  [
    "shoulders",
    [
      [
        [10, 63],
        [14, 57],
        [24, 54],
        [40, 54],
        [50, 57],
        [54, 63],
      ],
    ],
  ],
  ["square frame", [[[6, 6], [58, 6], [58, 58], [6, 58], [6, 6]]]], // biome-ignore format: short
];
