/** How demos look, beside what explorers look like (web/widgets/style.ts). */

export const DEMO_STYLE = `
.gan-demo { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 0.4rem; padding: 0.75rem; }
.gan-before { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; margin-bottom: 0.5rem; }
.gan-demo > img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; }
.gan-demo p { margin: 0.25rem 0; }
.gan-status:empty { display: none; }
.gan-demo button { min-height: 2.25rem; padding: 0.2rem 0.8rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid currentColor; border-radius: 0.3rem; cursor: pointer; }
.gan-demo button:hover:not(:disabled) { background: color-mix(in srgb, currentColor 12%, transparent); }
.gan-demo button:disabled { opacity: 0.55; cursor: default; }
.gan-demo .gan-control { margin: 0; flex-wrap: nowrap; min-width: 0; max-width: 100%; }
.gan-demo .gan-control input[type="range"] { flex: 0 1 11rem; min-width: 5rem; }
.gan-demo select { min-width: 0; flex: 0 1 auto; }
.gan-demo .gan-value { white-space: nowrap; }
.gan-caption { flex: 1 1 14rem; min-width: 0; width: 22rem; max-width: 100%; min-height: 2rem; font: inherit; }
.gan-radios { display: flex; flex-wrap: wrap; align-items: center; gap: 0.1rem 0.9rem; margin: 0; padding: 0; border: 0; min-width: 0; }
.gan-radios legend { float: left; width: auto; margin: 0 0.9rem 0 0; padding: 0; font-size: inherit; }
.gan-tick { display: inline-flex; align-items: center; gap: 0.35rem; min-height: 2rem; margin: 0; }
.gan-tick input { width: 1.1rem; height: 1.1rem; margin: 0; accent-color: #0072b2; }
.gan-figures { display: flex; flex-wrap: wrap; gap: 0.75rem 1.25rem; align-items: flex-start; }
.gan-figure { margin: 0.25rem 0; max-width: 100%; }
.gan-below { margin: 0.15rem 0 0; font-size: 0.85rem; }
.gan-images { display: block; max-width: 100%; height: auto; image-rendering: pixelated; }
.gan-board { touch-action: none; cursor: crosshair; outline: 1px solid #767676; }
.gan-square { width: 18rem; }
.gan-small { width: 7rem; }
@media (max-width: 30rem) { .gan-small { width: 6.2rem; } .gan-figures { column-gap: 0.6rem; } }
.gan-demo details { margin-top: 0.25rem; }
.gan-demo summary { min-height: 1.75rem; cursor: pointer; }
.gan-words { columns: 6rem; margin: 0.25rem 0; padding: 0; list-style: none; }
.gan-unknown { margin: 0.25rem 0; }
`;
