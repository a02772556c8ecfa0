/** Explorers in a built page, where no kernel answers: every figure that carries a description comes alive. */

import { styled } from "../controls/style.ts";
import type { State } from "../widgets/explorer.ts";
import { Mounted } from "../widgets/mount.ts";
import { STYLE } from "../widgets/style.ts";

function mountAll(): void {
  styled(STYLE);
  for (const figure of document.querySelectorAll<HTMLElement>("[data-explorer]")) {
    new Mounted(figure, JSON.parse(figure.dataset.explorer ?? "{}") as State);
  }
}

if (document.readyState === "loading") addEventListener("DOMContentLoaded", mountAll);
else mountAll();
