/** What explorers and the playground compute. */

export function sigmoid(a: number): number {
  return a < 0 ? Math.exp(a) / (1 + Math.exp(a)) : 1 / (1 + Math.exp(-a));
}

/** log(1 + exp(a)), without overflow. */
export function softplus(a: number): number {
  return Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)));
}

/** The integral of a function from low to high, by the trapezoid rule with so many steps. */
export function trapezoid(of: (x: number) => number, low: number, high: number, steps: number): number {
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    sum += (i === 0 || i === steps ? 0.5 : 1) * of(low + ((high - low) * i) / steps);
  }
  return (sum * (high - low)) / steps;
}
