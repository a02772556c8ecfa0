/** Lists for every setting, in groups, and for what a second game does differently. */

import { type Choice, choice, type Options } from "../controls/controls.ts";
import { element } from "../controls/element.ts";
import type { Setting, Versus } from "./link.ts";
import {
  CONTROLS,
  type Control,
  controlOf,
  DEFAULTS,
  type Key,
  type Settings,
  type Value,
  worded,
} from "./settings.ts";

export const GROUPS = ["Data and loss", "Steps", "Round", "Networks"] as const;

export class Controls {
  readonly root = element("div", { class: "gp-groups" });
  readonly #changed: (settings: Settings) => void;
  readonly #choices = new Map<Key, Choice<Value>>();
  readonly #groups = new Map<string, HTMLElement>();
  #settings: Settings;

  constructor(settings: Settings, changed: (settings: Settings) => void) {
    this.#settings = settings;
    this.#changed = changed;
    for (const group of GROUPS) {
      const fields = element("fieldset", {}, element("legend", {}, group));
      for (const control of CONTROLS.filter((one) => one.group === group)) fields.append(this.#field(control));
      this.#groups.set(group, fields);
      this.root.append(fields);
    }
    this.show(settings);
  }

  /** Where a group has more than lists. */
  append(group: (typeof GROUPS)[number], child: HTMLElement): void {
    this.#groups.get(group)?.append(child);
  }

  show(settings: Settings): void {
    this.#settings = settings;
    for (const [key, of] of this.#choices) of.value = settings[key];
    this.#choices.get("weight")!.root.hidden = settings.penalty === "none";
    this.#choices.get("beta2")!.root.hidden = settings.optimiser !== "adam";
  }

  #field(control: Control): HTMLElement {
    const made = choice(control.label, optionsOf(control), () =>
      this.#changed({ ...this.#settings, [control.key]: made.value }),
    );
    this.#choices.set(control.key, made);
    return made.root;
  }
}

/** Chooses the setting in which a second game differs. */
export class Comparison {
  readonly root = element("div", { class: "gp-versus" });
  readonly #key: Choice<Key | "">;
  readonly #value: Choice<Value>;
  #settings: Settings = DEFAULTS;

  constructor(changed: (versus: Versus | undefined) => void) {
    const keys = CONTROLS.filter(({ key }) => key !== "seed");
    const tell = () => changed(this.#versus());
    this.#key = choice<Key | "">(
      "Beside it a second game, from the same start, with another",
      [["– no second game –", ""], ...keys.map(({ key, label }) => [label, key] as const)],
      () => {
        this.#offer();
        tell();
      },
    );
    this.#value = choice<Value>("namely", [], tell);
    this.root.append(this.#key.root, this.#value.root);
  }

  show(settings: Settings, versus: Versus | undefined): void {
    this.#settings = settings;
    this.#key.value = versus?.key ?? "";
    this.#offer();
    if (versus) this.#value.value = versus.value;
  }

  #offer(): void {
    const control = controlOf(this.#key.value);
    this.#value.root.hidden = !control;
    if (!control) return;
    this.#value.offer(optionsOf(control).filter(([, value]) => value !== this.#settings[control.key]));
  }

  #versus(): Versus | undefined {
    const control = controlOf(this.#key.value);
    return control && { key: control.key, value: this.#value.value };
  }
}

/** How the two games are called. */
export function titles({ settings, versus }: Setting): string[] {
  const control = versus && controlOf(versus.key);
  if (!versus || !control) return [""];
  return [settings[versus.key], versus.value].map((value) => `${control.label}: ${worded(control, value)}`);
}

/** The second game in a sentence. */
export function difference({ settings, versus }: Setting): string {
  const control = versus && controlOf(versus.key);
  if (!versus || !control) return "";
  const [left, right] = [settings[versus.key], versus.value].map((value) => worded(control, value));
  const weights = REBUILT.includes(versus.key) ? "" : " initial weights,";
  return (
    `Both games have the same seed,${weights} and the same batches. They differ in one setting, ` +
    `${control.label}: ${left} in the first, ${right} in the second.`
  );
}

/** With another shape there are no same weights. */
const REBUILT: readonly Key[] = ["width", "depth", "dim"];

function optionsOf(control: Control): Options<Value> {
  if (control.kind === "choice") return control.options.map(([value, text]) => [text, value]);
  return control.offered.map((value) => [String(value), value]);
}
