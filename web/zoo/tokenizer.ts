/** Captions to numbers, as ganbook.models.text.Tokenizer does it, and what is to be said of a caption. */

import type { Tensor } from "./model.ts";

const PADDING = 0;
const UNKNOWN = 1;

/** The words of a caption in their order: lower-case letters and digits; everything else separates them. */
export function wordsIn(caption: string): string[] {
  const plain = caption.toLowerCase().replaceAll("ß", "ss").normalize("NFKD").replace(/\p{M}/gu, "");
  return plain.match(/[a-z0-9]+/g) ?? [];
}

export class Tokenizer {
  readonly words: readonly string[];
  readonly #number: ReadonlyMap<string, number>;

  constructor(words: readonly string[]) {
    this.words = words;
    this.#number = new Map(words.map((word, i) => [word, i + UNKNOWN + 1]));
  }

  /** Rows of one width, 1 or more; an empty caption is all padding. */
  tokens(captions: readonly string[]): number[][] {
    const rows = captions.map((caption) => wordsIn(caption).map((word) => this.#number.get(word) ?? UNKNOWN));
    const width = Math.max(1, ...rows.map((row) => row.length));
    return rows.map((row) => [...row, ...new Array<number>(width - row.length).fill(PADDING)]);
  }

  /** The same as (N, width) whole numbers. */
  tensor(captions: readonly string[]): Tensor {
    const rows = this.tokens(captions);
    return { data: BigInt64Array.from(rows.flat(), BigInt), shape: [rows.length, rows[0]!.length] };
  }

  /** The words of a caption that are not in the vocabulary, each once, in their order. */
  unknown(caption: string): string[] {
    return [...new Set(wordsIn(caption).filter((word) => !this.#number.has(word)))];
  }

  /** The known words that are spelt most like `word`, best first; none where nothing is near. */
  nearest(word: string, count = 3): string[] {
    const reach = word.length < 3 ? 0 : Math.max(1, Math.floor(word.length / 3));
    return this.words
      .map((known) => ({ known, far: distance(word, known) - (alike(word, known) ? 1 : 0) }))
      .filter(({ known, far }) => far <= reach && far < Math.max(word.length, known.length))
      .sort((a, b) => a.far - b.far || (a.known < b.known ? -1 : 1))
      .slice(0, count)
      .map(({ known }) => known);
  }
}

/** What a reader should know of a caption before judging what was drawn; as Python's caption_note, with near words. */
export function captionNote(tokenizer: Tokenizer, caption: string): string {
  if (!caption.trim()) {
    return "The caption is empty: the generator was given nothing to draw, and this is what it makes of that.";
  }
  if (wordsIn(caption).length === 0) {
    return "The caption has no word in the letters a to z: the generator learned next to nothing from it.";
  }
  const unknown = tokenizer.unknown(caption);
  if (unknown.length === 0) return "";
  const note = `The generator never read: ${unknown.join(", ")}. It treats all such words as one unknown word.`;
  const near = unknown
    .map((word) => ({ word, known: tokenizer.nearest(word) }))
    .filter(({ known }) => known.length > 0)
    .map(({ word, known }) => `near ${word} it knows ${known.join(", ")}`);
  return near.length > 0 ? `${note} As it is spelt, ${near.join("; ")}.` : note;
}

/** Letters that must be put in, left out or changed (Levenshtein 1966). */
export function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

function alike(a: string, b: string): boolean {
  return a.slice(0, 3) === b.slice(0, 3);
}
