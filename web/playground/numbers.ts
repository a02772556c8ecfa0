/** Numbers as the page writes them. */

import { fixed } from "../plots/look.ts";

/** Three digits at most. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value !== 0 && Math.abs(value) < 0.001) return `10${superscript(Math.floor(Math.log10(Math.abs(value))))}`;
  return fixed(value, Math.abs(value) < 0.1 ? 3 : Math.abs(value) < 10 ? 2 : 0);
}

export function percent(share: number): string {
  const value = 100 * share;
  return `${value > 0 && value < 9.5 ? fixed(value, 1) : fixed(value, 0)} %`;
}

function superscript(power: number): string {
  return [...String(power)].map((sign) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)] ?? "⁻").join("");
}

/** A count of rounds; parts of one come from single turns. */
export function rounds(clock: number): string {
  return Number.isInteger(clock) ? clock.toLocaleString("en-GB") : fixed(clock, 1);
}
