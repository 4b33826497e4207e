/** @file Results made ahead of the consumer, in order: the one queue behind all loaders. */
import { abortable } from '../../base/abortable.js';

export interface MadeAheadOptions<T> {
  /** Data threads; some more results than threads are kept under way, and one without threads. */
  readonly workers: number;
  /** Makes the result of a number; it must depend on the number alone. */
  readonly make: (number: number) => Promise<T>;
  /** What is being done, for the message of an abort. */
  readonly what: string;
  /** The number at which results end; default never. */
  readonly end?: number;
}

/** Results by number. Who asks for them in order waits as little as can be; any other order is right too. */
export interface MadeAhead<T> {
  /** @throws OtxError `aborted` when the signal fires; what `make` throws. */
  take(number: number, signal?: AbortSignal): Promise<{ readonly made: T; readonly waitedMs: number }>;
  /** Gives up what is under way. */
  clear(): void;
}

/** Creates the queue; nothing is made before the first `take`. */
export function makeAhead<T>({ workers, make, what, end = Infinity }: MadeAheadOptions<T>): MadeAhead<T> {
  const ahead = workers === 0 ? 1 : workers + 2;
  /** Results under way, of consecutive numbers from `first` on. */
  let queue: Promise<T>[] = [];
  let first = 0;

  const take = async (number: number, signal?: AbortSignal) => {
    if (number !== first) queue = [];
    first = number;
    while (queue.length < ahead && first + queue.length < end) {
      const result = make(first + queue.length);
      // A result that nobody comes to fetch must not bring the process down.
      result.catch(() => {});
      queue.push(result);
    }
    const asked = performance.now();
    const result = queue.shift()!;
    first += 1;
    const made = await abortable(result, signal, what);
    return { made, waitedMs: performance.now() - asked };
  };

  const clear = () => {
    queue = [];
  };
  return { take, clear };
}
