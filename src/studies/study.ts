/**
 * @file A study: several trainings as one job. It is a folder with a plan, a file of settings for each training, and a run folder
 * for each. All that processes know of each other is in the folder, so that any number of them, on any machines that share it,
 * work on one study, and a kill costs at most the steps since the last checkpoint.
 *
 *     study.json         what the study is of
 *     plan/NAME.yaml     a training, as `otx train --config` reads it
 *     plan/NAME.claim    says which process is at it, while it is
 *     plan/NAME.failed.json  why it will not be tried again
 *     runs/NAME/         its run folder
 */

import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { OtxError } from '../base/errors.js';
import { type Claim, type Claims, createClaims, type HeartBeat } from '../base/outputs/claim.js';
import type { LockOwner } from '../base/outputs/lock.js';
import { Outputs } from '../base/outputs/outputs.js';
import type { Inputs } from '../base/outputs/places.js';
import { parseJson } from '../base/parse-json.js';
import { type FileKind, MOST_BYTES, readTextOf } from '../base/read-file.js';
import { shown } from '../base/shown.js';
import { readRun } from './run-facts.js';

const HEAD_FILE = 'study.json';
const PLAN = 'plan';
const RUNS = 'runs';
/** Good on every file system. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;

const KIND: FileKind = {
  code: 'output',
  expected: 'the file of a study (study.json)',
  maxBytes: MOST_BYTES.json,
};
const FAILURE_KIND: FileKind = { ...KIND, expected: 'why a training of a study failed' };
const PLAN_KIND: FileKind = { ...KIND, expected: 'a training of a study', maxBytes: MOST_BYTES.yaml };

/** Kinds of studies. */
export const STUDY_KINDS = ['seeds', 'cross-validation', 'reproduction', 'search'] as const;
/** What the trainings of a study are for. */
export type StudyKind = (typeof STUDY_KINDS)[number];

const headSchema = z.object({
  otx: z.literal('study'),
  version: z.literal(1),
  kind: z.enum(STUDY_KINDS),
  request: z.record(z.string(), z.unknown()),
});

/** Why a task will not be tried again. */
export interface TaskFailure {
  /** As of {@link OtxError}. */
  readonly code: string;
  /** A sentence. */
  readonly message: string;
}
const failureSchema: z.ZodType<TaskFailure> = z.object({ code: z.string(), message: z.string() });

/** What a study is opened with. */
export interface StudyOptions {
  /** Its folder: a new one, or that of a study with the same request, on which this process works as well. */
  readonly root: string;
  readonly kind: StudyKind;
  /** What all its trainings have in common, as plain data; a folder of another request is refused once it has begun. */
  readonly request: Readonly<Record<string, unknown>>;
  /** What the trainings read. */
  readonly inputs?: Inputs;
  /** For tests. */
  readonly heartBeat?: HeartBeat | undefined;
}

/** To be closed. */
export class Study {
  private constructor(
    /** Its folder, as it was given. */
    readonly root: string,
    private readonly outputs: Outputs,
    private readonly claims: Claims,
  ) {}

  /**
   * Begins a study, or joins one.
   *
   * @throws OtxError `output` for a folder that cannot be written or lies in the data, `usage` for one that holds another study.
   */
  static async enter({ root, kind, request, inputs = {}, heartBeat }: StudyOptions): Promise<Study> {
    const outputs = await Outputs.open({ root, files: [HEAD_FILE], inputs });
    const study = new Study(root, outputs, createClaims(heartBeat));
    const head = JSON.parse(JSON.stringify({ otx: 'study', version: 1, kind, request })) as Head;
    try {
      if (!(await study.create(HEAD_FILE, `${JSON.stringify(head, null, 2)}\n`))) await study.join(head);
      return study;
    } catch (error) {
      await outputs.close();
      throw error;
    }
  }

  /** The run folder of a training, below {@link root}. */
  runFolder(name: string): string {
    return join(this.root, RUNS, name);
  }

  /** The file with the settings of a training. */
  planFile(name: string): string {
    return join(this.root, PLAN, `${name}.yaml`);
  }

  /**
   * Plans a training, unless it is planned.
   *
   * @param text its settings, as `formatTrainingRequest` writes them.
   * @returns whether this process has planned it; of several that try at once, one has.
   */
  async plan(name: string, text: string): Promise<boolean> {
    checkName(name);
    const file = join(PLAN, `${name}.yaml`);
    if (await this.create(file, text)) return true;
    // Before anything has begun, a mistake in the request may have been mended.
    const before = await readTextOf(this.outputs.path(file), PLAN_KIND);
    if (before !== text && !(await readRun(this.runFolder(name)))) await this.write(file, text);
    return false;
  }

  /** Names of all trainings that were planned, in natural order. */
  async names(): Promise<string[]> {
    const files = await readdir(this.outputs.path(PLAN)).catch((): string[] => []);
    return files
      .filter((file) => /^[^.].*\.yaml$/.test(file))
      .map((file) => file.slice(0, -'.yaml'.length))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  }

  /** Claims a task for this process. @returns who has it, where somebody does. */
  async take(name: string): Promise<Claim | LockOwner> {
    checkName(name);
    return this.claims.take(this.outputs.path(join(PLAN, `${name}.claim`)));
  }

  /** Notes that a task cannot be done, so that nobody tries it again. */
  async noteFailure(name: string, { code, message }: TaskFailure): Promise<void> {
    checkName(name);
    await this.write(failureFile(name), `${JSON.stringify({ code, message })}\n`);
  }

  /** Why a task cannot be done; undefined as long as it may. */
  async failureOf(name: string): Promise<TaskFailure | undefined> {
    const path = this.outputs.path(failureFile(name));
    if (!(await isFile(path))) return undefined;
    return failureSchema.parse(parseJson(await readTextOf(path, FAILURE_KIND)));
  }

  /** Writes a file of the study, or replaces it; several processes may do so at once. */
  async write(file: string, content: string | Uint8Array): Promise<void> {
    // Where two begin it together one is refused, and then replaces what the other has written.
    if (!(await this.create(file, content))) await this.outputs.write(file, content);
  }

  /** Ends the work of this process on it. Never throws. */
  async close(): Promise<void> {
    await this.outputs.close();
  }

  /** Whether this process has made the file: of several that try one has. */
  private async create(file: string, content: string | Uint8Array): Promise<boolean> {
    if (await this.outputs.isThere(file)) return false;
    try {
      await this.outputs.write(file, content);
      return true;
    } catch (error) {
      if (await this.outputs.isThere(file)) return false;
      throw error;
    }
  }

  private async join(asked: Head): Promise<void> {
    const path = this.outputs.path(HEAD_FILE);
    const parsed = headSchema.safeParse(parseJson(await readTextOf(path, KIND)));
    if (!parsed.success) {
      throw new OtxError(
        'output',
        `${path}: not the file of a study that this version reads; choose another folder`,
      );
    }
    const { data } = parsed;
    if (isDeepStrictEqual(data, asked)) return;
    if (!(await this.hasBegun())) {
      await this.write(HEAD_FILE, `${JSON.stringify(asked, null, 2)}\n`);
      return;
    }
    throw new OtxError(
      'usage',
      `${this.root}: holds another study: ${differenceOf(data, asked)}; give the command with which it began to go on with it, or ` +
        'choose another folder',
    );
  }

  private async hasBegun(): Promise<boolean> {
    const runs = await readdir(this.outputs.path(RUNS)).catch((): string[] => []);
    for (const run of runs) {
      if ((await readRun(join(resolve(this.root), RUNS, run)).catch(() => true)) !== undefined) return true;
    }
    return false;
  }
}

type Head = z.infer<typeof headSchema>;

const failureFile = (name: string): string => join(PLAN, `${name}.failed.json`);

const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false;

/** @throws OtxError `usage` */
function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new OtxError(
    'usage',
    `${shown(name)} is no name for a training of a study; expected up to 100 letters, digits, - and _`,
  );
}

/** The first entry that is not the same. */
function differenceOf(before: Head, asked: Head): string {
  if (before.kind !== asked.kind) return `it began as one of ${before.kind}, not of ${asked.kind}`;
  const names = new Set([...Object.keys(before.request), ...Object.keys(asked.request)]);
  for (const name of names) {
    const [then, now] = [before.request[name], asked.request[name]];
    if (isDeepStrictEqual(then, now)) continue;
    return `it began with ${name} ${JSON.stringify(then) ?? 'not given'}, and now it is ${JSON.stringify(now) ?? 'not given'}`;
  }
  return 'its request is another one';
}
