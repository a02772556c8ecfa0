import type { Runtime } from "../runtime.ts";
import type { Shelf } from "../shelf.ts";
export function mountDemos(_runtime: Runtime, _shelf: Shelf): void {}
