/** How explorers look, beside their controls. */

export const STYLE = `
.gan-explorer { margin: 0.5rem 0 1rem; }
.gan-play { min-width: 6.5rem; }
.gan-picture svg { display: block; max-width: 100%; height: auto; }
.gan-note { margin: 0.25rem 0 0; opacity: 0.85; }
`;
