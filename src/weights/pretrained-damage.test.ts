import { mkdir, open, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { answer, forward, type Handler, redirect, serve, serveStart } from './file-server.cases.js';
import { fetchPretrained } from './pretrained.js';
import {
  cacheDir,
  eachInItsFolder,
  expectFetched,
  failure,
  fetchFrom,
  filesThere,
  hurry,
  otherWeights,
  path,
  patience,
  sha256,
  start,
  weights,
} from './pretrained-server.cases.js';
import { obtainPublishedFile } from './published-file.js';

eachInItsFolder();

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
