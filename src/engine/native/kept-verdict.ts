/** @file The verdict on a kernel library, kept between runs: it is probed once per library, processor and runtime. */
import { cpus } from 'node:os';
import { z } from 'zod';
import { kept } from '../kept.js';
import { type FoundKernels, kernelLanes } from './find-kernels.js';

const verdictSchema = z.object({ problem: z.string().nullable() });

/** Why the library must not be used, found out by `probe` unless it is known; undefined where it may. */
export async function keptVerdict(
  { digest }: FoundKernels,
  probe: () => Promise<string | undefined>,
): Promise<string | undefined> {
  const about = [digest, cpus()[0]?.model, kernelLanes()];
  const { problem } = await kept('kernels', about, verdictSchema, async () => ({
    problem: (await probe()) ?? null,
  }));
  return problem ?? undefined;
}
