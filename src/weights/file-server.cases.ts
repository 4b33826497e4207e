/** @file A web server for tests of downloads, on this machine only, that can be told to misbehave. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers with `handlers` in turn, the last one for ever. */
export class TestServer {
  readonly requests: IncomingMessage[] = [];
  /** Targets of CONNECT requests. */
  readonly tunnels: string[] = [];
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(...handlers: readonly Handler[]): Promise<TestServer> {
    const server = createServer((request, response) => {
      const index = Math.min(started.requests.length, handlers.length - 1);
      started.requests.push(request);
      handlers[index]!(request, response);
    });
    server.on('connect', (request, socket) => {
      started.tunnels.push(request.url ?? '');
      socket.on('error', () => {});
      const [host, port] = (request.url ?? '').split(':');
      if (host !== '127.0.0.1') {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const started = new TestServer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return started;
  }

  get ranges(): (string | undefined)[] {
    return this.requests.map(({ headers }) => headers.range);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const etagOf = (bytes: Uint8Array): string =>
  `"${createHash('sha256').update(bytes).digest('hex').slice(0, 8)}"`;

/** How a good server answers: with ETag, and with ranges where `If-Range` allows them. */
export const serve =
  (bytes: Uint8Array): Handler =>
  ({ headers }, response) => {
    const etag = etagOf(bytes);
    const first = /^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1];
    if (first === undefined || headers['if-range'] !== etag) {
      response.writeHead(200, { etag, 'content-length': bytes.length }).end(bytes);
      return;
    }
    const rest = bytes.subarray(Number(first));
    const range = `bytes ${first}-${bytes.length - 1}/${bytes.length}`;
    response
      .writeHead(206, { etag, 'content-length': rest.length, 'content-range': range })
      .end(Buffer.from(rest));
  };

/** Answers that wait for the moment when their connection is to break. */
const breakable = new Set<ServerResponse>();

/** Breaks the connections of {@link serveStart}. */
export function breakOff(): void {
  for (const response of breakable) response.destroy();
  breakable.clear();
}

/** Sends `count` bytes of all that it promises; then says nothing any more, or waits for {@link breakOff}. */
export const serveStart =
  (
    bytes: Uint8Array,
    count: number,
    then: 'break' | 'stall',
    headers: Record<string, string> = { etag: etagOf(bytes) },
  ): Handler =>
  (_, response) => {
    response.writeHead(200, { ...headers, 'content-length': bytes.length });
    response.write(bytes.subarray(0, count));
    if (then === 'break') breakable.add(response);
  };

export const answer =
  (status: number, headers: Record<string, string> = {}, body: string | Uint8Array = ''): Handler =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };

export const redirect = (location: string): Handler => answer(302, { location }, 'moved');

/** A proxy for http addresses. */
export const forward: Handler = ({ url, headers }, response) => {
  fetch(url ?? '', { headers: headers.range ? { range: headers.range } : {} }).then(
    async (answered) => {
      response.writeHead(answered.status).end(Buffer.from(await answered.arrayBuffer()));
    },
    () => response.writeHead(502).end(),
  );
};
