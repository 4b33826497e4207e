/** @file The studio: opens a project, serves its pages on this machine, and ends with everything it has started. */

import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { messageOf, OtxError } from '../../base/errors.js';
import { createApp } from './app.js';
import { Jobs } from './jobs.js';
import { Runs } from './runs.js';
import { openWorkshop } from './workshop.js';

/** What to open, and how. */
export interface StudioOptions {
  /** A folder of pictures, a data set of any format, or the folder of a studio. */
  readonly data: string;
  /** Port of 127.0.0.1. Default: any that is free. */
  readonly port?: number | undefined;
  /** Whether nothing may be changed or started. Default false. */
  readonly isReadOnly?: boolean | undefined;
  /** How the command line is started for jobs: program and first words. */
  readonly otx: readonly string[];
}

/** A studio that is open. */
export interface Studio {
  /** With the secret that lets in. */
  readonly address: string;
  /** Folder of what is made here. */
  readonly folder: string;
  /** Ends the server; trainings are paused, and can be gone on with. */
  close(): Promise<void>;
}

/** Connections at a time; a browser opens six. */
const MOST_CONNECTIONS = 256;

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
  const workshop = await openWorkshop({ data, isReadOnly, otx });
  const token = randomBytes(16).toString('hex');
  let bound = port;
  const jobs = new Jobs(workshop);
  const runs = new Runs(workshop, jobs);
  const app = createApp(workshop, { token, port: () => bound, isReadOnly, jobs, runs });
  const server = await listen(app.fetch, port);
  bound = (server.address() as AddressInfo).port;
  server.maxConnections = MOST_CONNECTIONS;
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

function listen(fetch: Parameters<typeof serve>[0]['fetch'], port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: '127.0.0.1' }, () => resolve(server)) as Server;
    server.once('error', (error) => {
      reject(
        new OtxError('usage', `port ${port} cannot be had (${messageOf(error)}); choose another one`, {
          cause: error,
        }),
      );
    });
  });
}
