/** Explorers in Jupyter, VS Code and Colab, where anywidget draws them and a kernel answers. */

import { CONTROL_STYLE } from "../controls/style.ts";
import { DEMOS } from "../zoo/demos/catalogue.ts";
import { begin, type Demo, type Options, placed, statusLine } from "../zoo/demos/demo.ts";
import { DEMO_STYLE } from "../zoo/demos/style.ts";
import { type Kept, unpackedDrawings } from "../zoo/drawings.ts";
import { Kernel, type Line } from "../zoo/kernel.ts";
import type { Said } from "../zoo/model.ts";
import type { State, Values } from "./explorer.ts";
import { Mounted } from "./mount.ts";
import { STYLE } from "./style.ts";

/** The part of anywidget's model that is used; see anywidget.dev. */
interface Model extends Line {
  get<Key extends keyof State>(name: Key): State[Key];
  set(name: "values", values: Values): void;
  save_changes(): void;
  on(event: "change:values", call: () => void): void;
  on(event: "msg:custom", call: Parameters<Line["on"]>[1]): void;
  off(event: "change:values", call: () => void): void;
  off(event: "msg:custom", call: Parameters<Line["on"]>[1]): void;
}

/** What Python tells of a generator: ganbook/widgets/_model.py. */
interface Told {
  said: Said;
  drawings?: Kept & { size: number };
}

const GROUND = "var(--jp-layout-color0, var(--vscode-editor-background, var(--colab-primary-surface-color, #fff)))";

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const style = document.createElement("style");
  style.textContent = CONTROL_STYLE + STYLE + DEMO_STYLE;
  const root = document.createElement("div");
  root.style.setProperty("--gan-ground", GROUND);
  // Keys are the control's that has the focus: JupyterLab would move among its cells.
  root.addEventListener("focusin", ({ target }) => {
    (target as HTMLElement).dataset.lmSuppressShortcuts = "true";
  });
  el.append(style, root);
  const demo = DEMOS[model.get("name")];
  return demo ? ask(root, demo, model) : mount(root, model);
}

/** An explorer of formulae or of a recorded game. */
function mount(root: HTMLElement, model: Model): () => void {
  const state: State = {
    name: model.get("name"),
    controls: model.get("controls"),
    values: model.get("values"),
    data: model.get("data"),
    note: model.get("note"),
  };
  const mounted = new Mounted(root, state, (moved) => {
    model.set("values", moved);
    model.save_changes();
  });
  const moved = () => mounted.set(model.get("values"));
  model.on("change:values", moved);
  return () => {
    model.off("change:values", moved);
    mounted.remove();
  };
}

/** An explorer of a generator, which runs in the kernel. */
function ask(root: HTMLElement, demo: Demo, model: Model): () => void {
  placed(root, demo);
  const status = statusLine();
  root.append(status);
  const tell = (text: string) => {
    status.textContent = text;
  };
  const { said, drawings } = model.get("data") as unknown as Told;
  const kernel = new Kernel(model, said, tell);
  const given = {
    options: model.get("values") as Options,
    model: kernel,
    drawings: drawings ? unpackedDrawings(drawings, drawings.size) : [],
  };
  tell("The kernel draws …");
  begin(root, demo, given, status).catch(({ message }: Error) => tell(`The generator could not draw: ${message}`));
  return () => kernel.hangUp();
}

export default { render };
