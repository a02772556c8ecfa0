/* Small repairs that the theme needs. Pages work without them, but less well for some readers. */

// Names that assistive technology reads out.
const name = () => {
  for (const summary of document.querySelectorAll(".bd-sidebar summary:not([aria-label])")) {
    const page = summary.closest("li")?.querySelector("a")?.textContent.trim();
    summary.setAttribute("aria-label", `Pages below ${page}`);
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

// What a page has to move, it loads the script for (web/pages); what is large waits until a reader asks.
const web = new URL("web/", document.currentScript.src).href;
addEventListener("DOMContentLoaded", () => {
  for (const [mark, script] of [
    ["explorer", "explorers"],
    ["demo", "models"],
    ["playground", "playground"],
  ]) {
    if (!document.querySelector(`[data-${mark}]`)) continue;
    document.head.append(Object.assign(document.createElement("script"), { src: `${web}${script}.js` }));
  }
});
