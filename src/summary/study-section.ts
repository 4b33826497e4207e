/** @file A study in a report: its trainings side by side with ways to their folders, and what was concluded. */

import { join, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MOST_BYTES, readBytesOf } from '../base/read-file.js';
import { escaped, element as tag } from '../drawing/html.js';
import type { StudyKind } from '../studies/study.js';
import { percentSpread } from '../studies/text.js';
import { type Cell, dataUrl, figure, paragraph, section, table } from './html-parts.js';
import { durationOf } from './origin-sections.js';
import { figureOf } from './score-sections.js';
import type { StudyMember, StudyRecord } from './study-record.js';

const TITLES: Readonly<Record<StudyKind, string>> = {
  seeds: 'Several seeds',
  'cross-validation': 'Cross-validation',
  reproduction: 'Tables of OTX',
  search: 'Search for settings',
};
const KIND = { code: 'image', expected: 'the chart of a search', maxBytes: MOST_BYTES.image / 4 } as const;

/** Where links lead from: the folder of the report; undefined for a page that has no place among the files. */
export type LinkBase = string | undefined;

/** @param run name of the run that the report is of, if it is a part of the study. */
export async function studySection(
  study: StudyRecord,
  run: string | undefined,
  from: LinkBase,
): Promise<string> {
  const { folder, kind, members, spread, best, verdict, chart } = study;
  const settings = [...new Set(members.flatMap(({ values }) => Object.keys(values)))];
  const rows = members.map((member): Cell[] => [
    nameCell(member, study, run, from),
    ...settings.map((name) => String(member.values[name] ?? '')),
    ...[figureOf(member.metrics?.mDice ?? Number.NaN), figureOf(member.metrics?.mIoU ?? Number.NaN)],
    ...[member.bestEpoch ?? '–', member.epochs, durationOf(member.seconds)],
    member.name === best ? 'best' : stateOf(member),
  ]);
  const head = ['training', ...settings, 'mean Dice', 'mean IoU', 'best epoch', 'epochs', 'time', ''];
  const parts = [
    tag('p', {}, `${escaped(`${members.length} trainings in `)}${linkTo(folder, folder, from)}`),
    ...verdict.map((sentence) => paragraph(sentence)),
    table(head, rows, { label: 'Trainings of the study' }),
  ];
  if (spread) {
    const { mDice, mIoU, perClass } = spread;
    const classes = perClass.map(({ name, dice, iou }) => [name, percentSpread(dice), percentSpread(iou)]);
    const mean = ['mean', percentSpread(mDice), percentSpread(mIoU)];
    const caption = 'Mean and sample deviation over the trainings that are over, in percent';
    parts.push(table(['class', 'Dice', 'IoU'], [...classes, mean], { label: caption, caption }));
  }
  const drawn =
    chart &&
    (await readBytesOf(chart, KIND)
      .then(dataUrl)
      .catch(() => undefined));
  if (drawn) parts.push(figure(drawn, 'Scores against settings and epochs'));
  return section(`study-${kind}`, TITLES[kind], parts.join('\n'));
}

function nameCell(
  { name }: StudyMember,
  { folder }: StudyRecord,
  run: string | undefined,
  from: LinkBase,
): Cell {
  if (name === run) return { html: tag('b', {}, escaped(`${name} (this one)`)) };
  return { html: linkTo(join(folder, 'runs', name), name, from) };
}

const stateOf = ({ finished }: StudyMember): string =>
  finished === undefined ? 'not over' : finished === 'callback' ? 'stopped early' : '';

/** A link to a folder beside the report, which works wherever both are moved together. */
function linkTo(folder: string, words: string, from: LinkBase): string {
  if (from === undefined) return escaped(words);
  const way = relative(from, folder).split(sep).map(encodeURIComponent).join('/');
  // On another drive there is no way.
  const href = /^[A-Za-z]%3A/.test(way) ? String(pathToFileURL(folder)) : `${way === '' ? '.' : way}/`;
  return tag('a', { href }, escaped(words));
}
