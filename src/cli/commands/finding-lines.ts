/** @file What `otx check` prints of what is wrong with a data set. */

import { printableLine } from '../../base/text.js';
import type { DatasetExamination, Finding } from '../../index.js';

/** Findings of a kind that are named; the file has all. Of bad files there are as many as in other lists of them. */
const NAMED = 5;
const NAMED_FILES = 20;
/** Images of a finding that are named. */
const NAMED_IMAGES = 4;

/** Kind by kind, with what to do. */
export function findingLines({ findings, subsets, files }: DatasetExamination): string {
  const images = subsets.reduce((sum, subset) => sum + subset.images, 0);
  const written = [files.list, files.page].flatMap((file) => (file === undefined ? [] : [`written ${file}`]));
  if (findings.length === 0) {
    return [`findings: nothing that is wrong or odd in ${images} images`, ...written].join('\n');
  }
  const kinds = new Map<string, Finding[]>();
  for (const finding of findings) kinds.set(finding.kind, [...(kinds.get(finding.kind) ?? []), finding]);
  return [
    `findings: ${findings.length} in ${images} images`,
    ...[...kinds.values()].flatMap((ofKind) => kindLines(ofKind, files.list)),
    ...written,
  ].join('\n');
}

function kindLines(findings: readonly Finding[], list: string | undefined): string[] {
  const { title, remedy, kind } = findings[0]!;
  const named = findings.slice(0, kind === 'unusable' ? NAMED_FILES : NAMED);
  const rest = findings.length - named.length;
  return [
    `  ${title}:`,
    ...named.map((finding) => `    ${lineOf(finding)}`),
    ...(rest > 0 ? [`    and ${rest} more${list === undefined ? '' : `, all in ${list}`}`] : []),
    `    -> ${remedy}`,
  ];
}

function lineOf({ images, message }: Finding): string {
  const names = images
    .slice(0, NAMED_IMAGES)
    .map(({ subset, name }) => (subset === '' ? name : `${subset}/${name}`));
  const rest = images.length - names.length;
  const told = [...names, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
  return printableLine(images.length === 0 ? message : `${told}: ${message}`);
}
