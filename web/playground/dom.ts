/** Elements in one line. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/** Change a text in place: pages that watch for new elements are left in peace at every picture. */
export function write(into: HTMLElement, text: string): void {
  const [only, more] = into.childNodes;
  if (!more && only instanceof Text) {
    if (only.data !== text) only.data = text;
  } else {
    into.textContent = text;
  }
}

export function button(text: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", press);
  return made;
}

export type Option = readonly [value: string, text: string];

/** A labelled list to choose from. */
export class Select {
  readonly root: HTMLLabelElement;
  readonly #select: HTMLSelectElement;

  constructor(label: string, options: readonly Option[], chosen: (value: string) => void) {
    this.#select = element("select");
    this.root = element("label", { class: "gp-field" }, element("span", {}, label), this.#select);
    this.offer(options);
    this.#select.addEventListener("change", () => chosen(this.#select.value));
  }

  get value(): string {
    return this.#select.value;
  }

  set value(value: string) {
    if (![...this.#select.options].some((option) => option.value === value))
      this.#select.append(new Option(value, value));
    this.#select.value = value;
  }

  offer(options: readonly Option[]): void {
    this.#select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
  }
}
