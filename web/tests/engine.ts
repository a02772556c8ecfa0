/** The arithmetic of tfjs as tests use it. */

import { setBackend } from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { registerDerivatives } from "../models/derivatives.ts";

registerDerivatives();
await setBackend("wasm");
