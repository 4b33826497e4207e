/** @file The job files of docs/studies.md: their form, and that the command lines in them are understood. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { describeCommandLine } from '../cli/completion/index.js';
import { createProgram } from '../cli/program.js';
import { terminalOf, testHost } from '../cli/terminal.cases.js';

const page = readFileSync(new URL('../../docs/studies.md', import.meta.url), 'utf8');
const blockOf = (language: string, first: RegExp): string => {
  const blocks = [...page.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text]) => text!,
  );
  const [block] = blocks.filter((text) => first.test(text));
  if (block === undefined) throw new Error(`no ${language} that begins so`);
  return block;
};
const { operations } = describeCommandLine(createProgram(undefined, terminalOf(), testHost()));

function unknownFlags(words: readonly string[]): string[] {
  const known = operations.find(({ name }) => name === words[0])!.flags.flatMap(({ names }) => names);
  return words.filter((word) => word.startsWith('-') && !known.includes(word));
}

test('that of Slurm is a script whose command has these flags', () => {
  const script = blockOf('sh', /^#!\/bin\/bash/);
  const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  const [, line = ''] = /srun \S+\/otx ([\s\S]*?)\nstatus/.exec(script) ?? [];
  const words = line.replace(/\\\n/g, ' ').split(/\s+/);
  expect(words[0]).toBe('cv');
  expect(unknownFlags(words)).toEqual([]);
});

test('that of Kubernetes is a Job whose command has these flags', () => {
  const job = parse(blockOf('yaml', /^apiVersion/)) as {
    kind: string;
    spec: {
      completions: number;
      parallelism: number;
      template: {
        spec: {
          containers: { args: string[]; volumeMounts: { name: string; mountPath: string }[] }[];
          volumes: { name: string }[];
        };
      };
    };
  };
  expect(job.kind).toBe('Job');
  const { containers, volumes } = job.spec.template.spec;
  const [{ args, volumeMounts }] = containers as [(typeof containers)[0]];
  expect(args.every((word) => typeof word === 'string')).toBe(true);
  expect(unknownFlags(args)).toEqual([]);
  expect(volumeMounts.map(({ name }) => name)).toEqual(volumes.map(({ name }) => name));
  const folders = args.filter((word) => word.startsWith('/'));
  expect(folders.every((path) => path.startsWith(`${volumeMounts[0]!.mountPath}/`))).toBe(true);
});
