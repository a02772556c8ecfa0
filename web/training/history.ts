/** Values over a game, thinned as it grows, so that a curve never has more than a few hundred points. */

const MOST = 480;

export interface Stamped {
  clock: number;
}

export class History<Entry extends Stamped> {
  #entries: Entry[] = [];
  #apart = 0;

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  get last(): Entry | undefined {
    return this.#entries.at(-1);
  }

  add(entry: Entry): void {
    const [before, last] = this.#entries.slice(-2);
    // The last entry is the latest there is; it stays only if it is far enough from the one before.
    if (before && last && last.clock - before.clock < this.#apart) this.#entries.pop();
    this.#entries.push(entry);
    if (this.#entries.length > MOST) {
      this.#entries = this.#entries.filter((_, i) => i % 2 === 0);
      this.#apart = (entry.clock - this.#entries[0]!.clock) / (MOST / 2);
    }
  }

  /** Forget what came after. */
  back(clock: number): void {
    this.#entries = this.#entries.filter((entry) => entry.clock <= clock + 1e-9);
  }

  clear(): void {
    this.#entries = [];
    this.#apart = 0;
  }
}
