/** Large things that a page asks for when a reader does: scripts that register bytes, since a page that was opened from
 * a file may fetch nothing (tools/models_for_pages.py makes them). */

import type { Said } from "./model.ts";

export interface Entry {
  /** Of the script on disk. */
  bytes: number;
  said?: Said;
}

export type Append = (address: string) => Promise<void>;

export class Shelf {
  readonly base: string;
  readonly append: Append;
  readonly #texts = new Map<string, string>();
  readonly #taken = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  #entries: Readonly<Record<string, Entry>> = {};
  #manifest: Promise<void> | undefined;

  /** `base`: the address of the scripts' folder, with a slash at its end. */
  constructor(base: string, append: Append = appendScript) {
    this.base = base;
    this.append = append;
  }

  /** Called by the scripts. */
  register(name: string, packed: string): void {
    this.#texts.set(name, packed);
  }

  /** Called by the manifest. */
  tell(entries: Readonly<Record<string, Entry>>): void {
    this.#entries = entries;
  }

  /** What is known of `name` before it is loaded. */
  async entry(name: string): Promise<Entry> {
    this.#manifest ??= this.append(`${this.base}manifest.js`);
    await this.#manifest;
    const found = this.#entries[name];
    if (!found) throw new Error(`no model is called ${name}`);
    return found;
  }

  /** The bytes of `name`; they are kept, a second reader waits for the first. */
  take(name: string): Promise<Uint8Array<ArrayBuffer>> {
    let taken = this.#taken.get(name);
    if (!taken) {
      taken = this.#load(name);
      this.#taken.set(name, taken);
      taken.catch(() => this.#taken.delete(name)); // may be tried again
    }
    return taken;
  }

  async #load(name: string): Promise<Uint8Array<ArrayBuffer>> {
    await this.append(`${this.base}${name}.js`);
    const packed = this.#texts.get(name);
    if (packed === undefined) throw new Error(`the script of ${name} registered nothing`);
    this.#texts.delete(name);
    return unpacked(packed);
  }
}

/** Base64 of gzip to bytes. */
export async function unpacked(packed: string): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([decoded(packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Base64 to bytes. */
export function decoded(text: string): Uint8Array<ArrayBuffer> {
  const signs = atob(text);
  const bytes = new Uint8Array(signs.length);
  for (let i = 0; i < signs.length; i++) bytes[i] = signs.charCodeAt(i);
  return bytes;
}

function appendScript(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: address, async: true });
    script.addEventListener("load", () => resolve());
    script.addEventListener("error", () => {
      script.remove();
      reject(new Error(`${address} could not be loaded`));
    });
    document.head.append(script);
  });
}
