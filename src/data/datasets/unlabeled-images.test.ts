import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorOf, noiseJpeg, png, stripes, temporaryFolder, writeFiles } from './fixtures.cases.js';
import { settleUnlabeled } from './settle-unlabeled.js';
import { openUnlabeled, type UnlabeledOptions, verifyUnlabeled } from './unlabeled-images.js';

async function folder(): Promise<string> {
  const root = await temporaryFolder();
  const image = await noiseJpeg(20, 10);
  await writeFiles(root, {
    'b.jpg': image,
    'a.v1.jpg': image,
    'deep/er/c.jpeg': image,
    'deep/d.JPG': image,
    '.hidden.jpg': image,
    'notes.txt': 'no image',
  });
  return root;
}

const idsOf = async (root: string, options?: UnlabeledOptions): Promise<string[]> =>
  (await openUnlabeled(root, options)).images.map(({ id }) => id);

/** The images that a list of these lines selects. */
async function listed(root: string, lines: string): Promise<string[]> {
  await writeFiles(root, { 'list.txt': lines });
  return idsOf(root, { fileList: join(root, 'list.txt') });
}

describe('openUnlabeled', () => {
  it('finds the images of a folder in any nesting, sorted, with their sizes', async () => {
    const root = await folder();
    expect(await idsOf(root)).toEqual(['a.v1.jpg', 'b.jpg', 'deep/d.JPG', 'deep/er/c.jpeg']);
    expect((await openUnlabeled(root)).images[0]).toMatchObject({ width: 20, height: 10 });
  });

  it('takes only what a list names, whatever dots its names have, each image once', async () => {
    const root = await folder();
    const lines = '\uFEFFdeep/er/c.jpeg\r\n\r\n./a.v1.jpg\n  b.jpg  \ndeep/../b.jpg\n';
    expect(await listed(root, lines)).toEqual(['a.v1.jpg', 'b.jpg', 'deep/er/c.jpeg']);
    expect(await listed(root, join(root, 'b.jpg'))).toEqual(['b.jpg']);
  });

  it('takes a list in the place of a folder, with paths relative to the list', async () => {
    const root = await folder();
    await writeFiles(root, { 'deep/list.txt': 'd.JPG\ner/c.jpeg\n' });
    expect(await idsOf(join(root, 'deep/list.txt'))).toEqual(['d.JPG', 'er/c.jpeg']);
  });

  it('names extension and line of what can be no image', async () => {
    const root = await folder();
    const error = await errorOf(listed(root, 'b.jpg\nnotes.txt\n'));
    expect(error).toMatchObject({ code: 'dataset' });
    const both = await errorOf(listed(root, 'notes.txt\nb\nx.png'));
    expect(both.message).toMatch(
      /3 problems.*\n.*line 1: notes\.txt.*\n.*line 2: b has.*\n.*x\.png \(line 3\)/,
    );
    expect(error.message).toMatch(
      /list\.txt, line 2: notes\.txt has the extension \.txt; expected .*\.png\. /,
    );
    expect((await errorOf(listed(root, 'b'))).message).toContain('line 1: b has no extension');
  });

  it('lists all entries that are missing', async () => {
    const root = await folder();
    const { message } = await errorOf(listed(root, 'b.jpg\nx.png\ndeep/c.jpeg\n'));
    expect(message).toContain('2 problems');
    expect(message).toContain(`${join(root, 'x.png')} (line 2) is no file`);
    expect((await errorOf(listed(root, '\n \n'))).message).toContain('is empty');
  });

  it('says what is wrong with a folder', async () => {
    const root = await folder();
    const gone = join(root, 'gone');
    expect((await errorOf(openUnlabeled(gone))).message).toContain(`${gone} does not exist`);
    const empty = await temporaryFolder();
    expect((await errorOf(openUnlabeled(empty))).message).toContain('holds no images, at any depth');
    const file = join(root, 'notes.txt');
    const error = await errorOf(openUnlabeled(file, { fileList: join(root, 'list.txt') }));
    expect(error.message).toContain(`${file} is not a folder`);
    expect((await errorOf(openUnlabeled(join(root, 'b.jpg')))).message).toMatch(
      /b\.jpg is an image; expected a folder of unlabeled images, or a text file/,
    );
    expect((await errorOf(openUnlabeled(root, { fileList: gone }))).message).toContain(
      `${gone}: does not exist; expected a list of unlabeled images`,
    );
  });

  it('lists files that are no images', async () => {
    const root = await folder();
    await writeFiles(root, { 'bad.png': 'text', 'deep/empty.jpg': '' });
    const { message } = await errorOf(openUnlabeled(root));
    expect(message).toContain('2 problems');
    expect(message).toContain(join(root, 'bad.png'));
    expect(message).toContain(`${join(root, 'deep/empty.jpg')} is an empty file`);
  });
});

describe('verifyUnlabeled', () => {
  it.each([0, 1])('finds truncated files before the training, with %i workers', async (workers) => {
    const root = await folder();
    expect(await verifyUnlabeled(await openUnlabeled(root), { workers })).toEqual([]);
    const whole = await noiseJpeg(64, 64);
    await writeFiles(root, { 'cut.jpg': whole.subarray(0, whole.length / 2) });
    const progress: number[] = [];
    const check = verifyUnlabeled(await openUnlabeled(root), {
      workers,
      onProgress: (done) => progress.push(done),
    });
    expect((await errorOf(check)).message).toMatch(/cut\.jpg .*truncated or damaged/);
    expect(progress).toEqual([1, 2, 3, 4, 5]);
  });
  it('tells masks among photographs, and refuses a folder of them', async () => {
    const root = await folder();
    const said = async () => verifyUnlabeled(await openUnlabeled(root), { workers: 0 });
    await writeFiles(root, { 'z.png': stripes(12, 6) });
    expect((await said()).join()).toMatch(/1 of its \d pictures hold as few values as masks do \(z\.png\)/);
    const masks = await temporaryFolder();
    const colours = png({
      width: 8,
      height: 1,
      colorType: 2,
      samples: Array.from({ length: 24 }, (_, i) => 9 * i),
    });
    await writeFiles(masks, { 'a.png': stripes(12, 6), 'b.png': colours });
    const check = async () => verifyUnlabeled(await openUnlabeled(masks), { workers: 0 });
    expect((await errorOf(check())).message).toMatch(
      /2 of its 2 pictures .*give the folder of the photographs/,
    );
    // One for each photograph is the usual mistake.
    await writeFiles(masks, { 'c.jpg': await noiseJpeg(64, 64), 'd.jpg': await noiseJpeg(64, 64) });
    expect((await errorOf(check())).message).toMatch(/2 of its 4 pictures/);
    const alone = await openUnlabeled(masks);
    const settling = settleUnlabeled(alone, { asked: undefined, workers: 0 });
    expect((await errorOf(settling)).message).toMatch(/2 of its 4 pictures/);
  });
});
