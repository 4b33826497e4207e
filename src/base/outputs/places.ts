/** @file Where nothing may be written: into data sets, among the pictures that a command reads, over anything that it reads. */

import { statSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { OtxError } from '../errors.js';
import { datasetMarks } from './dataset-folder.js';

/** What a command reads, and what that is, for messages. */
export interface Input {
  /** Need not be there. */
  readonly path: string;
  /** As in "the weights". */
  readonly what: string;
}

/** Everything that a command reads. What does not exist does no harm. */
export interface Inputs {
  /** Searched for images, now or the next time: nothing is written in them or anywhere below. */
  readonly folders?: readonly Input[] | undefined;
  /** Pictures that are named one by one: nothing is written over or beside them. */
  readonly images?: readonly Input[] | undefined;
  /** Nothing is written over these. */
  readonly files?: readonly Input[] | undefined;
}

const ELSEWHERE = 'choose an output folder elsewhere';

/**
 * Places are known by what they are, not by how they are named: links in the middle of a path, `..`, other spellings on a
 * file system that ignores case and hard links all lead to the same device and number.
 */
export class Places {
  private readonly folders = new Map<string, Input>();
  private readonly besides = new Map<string, Input>();
  private readonly passed = new Set<string>();
  private files: Map<string, Input> | undefined;

  private constructor(private readonly inputs: Inputs) {}

  static async of(inputs: Inputs): Promise<Places> {
    const places = new Places(inputs);
    for (const input of inputs.folders ?? []) {
      const id = await folderId(input.path);
      if (id !== undefined) places.folders.set(id, input);
    }
    const beside = new Map((inputs.images ?? []).map((image) => [dirname(resolve(image.path)), image]));
    for (const [folder, image] of beside) {
      const id = await folderId(folder);
      if (id !== undefined) places.besides.set(id, image);
    }
    return places;
  }

  /**
   * Looks at a folder that is going to be written to; it need not exist.
   *
   * @param isDirect whether files are written directly in it, not only below.
   * @throws OtxError `output` naming the folder and what it would disturb.
   */
  async check(folder: string, isDirect = true): Promise<void> {
    if (this.passed.has(folder)) return;
    const start = await deepestExisting(resolve(folder));
    for (let path = start; ; path = dirname(path)) {
      const id = await folderId(path);
      const input = id === undefined ? undefined : this.folders.get(id);
      if (input) {
        throw new OtxError(
          'output',
          `${folder}: lies inside ${input.what} (${input.path}), where outputs could be taken for images; ${ELSEWHERE}`,
        );
      }
      const marks = await datasetMarks(path);
      if (marks !== undefined) {
        throw new OtxError(
          'output',
          `${folder}: lies inside ${path}, which looks like a data set (it has ${marks}); ${ELSEWHERE}`,
        );
      }
      if (dirname(path) === path) break;
    }
    const own = await folderId(folder);
    const beside = own !== undefined && isDirect ? this.besides.get(own) : undefined;
    if (beside) {
      throw new OtxError(
        'output',
        `${folder}: holds ${beside.what} (${beside.path}), and outputs would stand among pictures of yours; ${ELSEWHERE}`,
      );
    }
    if (isDirect) this.passed.add(folder);
  }

  /**
   * Looks at a folder that belongs to the outputs as a whole.
   *
   * @throws OtxError `output` when something that is read lies in it.
   */
  async checkHoldsNoInput(folder: string): Promise<void> {
    const own = await folderId(folder);
    if (own === undefined) return;
    const { folders = [], images = [] } = this.inputs;
    const places = new Map([
      ...folders.map((input) => [input.path, input] as const),
      ...images.map((input) => [dirname(resolve(input.path)), input] as const),
    ]);
    for (const [place, input] of places) {
      const start = await realpath(place).catch(() => undefined);
      for (let path = start; path !== undefined; path = dirname(path)) {
        if ((await folderId(path)) === own) {
          throw new OtxError(
            'output',
            `${folder}: outputs go there, but it holds ${input.what} (${input.path}); ${ELSEWHERE}`,
          );
        }
        if (dirname(path) === path) break;
      }
    }
  }

  /** The input that a file is, under whatever name. @param id of the file, as {@link fileId} gives it. */
  inputAt(id: string): Input | undefined {
    if (!this.files) {
      this.files = new Map();
      const { images = [], files = [] } = this.inputs;
      for (const input of [...images, ...files]) {
        try {
          this.files.set(fileId(statSync(input.path, { bigint: true })), input);
        } catch {
          // What is not there cannot be written over.
        }
      }
    }
    return this.files.get(id);
  }
}

/** Tells a file or folder from all others. */
export function fileId({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${dev}:${ino}`;
}

async function folderId(path: string): Promise<string | undefined> {
  const facts = await stat(path, { bigint: true }).catch(() => undefined);
  return facts?.isDirectory() ? fileId(facts) : undefined;
}

/** The part of an absolute path that exists, without symbolic links. */
async function deepestExisting(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  return real !== undefined || dirname(path) === path ? (real ?? path) : deepestExisting(dirname(path));
}
