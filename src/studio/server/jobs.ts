/**
 * @file Work that the command line does for the studio, in processes of its own: trainings and checks. Each has a file in `jobs`, so
 * that a studio that is started again knows what was under way, and what goes on without it.
 */

import { spawn } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isRunning, makeFolder, ownerOf, readTextOf, writeFileAtomic } from '../../files-api.js';
import { OtxError } from '../../index.js';
import type { Workshop } from './workshop.js';

/** What jobs do. */
const JOB_KINDS = ['train', 'check', 'suggest', 'export', 'deploy'] as const;
export type JobKind = (typeof JOB_KINDS)[number];

const jobSchema = z.object({
  id: z.string().regex(/^[\w-]+$/),
  kind: z.enum(JOB_KINDS),
  /** Behind `otx`. */
  words: z.array(z.string()),
  /** Where its results go. */
  folder: z.string(),
  pid: z.number().int().positive(),
  /** `killed`: it ended without a word, as when the machine is switched off. */
  state: z.enum(['running', 'done', 'failed', 'paused', 'stopped', 'killed']),
  started: z.string(),
  /** Its last lines. */
  log: z.array(z.string()).default([]),
});

/** One piece of work. */
export type Job = z.infer<typeof jobSchema>;

const KIND = { code: 'output', expected: 'a job of a studio', maxBytes: 2 ** 20 } as const;
const LOG_KIND = { code: 'output', expected: 'the log of a job', maxBytes: 2 ** 26 } as const;
/** Those of a process that was asked by a signal to end: Ctrl-C, SIGTERM, and a terminal that is closed. */
const ASKED_CODES = [130, 143, 129];
const LINES_KEPT = 60;
const MOST_RUNNING = 2;
/** How long a closing studio waits for trainings to save. */
const PATIENCE_MILLISECONDS = 20_000;
const LOOK_MILLISECONDS = 500;

/** All jobs of a studio. */
export class Jobs {
  private readonly jobs = new Map<string, Job>();
  private readonly asked = new Map<string, 'paused' | 'stopped'>();

  constructor(private readonly workshop: Workshop) {
    workshop.onClose(() => this.pauseAll());
  }

  /** Reads what an earlier studio has left. */
  async restore(): Promise<void> {
    const { project } = this.workshop;
    const names = await readdir(project.at('jobs')).catch((): string[] => []);
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      const text = await readTextOf(project.at('jobs', name), KIND).catch(() => '');
      const parsed = jobSchema.safeParse(jsonOf(text));
      if (!parsed.success) continue;
      const job = parsed.data;
      this.jobs.set(job.id, job);
      if (job.state !== 'running') continue;
      if (await isAlive(job)) void this.follow(job);
      else await this.endUnseen(job);
    }
  }

  /** The newest first. */
  list(): readonly Job[] {
    return [...this.jobs.values()].sort((a, b) => b.started.localeCompare(a.started));
  }

  /**
   * Starts one.
   *
   * @throws OtxError `usage` where enough is under way.
   */
  async start(id: string, kind: JobKind, words: readonly string[], folder: string): Promise<Job> {
    const running = this.list().filter(({ state }) => state === 'running');
    if (running.length >= MOST_RUNNING || (kind === 'train' && running.some((job) => job.kind === 'train'))) {
      throw new OtxError('usage', 'enough is under way; wait for its end, or pause it');
    }
    const [program, ...first] = this.workshop.otx;
    await makeFolder(this.workshop.project.at('jobs'));
    const note = this.noteOf(id);
    await rm(note, { force: true });
    // A group of its own: Ctrl-C is for the studio, which asks its jobs to save.
    const child = spawn(program!, [...first, ...words], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, OTX_EXIT_NOTE: note },
    });
    const failed = new Promise<never>((_, reject) => child.once('error', reject));
    failed.catch(() => undefined);
    if (child.pid === undefined) await failed;
    const started = new Date().toISOString();
    const job: Job = {
      id,
      kind,
      words: [...words],
      folder,
      pid: child.pid!,
      state: 'running',
      started,
      log: [],
    };
    this.jobs.set(id, job);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        const lines = text
          .split(/[\r\n]+/)
          .map((line) => line.trim())
          .filter((line) => line !== '');
        job.log = [...job.log, ...lines].slice(-LINES_KEPT);
        this.tell(job);
      });
    }
    child.on('close', (code) => {
      const asked = this.asked.get(id);
      void this.end(job, code === 0 ? 'done' : (asked ?? (code === null ? 'killed' : 'failed')));
    });
    await this.write(job);
    this.tell(job);
    return job;
  }

  /** Asks a job to save and end. @throws OtxError `usage` for one that is not under way. */
  stop(id: string, as: 'paused' | 'stopped'): void {
    const job = this.jobs.get(id);
    if (job?.state !== 'running') throw new OtxError('usage', 'this job is not under way');
    this.asked.set(id, as);
    kill(job.pid);
  }

  /** Whether one of a kind is under way in a folder. */
  isAtWork(folder: string): boolean {
    return this.list().some((job) => job.state === 'running' && job.folder === folder);
  }

  private async follow(job: Job): Promise<void> {
    while (await isAlive(job)) await sleep(LOOK_MILLISECONDS, undefined, { ref: false });
    await this.endUnseen(job);
  }

  /** Ends a job whose last words another studio has missed, or nobody has heard: what it has noted says how it ended. */
  private async endUnseen(job: Job): Promise<void> {
    const code = await this.notedCode(job);
    const log = await readTextOf(join(job.folder, 'log.txt'), LOG_KIND).catch(() => '');
    if (log !== '') job.log = log.trimEnd().split('\n').slice(-LINES_KEPT);
    const asked = this.asked.get(job.id);
    const isAsked = code !== undefined && ASKED_CODES.includes(code);
    if (code === 0) await this.end(job, 'done');
    else if (isAsked) await this.end(job, asked ?? (job.kind === 'train' ? 'paused' : 'stopped'));
    else await this.end(job, code === undefined ? 'killed' : 'failed');
  }

  private noteOf(id: string): string {
    return this.workshop.project.at('jobs', `${id}.exit`);
  }

  /** Undefined for a process that could not note it. */
  private async notedCode({ id, pid }: Job): Promise<number | undefined> {
    const text = await readTextOf(this.noteOf(id), KIND).catch(() => '');
    const [, noted, code] = /^(\d+) (\d+)\n$/.exec(text) ?? [];
    return Number(noted) === pid ? Number(code) : undefined;
  }

  private async end(job: Job, state: Job['state']): Promise<void> {
    job.state = state;
    this.asked.delete(job.id);
    await this.write(job).catch(() => undefined);
    this.tell(job);
  }

  private write(job: Job): Promise<void> {
    if (this.workshop.project.isReadOnly) return Promise.resolve();
    return writeFileAtomic(this.workshop.project.at('jobs', `${job.id}.json`), `${JSON.stringify(job)}\n`);
  }

  private tell({ id, kind, state, log }: Job): void {
    this.workshop.news.tell({ type: 'job', id, kind, state, line: log.at(-1) ?? '' });
  }

  private async pauseAll(): Promise<void> {
    const running = this.list().filter(({ state }) => state === 'running');
    for (const { id, pid, kind } of running) {
      this.asked.set(id, kind === 'train' ? 'paused' : 'stopped');
      kill(pid);
    }
    const end = performance.now() + PATIENCE_MILLISECONDS;
    while (running.some(({ state }) => state === 'running') && performance.now() < end) await sleep(50);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch {
    // It has ended by itself.
  }
}

/** A training holds a lock; a number alone may be another process by now. */
async function isAlive({ kind, pid, folder }: Job): Promise<boolean> {
  if (!isRunning(pid)) return false;
  if (kind !== 'train') return true;
  const owner = await ownerOf(`${folder}/run.lock`).catch(() => undefined);
  return owner === undefined || owner.pid === pid;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
