/** @file How the page of findings looks: legible on paper and on screens, light or dark. */

export const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin: 2.2rem 0 0; }
h2 small { font-weight: normal; opacity: 0.6; }
.remedy { margin: 0.2rem 0 0.8rem; opacity: 0.8; }
article { border-top: 1px solid #8885; padding: 0.4rem 0; overflow-wrap: anywhere; }
article p { margin: 0.2rem 0; }
figure { display: inline-block; margin: 0.3rem 0.6rem 0.3rem 0; vertical-align: top; }
figure img { display: block; max-width: 100%; } figcaption { font-size: 0.85rem; opacity: 0.8; max-width: 320px; }
table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: 0.15rem 0.9rem 0.15rem 0; text-align: right; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; border-bottom: 1px solid #8885; }
i { display: inline-block; width: 0.8em; height: 0.8em; margin-right: 0.4em; border-radius: 2px; }
@media print { article { break-inside: avoid; } }
`;
