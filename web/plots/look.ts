/** The course's colours, as in ganbook/plots.py; a dark page sets lighter ones (book/_static/ganbook.css). */

export const REAL = "var(--gan-real, #0072B2)";
export const FAKE = "var(--gan-fake, #D55E00)";
export const THIRD = "var(--gan-third, #009E73)";
export const FOURTH = "var(--gan-fourth, #CC79A7)";
/** Of text and axes: that of the page. */
export const INK = "currentColor";
export const FAINT = "color-mix(in srgb, currentColor 14%, transparent)";
export const PALE = "color-mix(in srgb, currentColor 6%, transparent)";

export const FONT = 13;

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A number as a reader expects it: fixed digits, a true minus sign, no −0. */
export function fixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace("-", "−");
}
