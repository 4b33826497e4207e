import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFile,
  chmod,
  cp,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MANIFEST_FILE } from './manifest.js';
import { checkPlace, type OutputPlan, Outputs } from './outputs.js';

let folder: string;
let root: string;
const opened: Outputs[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-outputs-'));
  root = join(folder, 'out');
});
afterEach(async () => {
  for (const outputs of opened.splice(0)) await outputs.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(plan: Partial<OutputPlan> = {}): Promise<Outputs> {
  const outputs = await Outputs.open({ root, ...plan });
  opened.push(outputs);
  return outputs;
}

const refusal = (message: RegExp) => ({ code: 'output', message: expect.stringMatching(message) });
const read = (name: string) => readFile(join(root, name), 'utf8');
const put = async (name: string, text = 'precious') => {
  await mkdir(join(root, name, '..'), { recursive: true });
  await writeFile(join(root, name), text);
};

describe('what was written here', () => {
  test('is replaced, in the same process and in the next one', async () => {
    const outputs = await open({ files: ['a.txt'] });
    await outputs.write('a.txt', 'one');
    await outputs.write(join(root, 'a.txt'), 'two');
    await outputs.close();
    const again = await open({ files: ['a.txt'] });
    await again.write('a.txt', 'th', new Uint8Array([114, 101, 101]));
    expect(await read('a.txt')).toBe('three');
    expect((await readdir(root)).sort()).toEqual([MANIFEST_FILE, 'a.txt']);
  });

  test('may come piece by piece, and is not there when its pieces fail', async () => {
    const outputs = await open();
    const pieces = (count: number) =>
      (async function* () {
        yield 'frame 1, ';
        if (count < 2) throw new Error('unplugged');
        yield new Uint8Array([50]);
      })();
    await outputs.writeStream('a.mp4', pieces(2));
    expect(await read('a.mp4')).toBe('frame 1, 2');
    await expect(outputs.writeStream('a.mp4', pieces(1))).rejects.toThrow('unplugged');
    await expect(outputs.writeStream('b.mp4', pieces(1))).rejects.toThrow('unplugged');
    expect(await read('a.mp4')).toBe('frame 1, 2');
    expect((await readdir(root)).sort()).toEqual([MANIFEST_FILE, 'a.mp4']);
  });

  test('is known after a kill between the line of the record and the file, or amid the line', async () => {
    const outputs = await open();
    await outputs.write('a.txt', 'one');
    await appendFile(join(root, MANIFEST_FILE), '\n{"file":"a.txt","sha256":"00"}\n\n{"file":"a.t');
    const again = await open({ files: ['a.txt'] });
    await again.write('a.txt', 'two');
    await open({ files: ['a.txt'] });
  });

  test('is known to several that write at the same time, and in a copy of the folder', async () => {
    const [first, second] = [await open(), await open()];
    await first.write('a.txt', 'one');
    await second.write('a.txt', 'two');
    await first.write('a.txt', 'three');
    await rm(join(root, MANIFEST_FILE));
    await Promise.all(
      [first, second].flatMap((outputs, i) => [0, 1].map((n) => outputs.write(`${i}${n}`, 'x'))),
    );
    await rm(join(root, 'a.txt'));
    await first.write('a.txt', 'four');
    await cp(root, join(folder, 'copy'), { recursive: true });
    await open({ root: join(folder, 'copy'), files: ['a.txt'] });
  });

  test('may be moved away, then it is made anew', async () => {
    const outputs = await open();
    await outputs.write('a.txt', 'one');
    await rm(join(root, 'a.txt'));
    await outputs.write('a.txt', 'two');
    expect(await read('a.txt')).toBe('two');
  });

  test('and grows goes on growing, and is known by its beginning', async () => {
    const outputs = await open();
    await outputs.append('log.txt', 'begun\n');
    await outputs.append('log.txt', 'more\n');
    await outputs.close();
    const again = await open();
    await again.append('log.txt', 'and more\n');
    expect(await read('log.txt')).toBe('begun\nmore\nand more\n');
    await again.write('log.txt', 'begun\nmore\n');
    await again.append('log.txt', 'other\n');
    expect(await read('log.txt')).toBe('begun\nmore\nother\n');
  });

  test('and grows is not replaced on the strength of its beginning alone', async () => {
    const outputs = await open();
    await outputs.append('log.txt', 'begun\n');
    await outputs.close();
    await appendFile(join(root, 'log.txt'), 'mine\n');
    const again = await open({ files: ['log.txt'] });
    await expect(again.write('log.txt', 'other')).rejects.toMatchObject(
      refusal(/log\.txt: was not written by otx/),
    );
    expect(await read('log.txt')).toBe('begun\nmine\n');
  });

  test('and grows leaves a copy of the folder made of hard links as it is, and so does the record', async () => {
    const outputs = await open();
    await outputs.append('log.txt', 'begun\n');
    await outputs.close();
    const backup = join(folder, 'backup');
    await mkdir(backup);
    for (const name of ['log.txt', MANIFEST_FILE]) await link(join(root, name), join(backup, name));
    const record = await readFile(join(backup, MANIFEST_FILE), 'utf8');
    const again = await open();
    await again.append('log.txt', 'more\n');
    await again.write('a.txt', 'one');
    expect(await read('log.txt')).toBe('begun\nmore\n');
    expect(await read(MANIFEST_FILE)).toContain('a.txt');
    expect(await readFile(join(backup, 'log.txt'), 'utf8')).toBe('begun\n');
    expect(await readFile(join(backup, MANIFEST_FILE), 'utf8')).toBe(record);
    expect((await readdir(root)).sort()).toEqual([MANIFEST_FILE, 'a.txt', 'log.txt']);
  });

  test('by an earlier version is recognised, unless it was changed since it was recorded', async () => {
    await put('old.txt');
    const recognise = async (path: string) => path.endsWith('old.txt');
    await expect(open({ files: ['old.txt'] })).rejects.toMatchObject(refusal(/not written by otx/));
    const outputs = await open({ files: ['old.txt'], recognise });
    expect(await readdir(root)).toEqual(['old.txt']);
    await outputs.write('old.txt', 'new');
    // Killed before the file had its name.
    await put('old.txt');
    await (await open({ files: ['old.txt'] })).write('old.txt', 'newer');
    await put('old.txt', 'edited');
    await expect(open({ files: ['old.txt'], recognise })).rejects.toMatchObject(
      refusal(/has been changed since/),
    );
  });
});

describe('what the user has', () => {
  test('under the name of an output is an error before the work, and stays', async () => {
    await put('sub/a.txt');
    await expect(open({ files: ['sub/a.txt'] })).rejects.toMatchObject(
      refusal(/sub\/a\.txt: was not written by otx, .*not replaced; move it or choose another output folder/),
    );
    const outputs = await open();
    await expect(outputs.write('sub/a.txt', 'x')).rejects.toMatchObject(refusal(/not written by otx/));
    await expect(outputs.append('sub/a.txt', 'x')).rejects.toMatchObject(refusal(/not written by otx/));
    await outputs.close();
    expect(await read('sub/a.txt')).toBe('precious');
    expect(await readdir(root)).toEqual(['sub']);
  });

  test('edited of what was written here is the user’s', async () => {
    const outputs = await open();
    await outputs.write('a.txt', 'one');
    await put('a.txt', 'one, and a note');
    await expect(outputs.write('a.txt', 'two')).rejects.toMatchObject(refusal(/has been changed since/));
    await outputs.append('log.txt', 'begun\n');
    await put('log.txt', 'beg');
    await expect(outputs.append('log.txt', 'more\n')).rejects.toMatchObject(
      refusal(/has been changed since/),
    );
    expect([await read('a.txt'), await read('log.txt')]).toEqual(['one, and a note', 'beg']);
  });

  test('among more than can be read beforehand is found by its name, or when its turn comes', async () => {
    await put('large.bin', '');
    await truncate(join(root, 'large.bin'), 2 ** 30);
    const outputs = await open();
    await outputs.write('edited.txt', 'one');
    const zeros = createHash('sha256');
    for (let i = 0; i < 64; i++) zeros.update(new Uint8Array(2 ** 24));
    const record = JSON.stringify({ file: 'large.bin', sha256: zeros.digest('hex') });
    await appendFile(join(root, MANIFEST_FILE), `${record}\n`);
    await put('edited.txt', 'mine');
    const many = ['large.bin', ...Array.from({ length: 9 }, (_, i) => `${i}.txt`)];
    await put('own.txt');
    await expect(open({ files: [...many, 'own.txt'] })).rejects.toMatchObject(refusal(/own\.txt: was not/));
    const again = await open({ files: [...many, 'edited.txt'] });
    await expect(again.write('edited.txt', 'two')).rejects.toMatchObject(refusal(/changed since/));
    expect([await read('own.txt'), await read('edited.txt')]).toEqual(['precious', 'mine']);
  });

  test('that comes to be during the writing is not replaced', async () => {
    const outputs = await open();
    await outputs.write('first.txt', 'x');
    const large = new Uint8Array(2 ** 25);
    const writing = outputs.write('a.bin', large);
    await put('a.bin');
    // Whichever comes first has the name.
    await writing.catch((error: unknown) => expect(error).toMatchObject({ code: 'output' }));
    expect(await read('a.bin')).toBe('precious');
  });

  test.each<[string, (path: string) => unknown]>([
    ['a folder', (path) => mkdir(path)],
    ['a link', (path) => symlink('../elsewhere', path)],
    ['no ordinary file', (path) => execFileSync('mkfifo', [path])],
  ])('%s under the name of an output is refused, unread', async (what, make) => {
    await mkdir(root);
    await make(join(root, 'a.txt'));
    await expect(open({ files: ['a.txt'] })).rejects.toMatchObject(
      refusal(new RegExp(`a\\.txt: is ${what} where`)),
    );
    await expect((await open()).append('a.txt', 'x')).rejects.toMatchObject(refusal(new RegExp(what)));
  });

  test('a folder of outputs that is a link or a file is refused', async () => {
    const photos = join(folder, 'photos');
    await mkdir(photos);
    await mkdir(root);
    await symlink(photos, join(root, 'masks'));
    await put('overlays', 'a file');
    for (const [name, message] of [
      ['masks', /masks: is a link, through which outputs would land elsewhere/],
      ['overlays', /overlays: is no folder/],
    ] as const) {
      await expect(open({ folders: [name] })).rejects.toMatchObject(refusal(message));
      await expect(open({ files: [`${name}/deep/a.png`] })).rejects.toMatchObject(refusal(message));
      await expect((await open()).write(`${name}/a.png`, 'x')).rejects.toMatchObject(refusal(message));
    }
    expect(await readdir(photos)).toEqual([]);
  });

  test('a file under the name of the record is refused', async () => {
    await put(MANIFEST_FILE, 'my own list');
    await expect(open()).rejects.toMatchObject(refusal(/is not the record of files/));
    await rm(join(root, MANIFEST_FILE));
    await mkdir(join(root, MANIFEST_FILE));
    await expect(open()).rejects.toMatchObject(refusal(/is not the record of files/));
  });

  test('nothing is written outside the output folder', async () => {
    const outputs = await open();
    await expect(outputs.write('../a.txt', 'x')).rejects.toMatchObject(refusal(/outside the output folder/));
    await expect(outputs.write(folder, 'x')).rejects.toMatchObject(refusal(/outside the output folder/));
  });
});

describe('what a command reads', () => {
  const at = (path: string) => ({ folders: [{ path, what: 'the images' }] });

  test('is stayed out of, by whatever path', async () => {
    const photos = join(folder, 'photos');
    await mkdir(join(photos, 'deep'), { recursive: true });
    await symlink(photos, join(folder, 'link'));
    await symlink(join(photos, 'deep'), join(folder, 'deep'));
    for (const path of [
      'photos',
      'photos/new/run',
      'photos/deep',
      'link/run',
      'deep/run',
      'deep/../link/x',
    ]) {
      const plan = { root: join(folder, path), inputs: at(photos) };
      await expect(open(plan)).rejects.toMatchObject(refusal(/lies inside the images \(.*photos\)/));
      await expect(checkPlace(plan.root, plan.inputs)).rejects.toMatchObject(
        refusal(/lies inside the images/),
      );
    }
    await expect(open({ root: join(photos, 'run'), inputs: at(join(folder, 'link')) })).rejects.toThrow(
      'lies inside',
    );
    await checkPlace(join(folder, 'photos-2'), at(photos));
    await checkPlace(folder, at(photos));
    expect(await readdir(photos)).toEqual(['deep']);
  });

  test('must not lie in a folder of outputs', async () => {
    await put('masks/photos/a.png');
    const inputs = at(join(root, 'masks', 'photos'));
    await expect(open({ folders: ['masks'], inputs })).rejects.toMatchObject(
      refusal(/masks: outputs go there, but it holds the images/),
    );
    const one = { images: [{ path: join(root, 'masks', 'b.png'), what: 'the image' }] };
    await expect(open({ folders: ['masks'], inputs: one })).rejects.toMatchObject(refusal(/the image/));
  });

  test('picture by picture has no outputs beside it', async () => {
    await put('masks/b.png');
    const inputs = { images: [{ path: join(root, 'masks', 'b.png'), what: 'the image' }] };
    await expect(open({ files: ['masks/a.png'], inputs })).rejects.toMatchObject(
      refusal(/masks: holds the image .*b\.png/),
    );
    await open({ files: ['masks-2/a.png'], inputs });
  });

  test.each<[string, (from: string, to: string) => Promise<unknown>]>([
    ['the same name', async () => undefined],
    ['a link', (from, to) => symlink(from, to)],
    ['a hard link', (from, to) => link(from, to)],
  ])('and was written here is not written over, found by %s', async (how, make) => {
    await (await open()).write('weights.pth', 'weights');
    const path = how === 'the same name' ? join(root, 'weights.pth') : join(folder, 'input');
    await make(join(root, 'weights.pth'), path);
    const besides = [join(root, 'weights.pth', 'models'), join(folder, 'none')];
    const files = [...besides, path].map((file) => ({ path: file, what: 'the weights' }));
    const inputs = { files };
    await expect(open({ files: ['weights.pth'], inputs })).rejects.toMatchObject(
      refusal(/out\/weights\.pth: would be written over, but is the same file as the weights \(/),
    );
    await expect((await open({ inputs })).write('weights.pth', 'x')).rejects.toThrow('the weights');
    expect(await read('weights.pth')).toBe('weights');
  });

  test.each([[['dataset_meta.json']], [['meta.json', 'images/a.png']], [['images/a.png', 'masks/a.png']]])(
    'a folder with %j is a data set, whether it is read or not',
    async (names) => {
      for (const name of names) await put(name);
      for (const path of [root, join(root, 'run'), join(root, 'images', 'deep', 'run')]) {
        await expect(open({ root: path })).rejects.toMatchObject(refusal(/looks like a data set \(it has /));
      }
      await checkPlace(join(folder, 'run'));
    },
  );

  test('a folder with images alone, or with masks alone, is none', async () => {
    await put('images/a.png');
    await checkPlace(root);
    await rm(join(root, 'images'), { recursive: true });
    await put('masks/a.png');
    await checkPlace(join(root, 'run'));
  });
});

describe('folders', () => {
  test('that were made for nothing are removed again, others stay', async () => {
    await mkdir(join(folder, 'there'));
    const outputs = await open({ root: join(folder, 'there', 'a', 'b'), folders: ['masks'] });
    await writeFile(join(folder, 'there', 'a', 'b', 'in-the-way'), '');
    await expect(outputs.write('in-the-way', 'x')).rejects.toThrow();
    await rm(join(folder, 'there', 'a', 'b', 'in-the-way'));
    await outputs.close();
    expect(await readdir(join(folder, 'there'))).toEqual([]);
  });

  test('a write that fails leaves no trace, and the file as it was', async () => {
    const outputs = await open();
    await outputs.write('a.txt', 'one');
    await expect(outputs.write('a.txt', 'two', 42 as unknown as string)).rejects.toMatchObject({
      code: 'output',
    });
    await expect(outputs.write('new/b.txt', 42 as unknown as string)).rejects.toMatchObject({
      code: 'output',
    });
    await outputs.close();
    expect(await read('a.txt')).toBe('one');
    expect((await readdir(root)).sort()).toEqual([MANIFEST_FILE, 'a.txt']);
  });

  test.runIf(platform() === 'linux')('that take no files are refused', async () => {
    await put('file');
    for (const path of ['file', 'file/run', '../../proc/otx-run']) {
      const at = path.startsWith('..') ? '/proc/otx-run' : join(root, path);
      await expect(open({ root: at })).rejects.toMatchObject(refusal(/cannot be made/));
    }
    if (process.getuid?.() !== 0) {
      await chmod(root, 0o500);
      await expect(open()).rejects.toMatchObject(refusal(/cannot be written/));
      await chmod(root, 0o700);
    }
  });
});
