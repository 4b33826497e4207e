/** @file Keys of a page. */

import { useEffect, useRef } from 'preact/hooks';

/** Keys of the whole page, but where something is typed. @param onKey returns whether it has used the key */
export function useKeys(onKey: (event: KeyboardEvent) => boolean): void {
  const latest = useRef(onKey);
  latest.current = onKey;
  useEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const { target } = event;
      const isTyped =
        target instanceof HTMLSelectElement ||
        (target instanceof HTMLInputElement && target.type !== 'range');
      if (!isTyped && latest.current(event)) event.preventDefault();
    };
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  }, []);
}
