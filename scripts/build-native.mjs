/**
 * @file The optional part of the build: compiles native/ into native/build, a library of fused kernels for the machine at hand. It
 * takes a C compiler (`CC`, default `cc`) and some seconds. Without one the build goes on: the stock engine does the same work.
 *
 * Usage: node scripts/build-native.mjs [root of the package to build for, default here]
 */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = process.argv[2] ?? '.';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = join(root, 'native', 'build');
const library = join(folder, process.platform === 'darwin' ? 'libotx.dylib' : 'libotx.so');
const stamp = join(folder, 'built-from');
const compiler = process.env.CC || 'cc';

/** One source, compiled for several widths of vectors, the widest of which is chosen when the library starts. */
const WIDTHS = {
  x64: {
    4: [],
    8: ['-mavx2', '-mfma'],
    16: ['-mavx512f', '-mavx512dq', '-mavx512bw', '-mavx512vl', '-mfma', '-mprefer-vector-width=512'],
  },
  arm64: { 4: [] },
}[process.arch];

const FLAGS = [
  ...['-std=gnu11', '-O3', '-Wall', '-Wextra', '-Wno-psabi', '-Wno-unknown-warning-option'],
  // What is not a number stays that, and sums keep their order: no other liberty than fused multiply-adds is taken.
  ...['-fno-math-errno', '-fno-trapping-math', '-ffp-contract=fast'],
  ...['-fvisibility=hidden', '-fPIC', `-DOTX_VERSION="${version}"`],
];

function filesOf(path) {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[ch]$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}

/** Of all that the library depends on. */
function digest() {
  const hash = createHash('sha256').update(JSON.stringify([compiler, process.arch, WIDTHS, FLAGS]));
  for (const file of filesOf('native'))
    if (!file.includes('build')) hash.update(file).update(readFileSync(file));
  return hash.digest('hex');
}

function skip(reason) {
  // One that was built from other sources would be refused or, worse, believed.
  rmSync(folder, { recursive: true, force: true });
  console.log(`fused kernels: not built, ${reason}; the stock engine does their work`);
}

const run = promisify(execFile);

async function compile() {
  const temporary = join(folder, `${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  try {
    const objects = [];
    const object = (name, flags) => {
      const path = join(temporary, `${objects.length}.o`);
      objects.push(path);
      return run(compiler, [...FLAGS, ...flags, '-c', join('native', name), '-o', path]);
    };
    await Promise.all([
      ...Object.entries(WIDTHS).map(([lanes, flags]) =>
        object('kernels/kernels.c', [`-DLANES=${lanes}`, ...flags]),
      ),
      ...readdirSync('native')
        .filter((name) => name.endsWith('.c'))
        .map((name) => object(name, [])),
    ]);
    const linked = join(temporary, 'library');
    await run(compiler, ['-shared', '-o', linked, ...objects, '-lm', '-lpthread', '-ldl']);
    // Renamed into place: processes that have the old one open keep it.
    renameSync(linked, library);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (!WIDTHS || process.platform === 'win32')
  skip(`there are none for ${process.platform} ${process.arch} yet`);
else if (spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status !== 0)
  skip(`no C compiler is here (${compiler})`);
else {
  const wanted = digest();
  const built = existsSync(library) && existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
  if (built !== wanted) {
    try {
      await compile();
      writeFileSync(stamp, wanted);
      console.log(`fused kernels: built for ${process.platform} ${process.arch}`);
    } catch (error) {
      skip(`${compiler} failed (${String(error.message).split('\n')[0]})`);
    }
  }
}
