/**
 * @file What was found out about this machine, kept between runs in the user's cache folder. Nothing that goes wrong here is an
 * error: it is found out again.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { z } from 'zod';
import { writeFileAtomic } from '../base/atomic.js';
import { cacheFolder } from '../base/cache-folder.js';
import { makeFolder } from '../base/make-folder.js';
import { readRegular } from '../base/read-file.js';
import { installedVersion, version } from '../base/version.js';

/** Longer ones were not written here. */
const MOST_BYTES = 2 ** 14;

/**
 * @param name of the folder of such findings
 * @param about all that the finding depends on, besides the versions of this package and of the runtime
 */
export async function kept<T>(
  name: string,
  about: readonly unknown[],
  schema: z.ZodType<T>,
  find: () => Promise<T>,
): Promise<T> {
  const key = JSON.stringify([version, installedVersion('onnxruntime-node'), ...about]);
  const folder = join(cacheFolder(), name);
  const path = join(folder, `${createHash('sha256').update(key).digest('hex')}.json`);
  try {
    return schema.parse(JSON.parse((await readRegular(path, MOST_BYTES)).toString()));
  } catch {}
  const found = await find();
  try {
    await makeFolder(folder);
    await writeFileAtomic(path, JSON.stringify(found));
  } catch {}
  return found;
}
