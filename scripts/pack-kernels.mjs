/**
 * @file Packs the library of fused kernels that `npm run build` has compiled for the machine at hand as a package of its own,
 * `@otx/kernels-PLATFORM-ARCH`, with koffi, which loads it. Installed beside otx of the same version it is found there, so that no
 * compiler is needed.
 *
 * Usage: node scripts/pack-kernels.mjs [folder for the tarball, default here]
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const library = join('native', 'build', process.platform === 'darwin' ? 'libotx.dylib' : 'libotx.so');
if (!existsSync(library)) {
  console.error(
    `pack:kernels: there is no ${library}; npm run build compiles it where a C compiler is found`,
  );
  process.exit(1);
}
const { version, license, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const { glibcVersionRuntime } = process.report.getReport().header;
const destination = resolve(process.argv[2] ?? '.');
const folder = mkdtempSync(join(tmpdir(), 'otx-pack-kernels-'));
try {
  const manifest = {
    name: `@otx/kernels-${process.platform}-${process.arch}`,
    version,
    description: `Fused kernels of otx ${version} for ${process.platform} ${process.arch}.`,
    license,
    os: [process.platform],
    cpu: [process.arch],
    ...(process.platform === 'linux' && { libc: [glibcVersionRuntime ? 'glibc' : 'musl'] }),
    files: [basename(library)],
    dependencies: { koffi: devDependencies.koffi },
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync('LICENSE', join(folder, 'LICENSE'));
  copyFileSync(library, join(folder, basename(library)));
  execFileSync('npm', ['pack', folder, '--pack-destination', destination], {
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
