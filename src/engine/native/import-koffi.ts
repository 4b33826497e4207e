/** @file koffi, which calls libraries that are written in C. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * It comes with the package of fused kernels, or is installed beside this one; in a copy of the sources it is there with the tools
 * for development.
 *
 * @param from another file beside which it may be.
 * @throws Error when it is nowhere.
 */
export async function importKoffi(from?: string): Promise<typeof import('koffi')> {
  const found = [import.meta.url, ...(from === undefined ? [] : [from])].flatMap((place) => {
    try {
      return [createRequire(place).resolve('koffi')];
    } catch {
      return [];
    }
  });
  if (found.length === 0) throw new Error('koffi, which loads it, is not installed');
  return ((await import(pathToFileURL(found[0]!).href)) as { default: typeof import('koffi') }).default;
}
