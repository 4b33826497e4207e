/**
 * @file The folder of a studio, beside the data: labels drawn here, runs, and what was said about classes and subsets. All of it
 * is files that the command line reads; the user's own data is never changed.
 */

import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { ClassInfo } from '../../data-api.js';
import {
  checkPlace,
  MOST_BYTES,
  makeFolder,
  nameProblem,
  parseJson,
  readTextOf,
  writeFileAtomic,
} from '../../files-api.js';
import { OtxError } from '../../index.js';

/** What an image is for; `auto` leaves it to the training. */
export const SUBSETS = ['auto', 'train', 'val', 'test'] as const;
export type Subset = (typeof SUBSETS)[number];

const channel = z.number().int().min(0).max(255);
const fileSchema = z.object({
  otxStudio: z.literal(1),
  data: z.string(),
  imports: z.array(z.string().regex(/^[\w-]+$/)).default([]),
  classes: z.array(z.object({ name: z.string(), color: z.tuple([channel, channel, channel]) })).default([]),
  subsets: z.record(z.string(), z.enum(SUBSETS)).default({}),
});

/** What `studio.json` says. */
export type ProjectFile = z.infer<typeof fileSchema>;

/** Name of the file that makes a folder that of a studio. */
export const STUDIO_FILE = 'studio.json';
const KIND = { code: 'dataset', expected: 'the file of a studio', maxBytes: MOST_BYTES.list } as const;

/** The most classes that an 8-bit mask holds. */
const MOST_CLASSES = 254;

/** A studio's folder and what its file says. */
export class Project {
  private saving: Promise<void> = Promise.resolve();

  private constructor(
    /** Absolute. */
    readonly folder: string,
    /** The user's data, absolute and without links. */
    readonly data: string,
    readonly isReadOnly: boolean,
    private file: ProjectFile,
  ) {}

  /**
   * Opens the studio of some data, or the folder of a studio; nothing is written before there is something to keep.
   *
   * @throws OtxError `dataset` for a folder that is missing, `output` where the studio cannot be beside it.
   */
  static async of(given: string, { isReadOnly }: { readonly isReadOnly: boolean }): Promise<Project> {
    const path = resolve(given);
    const facts = await stat(path).catch(() => undefined);
    if (!facts?.isDirectory()) {
      const reason = facts ? 'is no folder' : 'does not exist';
      throw new OtxError('dataset', `${given}: ${reason}; expected a folder with pictures, or a data set`);
    }
    const own = await readFileOf(path);
    if (own) return new Project(path, await realpath(own.data).catch(() => own.data), isReadOnly, own);
    const data = await realpath(path);
    if (dirname(data) === data) {
      throw new OtxError(
        'dataset',
        `${given}: is a whole drive; expected a folder with pictures, or a data set`,
      );
    }
    const folder = join(dirname(data), `${basename(data)}-studio`);
    const file = await readFileOf(folder);
    if (file && (await realpath(file.data).catch(() => file.data)) !== data) {
      throw new OtxError('output', `${folder}: is the studio of ${file.data}; rename one of the two folders`);
    }
    if (!isReadOnly) await checkPlace(folder, { folders: [{ path: data, what: 'the data' }] });
    return new Project(folder, data, isReadOnly, file ?? fileSchema.parse({ otxStudio: 1, data }));
  }

  /** A path in the folder. */
  at(...parts: readonly string[]): string {
    return join(this.folder, ...parts);
  }

  /** The data set of what was labeled here. */
  get dataset(): string {
    return this.at('dataset');
  }

  /** Names of folders of `imports`. */
  get imports(): readonly string[] {
    return this.file.imports;
  }

  /** As they were set here; empty where those of the data hold. */
  get classes(): readonly ClassInfo[] {
    return this.file.classes;
  }

  /** What was said of images, by id. */
  get subsets(): Readonly<Record<string, Subset>> {
    return this.file.subsets;
  }

  /**
   * Keeps a change.
   *
   * @throws OtxError `output` where nothing can be written, `usage` for classes that no mask could hold.
   */
  async change(part: Partial<Pick<ProjectFile, 'imports' | 'classes' | 'subsets'>>): Promise<void> {
    if (part.classes) checkClasses(part.classes);
    const file = { ...this.file, ...part };
    const write = async () => {
      await makeFolder(this.folder);
      await writeFileAtomic(this.at(STUDIO_FILE), `${JSON.stringify(file, null, 1)}\n`);
      this.file = file;
    };
    // One after the other, so that the last change stays.
    this.saving = this.saving.then(write, write);
    await this.saving;
  }
}

/** @throws OtxError `usage` */
function checkClasses(classes: readonly ClassInfo[]): void {
  const fail = (reason: string): never => {
    throw new OtxError('usage', reason);
  };
  if (classes.length > MOST_CLASSES)
    fail(`${classes.length} classes are more than ${MOST_CLASSES}, which fit a mask`);
  if (classes[0]?.name !== 'background') fail('the first class is the background; put the others behind it');
  const seen = new Set<string>();
  for (const { name } of classes) {
    const problem = nameProblem(name);
    if (problem !== undefined) fail(problem);
    if (seen.has(name)) fail(`there are two classes "${name}"; give one another name`);
    seen.add(name);
  }
}

async function readFileOf(folder: string): Promise<ProjectFile | undefined> {
  const path = join(folder, STUDIO_FILE);
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const text = await readTextOf(path, KIND);
  try {
    return fileSchema.parse(parseJson(text));
  } catch (cause) {
    throw new OtxError('dataset', `${path}: is not the file of a studio; move it away`, { cause });
  }
}
