/** The playground, on every element that asks for it: `<div data-playground='{"loss": "hinge"}'></div>`. */

import { Playground } from "../playground/page.ts";
import { STYLE } from "../playground/style.ts";

const OPTIONS = ["play", "open"] as const;

function mountAll(): void {
  document.head.append(Object.assign(document.createElement("style"), { textContent: STYLE }));
  document.querySelectorAll<HTMLElement>("[data-playground]").forEach((root, i) => {
    const texts = JSON.parse(root.dataset.playground || "{}") as Record<string, unknown>;
    const options = Object.fromEntries(OPTIONS.map((name) => [name, texts[name] === true]));
    for (const name of OPTIONS) delete texts[name];
    new Playground(root, texts, { ...options, linked: i === 0 });
  });
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", mountAll);
else mountAll();
