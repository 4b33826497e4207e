/** @file Many bad files, one error: a user mends a data set in one go instead of one file per run. */
import { OtxError } from '../base/errors.js';
import { printableLine } from '../base/text.js';

const LISTED = 10;

/**
 * One `dataset` error for all problems found in a folder.
 * @param problems sentences without full stop, each beginning with the file's path; at least one.
 */
export function datasetError(root: string, problems: readonly string[], advice: string): OtxError {
  if (problems.length === 1) return new OtxError('dataset', `${problems[0]}. ${advice}`);
  const listed = problems.slice(0, LISTED).map((problem) => `  ${printableLine(problem)}`);
  if (problems.length > LISTED) listed.push(`  and ${problems.length - LISTED} more`);
  return new OtxError('dataset', `${root}: ${problems.length} problems. ${advice}\n${listed.join('\n')}`);
}

/** At most `limit` items as text, the rest as a count. */
export function listSome(items: readonly string[], limit = 5): string {
  const rest = items.length - limit;
  return items.slice(0, limit).map(printableLine).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
