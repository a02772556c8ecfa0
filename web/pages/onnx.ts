/** The runtime of ONNX files, a script of its own: web/zoo/runtime.ts appends it when a reader asks for a model. */

import * as onnx from "onnxruntime-web/wasm";

Object.assign(globalThis, { ganbookOnnx: onnx });
