/* Small repairs that the theme and the widget manager need. Pages work without them, but less well for some readers. */

// The widget manager speaks to MathJax 2; the pages carry MathJax 3. This answers in the new one's words.
(() => {
  let mathjax = window.MathJax;
  const hub = {
    Queue: ([, , element]) => mathjax.startup?.promise?.then(() => mathjax.typesetPromise([element].flat())),
  };
  const withHub = (object) => {
    if (object && !("Hub" in object)) Object.defineProperty(object, "Hub", { value: hub });
    return object;
  };
  Object.defineProperty(window, "MathJax", {
    configurable: true,
    get: () => mathjax,
    set: (object) => {
      mathjax = withHub(object);
    },
  });
  withHub(mathjax);
})();

// Names that assistive technology reads out.
const name = () => {
  for (const summary of document.querySelectorAll(".bd-sidebar summary:not([aria-label])")) {
    const page = summary.closest("li")?.querySelector("a")?.textContent.trim();
    summary.setAttribute("aria-label", `Pages below ${page}`);
  }
  for (const handle of document.querySelectorAll(".noUi-handle:not([aria-label])")) {
    const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label")?.textContent.trim();
    handle.setAttribute("aria-label", label || "value");
  }
  // The empty corner of a table names nothing.
  for (const corner of document.querySelectorAll("article th")) {
    if (corner.textContent.trim() || corner.querySelector("img, svg, mjx-container")) continue;
    corner.replaceWith(Object.assign(document.createElement("td"), { className: corner.className }));
  }
  // docutils marks references up with roles that ARIA has dropped.
  for (const entry of document.querySelectorAll(".citation-list[role], .citation[role]")) entry.removeAttribute("role");
  const sidebar = document.querySelector(".bd-sidebar-primary:not([role])");
  sidebar?.setAttribute("role", "region");
  sidebar?.setAttribute("aria-label", "Book");
};

// What scrolls sideways on a narrow screen can be scrolled with the keyboard.
const focus = () => {
  const boxes =
    "pre, mjx-container[display], .cell_output .output, .pst-scrollable-table-container, .table-wrapper, [style*='overflow-x']";
  for (const box of document.querySelectorAll(boxes)) {
    if (box.scrollWidth > box.clientWidth) box.setAttribute("tabindex", "0");
  }
};

const repair = () => {
  name();
  focus();
};
addEventListener("DOMContentLoaded", () => {
  repair();
  new MutationObserver(repair).observe(document.body, { childList: true, subtree: true });
  addEventListener("resize", focus);
});

// A page with a model to try loads the script that runs it; what is large waits until a reader asks (web/zoo).
const models = new URL("web/models.js", document.currentScript.src).href;
addEventListener("DOMContentLoaded", () => {
  if (!document.querySelector("[data-demo]")) return;
  document.head.append(Object.assign(document.createElement("script"), { src: models }));
});

// A page with a playground loads the script that plays it.
const playground = new URL("web/playground.js", document.currentScript.src).href;
addEventListener("DOMContentLoaded", () => {
  if (!document.querySelector("[data-playground]")) return;
  document.head.append(Object.assign(document.createElement("script"), { src: playground }));
});
