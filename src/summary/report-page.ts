/** @file The report of a run as one HTML file that asks for nothing: no script, no address, all pictures in it. */

import { messageOf } from '../base/errors.js';
import { listSome } from '../base/text.js';
import { version } from '../base/version.js';
import { escaped, element as tag } from '../drawing/html.js';
import type { ExportsRecord } from '../export/measure/table-file.js';
import { dataUrl, figure, paragraph, section, table } from './html-parts.js';
import { dataSection, durationOf, machineSection, notesSection } from './origin-sections.js';
import type { RunRecord } from './run-record.js';
import { classesSection, confusionSection, curvesSection, figureOf } from './score-sections.js';
import { settingsSection } from './settings-section.js';
import type { Sheet } from './sheets.js';
import type { StudyRecord } from './study-record.js';
import { type LinkBase, studySection } from './study-section.js';
import { STYLE } from './style.js';
import type { WorstImages } from './worst-images.js';

/** By which a report is known again. */
export const REPORT_MARK = '<meta name="generator" content="otx report">';
/** Content Security Policy of a report: nothing is asked for, whatever the text says, as names of files and classes are anybody's. */
export const REPORT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";

/** All that a report tells. */
export interface ReportParts {
  readonly record: RunRecord;
  readonly studies: readonly StudyRecord[];
  readonly exports: readonly ExportsRecord[];
  readonly sheets: readonly Sheet[];
  /** Undefined where nobody looked. */
  readonly worst: WorstImages | undefined;
  readonly linkBase: LinkBase;
}

/** The whole file. */
export async function reportPage(parts: ReportParts): Promise<string> {
  const { record, studies, exports, sheets, worst, linkBase } = parts;
  const problems: string[] = [];
  // What an earlier version wrote, or nobody did, costs its section alone.
  const attempt = async (title: string, make: () => string | Promise<string>): Promise<string> => {
    try {
      return await make();
    } catch (error) {
      problems.push(`${title}: ${messageOf(error)}`);
      return '';
    }
  };
  const title = `${record.config?.template ?? 'Training'}: ${record.name}`;
  const head = (await attempt('head', () => headOf(record, title))) || tag('h1', {}, escaped(title));
  const made = [
    ...(await Promise.all(
      studies.map((study) => attempt('study', () => studySection(study, record.name, linkBase))),
    )),
    await attempt('data', () => dataSection(record)),
    await attempt('curves', () => curvesSection(record)),
    await attempt('classes', () => classesSection(record)),
    await attempt('confusion', () => confusionSection(record)),
    await attempt('worst images', () => worstSection(worst)),
    sheetsSection(sheets),
    await attempt('settings', () => settingsSection(record)),
    await attempt('machine', () => machineSection(record)),
    exportsSection(exports),
  ];
  const noted = notesSection({ ...record, problems: [...record.problems, ...problems] });
  const sections = [...made, noted].filter((text) => text !== '');
  const links = sections.flatMap((text) => {
    const [, id, title] = /^<section id="([^"]+)" aria-label="([^"]+)"/.exec(text) ?? [];
    return id === undefined ? [] : [`<a href="#${id}">${title}</a>`];
  });
  const body = [
    head,
    tag('nav', { 'aria-label': 'Sections' }, links.join('')),
    ...sections,
    paragraph(
      `Written by otx ${version}, ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
      true,
    ),
  ].join('\n');
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<meta http-equiv="Content-Security-Policy" content="${REPORT_POLICY}">${REPORT_MARK}`,
    `<link rel="icon" href="data:,"><title>${escaped(title)}</title><style>${STYLE}</style></head>`,
    `<body><main>${body}</main></body></html>\n`,
  ].join('\n');
}

function headOf({ story, facts, best, classes, folder }: RunRecord, title: string): string {
  const { start, end } = story;
  const ended = end?.reason ?? facts?.finished;
  const done = facts?.epochs ?? story.epochs.at(-1)?.epoch ?? 0;
  const state =
    ended === undefined
      ? `not over: ${done} of ${start?.epochs ?? '?'} epochs are done`
      : `ended after ${done} epochs (${ended})`;
  const items: [string, string][] = [
    ...(best ? [[figureOf(best.metrics.mDice), `mean Dice, epoch ${best.epoch}`] as [string, string]] : []),
    ...(best ? [[figureOf(best.metrics.mIoU), 'mean IoU'] as [string, string]] : []),
    ...(start ? [[String(start.images.train), 'images to learn from'] as [string, string]] : []),
    ...(classes.length > 0 ? [[String(classes.length), 'classes'] as [string, string]] : []),
    ...(facts ? [[durationOf(facts.seconds), 'of training'] as [string, string]] : []),
  ];
  const when = story.began === undefined ? '' : `, began ${story.began.slice(0, 16).replace('T', ' ')} UTC`;
  return [
    tag('h1', {}, escaped(title)),
    paragraph(`${folder}: ${state}${when}.`, true),
    tag(
      'ul',
      { class: 'facts' },
      items.map(([value, what]) => tag('li', {}, `<b>${escaped(value)}</b>${escaped(what)}`)).join(''),
    ),
  ].join('\n');
}

async function worstSection(worst: WorstImages | undefined): Promise<string> {
  if (!worst) return '';
  if ('problem' in worst) {
    return section('worst', 'Worst images', paragraph(`They could not be found: ${worst.problem}.`, true));
  }
  const { images, sheet, seen, all } = worst;
  const of = seen === all ? `all ${all} validation images` : `${seen} of the ${all} validation images`;
  const names = listSome(
    images.map(({ name, mDice }) => `${name} ${figureOf(mDice)}`),
    images.length,
  );
  const caption = `The lowest mean Dice of ${of}: truth, prediction, and the pixels that are wrong`;
  return section('worst', 'Worst images', paragraph(names) + figure(await dataUrl(sheet), caption));
}

function sheetsSection(sheets: readonly Sheet[]): string {
  if (sheets.length === 0) return '';
  const figures = sheets.map(({ source, caption }) => figure(source, caption)).join('\n');
  return section('pictures', 'Pictures', tag('div', { class: 'pictures' }, figures));
}

function exportsSection(exports: readonly ExportsRecord[]): string {
  if (exports.length === 0) return '';
  const tables = exports.map(({ head, rows, caption }) =>
    table(head, rows, { label: 'Exported files', caption }),
  );
  return section('exports', 'Exported files', tables.join('\n'));
}
