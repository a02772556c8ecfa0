/** Emoji that no model has seen: line drawings and their colours, to begin with. */

import type { Output } from "./model.ts";
import { decoded, type Shelf } from "./shelf.ts";

export interface Drawing {
  name: string;
  /** (1, 1, S, S) in [-1, 1]. */
  lines: Output;
  /** (1, 3, S, S) in [-1, 1]; drawings that a kernel gave have none. */
  colours?: Output;
}

/** Bytes of all of them one after the other, in base64. */
export interface Kept {
  names: readonly string[];
  lines: string;
  colours?: string;
}

/** The page's, at a side of 64 or 32 pixels. */
export async function drawings(shelf: Shelf, size: 64 | 32): Promise<Drawing[]> {
  const said: Record<string, Kept> = JSON.parse(new TextDecoder().decode(await shelf.take("drawings")));
  return unpackedDrawings(said[size]!, size);
}

export function unpackedDrawings({ names, lines, colours }: Kept, size: number): Drawing[] {
  const ofLines = images(lines, 1, size);
  const ofColours = colours === undefined ? undefined : images(colours, 3, size);
  return names.map((name, i) => ({ name, lines: ofLines(i), ...(ofColours && { colours: ofColours(i) }) }));
}

function images(bytes: string, channels: number, size: number): (index: number) => Output {
  const all = decoded(bytes);
  const each = channels * size * size;
  return (index) => ({
    data: Float32Array.from(all.subarray(index * each, (index + 1) * each), (value) => value / 127.5 - 1),
    shape: [1, channels, size, size],
  });
}
