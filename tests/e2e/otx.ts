/** @file Runs the built command line as a user would, in a process of its own. */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../bin/otx.js', import.meta.url));

/** The tests are started by npm, a user's commands need not be; what they are told to paste depends on it. */
export const WITHOUT_NPM = {
  npm_command: undefined,
  npm_lifecycle_event: undefined,
  npm_execpath: undefined,
};

export interface Outcome {
  /** Exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface OtxOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Gets the means to send signals at any time. */
  readonly onStart?: (send: (signal: NodeJS.Signals) => void) => void;
  /** Sees all output so far whenever more comes, and may send signals, each once: what was found in it is found again. */
  readonly onOutput?: (soFar: string, send: (signal: NodeJS.Signals) => void) => void;
}

const THREADED = ['train', 'cv', 'tune', 'eval', 'predict', 'explain', 'optimize', 'suggest', 'report'];

/**
 * Two processes of tests share the machine: commands compute with one thread, unless a test asks for more. Threads of one run wait for
 * each other at every operator, and so for whatever else is on their cores.
 */
export function withOneThread(args: readonly string[]): readonly string[] {
  const [command = '', ...others] = args;
  const flags = others.findIndex((word) => word.startsWith('-'));
  const isFixed = others.includes('--threads') || others.includes('--resume-from');
  if (!THREADED.includes(command) || flags < 0 || isFixed) return args;
  return [command, ...others.slice(0, flags), '--threads', '1', ...others.slice(flags)];
}

/** `otx ...args` starts the code in dist/, which "npm run build" makes. */
export function otx(args: readonly string[], options: OtxOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, ...withOneThread(args)], {
      cwd: options.cwd,
      env: { ...process.env, ...WITHOUT_NPM, OTX_DEBUG: '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const sent = new Set<NodeJS.Signals>();
    const sendOnce = (signal: NodeJS.Signals) => {
      if (!sent.has(signal)) child.kill(signal);
      sent.add(signal);
    };
    options.onStart?.((signal) => child.kill(signal));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      options.onOutput?.(stdout, sendOnce);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
