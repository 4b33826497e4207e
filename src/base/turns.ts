/** @file Calls that take turns, so that what they hold does not grow with their number. */

/** Starts the work when its turn comes, and gives its result. */
export type TakeTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets at most so many calls be under way; the others wait, and start in the order in which they came. */
export function createTurns(most: number): TakeTurn {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  return async (work) => {
    // Whoever leaves hands over the place, so that no later call can slip in between.
    if (underWay >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else underWay += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else underWay -= 1;
    }
  };
}
