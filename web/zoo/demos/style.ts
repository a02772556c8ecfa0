/** How demos look, beside what explorers look like (web/widgets/style.ts). */

export const DEMO_STYLE = `
.gan-demo { border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 0.4rem; padding: 0.75rem; }
.gan-before { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem 1rem; margin-bottom: 0.5rem; }
.gan-demo > img { display: block; max-width: 100%; height: auto; image-rendering: pixelated; background: none !important; padding: 0 !important; }
.gan-demo p { margin: 0.25rem 0; }
.gan-status:empty { display: none; }
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
