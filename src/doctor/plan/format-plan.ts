/** @file A plan as a configuration of `otx train` in YAML, with the reason above each value. */

import { Document } from 'yaml';
import { OtxError } from '../../base/errors.js';
import { commentAbove, commentLines } from '../../runs/yaml-comments.js';
import { settings } from '../../settings/index.js';
import { runVocabulary } from '../../settings/run-vocabulary.js';
import type { PlannedValue } from './plan.js';

/**
 * @param head what stands above everything, a line each.
 * @param given values that are known and need no reason, such as paths, by their names in files.
 */
export function formatPlan(
  head: readonly string[],
  given: Readonly<Record<string, string | number | boolean>>,
  values: readonly PlannedValue[],
): string {
  const content: Record<string, unknown> = {};
  // The template comes first, then what is known anyhow.
  const [first, others] = [values.filter(isTemplate), values.filter((each) => !isTemplate(each))];
  for (const { name, value } of first) put(content, placeOf(name), value);
  Object.assign(content, given);
  for (const { name, value } of others) put(content, placeOf(name), value);
  const document = new Document(content);
  document.commentBefore = commentLines(head);
  for (const { name, reason } of values) commentAbove(document, placeOf(name), reason);
  return document.toString({ lineWidth: 0 });
}

const isTemplate = ({ name }: PlannedValue) => name === 'template';

function put(
  content: Record<string, unknown>,
  [name = '', ...rest]: readonly string[],
  value: unknown,
): void {
  if (rest.length === 0) {
    content[name] = value;
    return;
  }
  content[name] ??= {};
  put(content[name] as Record<string, unknown>, rest, value);
}

/** Where a configuration has it. */
function placeOf(name: PlannedValue['name']): string[] {
  if (name === 'template') return [name];
  const setting = settings.entries.find(({ key }) => key === name);
  if (setting) return ['hyper_parameters', setting.group, setting.name];
  const file = runVocabulary.entries.find(({ key }) => key === name)?.file;
  if (file !== undefined) return [file];
  throw new OtxError('usage', `a plan has no place for ${name}`);
}
