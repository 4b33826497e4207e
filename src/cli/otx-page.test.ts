/** @file docs/otx.md against the program: nothing is left out, and nothing is promised that is not there. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { describeCommandLine } from './completion/index.js';
import { FOREIGN_FLAGS } from './foreign.js';
import { createProgram } from './program.js';
import { terminalOf, testHost } from './terminal.cases.js';

const { operations } = describeCommandLine(createProgram(undefined, terminalOf(), testHost()));

interface Row {
  readonly section: string;
  readonly name: string;
  /** `same`, `not here`, `only here`, `other meaning` */
  readonly status: string;
}

const STATUSES = ['same', 'not here', 'only here', 'other meaning'];

/** Rows of the tables that have the three columns of this comparison. */
const rows = readFileSync(new URL('../../docs/otx.md', import.meta.url), 'utf8')
  .split(/^## /m)
  .slice(1)
  .flatMap((text): Row[] => {
    const section = text.split('\n')[0] ?? '';
    return [...text.matchAll(/^\| `([^`]+)` \| ([^|]+) \| [^|]*\|$/gm)].map(([, name = '', status = '']) => ({
      section,
      name,
      status,
    }));
  });
const named = (section: string, ...statuses: string[]) =>
  rows.flatMap((row) => (row.section === section && statuses.includes(row.status) ? [row.name] : []));

/** What a section of the page should have: flags in their long form. */
const real: [section: string, names: string[]][] = [
  ['Operations', operations.map(({ name }) => `otx ${name}`)],
  ...operations.flatMap(({ name, flags }): [string, string[]][] => {
    const long = flags.map(({ names }) => names.at(-1) ?? '').filter((flag) => flag !== '--help');
    return long.length > 0 ? [[`otx ${name}`, long]] : [];
  }),
  [
    'Parameters',
    operations.flatMap(({ name, settings }) =>
      name === 'train' ? settings.map((setting) => setting.name.slice(2)) : [],
    ),
  ],
];

test('the page is read', () => {
  expect(rows.length).toBeGreaterThan(80);
  expect(rows.filter(({ status }) => !STATUSES.includes(status))).toEqual([]);
});

test.each(real)('%s: every one is on the page, and every one on the page is there', (section, names) => {
  expect(named(section, 'same', 'only here', 'other meaning').sort()).toEqual([...names].sort());
  expect(named(section, 'not here').filter((name) => names.includes(name))).toEqual([]);
});

test('what is not here is answered with advice, and on the page', () => {
  const missing = rows.flatMap(({ name, status }) => (status === 'not here' ? [name] : []));
  const old = ['--work-dir', '--model', '--save-model-to', '--save-performance'];
  expect(Object.keys(FOREIGN_FLAGS).filter((flag) => !missing.includes(flag) && !old.includes(flag))).toEqual(
    [],
  );
  expect(missing.filter((name) => name.startsWith('--') && !Object.hasOwn(FOREIGN_FLAGS, name))).toEqual([]);
  // Every operation of OTX for segmentation is here.
  expect(named('Operations', 'not here')).toEqual([]);
});
