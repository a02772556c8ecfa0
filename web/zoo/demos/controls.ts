/** Native controls with their labels. */

export function element<K extends keyof HTMLElementTagNameMap>(tag: K, name = "", text = ""): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (name) made.className = name;
  if (text) made.textContent = text;
  return made;
}

export function box(name: string, ...children: (Node | string)[]): HTMLElement {
  const made = element("div", name);
  made.append(...children);
  return made;
}

export interface Labelled<Input> {
  box: HTMLElement;
  input: Input;
}

export interface Range {
  value: number;
  low: number;
  high: number;
  step?: number;
  /** How a value reads; default: the number. */
  shown?: (value: number) => string;
}

export function slider(label: string, range: Range, changed: () => void): Labelled<HTMLInputElement> {
  const { value, low, high, step = 1, shown = String } = range;
  const input = element("input");
  Object.assign(input, {
    type: "range",
    min: String(low),
    max: String(high),
    step: String(step),
    value: String(value),
  });
  const output = element("output", "gan-value");
  const tell = () => {
    output.textContent = shown(Number(input.value));
    input.setAttribute("aria-valuetext", output.textContent);
  };
  tell();
  input.addEventListener("input", () => {
    tell();
    changed();
  });
  return { box: labelled(label, input, output), input };
}

export function choice(
  label: string,
  options: readonly (readonly [text: string, value: string])[],
  changed: () => void,
): Labelled<HTMLSelectElement> {
  const input = element("select");
  for (const [text, value] of options) input.append(new Option(text, value));
  input.addEventListener("change", changed);
  return { box: labelled(label, input), input };
}

export function field(label: string, value: string, changed: () => void): Labelled<HTMLInputElement> {
  const input = element("input", "gan-caption");
  Object.assign(input, { type: "text", value, autocomplete: "off", spellcheck: false });
  input.addEventListener("input", changed);
  return { box: labelled(label, input), input };
}

export function button(label: string, clicked: () => void): HTMLButtonElement {
  const made = element("button", "", label);
  made.type = "button";
  made.addEventListener("click", clicked);
  return made;
}

export function check(label: string, changed: () => void): Labelled<HTMLInputElement> {
  const input = element("input");
  input.type = "checkbox";
  input.addEventListener("change", changed);
  return { box: tick(label, input), input };
}

export interface Radios<Value extends string> {
  box: HTMLElement;
  value(): Value;
  set(value: Value): void;
  rename(value: Value, text: string): void;
}

let groups = 0;

/** One of a few, all in sight. */
export function radios<Value extends string>(
  legend: string,
  options: readonly (readonly [text: string, value: Value])[],
  changed: () => void,
): Radios<Value> {
  const name = `gan-radio-${groups++}`;
  const inputs = options.map(([, value], i) => {
    const input = element("input");
    Object.assign(input, { type: "radio", name, value, checked: i === 0 });
    input.addEventListener("change", changed);
    return input;
  });
  const ticks = inputs.map((input, i) => tick(options[i]![0], input));
  const group = element("fieldset", "gan-radios");
  group.append(element("legend", "", legend), ...ticks);
  return {
    box: group,
    value: () => inputs.find((input) => input.checked)!.value as Value,
    set: (value) => {
      for (const input of inputs) input.checked = input.value === value;
    },
    rename: (value, text) => {
      const which = inputs.findIndex((input) => input.value === value);
      ticks[which]!.lastElementChild!.textContent = text;
    },
  };
}

function labelled(label: string, input: HTMLElement, ...others: HTMLElement[]): HTMLElement {
  input.setAttribute("aria-label", label); // its name is not the value that stands beside it
  const made = element("label", "gan-control");
  made.append(element("span", "gan-label", label), input, ...others);
  return made;
}

function tick(label: string, input: HTMLInputElement): HTMLElement {
  const made = element("label", "gan-tick");
  made.append(input, element("span", "", label));
  return made;
}
