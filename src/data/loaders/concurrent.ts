/** @file Runs an asynchronous function over a list with a bounded number of calls under way. */
import { throwIfAborted } from '../../base/abortable.js';

/**
 * Results in the order of `items`; the first rejection rejects, and no further call starts.
 *
 * @throws OtxError `aborted` when the signal fires.
 */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  call: (item: T, index: number) => Promise<R>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  let failed = false;
  const lane = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        throwIfAborted(signal, 'reading files');
        results[index] = await call(items[index]!, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  return results;
}
