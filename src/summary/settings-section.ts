/** @file With which settings a run was trained, and why: those that differ from their template, with the reasons of the recipe or plan. */

import { escaped, element as tag } from '../drawing/html.js';
import { runVocabulary } from '../settings/run-vocabulary.js';
import { describeSettings } from '../templates/index.js';
import { type Cell, paragraph, section, table } from './html-parts.js';
import type { RunRecord } from './run-record.js';

const HYPER = 'hyper_parameters';

interface Row {
  readonly name: string;
  readonly value: string | number | boolean;
  readonly usual: unknown;
  readonly why: string;
}

/** Empty for a run that says nothing of its settings. */
export function settingsSection({ config, reasons, head }: RunRecord): string {
  if (!config) return '';
  const infos = new Map(describeOf(config.template).map((info) => [info.param, info]));
  const rows = Object.entries(config.hyper_parameters).flatMap(([group, values]) =>
    Object.entries(values).map(([name, value]): Row => {
      const info = infos.get(`${group}.${name}`);
      const why = reasons.get(`${HYPER}.${group}.${name}`) ?? '';
      return { name, value, usual: info?.default, why: why || (info?.description ?? '') };
    }),
  );
  const isChosen = ({ name, value, usual }: Row) =>
    reasons.has(`${HYPER}.learning_parameters.${name}`) || (usual !== undefined && value !== usual);
  const chosen = rows.filter(isChosen);
  const others = rows.filter((row) => !isChosen(row));
  const shown = (some: readonly Row[], label: string) =>
    table(
      ['setting', 'value', 'in the template', 'why, or what it is'],
      some.map(({ name, value, usual, why }): Cell[] => [
        ...[name, String(value), usual === undefined ? '' : String(usual), why],
      ]),
      { label },
    );
  const options = runVocabulary.entries.flatMap(({ file, description }): Cell[][] => {
    const value = file === undefined ? undefined : (config as unknown as Record<string, unknown>)[file];
    return value === undefined ? [] : [[file, String(value), description]];
  });
  return section(
    'settings',
    'Settings',
    (head === '' ? '' : paragraph(head)) +
      (chosen.length > 0 ? shown(chosen, 'Settings that differ from the template') : '') +
      table(['option', 'value', 'what it is'], options, { label: 'Options of the run' }) +
      tag(
        'details',
        {},
        tag('summary', {}, escaped(`The other ${others.length} settings, as the template has them`)) +
          shown(others, 'Settings as the template has them'),
      ),
  );
}

/** A template of the user's may be gone. */
function describeOf(template: string): ReturnType<typeof describeSettings> {
  try {
    return describeSettings(template);
  } catch {
    return describeSettings();
  }
}
