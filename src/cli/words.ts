/** @file Words of a command line in the forms that users of OTX type, brought into the one form that commander reads. */

import type { Command, Option } from 'commander';
import { OtxError } from '../base/errors.js';
import { parseSwitch, SWITCH_WORDS } from '../base/switch.js';
import { settingCalled } from './arguments.js';
import { PARAMS_OF } from './commands/context.js';
import { FOREIGN_FLAGS } from './foreign.js';

/**
 * Underscores in names of flags become hyphens (`--train_data_roots`), and booleans may have their value behind them in any
 * form (`--pretrained False`, `--use-otx-adapter`).
 *
 * @param words behind the operation.
 * @throws OtxError `usage` for a flag of OTX that is not here, saying what to do instead.
 */
export function readableWords(words: readonly string[], operation: Command): string[] {
  const result: string[] = [];
  let hasArgument = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--') return [...result, ...words.slice(at)];
    const match = /^(--?[A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word);
    if (!match) {
      hasArgument = true;
      result.push(word);
      continue;
    }
    const flag = (match[1] as string).replace(/(?<=\w)_/g, '-');
    const inline = match[2];
    const next = words[at + 1];
    const option = operation.options.find(({ long, short }) => long === flag || short === flag);
    const plain = inline === undefined ? flag : `${flag}=${inline}`;
    if (option?.required) {
      result.push(plain);
      if (inline === undefined && next !== undefined) {
        result.push(next);
        at++;
      }
    } else if (option && !option.variadic) {
      const isValue = inline === undefined && followsSwitch(next, option, hasArgument);
      result.push(...switchWords(option, flag, isValue ? next : inline, operation));
      if (isValue) at++;
    } else {
      const advice = option ? undefined : FOREIGN_FLAGS[flag];
      if (advice !== undefined) throw new OtxError('usage', `${flag} of OTX is not here: ${advice}`);
      if (!option) refuseSetting(word, operation.name());
      result.push(plain);
    }
  }
  return result;
}

/**
 * @param word an option that the operation does not have.
 * @throws OtxError `usage` when it is the name of a setting that the operation has.
 */
function refuseSetting(word: string, operation: string): void {
  const setting = settingCalled(word);
  if (setting === undefined || PARAMS_OF[operation]?.includes(setting) === false) return;
  throw new OtxError(
    'usage',
    `found the setting "${word}" among the options; settings come last, behind the word params: params --${setting} …`,
  );
}

/** What no folder is called. */
const DURATION = /^\d+(\.\d+)?[smh]?$/;

/** Whether the next word is the value of a boolean: it looks like one, or it cannot be the argument of the operation. */
function followsSwitch(next: string | undefined, option: Option, hasArgument: boolean): boolean {
  if (next === undefined || next.startsWith('-')) return false;
  if (option.argChoices?.includes(next.toLowerCase())) return true;
  return parseSwitch(next) !== undefined || (option.optional && (hasArgument || DURATION.test(next)));
}

function switchWords(option: Option, flag: string, value: string | undefined, operation: Command): string[] {
  if (option.optional) return [`${flag}=${value ?? true}`];
  if (value === undefined) return [flag];
  const isOn = parseSwitch(value);
  if (isOn === undefined || option.negate) {
    const allowed = option.negate ? 'it takes no value' : `allowed is ${SWITCH_WORDS}`;
    throw new OtxError('usage', `${flag} is "${value}"; ${allowed}`);
  }
  const opposite = `--no-${option.name()}`;
  if (isOn) return [flag];
  return operation.options.some(({ long }) => long === opposite) ? [opposite] : [];
}
