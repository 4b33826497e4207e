/** @file The studio: opens a project, serves its pages on this machine, and ends with everything it has started. */

import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createApp } from './app.js';
import { Jobs } from './jobs.js';
import { listen, type Studio } from './listen.js';
import { isReportAlone, openReportStudio } from './report-studio.js';
import { Runs } from './runs.js';
import { openWorkshop } from './workshop.js';

/** What to open, and how. */
export interface StudioOptions {
  /** A folder of pictures, a data set of any format, the folder of a studio, or that of a run or study, whose report is shown. */
  readonly data: string;
  /** Port of 127.0.0.1. Default: any that is free. */
  readonly port?: number | undefined;
  /** Whether nothing may be changed or started. Default false. */
  readonly isReadOnly?: boolean | undefined;
  /** How the command line is started for jobs: program and first words. */
  readonly otx: readonly string[];
}

/**
 * Opens a studio.
 *
 * @throws OtxError `dataset` for a folder that is missing, `output` where its own folder cannot be beside it or no port can be had.
 */
export async function openStudio({
  data,
  port = 0,
  isReadOnly = false,
  otx,
}: StudioOptions): Promise<Studio> {
  if (await isReportAlone(data)) return openReportStudio({ run: data, port });
  const workshop = await openWorkshop({ data, isReadOnly, otx });
  const token = randomBytes(16).toString('hex');
  let bound = port;
  const jobs = new Jobs(workshop);
  const runs = new Runs(workshop, jobs);
  const app = createApp(workshop, { token, port: () => bound, isReadOnly, jobs, runs });
  const server = await listen(app.fetch, port);
  bound = (server.address() as AddressInfo).port;
  workshop.start();
  await jobs.restore();
  void runs.follow();
  return {
    address: `http://127.0.0.1:${bound}/${token}/`,
    folder: workshop.project.folder,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await workshop.close();
    },
  };
}
