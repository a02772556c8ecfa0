/** The worker, seen from the page: an order is a promise of its answer. */

import source from "worker:./worker.ts";
import type { Answer, Order } from "./protocol.ts";

export type Played = Exclude<Answer, { failed: string }>;

export class Engine {
  readonly #worker: Worker;
  readonly #address: string;
  readonly #waiting: { done: (answer: Played) => void; failed: (error: Error) => void }[] = [];

  constructor() {
    // A page opened from a file may not load a worker by its address; a blob's it may.
    this.#address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.#worker = new Worker(this.#address);
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const first = this.#waiting.shift();
      if ("failed" in data) first?.failed(new Error(data.failed));
      else first?.done(data);
    };
    this.#worker.onerror = (event) => {
      for (const { failed } of this.#waiting.splice(0)) failed(new Error(event.message || "the worker did not start"));
    };
  }

  ask(order: Order): Promise<Played> {
    return new Promise((done, failed) => {
      this.#waiting.push({ done, failed });
      this.#worker.postMessage(order);
    });
  }

  stop(): void {
    this.#worker.terminate();
    URL.revokeObjectURL(this.#address);
  }
}
