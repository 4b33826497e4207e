/**
 * @file The package as others get it: packed, installed with what npm does by default, used as a command, as a library and by
 * its types. And the clone, installed by an older npm. All of it needs the package registry, nothing else.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** That of Node.js 20 and 22, which knows no allowScripts. */
const OLD_NPM = ['--yes', 'npm@10.9.3'];
const QUIET = ['--prefer-offline', '--no-audit', '--no-fund'];

const compiler = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin',
  'tsc',
);

/** Without what the npm that runs the tests says of this project, .npmrc included. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_config_(local_prefix|onnxruntime)|npm_package_|onnxruntime_node)/i.test(name),
  ),
);

/** Runs a program; its failure shows what it wrote. */
function runIn(cwd: string, program: string, words: readonly string[]): Promise<string> {
  const options = { cwd, env, maxBuffer: 1 << 26, shell: process.platform === 'win32' };
  return new Promise((resolve, reject) => {
    execFile(program, words, options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${words.join(' ')} failed:\n${stderr}${stdout}`));
      else resolve(stdout);
    });
  });
}

const reachesRegistry = await runIn(ROOT, 'npm', [
  'view',
  'onnxruntime-node',
  'name',
  '--fetch-retries=0',
]).then(
  () => true,
  () => false,
);
const unlessOffline = reachesRegistry ? '' : ' (skipped: the package registry cannot be reached)';

interface PackedFile {
  readonly path: string;
  readonly size: number;
}

let folder: string;
let tarball: string;
let packed: readonly PackedFile[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-package-'));
  // The build has been made before the tests; making it again here would change dist/ under tests that run beside this one.
  const pack = ['pack', ROOT, '--json', '--ignore-scripts', '--pack-destination', folder];
  const [report] = JSON.parse(await runIn(folder, 'npm', pack)) as [
    { filename: string; files: PackedFile[] },
  ];
  tarball = join(folder, report.filename);
  packed = report.files;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the install script of onnxruntime-node would download. */
async function cudaLibrariesIn(project: string): Promise<string[]> {
  const files = await readdir(join(project, 'node_modules', 'onnxruntime-node', 'bin'), { recursive: true });
  expect(files.filter((file) => /libonnxruntime\.so|onnxruntime_binding\.node$/.test(file))).not.toEqual([]);
  return files.filter((file) => /providers_(cuda|tensorrt)/.test(file));
}

/** Of all files of a folder. */
async function bytesIn(place: string): Promise<number> {
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

const isBackbone = (path: string) =>
  /^dist\/weights\/backbones\/[\w-]+\.(safetensors|card\.json)$/.test(path);

const isPage = (path: string) => /^dist\/(studio|web-page)\/pages\/(index\.html|style\.css)$/.test(path);

const isDeployed = (path: string) => /^dist\/export\/deploy\/files\/[a-z]+\.(html|mjs|py|txt)$/.test(path);

test('the package holds the built code and what a user reads, nothing else', async () => {
  const paths = packed.map(({ path }) => path);
  const documents = paths.filter((path) => !/^(dist|docs|examples)\//.test(path)).sort();
  expect(documents).toEqual([
    ...['CHANGELOG.md', 'LICENSE', 'README.md', 'bin/otx.js', 'install/preinstall.cjs', 'package.json'],
  ]);
  const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
  const linked = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path);
  expect(linked.length).toBeGreaterThan(5);
  expect(paths).toEqual(expect.arrayContaining(linked));
  expect(paths).toEqual(
    expect.arrayContaining([
      ...['dist/index.js', 'dist/index.d.ts', 'dist/bundle/index.js', 'dist/bundle/licenses.txt'],
      'dist/templates/lite-hrnet-s-mod2.yaml',
    ]),
  );
  expect(
    paths.filter(
      (path) =>
        path.startsWith('dist/') &&
        !/\.(js|d\.ts|yaml)$|\/licenses\.txt$/.test(path) &&
        !isBackbone(path) &&
        !isPage(path) &&
        !isDeployed(path),
    ),
  ).toEqual([]);
  // All that are in the sources, and they alone; together below 20 MB.
  const source = await readdir(join(ROOT, 'src', 'weights', 'backbones'));
  const backbones = packed.filter(({ path }) => isBackbone(path));
  expect(backbones.map(({ path }) => basename(path)).sort()).toEqual(
    source.filter((name) => name !== 'README.md').sort(),
  );
  expect(backbones.reduce((bytes, { size }) => bytes + size, 0)).toBeLessThan(20e6);
  expect(paths.filter((path) => /\.(test|cases)\./.test(path))).toEqual([]);
  const joined = (path: string) =>
    /^dist\/(bundle\/|web-api|web-page\/pages\/|web-training\/worker|engine\/(session-worker|devices\/device-process)|export\/deploy\/(node|browser)-segmenter|inference\/isolated\/model-process|data\/loaders\/worker)/.test(
      path,
    );
  const most = (path: string) => (joined(path) ? 2_000_000 : path === 'docs/api.md' ? 400_000 : 150_000);
  expect(packed.filter(({ path, size }) => !isBackbone(path) && size > most(path))).toEqual([]);
});

test('the lock file names no registry', async () => {
  const lock = await readFile(join(ROOT, 'package-lock.json'), 'utf8');
  expect(Object.keys(JSON.parse(lock).packages).length).toBeGreaterThan(50);
  expect(lock.match(/"resolved": "http[^"]*"/g)).toBeNull();
});

describe.skipIf(!reachesRegistry)(`in a project of others${unlessOffline}`, () => {
  let project: string;
  beforeAll(async () => {
    project = join(folder, 'project');
    await mkdir(project);
    await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
    await runIn(project, 'npx', [...OLD_NPM, 'install', ...QUIET, tarball]);
    await generateScenes(join(project, 'data'), { train: 4, val: 1, width: 64, height: 64 });
  });

  const otx = (...words: string[]) => runIn(project, 'npx', ['--no-install', 'otx', ...words]);

  test('the installation asks for no CUDA libraries', async () => {
    expect(await cudaLibrariesIn(project)).toEqual([]);
  });

  // The tests below run with what is left.
  test.runIf(process.platform === 'linux' && process.arch === 'x64')(
    'it takes as much room as the README says, before and after the libraries of other platforms are removed',
    async () => {
      const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
      const [, all, runtime, left] =
        /takes (\d+) MB on Linux, (\d+) of them .*?; where one is enough, (\d+) MB are left/s.exec(readme)!;
      // Older versions of npm also install sharp's libraries for another C library, 10 MB.
      const modules = join(project, 'node_modules');
      const close = (bytes: number, megabytes: string | undefined) =>
        expect(Math.abs(bytes / 1e6 / Number(megabytes) - 1)).toBeLessThan(0.08);
      const [before, ofRuntime] = [await bytesIn(modules), await bytesIn(join(modules, 'onnxruntime-node'))];
      close(before, all);
      close(ofRuntime, runtime);
      // Backbones have a limit of their own.
      const own = packed.filter(({ path }) => isBackbone(path)).reduce((bytes, { size }) => bytes + size, 0);
      expect((before - ofRuntime - own) / 1e6).toBeLessThan(50);

      const page = await readFile(join(ROOT, 'docs', 'install.md'), 'utf8');
      const [command] = /^rm -r .*$/m.exec(page)!;
      await runIn(project, 'bash', ['-c', command]);
      close(await bytesIn(modules), left);
    },
  );

  test('use_otx_adapter says in one line what to install', async () => {
    const words = ['eval', '--test-data-roots', 'data/val', '--load-weights', 'none', '--use-otx-adapter'];
    await expect(otx(...words)).rejects.toThrow(
      'otx: error: use_otx_adapter needs OpenCV, which is not installed: npm install @techstark/opencv-js@4.10.0-release.1\n',
    );
  });

  test('npx otx tells its version, lists its templates and trains', async () => {
    const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect((await otx('--version')).trim()).toBe(version);
    expect(await otx('find')).toContain('Lite-HRNet-s-mod2');
    const printed = await otx(
      ...['train', 'Lite-HRNet-s-mod2', '--train-data-roots', 'data/train', '--val-data-roots', 'data/val'],
      ...['-o', 'run', 'params', '--learning_parameters.num_iters', '1'],
      ...['--learning_parameters.input_size', '64x64', '--learning_parameters.batch_size', '2'],
    );
    expect(printed).toMatch(/epoch 1\/1 {2}loss \d\.\d+/);
    expect(await readdir(join(project, 'run', 'models'))).toContain('weights.safetensors');
  });

  test('otx, otx/graph, otx/data and otx/files can be imported', async () => {
    const script = `
      import { listTemplates, OtxError } from 'otx';
      import { decodeImage } from 'otx/data';
      import { createTurns } from 'otx/files';
      import * as g from 'otx/graph';
      const v = g.input('v', 'float32', [2]);
      const takeTurn = createTurns(1);
      // One class of errors, whichever of them has thrown it.
      const isError = await takeTurn(() => decodeImage(Buffer.from('x'), 'x')).catch((e) => e instanceof OtxError);
      console.log(listTemplates().length > 2, g.printGraph([g.add(v, v)]).includes('add'), isError);`;
    const printed = await runIn(project, process.execPath, ['--input-type=module', '--eval', script]);
    expect(printed.trim()).toBe('true true true');
  });

  test('the types hold under every resolution', async () => {
    const program = `
      import { listTemplates, OtxError, type TrainOptions, type TrainResult, train } from 'otx';
      import type { Dataset } from 'otx/data';
      import { openDataset } from 'otx/data';
      import { readTextOf } from 'otx/files';
      import * as g from 'otx/graph';
      export const data: Promise<Dataset> = openDataset('data');
      export const text: Promise<string> = readTextOf('a', { code: 'usage', expected: 'a text', maxBytes: 9 });
      // @ts-expect-error: any would let it pass
      export const wrongData: number = openDataset('data');
      const options: TrainOptions = { template: 'Lite-HRNet-s-mod2', trainData: 'data/train', output: 'run' };
      const result: Promise<TrainResult> = train(options);
      const code: string = new OtxError('usage', 'x').code;
      const tensor: g.Tensor = g.input('v', 'float32', [2]);
      export { code, result, tensor };
      // @ts-expect-error: any would let it pass
      export const wrong: number = listTemplates();
      // @ts-expect-error: any would let it pass
      export const wrongTensor: number = g.add(tensor, tensor);`;
    await writeFile(join(project, 'program.ts'), program);
    const typeRoots = [join(ROOT, 'node_modules', '@types')];
    const cases = [
      { module: 'node16', moduleResolution: 'node16', types: ['node'], typeRoots },
      { module: 'nodenext', moduleResolution: 'nodenext', types: ['node'], typeRoots },
      { module: 'esnext', moduleResolution: 'bundler', types: ['node'], typeRoots },
      // A project without the types of Node.js, which some of ours mention.
      {
        module: 'esnext',
        moduleResolution: 'bundler',
        types: [],
        lib: ['ES2023', 'DOM'],
        skipLibCheck: true,
      },
    ];
    for (const [index, settings] of cases.entries()) {
      const compilerOptions = {
        ...{ target: 'ES2022', lib: ['ES2023'], strict: true, skipLibCheck: false, noEmit: true },
        ...settings,
      };
      const config = `tsconfig.${index}.json`;
      await writeFile(join(project, config), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
      expect(await runIn(project, process.execPath, [compiler, '-p', config])).toBe('');
    }
  });

  test('the example in the package compiles and runs as it is', async () => {
    const example = join(project, 'node_modules', 'otx', 'examples', 'train-and-predict.ts');
    await cp(example, join(project, 'train-and-predict.ts'));
    const compilerOptions = {
      ...{ target: 'ES2022', module: 'node16', strict: true, outDir: 'built', rootDir: '.' },
      ...{ types: ['node'], typeRoots: [join(ROOT, 'node_modules', '@types')] },
    };
    const config = { compilerOptions, files: ['train-and-predict.ts'] };
    await writeFile(join(project, 'tsconfig.example.json'), JSON.stringify(config));
    await runIn(project, process.execPath, [compiler, '-p', 'tsconfig.example.json']);
    const words = [join('built', 'train-and-predict.js'), 'data', 'example-run', '1'];
    expect(await runIn(project, process.execPath, words)).toMatch(/^epoch 1: loss .*\n1 overlays in /s);
  });
});

describe.skipIf(!reachesRegistry)(`in a clone${unlessOffline}`, () => {
  test('npm ci of an older npm asks for no CUDA libraries', async () => {
    const clone = join(folder, 'clone');
    for (const name of ['package.json', 'package-lock.json', '.npmrc', 'install', 'bin'])
      await cp(join(ROOT, name), join(clone, name), { recursive: true });
    await runIn(clone, 'npx', [...OLD_NPM, 'ci', ...QUIET]);
    expect(await cudaLibrariesIn(clone)).toEqual([]);
    const before = await runIn(clone, process.execPath, [join('bin', 'otx.js')]).catch(String);
    expect(before).toContain('otx: error: not built yet: run "npm run build"');
  });
});
