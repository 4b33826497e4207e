import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../program.js';
import { terminalOf, testHost } from '../terminal.cases.js';
import { COMPLETION_SCRIPTS, describeCommandLine, type Shell } from './index.js';

const commandLine = describeCommandLine(createProgram(undefined, terminalOf(), testHost()));
const scripts = Object.fromEntries(
  Object.entries(COMPLETION_SCRIPTS).map(([shell, make]) => [shell, make(commandLine)]),
) as Record<Shell, string>;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-completion-'));
  await mkdir(join(folder, 'photographs'));
  await writeFile(join(folder, 'my photo.png'), '');
  for (const [shell, script] of Object.entries(scripts))
    await writeFile(join(folder, `otx.${shell}`), script);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const has = (program: string) => spawnSync(program, ['--version']).status === 0;

/** What bash offers for a line that ends at the cursor. */
function bash(line: string): string[] {
  const words = line.split(' ').map((word) => `'${word}'`);
  const script = `source ./otx.bash
COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}
_otx; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync('bash', ['--norc', '-c', script], { cwd: folder, encoding: 'utf8' });
  return printed.split('\n').filter((word) => word !== '');
}

function fish(line: string): string[] {
  const script = `source ./otx.fish; complete -C '${line}'`;
  const printed = execFileSync('fish', ['--no-config', '-c', script], { cwd: folder, encoding: 'utf8' });
  return printed.split('\n').flatMap((one) => one.split('\t')[0] || []);
}

/** Lines and what shells must offer for them: all of `some`, and `all` where it says so. */
const CASES: readonly [line: string, some: readonly string[]][] = [
  ['otx ', ['find', 'augment', 'train', 'eval', 'predict', 'export', 'deploy', 'completion']],
  ['otx tr', ['train']],
  ['otx train --val', ['--val-data-roots']],
  ['otx train Lite-HRNet-s', ['Lite-HRNet-s-mod2']],
  ['otx train SegNext-t --train-data-roots p', ['photographs']],
  ['otx train --train-type ', ['Incremental', 'Semisupervised', 'Selfsupervised']],
  ['otx train SegNext-t --use-otx-adapter ', ['true', 'false']],
  ['otx augment --augmentation pl', ['plain']],
  ['otx predict -o p', ['photographs']],
  ['otx export --export-type ', ['onnx', 'pytorch']],
  ['otx completion ', ['bash', 'zsh', 'fish', 'powershell']],
  [
    'otx train SegNext-t params --learning_parameters.num',
    ['--learning_parameters.num_iters', '--learning_parameters.num_workers'],
  ],
  ['otx train params --learning_parameters.optimizer ', ['adam', 'adamw', 'sgd']],
  ['otx eval params --algo', ['--algo_backend.use_otx_adapter']],
];

describe.skipIf(!has('bash'))('bash', () => {
  test.each(CASES)('%s', (line, some) => {
    const offered = bash(line);
    expect(offered).toEqual(expect.arrayContaining([...some]));
    const typed = line.slice(line.lastIndexOf(' ') + 1);
    expect(offered.filter((word) => !word.startsWith(typed))).toEqual([]);
  });

  test('what makes no sense is not offered', () => {
    expect(bash('otx train --seed ')).toEqual([]);
    expect(bash('otx find --train')).toEqual([]);
    expect(bash('otx export params --learning_parameters.num')).toEqual([]);
    expect(bash('otx train params --learning_parameters.optimizer ')).not.toContain('photographs');
    expect(bash('otx predict -i my')).toEqual(['my photo.png']);
  });
});

describe.skipIf(!has('fish'))('fish', () => {
  test.each(CASES)('%s', (line, some) => {
    const offered = fish(line).map((word) => word.replace(/\/$/, ''));
    expect(offered).toEqual(expect.arrayContaining([...some]));
  });
});

describe.skipIf(!has('zsh'))('zsh', () => {
  test.each(CASES)('%s', (line, some) => {
    const words = line.split(' ').map((word) => `'${word}'`);
    // Its completion system needs a terminal; these two see what the function offers to it.
    const script = `compdef() { :; }
_describe() { print -l -- \${(@P)\${@[-1]}}; }
_files() { print -l -- *(N); }
source ./otx.zsh
words=(${words.join(' ')}); CURRENT=${words.length}; PREFIX=\${words[-1]}
_otx`;
    const printed = execFileSync('zsh', ['-f', '-c', script], { cwd: folder, encoding: 'utf8' });
    const offered = printed.split('\n').map((word) => word.split(':')[0]);
    expect(offered).toEqual(expect.arrayContaining([...some]));
  });
});

test.each(Object.keys(scripts) as Shell[])(
  'the script for %s names every operation, flag and template',
  (shell) => {
    const words = commandLine.operations.flatMap(({ name, flags, words, settings }) => [
      name,
      ...words,
      ...[...flags.flatMap(({ names }) => names), ...settings.map((setting) => setting.name)].map((flag) =>
        shell === 'fish' ? flag.replace(/^--?/, '') : flag,
      ),
    ]);
    expect(words.length).toBeGreaterThan(80);
    expect(words.filter((word) => !scripts[shell].includes(word))).toEqual([]);
  },
);
