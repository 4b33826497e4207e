/** @file Which subset of a data set serves to learn from, to validate on or to test on, by its name. */
import { join } from 'node:path';
import { OtxError } from '../../base/errors.js';
import type { Folder } from './folder.js';
import { WHOLE } from './format.js';

/** What a subset is for. */
export type SubsetRole = 'train' | 'val' | 'test';

const NAMES: Readonly<Record<SubsetRole, readonly string[]>> = {
  train: ['train', 'training', 'trn', 'trainset', 'tr'],
  val: ['val', 'valid', 'validation', 'valset', 'dev'],
  test: ['test', 'testing', 'tst', 'testset', 'ts'],
};
/** Names that say nothing. */
const UNNAMED = [WHOLE, 'default', 'all', 'data'];

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]+$/, '');

/** What a name says that a subset is for, if anything: `train2017` is to learn from. */
export function roleOf(name: string): SubsetRole | undefined {
  const roles: readonly SubsetRole[] = ['train', 'val', 'test'];
  return roles.find((role) => NAMES[role].includes(plain(name)));
}

/** Whether a folder of this name may be a subset. */
export const isSubsetName = (name: string): boolean =>
  roleOf(name) !== undefined || plain(name) === 'trainval';

/**
 * The subset for a role; where there is only one, that one. To be tested on is what is for testing, else for validation.
 *
 * @param role undefined where only a data set with one subset will do.
 * @throws OtxError `dataset` where none of several is for it.
 */
export function pickSubset({ path }: Folder, names: readonly string[], role: SubsetRole | undefined): string {
  const [first, ...others] = names;
  if (first !== undefined && others.length === 0) return first;
  const found = role === undefined ? undefined : findSubset(names, role);
  if (found !== undefined) return found;
  const purpose = { train: 'to learn from', val: 'to validate on', test: 'to test on' };
  const folders = names.filter((name) => name !== WHOLE).map((name) => join(path, name));
  throw new OtxError(
    'dataset',
    role === undefined
      ? `${path} has several subsets; did you mean ${folders.join(' or ')}?`
      : `${path} has no subset ${purpose[role]}: its subsets are ${names.map(shown).join(', ')}; rename one to ` +
          `"${role}", or give a folder of its own`,
  );
}

/** The subset for a role among several; undefined where no name says so. */
export function findSubset(names: readonly string[], role: SubsetRole): string | undefined {
  const roles: readonly SubsetRole[] = role === 'test' ? ['test', 'val'] : [role];
  for (const wanted of roles) {
    const found = names.find((name) => roleOf(name) === wanted);
    if (found !== undefined) return found;
  }
  if (role !== 'train') return undefined;
  return (
    names.find((name) => UNNAMED.includes(plain(name))) ?? names.find((name) => plain(name) === 'trainval')
  );
}

/** A name for messages. */
export const shown = (name: string): string => (name === WHOLE ? '(without a name)' : name);
