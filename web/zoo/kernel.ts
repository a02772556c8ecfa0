/** A generator in a notebook's kernel, asked through the widget's messages: see ganbook/widgets/_model.py. */

import { type Inputs, isTexts, type Model, type Output, type Said } from "./model.ts";

const PATIENCE = 15_000; // milliseconds
const SILENT =
  "The kernel has not answered yet: it is busy, or it was restarted. After a restart, run this cell again.";

/** The part of anywidget's model that is used. */
export interface Line {
  send(content: unknown, callbacks?: unknown, buffers?: ArrayBufferView[]): void;
  on(event: "msg:custom", call: (content: Answer, buffers: readonly DataView[]) => void): void;
  off(event: "msg:custom", call: (content: Answer, buffers: readonly DataView[]) => void): void;
}

interface Answer {
  answer: string;
  shape?: number[];
  wrong?: string;
}

export class Kernel implements Model {
  readonly name = "kernel";
  readonly said: Said;
  readonly #line: Line;
  readonly #tell: (text: string) => void;
  readonly #waiting = new Map<string, (answer: Answer, pixels?: DataView) => void>();
  readonly #heard = (answer: Answer, [pixels]: readonly DataView[]) => {
    this.#waiting.get(answer.answer)?.(answer, pixels); // another view of the widget may have asked
    this.#waiting.delete(answer.answer);
  };

  /** `tell` says to the reader what is amiss while the kernel is silent. */
  constructor(line: Line, said: Said, tell: (text: string) => void) {
    this.#line = line;
    this.said = said;
    this.#tell = tell;
    line.on("msg:custom", this.#heard);
  }

  run(inputs: Inputs): Promise<Output> {
    const ask = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const [described, buffers]: [Record<string, unknown>, ArrayBufferView[]] = [{}, []];
    for (const [name, input] of Object.entries(inputs)) {
      if (isTexts(input)) {
        described[name] = input;
        continue;
      }
      const whole = input.data instanceof BigInt64Array;
      described[name] = { shape: input.shape, whole, buffer: buffers.length };
      buffers.push(input.data);
    }
    return new Promise((resolve, reject) => {
      const silent = setTimeout(() => this.#tell(SILENT), PATIENCE);
      this.#waiting.set(ask, ({ shape, wrong }, pixels) => {
        clearTimeout(silent);
        this.#tell("");
        if (shape && pixels) resolve(images(pixels, shape));
        else reject(new Error(wrong ?? "the kernel sent no images"));
      });
      this.#line.send({ ask, inputs: described }, undefined, buffers);
    });
  }

  hangUp(): void {
    this.#line.off("msg:custom", this.#heard);
    this.#waiting.clear();
  }
}

/** Bytes, as a screen shows them, to numbers. */
function images({ buffer, byteOffset, byteLength }: DataView, shape: number[]): Output {
  const data = Float32Array.from(new Uint8Array(buffer, byteOffset, byteLength), (value) => value / 127.5 - 1);
  return { data, shape };
}
