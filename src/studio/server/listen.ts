/** @file A studio as others see it, and its server, on this machine alone. */

import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { messageOf } from '../../files-api.js';
import { OtxError } from '../../index.js';

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
 * Listens on 127.0.0.1.
 *
 * @param port 0 for any that is free.
 * @throws OtxError `usage` for a port that cannot be had.
 */
export function listen(fetch: Parameters<typeof serve>[0]['fetch'], port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: '127.0.0.1' }, () => {
      server.maxConnections = MOST_CONNECTIONS;
      resolve(server);
    }) as Server;
    server.once('error', (error) => {
      reject(
        new OtxError('usage', `port ${port} cannot be had (${messageOf(error)}); choose another one`, {
          cause: error,
        }),
      );
    });
  });
}
