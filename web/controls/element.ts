/** Elements in one line. */

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
type Child = Node | string;

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

export function box(name: string, ...children: Child[]): HTMLElement {
  return element("div", { class: name }, ...children);
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

/** A text that is heard where a reader does not see the picture change. */
export function spoken(): HTMLElement {
  return element("div", { class: "gan-said", "aria-live": "polite" });
}
