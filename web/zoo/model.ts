/** A generator that draws what it is asked for, wherever it runs: see runtime.ts for the page, kernel.ts for Python. */

/** Numbers in the order of `shape`; whole ones are BigInt64Array. */
export interface Tensor {
  data: Float32Array | BigInt64Array;
  shape: readonly number[];
}

/** Images (N, C, H, W) in [-1, 1]. */
export interface Output {
  data: Float32Array;
  shape: readonly number[];
}

/** "z", "labels", "sources", and "captions" as texts. */
export type Inputs = Readonly<Record<string, Tensor | readonly string[]>>;

/** What a generator says of itself, see `ganbook.zoo.export.metadata`; lists are JSON. */
export type Said = Readonly<Record<string, string>>;

export interface Model {
  readonly name: string;
  readonly said: Said;
  run(inputs: Inputs): Promise<Output>;
}

export function isTexts(input: Tensor | readonly string[]): input is readonly string[] {
  return Array.isArray(input);
}
