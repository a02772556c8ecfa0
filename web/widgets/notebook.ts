/** Explorers in Jupyter, VS Code and Colab, where anywidget draws them and a kernel may answer. */

import type { Control, Data, State, Values } from "./explorer.ts";
import { Mounted } from "./mount.ts";
import { STYLE } from "./style.ts";

/** The part of anywidget's model that is used; see anywidget.dev. */
interface Model {
  get(name: "name"): string;
  get(name: "note"): string;
  get(name: "controls"): Control[];
  get(name: "values"): Values;
  get(name: "data"): Data;
  set(name: "values", values: Values): void;
  save_changes(): void;
  on(event: string, call: () => void): void;
  off(event: string, call: () => void): void;
}

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const state: State = {
    name: model.get("name"),
    controls: model.get("controls"),
    values: model.get("values"),
    data: model.get("data"),
    note: model.get("note"),
  };
  el.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
  const root = document.createElement("div");
  el.append(root);
  const mounted = new Mounted(root, state, {
    changed(values) {
      model.set("values", values);
      model.save_changes();
    },
  });
  const onValues = () => mounted.set(model.get("values"));
  const onData = () => mounted.tell(model.get("data"));
  model.on("change:values", onValues);
  model.on("change:data", onData);
  return () => {
    model.off("change:values", onValues);
    model.off("change:data", onData);
    mounted.remove();
  };
}

export default { render };
