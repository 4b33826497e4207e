/** @file Where the library of fused kernels is, if it is anywhere; on the caller's thread, which never loads it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../base/cache-folder.js';
import { messageOf } from '../../base/errors.js';
import { readRegular } from '../../base/read-file.js';

/** A file that may be the library. */
export interface FoundKernels {
  readonly path: string;
  /** SHA-256 of the file, in hexadecimal. */
  readonly digest: string;
}

/** A hundred times what it has. */
const MOST_BYTES = 2 ** 25;

const FILE = process.platform === 'darwin' ? 'libotx.dylib' : 'libotx.so';

/**
 * `OTX_KERNELS`: path of the library, or `off` for none. Default: what `npm run build` has compiled, else the package for this
 * platform if it is installed.
 *
 * @returns the file, or why there is none
 */
export async function findKernels(environment: Environment = process.env): Promise<FoundKernels | string> {
  const wish = environment.OTX_KERNELS;
  if (wish === 'off') return 'OTX_KERNELS is off';
  const path = wish ? resolve(wish) : (built() ?? installed());
  if (path === undefined) return 'no library of fused kernels is built or installed here';
  try {
    const bytes = await readRegular(path, MOST_BYTES);
    return { path, digest: createHash('sha256').update(bytes).digest('hex') };
  } catch (error) {
    return `the library of fused kernels cannot be read: ${messageOf(error)}`;
  }
}

/** Widest vectors to use, in floats; 0 for the widest that the processor has. For tests of what other processors do. */
export const kernelLanes = (environment: Environment = process.env): number =>
  Number(environment.OTX_KERNEL_LANES ?? 0);

function built(): string | undefined {
  const path = fileURLToPath(new URL(`../../../native/build/${FILE}`, import.meta.url));
  return existsSync(path) ? path : undefined;
}

function installed(): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`@otx/kernels-${process.platform}-${process.arch}/${FILE}`);
  } catch {
    return undefined;
  }
}
