/**
 * @file A part of the build: joins pages for browsers, those of the studio and that of `otx web`, each into scripts and one sheet of
 * styles beside its index.html, so that they need nothing of the network. A size that a page would be slow with ends the build.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const PAGES = [
  {
    folder: ['studio', 'pages'],
    entries: { app: 'main.tsx', segments: 'segments-worker.ts', segmenter: 'segmenter-worker.ts' },
    mostBytes: 400_000,
  },
  { folder: ['web-page', 'pages'], entries: { app: 'main.tsx' }, mostBytes: 400_000 },
];

for (const { folder, entries, mostBytes } of PAGES) {
  const [source, target] = [join('src', ...folder), join('dist', ...folder)];
  const build = await rolldown({
    input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(source, file)])),
    platform: 'browser',
    transform: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    onLog: (level, { code, message }) => {
      if (level === 'warn') throw new Error(`${code}: ${message}`);
    },
  });
  mkdirSync(target, { recursive: true });
  await build.write({ dir: target, format: 'esm', minify: true, chunkFileNames: '[name].js' });
  const styles = [
    join('node_modules', 'uplot', 'dist', 'uPlot.min.css'),
    join('src', 'page-parts', 'base.css'),
    join(source, 'style.css'),
  ];
  writeFileSync(join(target, 'style.css'), styles.map((file) => readFileSync(file, 'utf8')).join('\n'));
  const { size } = statSync(join(target, 'app.js'));
  if (size > mostBytes)
    throw new Error(`${join(target, 'app.js')} has ${size} bytes; at most ${mostBytes} are wanted`);
}
