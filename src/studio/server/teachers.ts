/** @file Teachers of the runs of a studio: one is open at a time, of the newest checkpoint, and is let go of when nobody asks. */

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openUnlabeled, readImage, resizeImage, type UnlabeledImages } from '../../data-api.js';
import { createTurns } from '../../files-api.js';
import { type OpenedTeacher, OtxError, openTeacher } from '../../index.js';
import type { Entry } from './catalog.js';
import type { Runs } from './runs.js';
import { type SeenImage, type TeacherFigures, teacherFigures } from './teacher-figures.js';
import type { Workshop } from './workshop.js';

const IDLE_MILLISECONDS = 60_000;
/** Checkpoint that a training writes after each epoch. */
const NEWEST = 'last.safetensors';

/** A teacher with the images that it speaks of. */
interface Open {
  /** Run, and the state of its checkpoint. */
  readonly state: string;
  readonly teacher: OpenedTeacher;
  readonly unlabeled: UnlabeledImages;
}

/** One page of what a teacher says. */
export interface TaughtPage extends TeacherFigures {
  readonly run: string;
  /** From 0. */
  readonly page: number;
  readonly pages: number;
  /** Without labels, in all. */
  readonly images: number;
  /** Where the training stood. */
  readonly epoch: number;
  readonly updates: number;
  /** Epochs before the teacher is listened to. */
  readonly startEpoch: number;
}

/** Opens teachers when they are asked for. */
export class Teachers {
  private open: Open | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly takeTurn = createTurns(1);

  constructor(
    private readonly workshop: Workshop,
    private readonly runs: Runs,
  ) {
    workshop.onClose(() => this.takeTurn(() => this.close()));
  }

  /** Names of the runs that have a teacher, the newest first. */
  async names(): Promise<string[]> {
    const found: string[] = [];
    for (const name of await this.runs.names()) {
      const { start } = await this.runs.view(name);
      const isSemi = start?.config.hyper_parameters?.algo_backend?.train_type === 'Semisupervised';
      const file = isSemi ? await this.fileOf(name).catch(() => undefined) : undefined;
      if (file !== undefined) found.push(name);
    }
    return found;
  }

  /**
   * What the teacher says of as many images as are in a training step.
   *
   * @param page from 0; past the end is the last.
   * @throws OtxError `checkpoint` for a run without a teacher, `dataset` where its images are gone, `usage` for images outside.
   */
  look(run: string, page: number): Promise<TaughtPage> {
    return this.takeTurn(async () => {
      const { teacher, unlabeled } = await this.teacherOf(run);
      const { count, side, epoch, updates, startEpoch } = teacher;
      const { images } = unlabeled;
      const pages = Math.ceil(images.length / count);
      const at = Math.min(page, pages - 1);
      // The last page is filled up by those before it.
      const some = images.slice(Math.min(at * count, images.length - count)).slice(0, count);
      const seen: SeenImage[] = [];
      for (const { id, imagePath } of some) {
        const path = await this.workshop.inside.check(imagePath);
        const image = await readImage(path, unlabeled.reading);
        const entry = this.entryOf(path);
        seen.push({ id: entry?.id ?? id, image, key: entry?.key });
      }
      const size = { width: side, height: side };
      const look = await teacher.look(seen.map(({ image }) => resizeImage(image.data, image, size)));
      return {
        ...{ run, page: at, pages, images: images.length, epoch, updates, startEpoch },
        ...(await teacherFigures(teacher, seen, look)),
      };
    });
  }

  private entryOf(path: string): Entry | undefined {
    return this.workshop.catalog.entries.find(({ imagePath }) => imagePath === path);
  }

  /** The newest checkpoint. @throws OtxError `image` where there is none */
  private fileOf(run: string): Promise<string> {
    return this.workshop.inside.check(join(this.runs.folder(run), 'models', NEWEST));
  }

  private async teacherOf(run: string): Promise<Open> {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.takeTurn(() => this.close()), IDLE_MILLISECONDS).unref();
    const file = await this.fileOf(run);
    const { mtimeMs, size } = await stat(file);
    const state = JSON.stringify([run, mtimeMs, size]);
    if (this.open?.state === state) return this.open;
    await this.close();
    const { start } = await this.runs.view(run);
    const root = start?.config.unlabeled_data_roots;
    if (root === undefined) {
      throw new OtxError('checkpoint', `${run}: is no semi-supervised training, and has no teacher`);
    }
    const { signal } = this.workshop;
    const unlabeled = await openUnlabeled(root, { fileList: start?.config.unlabeled_file_list, signal });
    this.open = { state, unlabeled, teacher: await openTeacher(file, { images: unlabeled.images.length }) };
    return this.open;
  }

  /** Lets go of the teacher. */
  private async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    await open?.teacher.dispose().catch(() => undefined);
  }
}
