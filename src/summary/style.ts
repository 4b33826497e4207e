/** @file How a report looks: legible on screens, light or dark, and on paper. */

import { FAINT } from '../drawing/charts/draw.js';

export const STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#fbfbfa, #16181b); --text: light-dark(#1c1d1f, #e9e9e7); --quiet: light-dark(#56585c, #b0b2b6);
  --line: light-dark(#c3c5c8, #4a4d52); --accent: light-dark(#0b57b0, #8ebcff); --paper: light-dark(#ffffff, #eceef0);
}
body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1.25rem;
  background: var(--back); color: var(--text); overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0; } h2 { font-size: 1.2rem; margin: 2.4rem 0 0.4rem; } h3 { font-size: 1rem; margin: 1.2rem 0 0.2rem; }
p { margin: 0.3rem 0 0.7rem; } a { color: var(--accent); }
.quiet, figcaption, caption { color: var(--quiet); }
.facts { display: flex; flex-wrap: wrap; gap: 0.4rem 2.2rem; margin: 1rem 0; padding: 0; list-style: none; }
.facts b { display: block; font-size: 1.3rem; line-height: 1.2; }
nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; margin: 0.8rem 0; }
table { border-collapse: collapse; margin: 0.6rem 0 1rem; } caption { text-align: left; padding-bottom: 0.3rem; }
th, td { padding: 0.18rem 1rem 0.18rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } tbody th { white-space: nowrap; } th, td { overflow-wrap: normal; } td { min-width: 2rem; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.swatch { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.5em; border-radius: 2px; border: 1px solid var(--line); }
.bar { display: inline-block; height: 0.6em; border-radius: 2px; background: var(--accent); vertical-align: 0.05em; }
figure { margin: 0.8rem 0; } figure img, .chart svg { display: block; max-width: 100%; height: auto; }
.chart { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem; }
.chart svg text { font-family: system-ui, sans-serif; } .chart svg text[fill="${FAINT}"] { fill: #565d64; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(34rem, 100%), 1fr)); gap: 0.5rem 1.2rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media print {
  :root { color-scheme: light; } body { max-width: none; margin: 0; font-size: 11px; } nav { display: none; }
  figure, tr, .chart, .facts { break-inside: avoid; } h2, h3 { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
