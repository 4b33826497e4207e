/** @file The report of a run, of a study with its best run, or of a training that is still under way. */

import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checkOptions } from '../base/check-options.js';
import { OtxError, option } from '../base/errors.js';
import { Outputs } from '../base/outputs/outputs.js';
import { readHead } from '../base/read-file.js';
import type { JobEvent } from '../runs/events.js';
import { readExports } from './exports-record.js';
import { REPORT_MARK, reportPage } from './report-page.js';
import { isRunFolder, readRunRecord } from './run-record.js';
import { sheetsOf } from './sheets.js';
import { readStudy, studiesOf } from './study-record.js';
import type { LinkBase } from './study-section.js';
import { worstImages } from './worst-images.js';

const FILE = 'report.html';
/** Images that are segmented for the worst ones. */
const DEFAULT_WORST = 100;
const MOST_WORST = 100_000;
/** In which a report says what it is. */
const HEAD_BYTES = 4096;

const OPTION_KINDS = {
  run: 'path',
  worst: 'number?',
  exports: 'path?',
  threads: 'number?',
  onEvent: 'function?',
  signal: 'signal?',
} as const;

/** Of which run, and where to. */
export interface ReportOptions {
  /** Folder of a run, or of a study (`trainSeeds`, `crossValidate`, `tune`), whose best run is told of in full. */
  readonly run: string;
  /** The file, whose name ends in `.html`. Default: `report.html` in the folder of the run or study. */
  readonly output?: string | undefined;
  /** Validation images that are segmented once more to find the worst ones, evenly taken from all; 0 looks at none. Default 100. */
  readonly worst?: number | undefined;
  /** Folder with the table of `benchmarkExports`. Default: those that lie in the folder of the run. */
  readonly exports?: string | undefined;
  /** Threads that segment. Default: all that the process may use. */
  readonly threads?: number | undefined;
  /** Is told how it goes on. */
  readonly onEvent?: ((event: JobEvent) => void) | undefined;
  /** Stops it; nothing is written then. */
  readonly signal?: AbortSignal | undefined;
}

/** What was written. */
export interface ReportResult {
  /** The file, as it was given. */
  readonly file: string;
  /** Bytes. */
  readonly bytes: number;
  /** When the report was written whose place it has taken; undefined where there was none. */
  readonly replaced: Date | undefined;
}

/** Whether a folder is that of a run or of a study, of which {@link writeReport} can tell. */
export const isReportable = async (folder: string): Promise<boolean> =>
  (await isRunFolder(folder)) || (await readStudy(folder)) !== undefined;

/**
 * Writes what a run was trained on, with which settings and why, how it went and scored, its worst images and its exported files as one
 * HTML file that needs nothing else: no script, no address, all pictures in it. An earlier report in its place is replaced, which the
 * result says; no other file is.
 *
 * @throws OtxError `usage` for a folder that is neither a run nor a study, `output` where the file cannot be written, or `aborted` when
 * the signal fired.
 */
export async function writeReport(options: ReportOptions): Promise<ReportResult> {
  checkOptions('writeReport()', options, { ...OPTION_KINDS, output: 'path?' });
  const { run, output = join(run, FILE) } = options;
  if (!/\.html?$/i.test(output)) {
    throw new OtxError('usage', `${option('output')} is ${output}; expected a file whose name ends in .html`);
  }
  if (!(await isReportable(run))) await readRunRecord(run);
  const replaced = await earlierReport(output);
  const outputs = await Outputs.open({ root: dirname(resolve(output)), files: [basename(output)] });
  try {
    const page = await pageOf(options, dirname(resolve(output)));
    await outputs.write(basename(output), page);
    return { file: output, bytes: Buffer.byteLength(page), replaced };
  } finally {
    await outputs.close();
  }
}

/**
 * The report of {@link writeReport} as text instead of a file, for programs that show it themselves: an HTML page without scripts or
 * addresses, to be sent with {@link REPORT_POLICY}. It has no links to files of the run.
 *
 * @throws OtxError as {@link writeReport}
 */
export function renderReport(options: Omit<ReportOptions, 'output'>): Promise<string> {
  checkOptions('renderReport()', options, OPTION_KINDS);
  return pageOf(options, undefined);
}

/** The report as text. @param linkBase see {@link LinkBase} @throws OtxError as {@link writeReport} */
async function pageOf(options: Omit<ReportOptions, 'output'>, linkBase: LinkBase): Promise<string> {
  const { run, worst: most = DEFAULT_WORST, threads, onEvent, signal } = options;
  if (!Number.isInteger(most) || most < 0 || most > MOST_WORST) {
    throw new OtxError(
      'usage',
      `${option('worst')} is ${most}; expected a whole number from 0 to ${MOST_WORST}`,
    );
  }
  const study = (await isRunFolder(run)) ? undefined : await readStudy(run);
  const record = await readRunRecord(study ? await bestOfStudy(run, study.best) : run);
  const exports = await readExports(record.folder, options.exports);
  const worst = most === 0 ? undefined : await worstImages(record, { most, threads, onEvent, signal });
  return reportPage({
    ...{ record, exports, worst, linkBase },
    studies: study ? [study] : await studiesOf(record.folder),
    sheets: await sheetsOf(record.folder),
  });
}

/** @throws OtxError `usage` for a study of which nothing has begun */
async function bestOfStudy(study: string, best: string | undefined): Promise<string> {
  const names = best === undefined ? await readdir(join(study, 'runs')).catch((): string[] => []) : [best];
  for (const name of names.sort()) {
    const folder = join(study, 'runs', name);
    if (await isRunFolder(folder)) return folder;
  }
  throw new OtxError(
    'usage',
    `${study}: none of the trainings of this study has begun; there is nothing to report`,
  );
}

/** @throws OtxError `output` for a file that is no report */
async function earlierReport(path: string): Promise<Date | undefined> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts) return undefined;
  const head = Buffer.from(await readHead(path, HEAD_BYTES)).toString('utf8');
  if (head.includes(REPORT_MARK)) return facts.mtime;
  throw new OtxError(
    'output',
    `${path}: is there already and is no report of otx, and is not replaced; move it or choose another name`,
  );
}
