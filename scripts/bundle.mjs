/**
 * @file The last part of the build: joins the files of dist/ into few, because opening seven hundred modules takes longer than most
 * commands. What is started or imported from outside leads to dist/bundle from then on; the entries of threads and processes are
 * replaced where they are. All other files stay: types, and what scripts of this repository import; of the code, the package has the
 * files that are named here alone, by the list in package.json.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { rolldown } from 'rolldown';

const DIST = resolve('dist');
const BUNDLE = join(DIST, 'bundle');

/** What is started or imported from outside; they share what they have in common, so that a class is one class. */
const ENTRIES = [
  ...['index', 'graph-api', 'nn-api', 'data-api', 'files-api'],
  ...['cli/main', 'cli/start', 'cli/terminal', 'cli/quickstart/quickstart', 'cli/quickstart/generate'],
];
/** Each has all that it needs in its file. */
const WORKERS = [
  ...[
    'engine/session-worker',
    'engine/devices/device-process',
    'data/loaders/worker',
    'inference/isolated/model-process',
  ],
  // Is copied to where this package is not.
  'export/deploy/node-segmenter',
];
/** For browsers: each has all but the runtime in its file. Anything of Node in one of them ends the build. */
const WEB = {
  'web-api': { format: 'esm' },
  'web-training/worker': { format: 'esm' },
  'export/deploy/browser-segmenter': { format: 'iife', name: 'otx' },
};
/** Dependencies with native code, threads of their own, or of use to few; all others are joined. */
const LEFT = [
  'sharp',
  'onnxruntime-node',
  'koffi',
  'piscina',
  'undici',
  '@techstark/opencv-js',
  'onnxruntime-web',
];

const { files: published } = JSON.parse(readFileSync('package.json', 'utf8'));
for (const name of [...ENTRIES, ...WORKERS, ...Object.keys(WEB)]) {
  if (!published.includes(`dist/${name}.js`))
    throw new Error(`"files" in package.json lacks dist/${name}.js`);
}

/** Without comments and spaces, which are two fifths of it; names stay, for what a stack says. */
const COMPACT = { compress: false, mangle: false, codegen: true };

const isLeft = (id) => LEFT.some((name) => id === name || id.startsWith(`${name}/`));
const pathFrom = (folder, file) => relative(folder, file).replaceAll('\\', '/');

/** A module keeps its own address, by which it finds what lies beside it. */
const ownAddresses = (folder) => ({
  name: 'own addresses',
  transform(code, id) {
    if (!id.startsWith(DIST) || !code.includes('import.meta.url')) return undefined;
    const address = `new URL(${JSON.stringify(pathFrom(folder, id))}, import.meta.url).href`;
    return code.replaceAll('import.meta.url', address);
  },
});

const open = (input, folder, platform = 'node') =>
  rolldown({
    input,
    external: isLeft,
    platform,
    plugins: [ownAddresses(folder)],
    onLog: (level, { code, message }) => {
      if (level === 'warn') throw new Error(`${code}: ${message}`);
    },
  });

/** Names of the packages that modules come from. */
function packagesOf(chunks) {
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
  const names = modules.flatMap(
    (id) => /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(id)?.[1] ?? [],
  );
  return [...new Set(names.map((name) => name.replaceAll('\\', '/')))].sort();
}

/** The licences of what is joined, which ask to be passed on. */
function licencesOf(names) {
  return names.map((name) => {
    const folder = join('node_modules', name);
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const { license, repository } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const text =
      file === undefined ? `Under the terms of ${license}.` : readFileSync(join(folder, file), 'utf8').trim();
    return `${name} (${repository?.url ?? repository})\n\n${text}\n`;
  });
}

rmSync(BUNDLE, { recursive: true, force: true });
const bundleName = (entry) => entry.replaceAll('/', '-');
const joined = await open(
  Object.fromEntries(ENTRIES.map((entry) => [bundleName(entry), join(DIST, `${entry}.js`)])),
  BUNDLE,
);
const { output } = await joined.write({ dir: BUNDLE, format: 'esm', minify: COMPACT });
const chunks = [...output];
for (const entry of ENTRIES) {
  const file = join(DIST, `${entry}.js`);
  const path = pathFrom(dirname(file), join(BUNDLE, `${bundleName(entry)}.js`));
  writeFileSync(file, `export * from '${path.startsWith('.') ? path : `./${path}`}';\n`);
}
for (const worker of WORKERS) {
  const file = join(DIST, `${worker}.js`);
  const build = await open(file, dirname(file));
  const { output: own } = await build.generate({ format: 'esm', codeSplitting: false, minify: COMPACT });
  chunks.push(...own);
  writeFileSync(file, own[0].code);
}
for (const [entry, form] of Object.entries(WEB)) {
  const file = join(DIST, `${entry}.js`);
  const build = await open(file, dirname(file), 'browser');
  const { output: own } = await build.generate({ ...form, codeSplitting: false, minify: true });
  chunks.push(...own);
  writeFileSync(file, own[0].code);
}
writeFileSync(join(BUNDLE, 'licenses.txt'), licencesOf(packagesOf(chunks)).join(`\n${'-'.repeat(80)}\n\n`));
