/** Native controls with their labels, for explorers, models and the playground: one look, one keyboard, one finger. */

import { type Attributes, element } from "./element.ts";

/** A labelled control; setting its value tells nobody. */
export interface Control<Value> {
  readonly root: HTMLElement;
  value: Value;
}

export interface Range {
  value: number;
  low: number;
  high: number;
  step?: number;
  /** How a value reads; default: with the digits of a step. */
  shown?: (value: number) => string;
}

export function slider(label: string, range: Range, changed: () => void): Control<number> {
  const { low: min, high: max, step = 1 } = range;
  const { shown = (value: number) => value.toFixed((String(step).split(".")[1] ?? "").length) } = range;
  const input = element("input", { type: "range", min, max, step });
  // Not an <output>: a reader who listens hears the slider's own text, once.
  const reading = element("span", { class: "gan-value", "aria-hidden": "true" });
  const tell = () => {
    reading.textContent = shown(Number(input.value));
    input.setAttribute("aria-valuetext", reading.textContent);
  };
  input.addEventListener("input", () => {
    tell();
    changed();
  });
  const made = {
    root: labelled(label, input, reading),
    get value() {
      return Number(input.value);
    },
    set value(value) {
      input.value = String(value);
      tell();
    },
  };
  made.value = range.value;
  return made;
}

export type Options<Value> = readonly (readonly [text: string, value: Value])[];

export interface Choice<Value> extends Control<Value> {
  /** Other options; the first is chosen. */
  offer(options: Options<Value>): void;
}

/** A list to choose from. A value that it does not offer is added when it is set. */
export function choice<Value extends string | number>(
  label: string,
  options: Options<Value>,
  changed: () => void,
): Choice<Value> {
  const select = element("select");
  let values: Value[] = [];
  const offer = (offered: Options<Value>) => {
    values = offered.map(([, value]) => value);
    select.replaceChildren(...offered.map(([text, value]) => new Option(text, String(value))));
  };
  offer(options);
  select.addEventListener("change", changed);
  return {
    root: labelled(label, select),
    offer,
    get value() {
      return values[select.selectedIndex]!;
    },
    set value(value) {
      if (!values.includes(value)) {
        values.push(value);
        select.append(new Option(String(value)));
      }
      select.selectedIndex = values.indexOf(value);
    },
  };
}

/** A line of text. */
export function field(label: string, text: string, changed: () => void): Control<string> {
  const input = element("input", { type: "text", class: "gan-text", autocomplete: "off", spellcheck: "false" });
  input.addEventListener("input", changed);
  input.value = text;
  return {
    root: labelled(label, input),
    get value() {
      return input.value;
    },
    set value(value) {
      input.value = value;
    },
  };
}

export function check(label: string, changed: () => void): Control<boolean> {
  const input = element("input", { type: "checkbox" });
  input.addEventListener("change", changed);
  return {
    root: tick(label, input),
    get value() {
      return input.checked;
    },
    set value(value) {
      input.checked = value;
    },
  };
}

export interface Radios<Value> extends Control<Value> {
  rename(value: Value, text: string): void;
}

let groups = 0;

/** One of a few, all in sight. */
export function radios<Value extends string | number>(
  legend: string,
  options: Options<Value>,
  changed: () => void,
): Radios<Value> {
  const name = `gan-radio-${groups++}`;
  const inputs = options.map((_, i) => element("input", { type: "radio", name, checked: i === 0 }));
  for (const input of inputs) input.addEventListener("change", changed);
  const ticks = inputs.map((input, i) => tick(options[i]![0], input));
  return {
    root: group(legend, ...ticks),
    get value() {
      return options[inputs.findIndex((input) => input.checked)]![1];
    },
    set value(value) {
      inputs.forEach((input, i) => {
        input.checked = options[i]![1] === value;
      });
    },
    rename: (value, text) => {
      ticks[options.findIndex((option) => option[1] === value)]!.lastElementChild!.textContent = text;
    },
  };
}

/** Controls under one name. */
export function group(legend: string, ...controls: HTMLElement[]): HTMLElement {
  return element("fieldset", { class: "gan-group" }, element("legend", {}, legend), ...controls);
}

export function button(text: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", press);
  return made;
}

/** A button that takes a file of the reader's own. */
export function upload(text: string, accept: string, taken: (file: File) => void): HTMLElement {
  const input = element("input", { type: "file", accept, hidden: true });
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file) taken(file);
    input.value = ""; // so that the same one may be taken again
  });
  return element("span", {}, button(text, () => input.click()), input); // biome-ignore format: short
}

function labelled(label: string, input: HTMLElement, ...others: HTMLElement[]): HTMLElement {
  input.setAttribute("aria-label", label); // its name is not the value that stands beside it
  return element("label", { class: "gan-control" }, element("span", {}, label), input, ...others);
}

function tick(label: string, input: HTMLInputElement): HTMLElement {
  return element("label", { class: "gan-tick" }, input, element("span", {}, label));
}
