/** @file How many threads may be asked for: more than the largest machines have. Each takes memory even when it waits. */

export const MOST_THREADS = 1024;
