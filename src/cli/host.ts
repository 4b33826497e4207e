/**
 * @file A job as a process: signals, exit codes, text that gets lost, and the one line in which every failure is told. Loads
 * next to nothing, so that all this holds while the rest is still being loaded.
 */

import { closeSync, fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { settle } from '../base/activity.js';
import { OtxError } from '../base/errors.js';
import { launchedProcess } from '../base/launcher.js';
import { shellQuote } from '../base/shell.js';
import { printable } from '../base/text.js';
import { removeUnfinished } from '../base/unfinished.js';
import { errorText } from './error-text.js';
import { noteExit } from './exit-note.js';
import { FAILURE, failureCode, failureText, isUsage } from './failure.js';
import { createRunLog, type RunLog } from './run-log.js';
import { catchSignals, exitCodeOf } from './signals.js';
import { NOWHERE, openTextStream, type TextStream } from './text-stream.js';

/** How long the end of a job waits for a reader who does not read. */
const READER_MILLISECONDS = 2000;
/** How long a job that was stopped may take to let go of its threads. */
const LINGER_MILLISECONDS = 1000;
/** How long a process that has to end at once waits for the step under way. */
const SETTLE_MILLISECONDS = 300;
/** After this long a job of several processes may well be one that has lost one of them. */
const PATIENCE_MILLISECONDS = 600;
const BROKEN_JOB =
  'waiting for the other processes of this job; if one of them has died, the launcher ends the rest now, and the last checkpoint is ' +
  'good: go on from it with --resume-from';
/** How long a job may take to save when its program has failed somewhere. */
const RESCUE_MILLISECONDS = 60_000;

/** What a job has of its process. */
export interface Host {
  readonly stdout: TextStream;
  readonly log: RunLog;
  /** Fires when the job is to save and stop. */
  readonly signal: AbortSignal;
  /** To be called when work begins whose result is more than text: text may get lost from now on. */
  startWork(): void;
}

/** Loads a job. Blocks the process for seconds on a busy machine, so signals are left to the system: nothing can be lost yet. */
export type Load = () => Promise<(host: Host) => Promise<void>>;

/**
 * Runs a job and lets the process end with its exit code: 0, 1 for failures, 2 for usage mistakes, 128 and the number of the
 * signal for a job that a signal has stopped.
 *
 * @param name in front of messages.
 */
export async function host(name: string, load: Load): Promise<void> {
  noteExit();
  const launched = launchedProcess();
  // What all processes of a job have to say the first one says.
  const isFollowing = launched !== undefined && launched.rank > 0;
  const stdout = isFollowing ? NOWHERE : openTextStream(() => process.stdout, 1);
  const stderr = openTextStream(() => process.stderr, 2);
  const log = createRunLog([name, ...process.argv.slice(2).map((word) => shellQuote(word))].join(' '));
  const stop = new AbortController();
  let isWorking = false;
  let hasFailed = false;

  const tell = (text: string) => {
    const clean = printable(text);
    stderr.write(`${clean}\n`);
    log.add(clean);
  };
  const signals = catchSignals({
    onStop: () => {
      // Below a bar, or behind ^C.
      if (stderr.isTerminal) stderr.write('\n');
      if (isWorking && !isFollowing) tell(`${name}: stopping after this step (once more to stop at once)`);
      if (isWorking && launched?.rank === 0)
        setTimeout(() => tell(BROKEN_JOB), PATIENCE_MILLISECONDS).unref();
      stop.abort();
    },
    onEnd: () => {
      if (stdout.isTerminal) stdout.write(SHOW_CURSOR);
      tell(`${name}: ended at once`);
    },
    canExit: () => !isResolvingNames() && settle(SETTLE_MILLISECONDS),
  });
  const report = (error: unknown): number => {
    if (error instanceof OtxError && error.code === 'aborted') {
      if (hasFailed) return FAILURE;
      if (!isFollowing) tell(`${name}: ${errorText(error.message)}`);
      return signals.received ? exitCodeOf(signals.received) : FAILURE;
    }
    const who = isFollowing ? `${name} (process ${launched.rank} of ${launched.size})` : name;
    // A mistake in the words is said by the first process for all.
    if (!(isFollowing && isUsage(error))) tell(failureText(who, error));
    if (process.env.OTX_DEBUG === '1' && error instanceof Error) tell(String(error.stack));
    return failureCode(error);
  };
  const leave = async (code: number, atOnce = false): Promise<void> => {
    process.exitCode = code;
    const patience = isWorking || signals.received ? READER_MILLISECONDS : undefined;
    const isRead = await Promise.all([stdout.flush(patience), stderr.flush(patience)]);
    await log.close();
    const exit = () => {
      // What is left may take its time; another signal need not wait for it.
      signals.release();
      process.exit(code);
    };
    if (atOnce || isRead.includes(false)) exit();
    if (stop.signal.aborted) setTimeout(isResolvingNames() ? signals.end : exit, LINGER_MILLISECONDS).unref();
  };

  process.on('exit', () => {
    removeUnfinished();
    closeLostTerminals();
  });
  process.on('uncaughtException', (error) => {
    if (hasFailed) return;
    process.exitCode = report(error);
    hasFailed = true;
    // A training saves when it is told to stop.
    setTimeout(() => leave(FAILURE, true), isWorking ? RESCUE_MILLISECONDS : 0).unref();
    stop.abort();
  });

  let code = 0;
  try {
    const startWork = () => {
      isWorking = true;
    };
    const job = await load();
    signals.take();
    await job({ stdout, log, signal: stop.signal, startWork });
    if (!isWorking) await checkArrived(stdout, stop.signal);
  } catch (error) {
    code = report(error);
  }
  await leave(hasFailed ? FAILURE : code);
}

/** At its end Node aborts when a terminal that it began with is gone, unless the descriptor is closed. */
function closeLostTerminals(): void {
  for (const descriptor of [0, 1, 2]) {
    try {
      if (fstatSync(descriptor).isCharacterDevice() && !isatty(descriptor)) closeSync(descriptor);
    } catch {}
  }
}

const SHOW_CURSOR = '\x1b[?25h';

/** Text that is all there is must arrive; who closes the pipe early has seen enough. */
async function checkArrived(stdout: TextStream, signal: AbortSignal): Promise<void> {
  const isStopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await Promise.race([stdout.flush(), isStopped]);
  if (signal.aborted) throw new OtxError('aborted', 'stopped before all was written');
  if (stdout.failure === undefined || stdout.failure === 'EPIPE') return;
  throw new OtxError('output', `the text cannot be written to stdout (${stdout.failure})`);
}

/** Asking for the address of a server cannot be stopped, and a process that ends in the usual way waits for the answer. */
function isResolvingNames(): boolean {
  return process.getActiveResourcesInfo().some((resource) => /^GetAddrInfo/i.test(resource));
}
