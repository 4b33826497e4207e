/** @file Where downloads and compiled steps are kept between runs: the place that the operating system's custom has for such files. */

import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** Variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * `OTX_CACHE` if set; else `otx` in `XDG_CACHE_HOME` or `~/.cache`, on Windows in `LOCALAPPDATA`.
 * The folder need not exist.
 */
export function cacheFolder(
  environment: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (environment.OTX_CACHE) return resolve(environment.OTX_CACHE);
  if (platform === 'win32') return join(environment.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'otx');
  const custom = environment.XDG_CACHE_HOME;
  // Relative paths are invalid there, says the XDG specification.
  return join(custom && isAbsolute(custom) ? custom : join(home, '.cache'), 'otx');
}
