/** @file What runs before the code in dist/ does: the starter of the command line and the script at installation. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function node(words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, words, { env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-start-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('bin/otx.js', () => {
  beforeEach(async () => {
    await cp(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
    await cp(join(ROOT, 'package.json'), join(folder, 'package.json'));
  });

  const start = (...words: string[]) => node([...words, join(folder, 'bin', 'otx.js'), '--version']);

  async function writeMain(code: string): Promise<void> {
    await mkdir(join(folder, 'dist', 'cli'), { recursive: true });
    await writeFile(join(folder, 'dist', 'cli', 'main.js'), code);
  }

  test('says before the first build what to run', async () => {
    expect(await start()).toEqual({
      code: 1,
      stdout: '',
      stderr: 'otx: error: not built yet: run "npm run build"\n',
    });
  });

  test('says what is missing of a build or an installation that is incomplete', async () => {
    await writeMain("import 'commander';\n");
    const { code, stderr } = await start();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^otx: error: Cannot find package 'commander' .*: run "npm install" again.*\n$/);
  });

  test('says in one line when Node.js is too old, in syntax that old versions can read', async () => {
    await writeMain('process.exitCode = 0;\n');
    const pretend = join(folder, 'pretend.cjs');
    const found: string[] = [];
    for (const version of ['12.22.12', '20.14.1', '20.15.0', '21.7.3', '22.1.0', '22.2.0', '23.0.0']) {
      const versions = `{ value: { ...process.versions, node: '${version}' } }`;
      await writeFile(pretend, `Object.defineProperty(process, 'versions', ${versions});\n`);
      const { code, stderr } = await start('--require', pretend);
      found.push(`${code} ${stderr}`);
    }
    const tooOld = (version: string) =>
      `1 otx: error: Node.js 20.15 or newer is needed (of version 22: 22.2), this is ${version}\n`;
    const answers = [
      tooOld('12.22.12'),
      tooOld('20.14.1'),
      '0 ',
      tooOld('21.7.3'),
      tooOld('22.1.0'),
      '0 ',
      '0 ',
    ];
    expect(found).toEqual(answers);

    const { engines } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
    expect(engines.node).toBe('^20.15.0 || >=22.2.0');
    // Versions that know no modules read the file as a script.
    const text = await readFile(join(ROOT, 'bin', 'otx.js'), 'utf8');
    expect(() => new Script(text)).not.toThrow();
  });

  test('ends with the exit code of the command, and with a failure where that never ended', async () => {
    await writeMain('process.exitCode = 130;\n');
    expect((await start()).code).toBe(130);
    await writeMain('await new Promise(() => {});\nprocess.exitCode = 0;\n');
    expect((await start()).code).toBe(1);
    await writeMain("throw new Error('a fault');\n");
    expect(await start()).toMatchObject({ code: 1, stderr: expect.stringContaining('a fault') });
  });
});

describe('install/preinstall.cjs', () => {
  const ASKED = 'asked\n';
  let script: string;
  let preinstall: string;

  beforeEach(async () => {
    const modules = join(folder, 'node_modules');
    const runtime = join(modules, 'onnxruntime-node');
    script = join(runtime, 'script', 'install.js');
    await mkdir(join(runtime, 'script'), { recursive: true });
    await writeFile(join(runtime, 'package.json'), '{ "name": "onnxruntime-node" }\n');
    await writeFile(script, "'use strict';\nconsole.log('asked');\n");
    await cp(join(ROOT, 'install'), join(modules, 'otx', 'install'), { recursive: true });
    preinstall = join(modules, 'otx', 'install', 'preinstall.cjs');
    await writeProject({});
  });

  const writeProject = (manifest: object) =>
    writeFile(join(folder, 'package.json'), JSON.stringify(manifest));

  /** As npm would set it, and without what the npm that runs the tests has set. */
  const silent = { ONNXRUNTIME_NODE_INSTALL: undefined, npm_config_onnxruntime_node_install: undefined };
  const env = () => ({ ...silent, npm_config_local_prefix: folder });

  test('the CUDA libraries are not asked for, unless someone wants them', async () => {
    expect((await node([script], env())).stdout).toBe(ASKED);
    for (let time = 0; time < 2; time++)
      expect(await node([preinstall], env())).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await readFile(script, 'utf8')).match(/Inserted by otx/g)).toHaveLength(1);
    expect(await node([script], env())).toEqual({ code: 0, stdout: '', stderr: '' });

    const wishes = [
      { ONNXRUNTIME_NODE_INSTALL: 'cuda12' },
      { npm_config_onnxruntime_node_install: 'cuda12' },
      { npm_config_onnxruntime_node_install_cuda: '12' },
    ];
    for (const wish of wishes) expect((await node([script], { ...env(), ...wish })).stdout).toBe(ASKED);
    expect((await node([script, '--onnxruntime-node-install'], env())).stdout).toBe(ASKED);
  });

  test('a project that depends on onnxruntime-node itself keeps its script', async () => {
    await writeProject({ dependencies: { 'onnxruntime-node': '1.30.0' } });
    await node([preinstall], env());
    expect((await node([script], env())).stdout).toBe(ASKED);
  });

  test('an installation never fails because of it', async () => {
    await rm(join(folder, 'node_modules', 'onnxruntime-node'), { recursive: true });
    await writeFile(join(folder, 'package.json'), 'not JSON');
    expect(await node([preinstall], env())).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});
