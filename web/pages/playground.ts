/** The playground, on every element that asks for it: `<div data-playground='{"loss": "hinge"}'></div>`. */

import { styled } from "../controls/style.ts";
import { isLink } from "../playground/link.ts";
import { Playground } from "../playground/page.ts";
import { STYLE } from "../playground/style.ts";

const OPTIONS = ["play", "open"] as const;

function mountAll(): void {
  styled(STYLE);
  const roots = [...document.querySelectorAll<HTMLElement>("[data-playground]")];
  // A worker and its networks are started when the reader is a screen away, or comes by a link to a setting.
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) mount(target as HTMLElement, target === roots[0]);
      }
    },
    { rootMargin: "100%" },
  );
  roots.forEach((root, i) => {
    if (i === 0 && isLink(location.hash)) mount(root, true);
    else near.observe(root);
  });

  function mount(root: HTMLElement, linked: boolean): void {
    near.unobserve(root);
    const texts = JSON.parse(root.dataset.playground || "{}") as Record<string, unknown>;
    const options = Object.fromEntries(OPTIONS.map((name) => [name, texts[name] === true]));
    for (const name of OPTIONS) delete texts[name];
    new Playground(root, texts, { ...options, linked });
  }
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", mountAll);
else mountAll();
