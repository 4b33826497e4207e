import { readFile, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answer, type Handler, redirect, serve, serveStart } from './file-server.cases.js';
import type { DownloadProgress } from './pretrained.js';
import {
  eachInItsFolder,
  expectFetched,
  failure,
  fetchFrom,
  filesThere,
  hurry,
  otherWeights,
  path,
  patience,
  servers,
  start,
  weights,
} from './pretrained-server.cases.js';
import { readWeights } from './read-weights.js';

eachInItsFolder();

describe('from a good server', () => {
  test('it is downloaded once, with progress, and can be read', async () => {
    const server = await start(serve(weights));
    const seen: DownloadProgress[] = [];
    expect(await fetchFrom(server, { onProgress: (progress) => seen.push(progress) })).toBe(path);
    await expectFetched(weights);
    expect(seen.at(-1)).toEqual({ file: basename(path), received: weights.length, total: weights.length });
    expect(server.requests[0]!.url).toBe('/litehrnet18_imagenet1k_rsc.pth');
    expect([...(await readWeights(path)).tensors.keys()]).toEqual(['backbone.stem.a']);
    seen.length = 0;
    expect(await fetchFrom(server, { onProgress: (progress) => seen.push(progress) })).toBe(path);
    expect([server.requests.length, seen]).toEqual([1, []]);
  });

  test('the folder of a mirror may have a path and a query', async () => {
    const server = await start(serve(weights));
    await fetchFrom({ url: `${server.url}/mirror/of/weights/?token=1` });
    expect(server.requests[0]!.url).toBe('/mirror/of/weights/litehrnet18_imagenet1k_rsc.pth?token=1');
  });

  test('without length and ETag', async () => {
    const chunked: Handler = (_, response) => {
      response.write(weights.subarray(0, 50));
      response.end(weights.subarray(50));
    };
    const totals: (number | undefined)[] = [];
    await fetchFrom(await start(chunked), { onProgress: ({ total }) => totals.push(total) });
    expect(new Set(totals)).toEqual(new Set([undefined]));
    await expectFetched(weights);
  });

  test('several at once in one folder do not disturb each other', async () => {
    const server = await start(serve(weights));
    await Promise.all(Array.from({ length: 8 }, () => fetchFrom(server)));
    await expectFetched(weights);
  });

  test('after redirects', async () => {
    const target = await start(serve(weights));
    const first = await start(redirect('/second'), redirect(`${target.url}/third?x=1`));
    await fetchFrom(first);
    await expectFetched(weights);
    expect(target.requests[0]!.url).toBe('/third?x=1');
  });
});

describe('bad networks', () => {
  test('a broken connection is continued where it broke', async () => {
    const server = await start(serveStart(weights, 100, 'break'), serve(weights));
    const received: number[] = [];
    await fetchFrom(server, { onProgress: (progress) => received.push(progress.received) });
    expect(server.ranges).toEqual([undefined, 'bytes=100-']);
    expect(received).toEqual([...received].sort((a, b) => a - b));
    await expectFetched(weights);
  });

  test('a silent server is asked again', async () => {
    const server = await start(() => {}, serveStart(weights, 70, 'stall'), serve(weights));
    await fetchFrom(server, { patience: hurry });
    expect(server.ranges).toEqual([undefined, undefined, 'bytes=70-']);
    await expectFetched(weights);
  });

  test('a server that stays silent is given up, and the part is kept for the next time', async () => {
    const server = await start(serveStart(weights, 70, 'stall'), () => {});
    const { code, message } = await failure(fetchFrom(server, { patience: hurry }));
    expect(code).toBe('checkpoint');
    expect(message).toMatch(/nothing came for 0\.25 s, after 3 attempts/);
    expect((await filesThere()).filter((name) => name.endsWith('.part'))).toHaveLength(1);
    const later = await start(serve(weights));
    // The address has another port, so the part is of another file.
    await fetchFrom(later);
    expect(later.ranges).toEqual([undefined]);
  });

  test('an interrupted download is continued by the next process', async () => {
    const server = await start(serveStart(weights, 90, 'stall'), serve(weights));
    const controller = new AbortController();
    const stopped = fetchFrom(server, { signal: controller.signal, onProgress: () => controller.abort() });
    expect(await failure(stopped)).toMatchObject({ code: 'aborted' });
    await fetchFrom(server);
    expect(server.ranges).toEqual([undefined, 'bytes=90-']);
    expect(Buffer.from(await readFile(path)).equals(weights)).toBe(true);
  });

  test('a part that nobody has touched for minutes is continued and cleared away', async () => {
    const server = await start(serveStart(weights, 90, 'stall'), serve(weights));
    await failure(fetchFrom(server, { patience: { ...hurry, attempts: 1 } }));
    for (const name of await filesThere()) await utimes(join(dirname(path), name), 1, 1);
    await fetchFrom(server);
    expect(server.ranges).toEqual([undefined, 'bytes=90-']);
    await expectFetched(weights);
  });

  test('a server without ranges sends everything again', async () => {
    const whole = answer(200, { etag: '"1"', 'content-length': String(weights.length) }, weights);
    const server = await start(serveStart(weights, 100, 'break', { etag: '"1"' }), whole);
    await fetchFrom(server);
    expect(server.ranges).toEqual([undefined, 'bytes=100-']);
    await expectFetched(weights);
  });

  test.each([
    ['a weak ETag', { etag: 'W/"1"' }],
    ['no validator', {}],
  ])('nothing is continued with %s', async (_, headers: Record<string, string>) => {
    const server = await start(serveStart(weights, 100, 'break', headers), serve(weights));
    await fetchFrom(server);
    expect(server.ranges).toEqual([undefined, undefined]);
    await expectFetched(weights);
  });

  test('a date is as good as an ETag', async () => {
    const date = 'Wed, 01 Mar 2023 00:00:00 GMT';
    const server = await start(
      serveStart(weights, 100, 'break', { 'last-modified': date }),
      answer(
        206,
        { 'last-modified': date, 'content-range': `bytes 100-${weights.length - 1}/${weights.length}` },
        weights.subarray(100),
      ),
    );
    await fetchFrom(server);
    expect(server.requests[1]!.headers['if-range']).toBe(date);
    await expectFetched(weights);
  });

  test('a file that changes between attempts is not mixed', async () => {
    const server = await start(serveStart(weights, 100, 'break'), serve(otherWeights));
    await fetchFrom(server);
    expect(server.ranges).toEqual([undefined, 'bytes=100-']);
    await expectFetched(otherWeights);
  });

  test.each<[string, Record<string, string>]>([
    [
      'of another file',
      { etag: '"other"', 'content-range': `bytes 100-${weights.length - 1}/${weights.length}` },
    ],
    ['of another place', { 'content-range': `bytes 99-${weights.length - 1}/${weights.length}` }],
    ['of another size', { 'content-range': `bytes 100-${weights.length}/${weights.length + 1}` }],
    ['of no place', {}],
  ])('a part %s is not taken', async (_, headers) => {
    const server = await start(
      serveStart(weights, 100, 'break'),
      answer(206, headers, weights.subarray(100)),
      serve(weights),
    );
    await fetchFrom(server);
    expect(server.ranges).toEqual([undefined, 'bytes=100-', undefined]);
    await expectFetched(weights);
  });

  test('a range that the server cannot satisfy begins again', async () => {
    const server = await start(serveStart(weights, 100, 'break'), answer(416), serve(weights));
    await fetchFrom(server);
    expect(server.ranges).toEqual([undefined, 'bytes=100-', undefined]);
    await expectFetched(weights);
  });

  test('statuses that pass are waited for', async () => {
    const server = await start(answer(500), answer(429), serve(weights));
    await fetchFrom(server);
    await expectFetched(weights);
  });

  test('other statuses are final, and say where the file could be put', async () => {
    const server = await start(answer(404, {}, 'no such thing'));
    const { code, message } = await failure(fetchFrom(server));
    expect(code).toBe('checkpoint');
    const address = `${server.url}/litehrnet18_imagenet1k_rsc.pth`;
    expect(message).toBe(
      `pretrained weights of lite-hrnet-18 are not available from ${address}: ` +
        'the server answers with HTTP status 404, it is not there; ' +
        `get the file by other means and put it at ${path}, or train from scratch with --no-pretrained ` +
        '(all weights start from random numbers: expect to need more epochs and more images)',
    );
    expect(server.requests).toHaveLength(1);
    expect(await filesThere()).toEqual([]);
  });

  test('a server that always fails is given up', async () => {
    const server = await start(answer(503));
    expect((await failure(fetchFrom(server))).message).toMatch(/HTTP status 503, after 3 attempts/);
    expect(server.requests).toHaveLength(3);
  });

  test('nobody listens', async () => {
    const server = await start(serve(weights));
    await server.stop();
    servers.pop();
    expect((await failure(fetchFrom(server))).message).toMatch(
      /no connection .*ECONNREFUSED.*after 3 attempts/,
    );
    expect(await filesThere()).toEqual([]);
  });

  test('what is stopped before it begins does not begin', async () => {
    const server = await start(serve(weights));
    expect(await failure(fetchFrom(server, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'aborted',
    });
    expect(server.requests).toHaveLength(0);
  });

  test('an error of the caller is no failure of the network', async () => {
    const server = await start(serve(weights));
    const onProgress = () => {
      throw new RangeError('mine');
    };
    expect(await failure(fetchFrom(server, { onProgress }))).toMatchObject({
      name: 'RangeError',
      message: 'mine',
    });
    expect(server.requests).toHaveLength(1);
  });

  test('it can be stopped between two attempts', async () => {
    const controller = new AbortController();
    const server = await start((_, response) => {
      setTimeout(() => controller.abort(), 50);
      response.writeHead(500).end();
    });
    const slow = { ...patience, firstPause: 60_000 };
    const stopped = fetchFrom(server, { signal: controller.signal, patience: slow });
    expect(await failure(stopped)).toMatchObject({ code: 'aborted' });
  });
});
