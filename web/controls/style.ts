/** How controls look, wherever they stand; the page's own colours come through `currentColor`. */

const ROOMS = ":where(.gan-explorer, .gan-playground)";
const TYPED = "button, select, input:not([type='range'], [type='checkbox'], [type='radio'])";

export const CONTROL_STYLE = `
${ROOMS} { font-size: 0.9rem; --gan-edge: color-mix(in srgb, currentColor 35%, transparent); }
${ROOMS} [hidden] { display: none !important; }
${ROOMS} :is(${TYPED}) {
  font: inherit; color: inherit; min-height: 2.25rem; max-width: 100%; padding: 0.25rem 0.7rem;
  border: 1px solid var(--gan-edge); border-radius: 6px; background: color-mix(in srgb, currentColor 4%, transparent);
}
${ROOMS} option { color: initial; background: initial; }
${ROOMS} button { cursor: pointer; }
${ROOMS} button:hover:not(:disabled) { background: color-mix(in srgb, currentColor 12%, transparent); }
${ROOMS} button:disabled { opacity: 0.75; cursor: default; border-style: dashed; }
${ROOMS} :is(button, select, input, summary, canvas):focus-visible { outline: 3px solid #0072b2; outline-offset: 2px; box-shadow: 0 0 0 2px #fff; }
${ROOMS} label { margin: 0; }
${ROOMS} fieldset { min-width: 0; }
${ROOMS} legend { float: none; width: auto; font-size: inherit; }
.gan-controls { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 1.5rem; margin-bottom: 0.5rem; }
.gan-control, .gan-tick, .gan-buttons { display: flex; align-items: center; gap: 0.2rem 0.5rem; min-height: 2.25rem; max-width: 100%; min-width: 0; }
.gan-buttons { flex-wrap: wrap; }
.gan-tick { display: inline-flex; }
.gan-control input[type="range"] { width: 11rem; min-width: 5rem; flex-shrink: 100; height: 2.25rem; accent-color: #0072b2; }
.gan-control select { min-width: 0; flex: 0 1 auto; }
.gan-control .gan-text { flex: 1 1 14rem; min-width: 0; width: 22rem; }
.gan-value { min-width: 3.5em; white-space: nowrap; font-variant-numeric: tabular-nums; }
.gan-tick input { width: 1.1rem; height: 1.1rem; margin: 0; accent-color: #0072b2; }
.gan-group { display: flex; flex-wrap: wrap; align-items: center; gap: 0.1rem 0.9rem; margin: 0; padding: 0; border: 0; }
.gan-group legend { float: left; margin: 0 0.9rem 0 0; padding: 0; }
.gan-said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;

/** Put a style on the page, once. */
export function styled(...styles: string[]): void {
  for (const text of [CONTROL_STYLE, ...styles]) {
    if ([...document.styleSheets].some(({ ownerNode }) => ownerNode?.textContent === text)) continue;
    document.head.append(Object.assign(document.createElement("style"), { textContent: text }));
  }
}
