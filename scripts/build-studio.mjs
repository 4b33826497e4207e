/**
 * @file A part of the build: joins the pages of the studio into one script and one sheet of styles in dist/studio/pages, so that they
 * need nothing of the network. A size that a page would be slow with ends the build.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const SOURCE = join('src', 'studio', 'pages');
const TARGET = join('dist', 'studio', 'pages');
const MOST_BYTES = 400_000;

const build = await rolldown({
  input: { app: join(SOURCE, 'main.tsx'), segments: join(SOURCE, 'segments-worker.ts') },
  platform: 'browser',
  transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
  onLog: (level, { code, message }) => {
    if (level === 'warn') throw new Error(`${code}: ${message}`);
  },
});
mkdirSync(TARGET, { recursive: true });
await build.write({ dir: TARGET, format: 'esm', minify: true, chunkFileNames: '[name].js' });
writeFileSync(
  join(TARGET, 'style.css'),
  [
    join('node_modules', 'uplot', 'dist', 'uPlot.min.css'),
    join('src', 'page-parts', 'base.css'),
    join(SOURCE, 'style.css'),
  ]
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n'),
);
const { size } = statSync(join(TARGET, 'app.js'));
if (size > MOST_BYTES)
  throw new Error(`dist/studio/pages/app.js has ${size} bytes; at most ${MOST_BYTES} are wanted`);
