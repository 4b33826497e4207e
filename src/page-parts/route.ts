/** @file Where a page is, in its address behind #. */

import { useEffect, useState } from 'preact/hooks';

/** `#/label/12` gives `['label', '12']`. */
export function useRoute(): readonly string[] {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const onChange = () => setRoute(read());
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return route;
}

function read(): readonly string[] {
  const parts = location.hash.replace(/^#\/?/, '').split('/');
  try {
    return parts.map(decodeURIComponent);
  } catch {
    // Somebody has typed a % into the address.
    return parts;
  }
}

/** Goes to another place. */
export function go(...parts: readonly (string | number)[]): void {
  location.hash = `#/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
}
