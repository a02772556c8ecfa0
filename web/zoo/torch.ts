/** Random numbers as torch draws them on a CPU from `torch.Generator().manual_seed(seed)`: a number names one latent. */

const [N, M] = [624, 397];

/** The Mersenne Twister (Matsumoto and Nishimura 1998), 32 bits at a time. */
function twister(seed: number): () => number {
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) {
    const before = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(before, 1812433253) + i;
  }
  let at = N;
  const twist = () => {
    for (let i = 0; i < N; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff);
      state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    at = 0;
  };
  return () => {
    if (at === N) twist();
    let y = state[at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
}

/** `torch.rand(count)`. */
export function rand(count: number, seed: number): Float32Array {
  const next = twister(seed);
  return Float32Array.from({ length: count }, () => single(next()));
}

/** `torch.randn(count)`. */
export function randn(count: number, seed: number): Float32Array {
  const next = twister(seed);
  if (count < 16) return few(count, next);
  const z = Float32Array.from({ length: count }, () => single(next()));
  for (let i = 0; i + 16 <= count; i += 16) sixteen(z, i);
  if (count % 16) {
    // The last sixteen are drawn anew.
    for (let i = count - 16; i < count; i++) z[i] = single(next());
    sixteen(z, count - 16);
  }
  return z;
}

const single = (bits: number) => (bits & 0xffffff) / 2 ** 24;

/** Sixteen uniform numbers to normal ones (Box and Muller 1958). */
function sixteen(z: Float32Array, from: number): void {
  for (let i = from; i < from + 8; i++) {
    const [radius, angle] = [Math.sqrt(-2 * Math.log(1 - z[i]!)), 2 * Math.PI * z[i + 8]!];
    z[i] = radius * Math.cos(angle);
    z[i + 8] = radius * Math.sin(angle);
  }
}

/** Fewer than sixteen are drawn in pairs, in double precision. */
function few(count: number, next: () => number): Float32Array {
  const double = () => {
    const high = next();
    return ((high & 0x1fffff) * 2 ** 32 + next()) / 2 ** 53;
  };
  const z = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const [turn, length] = [double(), double()];
    const [radius, angle] = [Math.sqrt(-2 * Math.log1p(-length)), 2 * Math.PI * turn];
    z[i] = radius * Math.cos(angle);
    if (i + 1 < count) z[i + 1] = radius * Math.sin(angle);
  }
  return z;
}
