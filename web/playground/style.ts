/** How the playground looks; the page's own colours come through `currentColor`. */

export const STYLE = `
.gan-playground { --gp-ink: #000; margin: 1rem 0 1.5rem; container: gan-playground / inline-size; }
.gan-playground p { margin: 0.35rem 0; }
.gan-playground .gp-main { min-width: 5.5rem; font-weight: 600; color: #fff; background: #0072b2; border-color: #0072b2; }
.gan-playground .gp-main:hover:not(:disabled) { background: #005a8d; }
.gp-play { margin: 0.6rem 0; }
.gp-rate { font-variant-numeric: tabular-nums; opacity: 0.85; }
.gp-notice { padding: 0.4rem 0.7rem; border-left: 4px solid #e69f00; background: color-mix(in srgb, #e69f00 14%, transparent); }

.gp-pills { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.gan-playground .gp-pills button { border-radius: 1.2rem; min-height: 2rem; padding: 0.15rem 0.8rem; }
.gan-playground .gp-pills [aria-pressed="true"] { color: var(--gan-ground, #fff); background: color-mix(in srgb, var(--gan-third, #009e73) 75%, var(--gp-ink)); border-color: transparent; }
.gp-stages { margin: 0.7rem 0 0.9rem; padding: 0.2rem 0 0.2rem 2rem; border-left: 4px solid var(--gan-third, #009e73); }
.gp-stages li { margin: 0.3rem 0; }
.gp-tick { font-weight: 600; }
.gan-playground .gp-difference { font-weight: 600; }
.gp-lesson details summary { cursor: pointer; font-weight: 600; }

.gp-games { display: grid; gap: 1rem 2rem; }
.gp-game { display: grid; gap: 0.5rem 1.5rem; min-width: 0; }
.gan-playground .gp-title { margin: 0 0 0.4rem; font-size: 1rem; font-weight: 600; }
.gp-canvas {
  display: block; width: 100%; max-width: 30rem; aspect-ratio: 1; height: auto;
  border: 1px solid color-mix(in srgb, currentColor 25%, transparent); border-radius: 4px;
}
.gan-playground .gp-inset { font-style: italic; }
.gan-playground .gp-turn { min-height: 1.6em; margin: 0.2rem 0 0; font-style: italic; }
.gan-playground .gp-side :is(dl.gp-figures, dl.gp-pulls) { margin: 0; padding: 0; font-variant-numeric: tabular-nums; }
.gp-figures div {
  display: flex; justify-content: space-between; gap: 0.8rem; padding: 0.16rem 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent);
}
.gp-figures dt { font-weight: 400; margin: 0; }
.gp-figures dd { margin: 0; text-align: right; font-weight: 600; }
.gp-figures small { font-size: 0.85em; opacity: 0.85; white-space: nowrap; }
.gan-playground .gp-caption { margin: 0.8rem 0 0.2rem; }
.gp-pulls div { display: flex; align-items: center; gap: 0.6rem; line-height: 1.55; }
.gp-pulls dt { margin: 0; font-weight: 400; flex: 0 0 8.2rem; }
.gp-pulls dd { margin: 0; flex: 1; display: flex; align-items: center; justify-content: flex-end; gap: 0.6rem; text-align: right; }
.gp-bar { flex: 1; }
.gp-bar span { display: block; height: 0.72em; min-width: 1px; border-radius: 0 3px 3px 0; background: color-mix(in srgb, currentColor 35%, transparent); }
.gp-pulls .gp-own :is(dt, dd) { font-weight: 700; }
.gp-own .gp-bar span { background: currentColor; }
.gp-other .gp-bar span { background: var(--gan-third, #009e73); }
.gp-curves { display: flex; flex-wrap: wrap; min-width: 0; margin-top: -0.5rem; }
.gp-curves svg { display: block; max-width: 100%; height: auto; }
.gp-legend { font-size: 0.95em; }
.gp-real { color: var(--gan-real, #0072b2); }
.gp-fake { color: var(--gan-fake, #d55e00); }
.gp-legend u { text-decoration: underline 2px; text-underline-offset: 0.2em; }
.gp-legend u.gp-real { color: inherit; text-decoration-color: var(--gan-real, #0072b2); }
.gp-legend u.gp-fake { color: inherit; text-decoration-color: var(--gan-fake, #d55e00); }
.gp-tint {
  display: inline-block; width: 3em; height: 0.8em; border-radius: 2px; vertical-align: -0.05em;
  background: linear-gradient(90deg,
    color-mix(in srgb, var(--gan-fake, #d55e00) 42%, var(--gan-ground, #fff)), var(--gan-ground, #fff),
    color-mix(in srgb, var(--gan-real, #0072b2) 42%, var(--gan-ground, #fff)));
}
@container gan-playground (min-width: 640px) {
  .gp-games:not(.gp-two) .gp-game { grid-template-columns: minmax(0, 1.1fr) minmax(0, 1fr); }
  .gp-games:not(.gp-two) .gp-curves { grid-column: 1 / -1; }
  .gp-games.gp-two { grid-template-columns: repeat(2, minmax(0, 1fr)); }
}

.gp-beside { display: grid; gap: 0.4rem; margin: 0.8rem 0; }
.gp-versus { display: flex; flex-wrap: wrap; gap: 0.4rem 0.8rem; }
.gp-beside .gan-control { flex-wrap: wrap; }
.gan-playground .gp-settings { padding: 0; border: 0; margin: 0.6rem 0; }
.gp-settings > summary { cursor: pointer; font-weight: 600; margin-bottom: 0.4rem; }
.gp-groups { display: grid; gap: 0.8rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); }
.gp-groups fieldset { margin: 0; padding: 0.4rem 0.8rem 0.7rem; min-width: 0; border: 1px solid color-mix(in srgb, currentColor 20%, transparent); border-radius: 6px; }
.gp-groups legend { float: none; width: auto; margin: 0; padding: 0 0.3rem; font-size: 1em; font-weight: 600; }
.gp-groups .gan-control { justify-content: space-between; margin: 0.25rem 0; }
.gp-groups select { width: 9rem; flex: none; padding: 0.15rem 0.4rem; min-height: 2rem; }
.gp-pad canvas {
  display: block; width: 100%; max-width: 220px; aspect-ratio: 1; touch-action: none; cursor: crosshair; margin: 0.4rem 0;
  border: 1px solid color-mix(in srgb, currentColor 35%, transparent); border-radius: 4px;
}
.gp-link { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.gp-address { flex: 1 1 16rem; min-width: 0; }
`;
