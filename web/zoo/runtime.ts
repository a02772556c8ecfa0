/** Generators in the page: ONNX files, run by onnxruntime's WebAssembly on one thread. */

import type * as Onnx from "onnxruntime-web/wasm";
import { type Inputs, isTexts, type Model, type Output, type Tensor } from "./model.ts";
import type { Shelf } from "./shelf.ts";
import { Tokenizer } from "./tokenizer.ts";

/** Says where the runtime comes from: in a page a script that is appended, in a test the package. */
export type Source = () => Promise<typeof Onnx>;

export class Runtime {
  readonly #shelf: Shelf;
  readonly #source: Source;
  readonly #models = new Map<string, Promise<Model>>();
  #onnx: Promise<typeof Onnx> | undefined;
  /** Runs wait for each other: the runtime does one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(shelf: Shelf, source: Source) {
    this.#shelf = shelf;
    this.#source = source;
  }

  /** Bytes on disk that loading these models would still read. */
  async toLoad(names: readonly string[]): Promise<number> {
    const missing = [...(this.#onnx ? [] : ["runtime"]), ...names.filter((name) => !this.#models.has(name))];
    const entries = await Promise.all(missing.map((name) => this.#shelf.entry(name)));
    return entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** A model that is ready to run; loaded once. */
  model(name: string): Promise<Model> {
    let model = this.#models.get(name);
    if (!model) {
      model = this.#load(name);
      this.#models.set(name, model);
      model.catch(() => this.#models.delete(name));
    }
    return model;
  }

  isLoaded(name: string): boolean {
    return this.#models.has(name);
  }

  async #load(name: string): Promise<Model> {
    this.#onnx ??= this.#start();
    this.#onnx.catch(() => {
      this.#onnx = undefined;
    });
    const [{ said = {} }, file, onnx] = await Promise.all([
      this.#shelf.entry(name),
      this.#shelf.take(name),
      this.#onnx,
    ]);
    const session = await onnx.InferenceSession.create(file, { executionProviders: ["wasm"] });
    const output = session.outputNames[0]!;
    const tokenizer = new Tokenizer(JSON.parse(said.words ?? "[]") as string[]);
    const run = async (inputs: Inputs): Promise<Output> => {
      const fed: Record<string, Onnx.Tensor> = {};
      for (const [name, input] of Object.entries(inputs)) {
        const { data, shape }: Tensor = isTexts(input) ? tokenizer.tensor(input) : input;
        const kind = data instanceof BigInt64Array ? "int64" : "float32";
        fed[isTexts(input) ? "tokens" : name] = new onnx.Tensor(kind, data, [...shape]);
      }
      const before = this.#last;
      const drawn = before.then(() => session.run(fed));
      this.#last = drawn.catch(() => undefined);
      const found = (await drawn)[output]!;
      return { data: found.data as Float32Array, shape: found.dims };
    };
    return { name, said, run };
  }

  async #start(): Promise<typeof Onnx> {
    const [onnx, wasm] = await Promise.all([this.#source(), this.#shelf.take("runtime")]);
    onnx.env.wasm.wasmBinary = wasm.buffer;
    onnx.env.wasm.numThreads = 1; // more would need a page that is served with two special headers
    onnx.env.logLevel = "error";
    return onnx;
  }
}
