/**
 * @file The verdict on a kernel library, kept between runs: it is probed once per library, processor and runtime. Nothing that
 * goes wrong here is an error: the library is probed as if there were no verdict.
 */
import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../../base/atomic.js';
import { cacheFolder } from '../../base/cache-folder.js';
import { makeFolder } from '../../base/make-folder.js';
import { readRegular } from '../../base/read-file.js';
import { installedVersion, version } from '../../base/version.js';
import { type FoundKernels, kernelLanes } from './find-kernels.js';

const verdictSchema = z.object({ problem: z.string().nullable() });
/** Longer ones were not written here. */
const MOST_BYTES = 2 ** 14;

/** Why the library must not be used, found out by `probe` unless it is known; undefined where it may. */
export async function keptVerdict(
  { digest }: FoundKernels,
  probe: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const about = [digest, version, installedVersion('onnxruntime-node'), cpus()[0]?.model, kernelLanes()];
  const name = createHash('sha256').update(JSON.stringify(about)).digest('hex');
  const folder = join(cacheFolder(), 'kernels');
  const path = join(folder, `${name}.json`);
  try {
    const { problem } = verdictSchema.parse(JSON.parse((await readRegular(path, MOST_BYTES)).toString()));
    return problem ?? undefined;
  } catch {}
  const problem = await probe();
  try {
    await makeFolder(folder);
    await writeFileAtomic(path, JSON.stringify({ problem: problem ?? null }));
  } catch {}
  return problem;
}
