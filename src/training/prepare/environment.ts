/** @file Where a training ran: what one needs to know to repeat it or to explain a difference. */

import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { installedVersion, version } from '../../base/version.js';

/** Libraries whose versions change results in the last bits. */
const LIBRARIES = ['onnxruntime-node', 'sharp'];

/** Versions and machine, for `environment.json`; nothing of the user's environment variables. */
export function describeEnvironment(command?: string): Record<string, string | number> {
  const versions = LIBRARIES.map((name): [string, string] => [name, installedVersion(name)]);
  return {
    otx: version,
    node: process.version,
    ...Object.fromEntries(versions),
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    memory_gib: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    ...(command === undefined ? {} : { command }),
  };
}
