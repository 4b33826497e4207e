/** @file Where a run comes from: its data, its start, its engine and machine, and all that it noted. */

import { megabytes } from '../base/text.js';
import { escaped, element as tag } from '../drawing/html.js';
import type { StartRecord } from '../runs/start.js';
import { START_WORDS } from '../templates/index.js';
import { barCell, type Cell, classCell, paragraph, section, table } from './html-parts.js';
import type { RunRecord } from './run-record.js';

/** What it learned from and was validated on. */
export function dataSection({ story, config, classes }: RunRecord): string {
  const images = story.start?.images;
  const facts: Cell[][] = [
    ['learned from', config?.train_data_roots ?? 'data of a program', images ? `${images.train} images` : ''],
    [
      'validated on',
      config?.val_data_roots ?? (images?.validation === undefined ? 'nothing' : 'a part of the same data'),
      images?.validation === undefined ? '' : `${images.validation} images`,
    ],
    ['without labels', config?.unlabeled_data_roots ?? '', ''],
  ].filter(([, where]) => where !== '');
  const reports = [...story.data];
  const head = ['class', ...reports.flatMap(([name]) => [`${name}: share of pixels`, '', 'images'])];
  const rows = classes.map((info, index): Cell[] => [
    classCell(info),
    ...reports.flatMap(([, report]): Cell[] => {
      const found = report.classes[index];
      if (!found) return ['', '', ''];
      return [barCell(found.share, ''), `${(100 * found.share).toPrecision(3)} %`, found.images];
    }),
  ]);
  const balance = reports.length > 0 ? table(head, rows, { label: 'Classes in the data' }) : '';
  return section('data', 'Data', table([], facts, { label: 'Data of the run' }) + balance);
}

/** What the weights began with, what computed them, and where. */
export function machineSection({ story, environment, facts }: RunRecord): string {
  const { start, resumes } = story;
  const rows: Cell[][] = [];
  if (start?.startedFrom) rows.push(...startRows(start.startedFrom));
  if (start) {
    // Earlier versions had one engine, and did not say so.
    if (start.engine) rows.push(['engine', `${start.engine.kind}: ${start.engine.reason}`]);
    rows.push(['parameters', start.parameters.toLocaleString('en')]);
    rows.push(['network input', `${start.sizes.train} in training, ${start.sizes.validation} in validation`]);
    rows.push([
      'images of a step',
      `${start.batchSize}${(start.parts ?? 1) > 1 ? ` in each of ${start.parts} parts` : ''}`,
    ]);
  }
  if (facts) rows.push(['time', durationOf(facts.seconds)]);
  if (resumes > 0) rows.push(['interruptions', `went on ${resumes} ${resumes === 1 ? 'time' : 'times'}`]);
  rows.push(
    ...Object.entries(environment).map(([name, value]): Cell[] => [name.replaceAll('_', ' '), String(value)]),
  );
  return section(
    'machine',
    'Start, engine and machine',
    table([], rows, { label: 'Start, engine and machine' }),
  );
}

function startRows({ kind, file, bytes, sha256 }: StartRecord): Cell[][] {
  return [
    ['started from', START_WORDS[kind]],
    ...(file === undefined ? [] : [['file', bytes === undefined ? file : `${file} (${megabytes(bytes)})`]]),
    ...(sha256 === undefined ? [] : [['SHA-256', sha256]]),
  ];
}

/** What it noted, and what this report could not read. */
export function notesSection({ story, problems }: RunRecord): string {
  if (story.notes.length + problems.length === 0) return '';
  const list = (texts: readonly string[]) =>
    tag('ul', {}, texts.map((text) => tag('li', {}, escaped(text))).join('\n'));
  return section(
    'notes',
    'Notes',
    (story.notes.length > 0 ? list(story.notes) : '') +
      (problems.length > 0 ? paragraph('What could not be read for this report:') + list(problems) : ''),
  );
}

/** `45 s`, `12 min`, `3.5 h`. */
export function durationOf(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
