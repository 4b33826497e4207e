/** @file Scripts that make shells complete what is typed behind `otx`. */

import { bashScript } from './bash.js';
import type { CommandLine } from './command-line.js';
import { fishScript } from './fish.js';
import { powershellScript } from './powershell.js';
import { zshScript } from './zsh.js';

export { describeCommandLine } from './command-line.js';

export const COMPLETION_SCRIPTS = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
} as const satisfies Readonly<Record<string, (commandLine: CommandLine) => string>>;

export type Shell = keyof typeof COMPLETION_SCRIPTS;
