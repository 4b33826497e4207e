/**
 * @file The packages of otx and of its kernels, packed and installed together, on a PATH without a compiler. Takes the package
 * registry, and a library that `npm run build` has compiled.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKernels } from '../../src/engine/native/find-kernels.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);
const reachesRegistry = await run('npm', ['view', 'koffi', 'name', '--fetch-retries=0']).then(
  () => true,
  () => false,
);
const missing = await findKernels({});
const reason = typeof missing === 'string' ? missing : 'the package registry cannot be reached';
const isPossible = typeof missing !== 'string' && reachesRegistry;

describe.skipIf(!isPossible)(
  `kernels in a package${isPossible ? '' : ` (skipped: ${reason})`}`,
  () => {
    let folder: string;
    let project: string;
    let env: NodeJS.ProcessEnv;
    const script = `import { createEngine } from 'otx/graph';
    const engine = await createEngine({ cache: false });
    console.log(JSON.stringify(await engine.choice()));
    await engine.dispose();`;
    const choice = async (variables: NodeJS.ProcessEnv = {}) => {
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
        ...{ cwd: project, env: { ...env, ...variables } },
      });
      return JSON.parse(stdout) as { kind: string; reason: string };
    };

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'otx-kernels-package-'));
      project = join(folder, 'project');
      await mkdir(project);
      await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }\n');
      await run('npm', ['pack', ROOT, '--ignore-scripts', '--pack-destination', folder]);
      await run(process.execPath, [join(ROOT, 'scripts', 'pack-kernels.mjs'), folder], { cwd: ROOT });
      // Only what npm needs is left of the programs of this machine.
      const programs = join(folder, 'programs');
      await mkdir(programs);
      const npm = join(dirname(process.execPath), 'npm');
      for (const [name, path] of Object.entries({ node: process.execPath, npm, sh: '/bin/sh' }))
        await symlink(path, join(programs, name));
      const { HOME, npm_config_cache, npm_config_registry } = process.env;
      env = { HOME, npm_config_cache, npm_config_registry, PATH: programs, OTX_CACHE: join(folder, 'cache') };
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test('they are found where no compiler is, and need both packages', async () => {
      const tarballs = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
      const install = (names: readonly string[]) =>
        run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...names], {
          ...{ cwd: project, env },
        });
      const packed = (start: RegExp) =>
        tarballs.filter((name) => start.test(name)).map((name) => join(folder, name));
      expect(tarballs.length).toBe(2);
      await install(packed(/^otx-\d/));
      expect(await choice()).toMatchObject({
        kind: 'stock',
        reason: 'no library of fused kernels is built or installed here',
      });
      await install(packed(/^otx-kernels-/));
      expect(await choice()).toMatchObject({ kind: 'fused', reason: 'its kernels work on this processor' });
      expect((await choice({ OTX_KERNELS: 'off' })).reason).toBe('OTX_KERNELS is off');
    });
  },
  600_000,
);
