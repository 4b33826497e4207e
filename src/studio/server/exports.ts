/** @file What was exported and deployed in a studio: folders of files, with the table that the command line has written of them. */

import { lstat, readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isTemporaryName } from '../../files-api.js';
import { type ExportsRecord, OtxError, readExportTable } from '../../index.js';
import type { Job, Jobs } from './jobs.js';
import type { ModelFile } from './models.js';
import type { Project } from './project.js';

/** A file of an export. */
export interface ExportFile {
  /** In its folder, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** An export as pages show it. */
export interface ExportView {
  readonly name: string;
  readonly kind: 'export' | 'deploy';
  /** Undefined where its job is not known any more. */
  readonly model: string | undefined;
  readonly state: Job['state'] | undefined;
  /** As far as they are written. */
  readonly files: readonly ExportFile[];
  /** When all are written and measured. */
  readonly table: ExportsRecord | undefined;
}

const NAME = /^[\w-]+_(export|deploy)$/;
const MOST_FILES = 500;

/** The folders of a studio's exports. */
export class Exports {
  constructor(
    private readonly project: Project,
    private readonly jobs: Jobs,
  ) {}

  /** A name that is not there yet. @param time first part of it */
  newName(time: string, kind: ExportView['kind']): string {
    const isTaken = (name: string) => this.jobs.list().some(({ id }) => id === name);
    let name = `${time}_${kind}`;
    for (let next = 2; isTaken(name); next++) name = `${time}-${next}_${kind}`;
    return name;
  }

  /** @throws OtxError `image` for a name that is none */
  folder(name: string): string {
    if (!NAME.test(name)) throw new OtxError('image', 'there is no such export');
    return this.project.at('exports', name);
  }

  /** The newest first. */
  async list(models: readonly ModelFile[]): Promise<readonly ExportView[]> {
    const entries = await readdir(this.project.at('exports'), { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    // Of one that is done and has no folder any more there is nothing to show.
    const ofJobs = this.jobs.list().flatMap(({ id, state }) => (state === 'done' ? [] : [id]));
    const all = [...new Set([...ofJobs, ...names])]
      .filter((name) => NAME.test(name))
      .sort()
      .reverse();
    return Promise.all(all.map((name) => this.view(name, models)));
  }

  private async view(name: string, models: readonly ModelFile[]): Promise<ExportView> {
    const job = this.jobs.list().find(({ id }) => id === name);
    const weights = job?.words[job.words.indexOf('--load-weights') + 1];
    return {
      name,
      kind: name.endsWith('_deploy') ? 'deploy' : 'export',
      model: models.find(({ path }) => path === weights)?.id,
      state: job?.state,
      files: await this.files(name),
      table: await readExportTable(this.folder(name)),
    };
  }

  /** Files alone: what leads elsewhere is none. @throws OtxError `image` for a name that is none */
  async files(name: string): Promise<readonly ExportFile[]> {
    const folder = this.folder(name);
    const facts = await lstat(folder).catch(() => undefined);
    if (!facts?.isDirectory()) return [];
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const paths = entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !isTemporaryName(entry.name))
      .slice(0, MOST_FILES)
      .map((entry) => join(entry.parentPath, entry.name));
    const found = await Promise.all(
      paths.map(async (path): Promise<readonly ExportFile[]> => {
        const file = await stat(path).catch(() => undefined);
        return file ? [{ path: relative(folder, path).split(sep).join('/'), bytes: file.size }] : [];
      }),
    );
    return found.flat().sort((a, b) => a.path.localeCompare(b.path, 'en'));
  }
}
