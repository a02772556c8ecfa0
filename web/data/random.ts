/** Random numbers that follow from a key alone: whoever asks with the same key, after an undo or in a second game, gets
 * the same ones. */

export class Dice {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;
  #spare: number | undefined;

  /** `key`: whole numbers, such as (seed, player, turn). */
  constructor(...key: number[]) {
    [this.#a, this.#b, this.#c] = [0x9e3779b9, 0x243f6a88, 0xb7e15162];
    for (const part of key) {
      this.#a = (this.#a ^ Math.imul(part + 1, 0x85ebca6b)) | 0;
      for (let i = 0; i < 4; i++) this.#next();
    }
    for (let i = 0; i < 12; i++) this.#next();
  }

  /** In [0, 1). */
  uniform(): number {
    return this.#next() / 2 ** 32;
  }

  /** Standard normal, by Box and Muller, who make two at a time. */
  normal(): number {
    if (this.#spare !== undefined) {
      const spare = this.#spare;
      this.#spare = undefined;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  whole(below: number): number {
    return Math.floor(this.uniform() * below);
  }

  /** Small fast counter (Doty-Humphrey's sfc32), which passes PractRand. */
  #next(): number {
    const sum = (this.#a + this.#b + this.#count++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return sum >>> 0;
  }
}
