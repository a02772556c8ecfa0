/** The worker, in which the games are played: the page stays free for the reader. */

import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import wasm from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm";
import { env, setBackend } from "@tensorflow/tfjs-core";
import { registerDerivatives } from "../models/derivatives.ts";
import type { Answer, Order } from "./protocol.ts";
import { Session } from "./session.ts";

declare const self: DedicatedWorkerGlobalScope;

const ready = start();
let session: Session | undefined;

self.onmessage = async ({ data }: MessageEvent<Order>) => {
  self.postMessage(await answer(data).catch((error: unknown): Answer => ({ failed: String(error) })));
};

async function start(): Promise<void> {
  // Nothing is fetched: a page opened from a file may not, and no other host is ever asked.
  const address = `data:application/octet-stream;base64,${wasm}`;
  setWasmPaths({
    "tfjs-backend-wasm.wasm": address,
    "tfjs-backend-wasm-simd.wasm": address,
    "tfjs-backend-wasm-threaded-simd.wasm": address,
  });
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false); // that is another binary, and networks so small gain nothing
  registerDerivatives();
  if (!(await setBackend("wasm"))) throw new Error("this browser does not run WebAssembly with SIMD");
}

async function answer(order: Order): Promise<Answer> {
  await ready;
  const began = performance.now();
  let [anew, rounds] = [false, 0];
  if (order.do === "set") {
    anew = session?.change(order.setting) ?? true;
    session ??= new Session(order.setting);
  } else if (!session) {
    throw new Error(`${order.do} came before a setting`);
  } else if (order.do === "play") {
    rounds = session.rounds(order.rounds, order.milliseconds);
  } else if (order.do === "turn") {
    session.turn(order.who);
  } else if (order.do === "undo") {
    session.undo();
  } else {
    session.restart();
    anew = true;
  }
  const milliseconds = performance.now() - began;
  return { frames: session.frames(), canUndo: session.canUndo, anew, rounds, milliseconds };
}
