/** How explorers look; the page's own colours come through `currentColor`. */

export const STYLE = `
.gan-explorer { margin: 0.5rem 0 1rem; font-size: 0.9rem; }
.gan-controls { display: flex; flex-wrap: wrap; gap: 0.4rem 1.5rem; margin-bottom: 0.5rem; }
.gan-control { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; min-height: 2rem; }
.gan-control label { margin: 0; }
.gan-play { min-height: 2rem; min-width: 5.5rem; font: inherit; }
.gan-control input[type="range"] { width: 11rem; min-height: 1.75rem; accent-color: #0072b2; }
.gan-control select, .gan-control input:not([type]) { min-height: 2rem; max-width: 100%; font: inherit; }
.gan-value { min-width: 3.5em; font-variant-numeric: tabular-nums; }
.gan-picture svg { display: block; max-width: 100%; height: auto; }
.gan-said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.gan-note { margin: 0.25rem 0 0; opacity: 0.85; }
`;
