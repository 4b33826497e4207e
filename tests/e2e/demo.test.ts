/** @file `otx demo` on real files: pictures, folders, videos that ffmpeg makes here, and what only pretends to be one. */

import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateScenes } from '../../src/demo/generate.js';
import { untrainedCheckpoint } from '../../src/demo/untrained.js';
import { type DemoFrame, demonstrate } from '../../src/index.js';
import { otx } from './otx.js';

let folder: string;
let weights: string;
const at = (...path: string[]) => join(folder, ...path);
const demo = (input: string, ...more: string[]) =>
  otx(['demo', '-i', input, '--load-weights', weights, ...more]);

const CLASSES = ['background', 'road', 'car'].map((name, index) => ({
  name,
  color: [90 * index, 200 - 90 * index, 40] as [number, number, number],
}));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-demo-'));
  weights = at('model.safetensors');
  const settings = { inputSize: '64x64' } as const;
  await writeFile(
    weights,
    untrainedCheckpoint({ template: 'Lite-HRNet-s-mod2', classes: CLASSES, seed: 3, settings }),
  );
  await generateScenes(at('data'), { train: 1, val: 2, width: 80, height: 64 });
  await mkdir(at('photos', 'more'), { recursive: true });
  const [first, second] = ['scene-0001.jpg', 'scene-0002.jpg'].map((name) =>
    at('data', 'val', 'images', name),
  );
  await cp(first!, at('photos', 'b.jpg'));
  await cp(second!, at('photos', 'more', 'a.jpg'));
  await sharp(first).png().toFile(at('photos', 'c.png'));
  await sharp(first).tiff({ compression: 'lzw' }).toFile(at('photos', 'd.tif'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('pictures', () => {
  test('of a folder are written under their own names, sorted, as overlays of their size', async () => {
    const output = at('painted');
    const { code, stdout, stderr } = await demo(at('photos'), '-o', output);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^4 frames segmented, \d+\.\d ms each \(mean of the last ten\)$/m);
    expect(stdout).toContain(`written 4 pictures into ${output}`);
    const names = (await readdir(output, { recursive: true }))
      .filter((name) => /\.(jpg|png)$/.test(name))
      .sort();
    expect(names).toEqual(['b.jpg', 'c.png', 'd.tif.png', join('more', 'a.jpg')]);
    expect(await sharp(join(output, 'c.png')).metadata()).toMatchObject({
      format: 'png',
      width: 80,
      height: 64,
    });
    expect(await sharp(join(output, 'b.jpg')).metadata()).toMatchObject({
      format: 'jpeg',
      width: 80,
      height: 64,
    });
    // The same picture, whichever format it came in.
    const pixels = async (name: string) => sharp(join(output, name)).raw().toBuffer();
    expect(Buffer.compare(await pixels('c.png'), await pixels('d.tif.png'))).toBe(0);
    // Once more into the same folder; an own file there is not replaced.
    expect((await demo(at('photos'), '-o', output)).code).toBe(0);
    await writeFile(join(output, 'b.jpg'), 'mine');
    const refused = await demo(at('photos'), '-o', output);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/b\.jpg: was not written by otx/);
    expect(await readFile(join(output, 'b.jpg'), 'utf8')).toBe('mine');
  });

  test('without a terminal each is told in a line', async () => {
    const { stdout, code } = await demo(at('photos'), '--display-perf', '--fit-to-size', '40', '30');
    expect(code).toBe(0);
    const lines = stdout.split('\n').filter((line) => / ms; /.test(line));
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'b.jpg',
      'c.png',
      'd.tif',
      join('more', 'a.jpg'),
    ]);
    expect(lines[0]).toMatch(/^b\.jpg: \d+\.\d ms; (background|road|car) \d+\.\d %/);
  });

  test('a folder that leads into itself is gone through once; a picture that is none is told at the end', async () => {
    await mkdir(at('loop', 'inner'), { recursive: true });
    await symlink(at('loop'), at('loop', 'inner', 'again'));
    await cp(at('photos', 'b.jpg'), at('loop', 'inner', 'b.jpg'));
    await writeFile(at('loop', 'a.jpg'), 'no picture');
    const { code, stdout, stderr } = await demo(at('loop'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^1 frame segmented/m);
    expect(stderr).toMatch(/^otx: error: 1 of 2 images could not be segmented:\n {2}.*a\.jpg/);
  });

  test('--loop goes on until Ctrl-C, also over what cannot be used, which is told once', async () => {
    const { code, stdout, stderr } = await otx(
      ['demo', '-i', at('loop'), '--load-weights', weights, '--loop'],
      {
        onOutput: (soFar, send) => {
          if (soFar.split('b.jpg: ').length > 3) send('SIGINT');
        },
      },
    );
    expect(code).toBe(130);
    expect(stdout.split('b.jpg: ').length).toBeGreaterThan(3);
    expect(stderr).toMatch(/otx: stopped after \d+ frames\n$/);
    await mkdir(at('unusable'));
    await writeFile(at('unusable', 'a.jpg'), 'no picture');
    expect((await demo(at('unusable'), '--loop')).stderr).toMatch(/^otx: error: 1 of 1 images/);
  });

  test('frames are handed to a program: picture, its size, and what is where', async () => {
    const frames: DemoFrame[] = [];
    const options = {
      weights,
      input: at('photos'),
      fitToSize: { width: 40, height: 100 },
      displayPerf: true,
    };
    const result = await demonstrate({ ...options, onFrame: (frame) => void frames.push(frame) });
    expect(result).toMatchObject({ kind: 'folder', frames: 4, files: [], failed: [] });
    expect(frames.map(({ index, total }) => `${index}/${total}`)).toEqual(['0/4', '1/4', '2/4', '3/4']);
    const [{ picture, segmentation }] = frames as [DemoFrame];
    expect([picture.width, picture.height, picture.data.length]).toEqual([40, 32, 40 * 32 * 3]);
    expect(segmentation.labels).toHaveLength(80 * 64);
    expect(await sharp(await picture.jpeg()).metadata()).toMatchObject({
      format: 'jpeg',
      width: 40,
      height: 32,
    });
    expect((await picture.resized(7, 5)).data).toHaveLength(105);
  });
});

describe('the page', () => {
  test('shows frames to who has its address, and ends with Ctrl-C', async () => {
    let seen: Promise<{ types: string[]; statuses: (number | undefined)[]; size: string }> | undefined;
    const { code, stdout } = await otx(
      ['demo', '-i', at('photos', 'b.jpg'), '--load-weights', weights, '--display', 'page'],
      {
        onOutput: (soFar, send) => {
          const address = /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\//.exec(soFar)?.[0];
          if (address === undefined || seen) return;
          seen = lookAt(address).finally(() => send('SIGINT'));
        },
      },
    );
    expect(await seen).toEqual({
      types: ['text/html; charset=utf-8', 'multipart/x-mixed-replace; boundary=frame'],
      // Without the secret, by another name of this machine, with another method.
      statuses: [404, 404, 404],
      size: 'jpeg 80x64',
    });
    expect(stdout).toContain('look at http://127.0.0.1:');
    expect(code).toBeOneOf([0, 130]);
  });

  async function lookAt(address: string) {
    const page = await fetch(address);
    expect(await page.text()).toContain('<img src="frames"');
    const { port, pathname } = new URL(address);
    const statuses = [
      (await fetch(new URL('/', address))).status,
      await statusFor({ port, path: pathname, headers: { host: `evil.example:${port}` } }),
      (await fetch(address, { method: 'POST' })).status,
    ];
    const stop = new AbortController();
    const frames = await fetch(new URL('frames', address), { signal: stop.signal });
    let bytes = Buffer.alloc(0);
    for await (const piece of frames.body!) {
      bytes = Buffer.concat([bytes, piece]);
      // One whole part and the next boundary.
      if (bytes.indexOf('\r\n--frame\r\n', 20) > 0) break;
    }
    stop.abort();
    const start = bytes.indexOf('\r\n\r\n') + 4;
    const { format, width, height } = await sharp(bytes.subarray(start)).metadata();
    const types = [page, frames].map(({ headers }) => headers.get('content-type') ?? '');
    return { types, statuses, size: `${format} ${width}x${height}` };
  }

  async function statusFor(options: { port: string; path: string; headers: Record<string, string> }) {
    const { request } = await import('node:http');
    return new Promise<number | undefined>((resolve, reject) => {
      request({ host: '127.0.0.1', ...options }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
  }
});

describe('what is refused', () => {
  test.each<[string[], number, RegExp]>([
    [['-i', 'nothing'], 1, /nothing: does not exist; expected a picture, .* or a camera/],
    [['-i', 'photos', '--loop', '-o', 'x'], 2, /--loop never ends.* --output; leave one of them out/],
    [['-i', 'photos', '--display', 'kitty'], 2, /--display kitty: what is printed goes to no terminal/],
    [
      ['-i', 'photos', '--display', 'window'],
      2,
      /Allowed choices are auto, kitty, sixel, blocks, page, none/,
    ],
    [['-i', 'photos', '--fit-to-size', '640'], 2, /--fit-to-size is "640"; expected width and height/],
    [['-i', 'photos', '--fit-to-size', '0', '3'], 2, /--fit-to-size is .*expected width and height from 1/],
    [['-i', 'photos', '--delay', 'long'], 2, /expected milliseconds/],
    [['-i', 'photos', '-o', 'photos/out'], 1, /photos\/out: lies inside the images to segment/],
    [[], 2, /required option '-i, --input <path>'/],
  ])('%j', async (words, code, message) => {
    const outcome = await otx(['demo', '--load-weights', weights, ...words], { cwd: folder });
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr.trim().split('\n')).toHaveLength(1);
    expect(outcome.code).toBe(code);
  });

  test.skipIf(process.platform === 'win32')('a pipe that nobody writes to', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    const { code, stderr } = await demo(at('pipe'));
    expect(stderr).toMatch(/pipe: is a pipe or a device; expected a picture/);
    expect(code).toBe(1);
  });

  test('a video on a machine without ffmpeg, in one line; pictures need none', async () => {
    await writeFile(at('film.mp4'), 'anything');
    const env = { PATH: at('data') };
    const { code, stderr } = await otx(['demo', '-i', at('film.mp4'), '--load-weights', weights], { env });
    expect(stderr).toMatch(/^otx: error: ffprobe was not found on this machine; .*install ffmpeg[^\n]*\n$/);
    expect(code).toBe(1);
    expect((await otx(['demo', '-i', at('photos'), '--load-weights', weights], { env })).code).toBe(0);
  });
});

/** Makes a file. */
const ffmpeg = (...args: string[]) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
const hasFfmpeg = (() => {
  try {
    return /version/.test(execFileSync('ffmpeg', ['-version'], { encoding: 'utf8' }));
  } catch {
    return false;
  }
})();

/** `96x64 at 12/1, 24 frames` */
function factsOf(path: string): string {
  const args = [
    '-v',
    'error',
    '-count_frames',
    '-show_entries',
    'stream=width,height,avg_frame_rate,nb_read_frames',
  ];
  const text = execFileSync('ffprobe', [...args, '-of', 'json', path], { encoding: 'utf8' });
  const [stream] = JSON.parse(text).streams;
  return `${stream.width}x${stream.height} at ${stream.avg_frame_rate}, ${stream.nb_read_frames} frames`;
}

describe.skipIf(!hasFfmpeg)('videos', () => {
  const film = () => at('films', 'street.mkv');
  beforeAll(async () => {
    await mkdir(at('films'));
    ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=96x64:rate=12:duration=2', '-g', '6', film());
  });

  test('become videos with every frame and the rate of the source', async () => {
    const output = at('video-out');
    const { code, stdout, stderr } = await demo(film(), '-o', output, '--display-perf');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`written ${join(output, 'street.mp4')}`);
    expect(factsOf(join(output, 'street.mp4'))).toBe('96x64 at 12/1, 24 frames');
    // Painted, and in the order of the source: still the picture of this moment rather than of another.
    const differences = await Promise.all(
      [2, 20].map((frame) => differenceAt(film(), join(output, 'street.mp4'), frame)),
    );
    expect(Math.max(...differences)).toBeLessThan(100);
    expect(Math.min(...differences)).toBeGreaterThan(2);
  });

  /** Mean difference of a frame of two videos. */
  async function differenceAt(a: string, b: string, frame: number): Promise<number> {
    const pixels = [a, b].map((path) =>
      execFileSync('ffmpeg', [
        ...['-v', 'error', '-i', path, '-vf', `select=eq(n\\,${frame})`, '-frames:v', '1'],
        ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:1'],
      ]),
    ) as [Buffer, Buffer];
    expect(pixels[0]).toHaveLength(96 * 64 * 3);
    expect(pixels[1]).toHaveLength(96 * 64 * 3);
    return (
      pixels[0].reduce((sum, value, index) => sum + Math.abs(value - pixels[1][index]!), 0) / pixels[0].length
    );
  }

  test('one that is turned, and one of odd sides', async () => {
    ffmpeg('-i', film(), '-c', 'copy', at('films', 'plain.mp4'));
    const turned = await readFile(at('films', 'plain.mp4'));
    // The matrix in the head of the track, by a quarter to the right: a telephone held upright writes this.
    const matrix = turned.indexOf('tkhd') + 4 + 40;
    [0, 0x10000, 0, -0x10000, 0, 0, 64 * 0x10000, 0, 0x40000000].forEach((value, index) => {
      turned.writeInt32BE(value, matrix + 4 * index);
    });
    await writeFile(at('films', 'turned.mp4'), turned);
    const sizes: string[] = [];
    const onFrame = ({ picture: { width, height } }: DemoFrame) => void sizes.push(`${width}x${height}`);
    await demonstrate({ weights, input: at('films', 'turned.mp4'), onFrame });
    expect(new Set(sizes)).toEqual(new Set(['64x96']));
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=35x41:rate=30000/1001:duration=0.3',
      '-c:v',
      'ffv1',
      at('films', 'odd.mkv'),
    );
    await demo(at('films', 'odd.mkv'), '-o', at('odd-out'));
    expect(factsOf(at('odd-out', 'odd.mp4'))).toBe('36x42 at 30000/1001, 9 frames');
  });

  test('Ctrl-C leaves a video that is complete up to its last frame', async () => {
    ffmpeg('-f', 'lavfi', '-i', 'testsrc=size=96x64:rate=25:duration=60', at('films', 'long.mp4'));
    const output = at('stopped');
    const { code, stderr } = await otx(
      ['demo', '-i', at('films', 'long.mp4'), '--load-weights', weights, '-o', output, '--display', 'page'],
      {
        onOutput: (soFar, send) => {
          const address = /http:\S+/.exec(soFar)?.[0];
          if (address === undefined || looking) return;
          looking = watch(new URL('frames', address), 5).then(() => send('SIGINT'));
        },
      },
    );
    expect(code).toBe(130);
    const [, frames] = /stopped after (\d+) frames, which are in .*stopped\n/.exec(stderr) ?? [];
    expect(Number(frames)).toBeGreaterThanOrEqual(5);
    expect(factsOf(join(output, 'long.mp4'))).toBe(`96x64 at 25/1, ${frames} frames`);
    expect((await readdir(output)).filter((name) => /tmp/.test(name))).toEqual([]);
  });
  let looking: Promise<void> | undefined;

  /** Waits for some frames, so that a signal comes in the middle of the work. */
  async function watch(frames: URL, count: number): Promise<void> {
    const stop = new AbortController();
    let text = '';
    for await (const piece of (await fetch(frames, { signal: stop.signal })).body!) {
      text += Buffer.from(piece).toString('latin1');
      if (text.split('\r\n--frame\r\n').length > count) break;
    }
    stop.abort();
  }

  test('one that ends too early gives what it has, and says so', async () => {
    const bytes = await readFile(film());
    await writeFile(at('films', 'cut.mkv'), bytes.subarray(0, Math.floor(bytes.length * 0.6)));
    const { code, stdout } = await demo(at('films', 'cut.mkv'), '-o', at('cut-out'));
    expect(code).toBe(0);
    const [, frames] =
      /note: .*cut\.mkv: (\d+) frames were decoded, not all as they were meant/.exec(stdout) ?? [];
    expect(Number(frames)).toBeGreaterThan(3);
    expect(factsOf(at('cut-out', 'cut.mp4'))).toBe(`96x64 at 12/1, ${frames} frames`);
  });

  test('one that claims a size that it has not ends in one line', async () => {
    ffmpeg(
      '-f',
      'lavfi',
      '-i',
      'testsrc=size=64x64:rate=5:duration=1',
      '-c:v',
      'rawvideo',
      '-pix_fmt',
      'bgr24',
      at('raw.avi'),
    );
    const header = (await readFile(at('raw.avi'))).indexOf('strf') + 8;
    const file = await open(at('raw.avi'), 'r+');
    const size = Buffer.alloc(8);
    size.writeUInt32LE(60_000);
    size.writeUInt32LE(60_000, 4);
    await file.write(size, 0, 8, header + 4);
    await file.close();
    const { code, stderr } = await demo(at('raw.avi'));
    expect(stderr).toMatch(/^otx: error: .*raw\.avi: [^\n]+\n$/);
    expect(code).toBe(1);
  });

  test.each([
    [
      'a list of other files',
      'list.m3u8',
      '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfilms/street.mkv\n#EXT-X-ENDLIST\n',
    ],
    ['a list of other files, for ffmpeg', 'list.mp4', "ffconcat version 1.0\nfile 'films/street.mkv'\n"],
    ['text', 'text.mkv', 'no film'],
    ['sound', 'sound.m4a', undefined],
  ])('%s is no video', async (_, name, text) => {
    if (text === undefined) ffmpeg('-f', 'lavfi', '-i', 'sine=duration=1', at(name));
    else await writeFile(at(name), text);
    const { code, stderr } = await demo(at(name));
    expect(stderr).toMatch(/^otx: error: .* is neither a picture that is read nor a video: [^\n]+\n$/);
    expect(code).toBe(1);
  });

  test('a name that ffmpeg would take for an address is a file', async () => {
    await mkdir(at('names'));
    await cp(film(), at('names', 'concat:a|b.mkv'));
    const outcome = await otx(['demo', '-i', 'concat:a|b.mkv', '--load-weights', weights], {
      cwd: at('names'),
    });
    expect(outcome.stdout).toMatch(/^24 frames segmented/m);
  });

  test('the video is never written beside its source', async () => {
    const { code, stderr } = await demo(film(), '-o', dirname(film()));
    expect(stderr).toMatch(/films: holds the video to segment .*choose an output folder elsewhere/);
    expect(code).toBe(1);
    expect((await stat(film())).size).toBeGreaterThan(1000);
  });
});
