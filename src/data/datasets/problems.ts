/** @file Many bad files, one error: a user mends a data set in one go instead of one file per run. */
import { OtxError } from '../../base/errors.js';
import { printableLine } from '../../base/text.js';

export { listSome } from '../../base/text.js';

const LISTED = 20;

/**
 * One `dataset` error for all problems found in a folder: the first of them on lines of their own, the rest as a count, and
 * all as `problems` of the error.
 * @param problems sentences without full stop, each beginning with the file's path; at least one.
 */
export function datasetError(root: string, problems: readonly string[], advice: string): OtxError {
  if (problems.length === 1) return new OtxError('dataset', `${problems[0]}. ${advice}`, { problems });
  const listed = problems.slice(0, LISTED).map((problem) => `  ${printableLine(problem)}`);
  if (problems.length > LISTED) listed.push(`  and ${problems.length - LISTED} more`);
  const message = `${root}: ${problems.length} problems. ${advice}\n${listed.join('\n')}`;
  return new OtxError('dataset', message, { problems });
}

/**
 * Runs jobs one after the other, also when data sets that earlier ones look at are bad.
 * @throws OtxError `dataset` for all bad data sets together; any other failure at once.
 */
export async function allOfThem<T extends readonly unknown[]>(
  jobs: { readonly [K in keyof T]: () => Promise<T[K]> },
): Promise<T> {
  const results: unknown[] = [];
  const failures: OtxError[] = [];
  for (const job of jobs) {
    try {
      results.push(await job());
    } catch (error) {
      if (!(error instanceof OtxError && error.code === 'dataset')) throw error;
      failures.push(error);
    }
  }
  // One folder may be given for both; what a decoder has to say in brackets is not the same each time.
  const said = (error: OtxError) => error.marked.replace(/\([^()]*\)/g, '');
  const different = failures.filter((error, i) => failures.findIndex((e) => said(e) === said(error)) === i);
  if (different.length === 1) throw different[0];
  if (different.length > 1) {
    const problems = different.flatMap(({ problems, message }) =>
      problems.length > 0 ? problems : [message],
    );
    const messages = different.map(({ marked }) => marked);
    // Below a list the next message is an item itself, or it would be taken for the rest of the last one.
    const between = messages.some((message) => message.includes('\n')) ? '\n  ' : '\n';
    throw new OtxError('dataset', messages.join(between), { problems });
  }
  return results as unknown as T;
}
