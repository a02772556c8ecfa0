/** A link that carries a whole setting: `#loss=hinge&penalty=r1&vs=loss:saturating`, only what differs from the default.
 *
 * Anchors of a page never hold "=", so a hash without one is not ours.
 */

import type { Point } from "../data/toy.ts";
import { LIMIT } from "../data/toy.ts";
import { LOSS_NAMES, type LossName } from "../losses.ts";
import { CONTROLS, controlOf, DEFAULTS, type Key, parsed, type Settings, type Value } from "./settings.ts";

/** The second game's difference. */
export interface Versus {
  key: Key;
  value: Value;
}

export interface Setting {
  settings: Settings;
  versus?: Versus | undefined;
  lesson?: string | undefined;
  /** Another loss whose arrows are drawn besides. */
  arrows?: LossName | undefined;
}

/** A setting by its texts, as a link or a page holds it. */
export type Texts = Readonly<Record<string, unknown>>;

const MOST_POINTS = 200;

export function isLink(hash: string): boolean {
  return hash.includes("=");
}

export function linkOf({ settings, versus, lesson, arrows }: Setting): string {
  const parts = CONTROLS.filter(({ key }) => settings[key] !== DEFAULTS[key]).map(
    ({ key }) => `${key}=${settings[key]}`,
  );
  if (settings.data === "drawn" && settings.points.length) parts.push(`points=${encoded(settings.points)}`);
  if (versus) parts.push(`vs=${versus.key}:${versus.value}`);
  if (arrows) parts.push(`arrows=${arrows}`);
  if (lesson) parts.push(`lesson=${lesson}`);
  return `#${parts.join("&") || "data=ring"}`;
}

export function textsOf(hash: string): Texts {
  return Object.fromEntries(new URLSearchParams(hash.replace(/^#/, "")));
}

/** The setting that the texts describe, and a sentence for each that cannot be followed. */
export function settingOf(texts: Texts, lessons: readonly string[]): { setting: Setting; refused: string[] } {
  const settings: Record<string, unknown> = { ...DEFAULTS };
  const refused: string[] = [];
  const setting: { versus?: Versus; lesson?: string; arrows?: LossName } = {};
  const refuse = (name: string, text: string, why: string, instead: string) =>
    refused.push(`${name} is “${text.slice(0, 40)}”: ${why}; ${instead}.`);
  for (const [name, given] of Object.entries(texts)) {
    const text = String(given);
    const control = controlOf(name);
    if (control) {
      const found = parsed(control, text);
      if ("value" in found) settings[name] = found.value;
      else refuse(name, text, found.refused, `it stays at ${DEFAULTS[control.key]}`);
    } else if (name === "points") {
      const points = decoded(text);
      if (points) settings.points = points;
      else refuse(name, text, `allowed are pairs of letters, at most ${MOST_POINTS}`, "a smile stands in for them");
    } else if (name === "vs") {
      const [key = "", value = ""] = text.split(":");
      const of = controlOf(key);
      const found = of ? parsed(of, value) : { refused: "allowed is a setting and its other value, as in loss:hinge" };
      if (of && "value" in found) setting.versus = { key: of.key, value: found.value };
      else if ("refused" in found) refuse("vs", text, found.refused, "there is one game");
    } else if (name === "lesson") {
      if (lessons.includes(text)) setting.lesson = text;
      else refuse(name, text, `allowed are ${lessons.join(", ")}`, "no lesson is chosen");
    } else if (name === "arrows") {
      const arrows = LOSS_NAMES.find((loss) => loss === text);
      if (arrows) setting.arrows = arrows;
      else refuse(name, text, `allowed are ${LOSS_NAMES.join(", ")}`, "one loss's arrows are drawn");
    } else {
      refused.push(`No setting is called “${name.slice(0, 40)}”; it is left out.`);
    }
  }
  return { setting: { settings: settings as unknown as Settings, ...setting }, refused };
}

// A coordinate is one of 62 signs: steps of a tenth, which is less than any spread that is worth drawing.
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

export function encoded(points: readonly Point[]): string {
  const sign = (value: number) => SIGNS[Math.round(((value + LIMIT) / (2 * LIMIT)) * (SIGNS.length - 1))];
  return points.map(([x, y]) => `${sign(x)}${sign(y)}`).join("");
}

function decoded(text: string): Point[] | undefined {
  if (!/^([A-Za-z0-9]{2})+$/.test(text) || text.length > 2 * MOST_POINTS) return undefined;
  const value = (sign: string) => (SIGNS.indexOf(sign) / (SIGNS.length - 1)) * 2 * LIMIT - LIMIT;
  return Array.from({ length: text.length / 2 }, (_, i) => [value(text[2 * i]!), value(text[2 * i + 1]!)]);
}

/** As near to a point as a link can say. */
export function rounded(point: Point): Point {
  const inside = point.map((value) => Math.min(LIMIT, Math.max(-LIMIT, value)));
  return decoded(encoded([[inside[0]!, inside[1]!]]))![0]!;
}
