import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface PackedFile {
  readonly path: string;
}

/** Where the package is installed: a folder with nothing else in it. */
let folder: string;
let packed: readonly PackedFile[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-package-'));
  // The build has been made before the tests; making it again here would change dist/ under tests that run beside this one.
  const pack = ['pack', ROOT, '--json', '--ignore-scripts', '--pack-destination', folder];
  const [report] = JSON.parse(await run('npm', pack)) as [{ filename: string; files: PackedFile[] }];
  packed = report.files;
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n');
  const fast = ['--prefer-offline', '--fetch-retries=1', '--no-audit', '--no-fund', '--no-package-lock'];
  await run('npm', ['install', '--ignore-scripts', ...fast, join(folder, report.filename)]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a program in the folder of the installation; its failure shows what it wrote. */
function run(program: string, words: readonly string[]): Promise<string> {
  const options = { cwd: folder, maxBuffer: 1 << 26, shell: process.platform === 'win32' };
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${words.join(' ')} failed:\n${stderr}${stdout}`));
      else resolve(stdout);
    });
  });
}

const otx = (...words: string[]) => run('npx', ['--no-install', 'otx', ...words]);

test('the package holds the built code and what a user reads, nothing else', async () => {
  const paths = packed.map(({ path }) => path);
  const documents = paths.filter((path) => !/^(dist|docs)\//.test(path)).sort();
  expect(documents).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']);
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const linked = [...readme.matchAll(/\]\((docs\/[^)#]+)/g)].map(([, path]) => path);
  expect(paths).toEqual(expect.arrayContaining(linked));
  expect(paths).toEqual(
    expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/templates/lite-hrnet-s-mod2.yaml']),
  );
  const kinds = /\.(js|js\.map|d\.ts|yaml|proto)$/;
  expect(paths.filter((path) => path.startsWith('dist/') && !kinds.test(path))).toEqual([]);
  expect(paths.filter((path) => /\.(test|cases)\./.test(path))).toEqual([]);
});

test('an installed otx lists its templates', async () => {
  const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  expect((await otx('--version')).trim()).toBe(version);
  expect(await otx('find')).toContain('Lite-HRNet-s-mod2');
});

test('an installed otx trains', async () => {
  await generateScenes(join(folder, 'data'), { train: 4, val: 1, width: 64, height: 64 });
  const printed = await otx(
    ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', 'data/train', '--val-data-roots', 'data/val'],
    ...['-o', 'run', 'params', '--learning_parameters.num_iters', '1'],
    ...['--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '2'],
  );
  expect(printed).toMatch(/epoch 1\/1 {2}loss \d\.\d+/);
  expect(await readdir(join(folder, 'run', 'models'))).toContain('weights.safetensors');
});

test('an installed package can be imported', async () => {
  const script = "import { listTemplates } from 'otx'; console.log(listTemplates().length > 2)";
  expect((await run(process.execPath, ['--input-type=module', '--eval', script])).trim()).toBe('true');
});
