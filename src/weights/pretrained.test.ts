import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OtxError } from '../base/errors.js';
import {
  answer,
  breakOff,
  forward,
  type Handler,
  redirect,
  serve,
  serveStart,
  TestServer,
} from './file-server.cases.js';
import {
  type DownloadProgress,
  fetchPretrained,
  type PretrainedOptions,
  pretrainedPath,
} from './pretrained.js';
import { obtainPublishedFile } from './published-file.js';
import { readWeights } from './read-weights.js';
import { dict, tensor, torchZip } from './torch-bytes.cases.js';

/** Its published name has no checksum in it: any weight file will do. */
const MODEL = 'lite-hrnet-18';
/** Two different weight files of the same size. */
const weights = torchZip(dict(['stem.a', tensor()]), { 0: new Uint8Array(24).fill(1) });
const otherWeights = torchZip(dict(['stem.a', tensor()]), { 0: new Uint8Array(24).fill(2) });
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const patience = { attempts: 3, firstPause: 1, longestSilence: 5000 };
/** For servers that say nothing. */
const hurry = { ...patience, longestSilence: 250 };

let cacheDir: string;
let path: string;
const servers: TestServer[] = [];
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'otx-pretrained-'));
  path = pretrainedPath(MODEL, { cacheDir });
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) await server.stop();
  await rm(cacheDir, { recursive: true, force: true });
});

async function start(...handlers: readonly Handler[]): Promise<TestServer> {
  const server = await TestServer.start(...handlers);
  servers.push(server);
  return server;
}
const fetchFrom = ({ url }: { url: string }, options: PretrainedOptions = {}): Promise<string> =>
  fetchPretrained(MODEL, {
    cacheDir,
    baseUrl: url,
    environment: {},
    patience,
    ...options,
    // Only once what was sent has arrived: what is under way when a connection breaks may be lost.
    onProgress: (progress) => {
      options.onProgress?.(progress);
      breakOff();
    },
  });
const failure = async (promise: Promise<unknown>): Promise<OtxError> => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  expect((error as Error).message).not.toContain('\n');
  return error as OtxError;
};
const filesThere = async (): Promise<string[]> => (await readdir(dirname(path)).catch(() => [])).sort();
const complete = [`${basename(pretrainedPath(MODEL))}`, `${basename(pretrainedPath(MODEL))}.sha256`];

/** All is well: the bytes are there, the note of their checksum, and nothing else. */
async function expectFetched(bytes: Uint8Array): Promise<void> {
  expect(Buffer.from(await readFile(path)).equals(bytes)).toBe(true);
  expect(await readFile(`${path}.sha256`, 'utf8')).toBe(`${sha256(bytes)}  ${basename(path)}\n`);
  expect(await filesThere()).toEqual(complete);
}

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

describe('servers that lie', () => {
  test.each<[string, string, RegExp]>([
    ['in a circle', '/again', /it redirects more than 5 times/],
    [
      'to another protocol',
      'file:///etc/passwd',
      /redirects from http to file:\/\/\/etc\/passwd, which is not safe/,
    ],
    ['to nowhere', 'http://', /it redirects to nowhere/],
  ])('redirects %s', async (_, location, reason) => {
    const server = await start(redirect(location));
    expect((await failure(fetchFrom(server))).message).toMatch(reason);
    expect(server.requests.length).toBeLessThanOrEqual(6);
  });

  test('a page instead of weights is not kept', async () => {
    const server = await start(answer(200, { 'content-type': 'text/html' }, '<html>Log in</html>'));
    const { message } = await failure(fetchFrom(server));
    expect(message).toMatch(/what came is not the published file: not a usable PyTorch file/);
    expect(await filesThere()).toEqual([]);
  });

  test('compressed answers are refused', async () => {
    const server = await start(answer(200, { 'content-encoding': 'gzip' }, weights));
    expect((await failure(fetchFrom(server))).message).toMatch(/it is sent with encoding gzip/);
  });

  test.each<[string, Handler]>([
    ['announced', serve(new Uint8Array(2000))],
    ['not announced', (_, response) => void response.write(new Uint8Array(2000), () => response.end())],
  ])('a file that is too large, %s', async (_, handler) => {
    const { url } = await start(handler);
    const options = { limit: 1000, patience, environment: {} };
    const error = await failure(obtainPublishedFile(`${url}/x.pth`, path, options));
    expect(error.message).toBe('it has more than 1000 bytes, which no such file has');
    expect((await filesThere()).filter((name) => !name.includes('.part'))).toEqual([]);
  });
});

describe('checksums', () => {
  const named = () => join(cacheDir, 'pretrained', `backbone-${sha256(weights).slice(0, 8)}.pth`);
  const options = { limit: 1e6, patience, environment: {} };

  test('a name with a checksum is verified and needs no note', async () => {
    const { url } = await start(serve(weights));
    await obtainPublishedFile(`${url}/x`, named(), options);
    expect(await filesThere()).toEqual([basename(named())]);
    await obtainPublishedFile('http://127.0.0.1:1/x', named(), options);
  });

  test('other bytes are not kept', async () => {
    const { url } = await start(serve(otherWeights));
    const { message } = await failure(obtainPublishedFile(`${url}/x`, named(), options));
    const [found, wanted] = [otherWeights, weights].map((bytes) => sha256(bytes).slice(0, 8));
    expect(message).toBe(
      `what came is not the published file: its SHA-256 begins with ${found} instead of ${wanted}`,
    );
    expect(await filesThere()).toEqual([]);
  });

  test('bytes that an earlier process left wrong are downloaded again', async () => {
    const server = await start(
      serveStart(new Uint8Array(weights.length), 300, 'stall', { etag: '"1"' }),
      (request, response) =>
        request.headers.range
          ? answer(
              206,
              { etag: '"1"', 'content-range': `bytes 300-${weights.length - 1}/${weights.length}` },
              weights.subarray(300),
            )(request, response)
          : serve(weights)(request, response),
    );
    const once = { ...options, patience: { ...hurry, attempts: 1 } };
    await failure(obtainPublishedFile(`${server.url}/x`, named(), once));
    for (const name of await filesThere()) await utimes(join(dirname(path), name), 1, 1);
    await obtainPublishedFile(`${server.url}/x`, named(), options);
    expect(server.ranges).toEqual([undefined, 'bytes=300-', undefined]);
    expect(await filesThere()).toEqual([basename(named())]);
  });

  test('a file that was put there by hand is used without a request, and noted', async () => {
    await mkdir(dirname(path));
    await writeFile(path, weights);
    expect(await fetchFrom({ url: 'http://127.0.0.1:1' })).toBe(path);
    await expectFetched(weights);
  });

  test('a file that changes after its first use is not used any more', async () => {
    const server = await start(serve(weights));
    await fetchFrom(server);
    await writeFile(path, otherWeights);
    const { message } = await failure(fetchFrom(server));
    expect(message).toContain(
      `${path} is not used: its SHA-256 is ${sha256(otherWeights)} instead of ${sha256(weights)} as on first use; ` +
        `if this is expected, remove ${path} and ${path}.sha256 to download it again`,
    );
    expect(Buffer.from(await readFile(path)).equals(otherWeights)).toBe(true);
    await rm(path);
    await rm(`${path}.sha256`);
    await fetchFrom(server);
    await expectFetched(weights);
  });

  test('the note also holds for another download', async () => {
    await fetchFrom(await start(serve(weights)));
    await rm(path);
    const { message } = await failure(fetchFrom(await start(serve(otherWeights))));
    expect(message).toMatch(/what came is not the published file: .* as on first use/);
    expect(message).toContain(`${path}.sha256`);
    expect(await filesThere()).toEqual([`${basename(path)}.sha256`]);
  });

  test('what was put there by hand and is no weight file is left alone', async () => {
    await mkdir(dirname(path));
    await writeFile(path, 'something else');
    const { message } = await failure(fetchFrom({ url: 'http://127.0.0.1:1' }));
    expect(message).toMatch(/is not used: not a usable PyTorch file/);
    expect(await readFile(path, 'utf8')).toBe('something else');
  });
});

describe('disks', () => {
  test('a folder that cannot be made', async () => {
    await writeFile(join(cacheDir, 'pretrained'), '');
    const error = await failure(fetchFrom(await start(serve(weights))));
    expect(error.code).toBe('output');
    expect(error.message).toContain(`${path}: cannot be written`);
  });

  test('a full disk ends the download at once, with a remedy', async () => {
    const server = await start(serve(weights));
    const handle = await open(join(cacheDir, 'any'), 'w');
    await handle.close();
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    vi.spyOn(Object.getPrototypeOf(handle) as typeof handle, 'write').mockRejectedValue(full);
    const error = await failure(fetchFrom(server));
    expect(error.code).toBe('output');
    expect(error.message).toMatch(/ENOSPC.*free some space there or name another folder in OTX_CACHE/);
    expect(server.requests).toHaveLength(1);
    expect(await filesThere()).toEqual([]);
  });
});

describe('proxies', () => {
  test('a proxy is used, with its password', async () => {
    const [server, proxy] = [await start(serve(weights)), await start(forward)];
    const HTTP_PROXY = proxy.url.replace('//', '//me:secret@');
    await fetchFrom(server, { environment: { HTTP_PROXY } });
    await expectFetched(weights);
    expect(proxy.requests[0]!.url).toBe(`${server.url}/litehrnet18_imagenet1k_rsc.pth`);
    const credentials = Buffer.from('me:secret').toString('base64');
    expect(proxy.requests[0]!.headers['proxy-authorization']).toBe(`Basic ${credentials}`);
    expect(server.requests[0]!.headers['proxy-authorization']).toBeUndefined();
  });

  test('but not for hosts that are excepted', async () => {
    const [server, proxy] = [await start(serve(weights)), await start(forward)];
    await fetchFrom(server, { environment: { HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' } });
    expect([server.requests.length, proxy.requests.length]).toEqual([1, 0]);
  });

  test('https goes through a tunnel; a proxy that refuses one is named without its password', async () => {
    const proxy = await start(forward);
    const HTTPS_PROXY = proxy.url.replace('//', '//me:secret@');
    const { message } = await failure(
      fetchFrom({ url: 'https://weights.invalid' }, { environment: { HTTPS_PROXY } }),
    );
    expect(proxy.tunnels).toContain('weights.invalid:443');
    expect(message).toContain(`through the proxy ${proxy.url}/, after 3 attempts`);
    expect(message).not.toContain('secret');
  });

  test('a proxy that cannot be one is named at once', async () => {
    const environment = { HTTPS_PROXY: 'socks5://127.0.0.1:1' };
    const { message } = await failure(fetchFrom({ url: 'https://weights.invalid' }, { environment }));
    expect(message).toContain('HTTPS_PROXY is not the address of an http or https proxy');
  });
});

test('a model without published weights', async () => {
  expect(await failure(fetchPretrained('toString', { cacheDir }))).toMatchObject({
    code: 'template',
    message: expect.stringMatching(
      /no pretrained weights are published for the model "toString", only for lite-hrnet-s, /,
    ),
  });
});

test('a base address that is none', async () => {
  expect(await failure(fetchFrom({ url: 'ftp://x' }))).toMatchObject({
    code: 'usage',
    message: '"ftp://x" is not an http or https address of a folder with weights',
  });
});
