import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TrainEvent } from '../../runs/events.js';
import {
  answer,
  breakOff,
  type Handler,
  serve,
  serveStart,
  TestServer,
} from '../../weights/file-server.cases.js';
import type { WeightTensor } from '../../weights/index.js';
import { type ChooseStartOptions, chooseStart } from './choose-start.js';
import { backbone, embed, publishedFile } from './embedded.cases.js';

const NAME = 'litehrnetsv2_imagenet1k_rsc.pth';
const published = backbone(1);
const file = publishedFile(published);
const template = { name: 'Lite-HRNet-s-mod2', model: 'lite-hrnet-s' };
const QUICK = { attempts: 2, firstPause: 1, longestSilence: 300, firstAnswer: 300 };

let folder: string;
const servers: TestServer[] = [];
let notices: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-start-'));
  notices = [];
  vi.stubEnv('OTX_OFFLINE', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(...handlers: readonly Handler[]): Promise<TestServer> {
  const server = await TestServer.start(...handlers);
  servers.push(server);
  return server;
}

/** With an embedded folder that is empty unless a test has filled it. */
const choose = (server: TestServer, options: Partial<ChooseStartOptions> = {}) =>
  chooseStart({
    ...{ choice: 'auto', template, isOwnModel: false, patience: QUICK },
    source: { baseUrl: server.url, cacheDir: join(folder, 'cache'), embeddedDir: join(folder, 'embedded') },
    onEvent: (event: TrainEvent) => {
      if (event.type === 'notice') notices.push(event.message);
      if (event.type === 'download') breakOff();
    },
    ...options,
  });

const valuesOf = (tensors: ReadonlyMap<string, WeightTensor> | undefined, name: string) =>
  tensors?.get(name)?.data;
const KEY = 'stem.conv1.conv.weight';

test('auto takes the published backbone where its server answers, and later from the cache, without asking', async () => {
  await embed(join(folder, 'embedded'), backbone(2));
  const server = await start(serve(file));
  const { record, backbone: found } = await choose(server);
  expect(record).toEqual({
    kind: 'imagenet',
    file: NAME,
    bytes: file.length,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(valuesOf(found?.tensors, `backbone.${KEY}`)).toEqual(valuesOf(published, KEY));
  vi.stubEnv('OTX_OFFLINE', '1');
  expect((await choose(server)).record).toEqual(record);
  expect(server.requests).toHaveLength(1);
  const size = `${(file.length / 1e6).toFixed(1)} MB, SHA-256 ${record?.sha256?.slice(0, 12)}…`;
  expect(notices).toEqual(
    ['downloaded', 'in the cache'].map(
      (place) => `starts from the published ImageNet backbone ${NAME}, ${place} (${size})`,
    ),
  );
});

test.each<[string, Handler, RegExp]>([
  ['says nothing', () => {}, /\(nothing came for 0\.3 s.*\)/],
  ['is out of order', answer(503), /\(the server answers with HTTP status 503.*\)/],
  ['does not have it', answer(404), /\(the server answers with HTTP status 404, it is not there.*\)/],
  [
    'has something else',
    serve(Buffer.from('<html>log in</html>')),
    /\(what came is not the published file: /,
  ],
  ['has half of it', serve(publishedFile(new Map([...published].slice(0, 100)))), /only 100 of \d+ tensors/],
])(
  'auto takes the embedded backbone where the server %s, asked once, and says why',
  async (_, handler, why) => {
    const { bytes, sha256 } = await embed(join(folder, 'embedded'), backbone(2));
    const server = await start(handler);
    const { record, backbone: found } = await choose(server);
    expect(record).toEqual({
      kind: 'embedded',
      file: 'Lite-HRNet-s-mod2-backbone.safetensors',
      bytes,
      sha256,
    });
    expect(server.requests).toHaveLength(1);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toMatch(why);
    expect(notices[0]).toMatch(
      /^the published ImageNet backbone is not to be had .*; starts from the embedded backbone of Lite-HRNet-s-mod2 \(/,
    );
    // Halves of what it was made of.
    const [now, before] = [valuesOf(found?.tensors, `backbone.${KEY}`), valuesOf(backbone(2), KEY)].map(
      (data) => Array.from(data as Float32Array),
    );
    expect(Math.max(...now!.map((value, i) => Math.abs(value - before![i]!)))).toBeLessThan(1e-3);
    expect(new Set(now).size).toBeGreaterThan(100);
  },
);

test('the limit is on the first answer: what comes slowly afterwards, or breaks, is waited for and continued', async () => {
  const slow: Handler = (_, response) => {
    response.writeHead(200, { 'content-length': file.length });
    response.flushHeaders();
    setTimeout(() => response.end(file), 600);
  };
  const server = await start(slow);
  const patience = { ...QUICK, longestSilence: 5000 };
  expect((await choose(server, { patience })).record?.kind).toBe('imagenet');

  await rm(join(folder, 'cache'), { recursive: true });
  const breaking = await start(serveStart(file, 1000, 'break'), serve(file));
  expect((await choose(breaking, { patience })).record?.kind).toBe('imagenet');
  expect(breaking.ranges).toEqual([undefined, 'bytes=1000-']);
});

test('a download that fails later is told, and something else is taken', async () => {
  await embed(join(folder, 'embedded'), backbone(2));
  const server = await start(serveStart(file, 1000, 'stall'), answer(500));
  expect((await choose(server)).record?.kind).toBe('embedded');
  expect(notices[0]).toMatch(/not to be had \(the server answers with HTTP status 500, after 2 attempts\)/);
});

test('OTX_OFFLINE asks nobody, and without an embedded backbone all is random, in one line', async () => {
  vi.stubEnv('OTX_OFFLINE', '1');
  const server = await start(serve(file));
  expect(await choose(server)).toEqual({ record: { kind: 'none' } });
  expect(notices).toEqual([
    'the published ImageNet backbone is not to be had (OTX_OFFLINE is set, so that the network is not asked), and ' +
      'Lite-HRNet-s-mod2 has no embedded one; all weights start from random numbers, which takes more images and epochs ' +
      '(--pretrained none says that this is intended)',
  ]);
  await expect(choose(server, { choice: 'imagenet' })).rejects.toThrow(
    /^pretrained weights of lite-hrnet-s are not available from http.*: OTX_OFFLINE is set/,
  );
  expect(await choose(server, { choice: 'none' })).toEqual({ record: { kind: 'none' } });
  expect(server.requests).toEqual([]);
  expect(await readdir(folder)).toEqual([]);
  expect(notices).toHaveLength(1);
});

test('nothing is looked for where the network is the own one of a program', async () => {
  await embed(join(folder, 'embedded'), backbone(2));
  const server = await start(serve(file));
  expect((await choose(server, { isOwnModel: true })).record).toEqual({ kind: 'none' });
  expect(server.requests).toEqual([]);
  expect(notices[0]).toMatch(/random numbers.*one's own/);
});

test('who stops while a server is waited for is not given something else', async () => {
  await embed(join(folder, 'embedded'), backbone(2));
  const controller = new AbortController();
  const server = await start(() => controller.abort());
  await expect(choose(server, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
});

test('an embedded backbone is for all templates of its network, and no others', async () => {
  const choice = 'embedded';
  const server = await start(serve(file));
  await expect(choose(server, { choice })).rejects.toThrow(/has no embedded backbone \(no template has\)/);
  await embed(join(folder, 'embedded'), backbone(2));
  const own = { name: 'mine', model: 'lite-hrnet-s' };
  expect((await choose(server, { choice, template: own })).record?.kind).toBe('embedded');
  const refused = choose(server, { choice, template: { name: 'SegNext-B', model: 'segnext-b' } });
  await expect(refused).rejects.toMatchObject({ code: 'usage' });
  await expect(refused).rejects.toThrow(
    'SegNext-B has no embedded backbone (templates that have one: Lite-HRNet-s-mod2); choose auto, imagenet or none in place of embedded',
  );
  expect(server.requests).toEqual([]);
});

test('an embedded backbone that is not what its card says is refused, by auto too', async () => {
  const { file: path, folder: embeddedDir } = await embed(join(folder, 'embedded'), backbone(2));
  const server = await start(answer(404));
  await appendFile(path, ' ');
  for (const choice of ['embedded', 'auto'] as const) {
    await expect(choose(server, { choice })).rejects.toThrow(
      /its SHA-256 is \w+ instead of \w+, as its card says/,
    );
  }
  await writeFile(join(embeddedDir, 'Lite-HRNet-s-mod2-backbone.card.json'), '{"template": "x"}');
  await expect(choose(server, { choice: 'embedded' })).rejects.toThrow(
    /not the card of a backbone \(.*sha256/,
  );
  // That of another network, under a wrong name.
  await embed(embeddedDir, new Map([...backbone(2)].slice(0, 50)));
  await expect(choose(server, { choice: 'embedded' })).rejects.toThrow(
    /only 50 of \d+ tensors of the backbone fit/,
  );
});
