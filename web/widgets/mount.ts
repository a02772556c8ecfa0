/** An explorer on a page: its controls above its picture, for a mouse, a finger and the keyboard. */

import { EXPLORERS } from "./catalogue.ts";
import type { Control, Data, Picture, Slider, State, Value, Values } from "./explorer.ts";

const NARROWEST = 280;
const FRAME = 150; // milliseconds
let inputs = 0;

/** Who tells the explorer's data for its values: a kernel, a model in the page, or nobody, where they do not change. */
export interface Host {
  changed(values: Values): void;
}

/** A mounted explorer. */
export class Mounted {
  readonly #root: HTMLElement;
  readonly #shown: HTMLElement;
  readonly #said: HTMLElement;
  readonly #inputs = new Map<string, HTMLInputElement | HTMLSelectElement>();
  readonly #state: State;
  readonly #host: Host | undefined;
  readonly #observer: ResizeObserver;
  #values: Values;
  #data: Data;
  #frame = 0;
  #playing = 0;

  constructor(root: HTMLElement, state: State, host?: Host) {
    this.#root = root;
    this.#state = state;
    this.#host = host;
    this.#values = state.values;
    this.#data = state.data;
    root.classList.add("gan-explorer");
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", `Explorer: ${state.name.replaceAll("_", " ")}`);
    const controls = element("div", "gan-controls");
    for (const control of state.controls) controls.append(this.#control(control));
    this.#shown = element("div", "gan-picture");
    this.#said = element("div", "gan-said"); // heard where a reader does not see the picture change
    this.#said.setAttribute("aria-live", "polite");
    root.replaceChildren(controls, this.#shown, this.#said);
    if (state.note) root.append(Object.assign(element("p", "gan-note"), { textContent: state.note }));
    this.#draw(false);
    let width = this.#width();
    this.#observer = new ResizeObserver(() => {
      if (this.#width() !== width) {
        width = this.#width();
        this.#later(false);
      }
    });
    this.#observer.observe(root);
  }

  /** Show other values, without telling the host. */
  set(values: Values): void {
    this.#values = values;
    for (const [name, input] of this.#inputs) {
      write(input, values[name]);
      const shown = input.closest(".gan-control")?.querySelector("output");
      if (shown) shown.textContent = input.value;
    }
    this.#later(true);
  }

  /** Show other data. */
  tell(data: Data): void {
    this.#data = data;
    this.#later(true);
  }

  remove(): void {
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
    clearInterval(this.#playing);
    this.#root.replaceChildren();
  }

  #control(control: Control): HTMLElement {
    const box = element("div", "gan-control");
    const input = inputOf(control);
    input.id = `gan-control-${inputs++}`;
    const label = Object.assign(document.createElement("label"), { htmlFor: input.id, textContent: control.label });
    const shown = element("output", "gan-value");
    write(input, this.#values[control.name]);
    const show = () => {
      shown.textContent = control.kind === "slider" ? Number(input.value).toFixed(digits(control.step)) : "";
    };
    show();
    input.addEventListener(control.kind === "slider" ? "input" : "change", () => {
      show();
      this.#values = { ...this.#values, [control.name]: read(control, input) };
      this.#host?.changed(this.#values);
      this.#later(true);
    });
    this.#inputs.set(control.name, input);
    box.append(label, input);
    if (control.kind === "slider") box.append(shown);
    if (control.kind === "slider" && control.play) box.append(this.#player(control, input as HTMLInputElement));
    return box;
  }

  /** A button that moves a slider from its first step to its last, as in a film. */
  #player({ high, low, step }: Slider, input: HTMLInputElement): HTMLElement {
    const button = Object.assign(element("button", "gan-play"), { type: "button", textContent: "▶ play" });
    const stop = () => {
      clearInterval(this.#playing);
      this.#playing = 0;
      button.textContent = "▶ play";
    };
    const move = () => {
      input.value = String(Math.min(high, Number(input.value) + step));
      input.dispatchEvent(new Event("input"));
      if (Number(input.value) >= high) stop();
    };
    button.addEventListener("click", () => {
      if (this.#playing) {
        stop();
        return;
      }
      if (Number(input.value) >= high) input.value = String(low - step);
      button.textContent = "❚❚ pause";
      this.#playing = Number(setInterval(move, FRAME));
    });
    return button;
  }

  #later(aloud: boolean): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw(aloud));
  }

  #draw(aloud: boolean): void {
    const draw = EXPLORERS[this.#state.name];
    if (!draw) throw new Error(`no explorer is called ${this.#state.name}`);
    const picture: Picture = draw(this.#values, this.#data, this.#width());
    this.#shown.innerHTML = picture.svg;
    this.#root.dataset.figures = JSON.stringify(picture.figures);
    if (aloud && !this.#playing) this.#said.textContent = picture.alt; // a film is not read out
  }

  #width(): number {
    return Math.max(NARROWEST, this.#root.clientWidth || 0);
  }
}

function inputOf(control: Control): HTMLInputElement | HTMLSelectElement {
  if (control.kind === "choice") {
    const select = document.createElement("select");
    for (const [text, value] of control.options) select.append(new Option(text, String(value)));
    return select;
  }
  const input = document.createElement("input");
  if (control.kind === "slider") {
    const { low, high, step } = control;
    Object.assign(input, { type: "range", min: String(low), max: String(high), step: String(step) });
  }
  return input;
}

function read(control: Control, input: HTMLInputElement | HTMLSelectElement): Value {
  if (control.kind === "slider") return Number(input.value);
  if (control.kind === "field") return input.value;
  const found = control.options.find(([, value]) => String(value) === input.value);
  return found ? found[1] : input.value;
}

function write(input: HTMLInputElement | HTMLSelectElement, value: Value | undefined): void {
  input.value = String(value ?? "");
}

function digits(step: number): number {
  return (String(step).split(".")[1] ?? "").length;
}

function element(tag: string, name: string): HTMLElement {
  return Object.assign(document.createElement(tag), { className: name });
}
