/** @file Times for people, who plan by them. */

const MINUTE = 60;

/** "1.9 s", "48 s", "12 min", "2 h 10 min". */
export function inWords(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(seconds < 1 ? 2 : 1)} s`;
  if (seconds < 2 * MINUTE) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / MINUTE);
  if (minutes < MINUTE) return `${minutes} min`;
  const rest = minutes % MINUTE;
  return `${Math.floor(minutes / MINUTE)} h${rest > 0 ? ` ${rest} min` : ''}`;
}
