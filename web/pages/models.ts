/** Generators in the page: `window.ganbookModels`, and a demo in every element with `data-demo`. */

import type * as Onnx from "onnxruntime-web/wasm";
import { styled } from "../controls/style.ts";
import { STYLE } from "../widgets/style.ts";
import { DEMOS } from "../zoo/demos/catalogue.ts";
import { mount } from "../zoo/demos/page.ts";
import { DEMO_STYLE } from "../zoo/demos/style.ts";
import type { Tensor } from "../zoo/model.ts";
import { Runtime } from "../zoo/runtime.ts";
import { type Entry, Shelf } from "../zoo/shelf.ts";

declare global {
  var ganbookOnnx: typeof Onnx | undefined;
  var ganbookModels: unknown;
}

const here = (document.currentScript as HTMLScriptElement).src;
const shelf = new Shelf(new URL("models/", here).href);
const runtime = new Runtime(shelf, async () => {
  await shelf.append(new URL("onnx.js", here).href);
  if (!globalThis.ganbookOnnx) throw new Error("the runtime's script set nothing");
  return globalThis.ganbookOnnx;
});

globalThis.ganbookModels = {
  register: (name: string, packed: string) => shelf.register(name, packed),
  tell: (entries: Record<string, Entry>) => shelf.tell(entries),
  /** Draw with a model: for tests, and for who opens the console. Values may be plain lists, whole ones bigints. */
  async run(name: string, inputs: Record<string, { data: number[]; shape: number[]; whole?: boolean }>) {
    const fed: Record<string, Tensor> = {};
    for (const [key, { data, shape, whole }] of Object.entries(inputs)) {
      fed[key] = { data: whole ? BigInt64Array.from(data, BigInt) : Float32Array.from(data), shape };
    }
    const model = await runtime.model(name);
    const { data, shape } = await model.run(fed);
    return { data: [...data], shape: [...shape] };
  },
};

function mountAll(): void {
  styled(STYLE, DEMO_STYLE);
  for (const root of document.querySelectorAll<HTMLElement>("[data-demo]")) {
    const demo = DEMOS[root.dataset.demo ?? ""];
    if (demo) mount(root, demo, runtime, shelf);
  }
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", mountAll);
else mountAll();
