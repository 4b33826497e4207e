/** @file Signals: the first one asks a job to save and stop, another one ends it within a second. */

import { constants as fileConstants, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { removeUnfinished } from '../base/unfinished.js';

/** What asks a process to end. SIGHUP comes when a terminal is closed. */
const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof STOPPING)[number];

/** From the second signal to the end; what is saved in this time is saved. */
const GRACE_MILLISECONDS = 100;
/** npm passes a signal on that the terminal has already sent to everybody. */
const TWIN_MILLISECONDS = 50;
const NPM_TWIN_MILLISECONDS = 500;

export interface SignalOptions {
  /** Told of the first signal. */
  readonly onStop: () => void;
  /** Told right before the process ends at once. */
  readonly onEnd: () => void;
  /** Whether `process.exit` would not have to wait. */
  readonly canExit: () => boolean;
}

export interface Signals {
  /** Takes the signals over. Until then the system ends the process with the first one. */
  take(): void;
  /** Fires with the first signal. */
  readonly signal: AbortSignal;
  /** The first signal. */
  readonly received: StopSignal | undefined;
  /** Gives the signals back to the system, which ends a process with the first one. */
  release(): void;
  /** Ends the process now, in the way of the first signal. */
  end(): void;
}

/** 128 and the number of the signal, as shells count. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

/** Handles the signals that ask this process to end, from `take()` on. */
export function catchSignals({ onStop, onEnd, canExit }: SignalOptions): Signals {
  const stop = new AbortController();
  const twin = process.env.npm_command === undefined ? TWIN_MILLISECONDS : NPM_TWIN_MILLISECONDS;
  let first: { readonly signal: StopSignal; readonly at: number } | undefined;
  let timer: NodeJS.Timeout | undefined;

  const onSignal = (signal: StopSignal) => {
    if (!first) {
      first = { signal, at: performance.now() };
      onStop();
      stop.abort();
      return;
    }
    // A terminal that is closed sends it, and its shell does once more.
    if (signal === 'SIGHUP' || (signal === first.signal && performance.now() - first.at < twin)) return;
    timer ??= setTimeout(end, GRACE_MILLISECONDS);
  };
  const release = () => {
    clearTimeout(timer);
    for (const signal of STOPPING) process.off(signal, onSignal);
  };
  const end = () => {
    const { signal } = first ?? { signal: 'SIGTERM' };
    onEnd();
    removeUnfinished();
    release();
    if (canExit()) process.exit(exitCodeOf(signal));
    // An exit would wait for all threads, and one that computes in native code answers when it is done. A signal without a
    // handler does not wait.
    process.kill(process.pid, signal);
  };
  // Not even a job that is still being loaded may end with its terminal.
  const taken = STOPPING.filter((signal) => !(signal === 'SIGHUP' && isImmune()));
  if (!taken.includes('SIGHUP')) process.on('SIGHUP', () => undefined);
  return {
    take: () => {
      for (const signal of taken) process.on(signal, onSignal);
    },
    signal: stop.signal,
    get received() {
      return first?.signal;
    },
    release,
    end,
  };
}

/**
 * Whether the process was started by nohup. Node forgets that SIGHUP was to be ignored; what else nohup leaves behind is its
 * name as the last command of the shell, or an input that can only be written to.
 */
function isImmune(): boolean {
  if (basename(process.env._ ?? '') === 'nohup') return true;
  try {
    const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/fdinfo/0', 'utf8')) ?? [];
    return (Number.parseInt(flags ?? '0', 8) & fileConstants.O_WRONLY) !== 0;
  } catch {
    return false;
  }
}
