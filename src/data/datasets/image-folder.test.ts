import { expect, it } from 'vitest';
import { errorOf, noiseJpeg, soundDataset, temporaryFolder, writeFiles } from './fixtures.cases.js';
import { openImageFolder } from './image-folder.js';

it('finds images in any nesting and passes over other files', async () => {
  const root = await temporaryFolder();
  const jpeg = await noiseJpeg(8, 6);
  await writeFiles(root, { 'b.jpg': jpeg, 'x/y/a.JPG': jpeg, 'x/b.jpg': jpeg, 'x/notes.txt': 'no image' });
  const { images } = await openImageFolder(root);
  expect(images.map(({ id, width, height }) => [id, width, height])).toEqual([
    ['b.jpg', 8, 6],
    ['x/b.jpg', 8, 6],
    ['x/y/a.JPG', 8, 6],
  ]);
});

it('says what is wrong: missing, empty, a single image, a data set with masks, files that are no images', async () => {
  const root = await temporaryFolder();
  const message = async (path: string) => (await errorOf(openImageFolder(path))).message;
  expect(await message(`${root}/none`)).toMatch(/none does not exist/);
  expect(await message(root)).toMatch(/holds no images/);
  await writeFiles(root, { 'only.jpg': await noiseJpeg(8, 6) });
  expect(await message(root)).toMatch(/a single image \(only\.jpg\).*at least 2/);
  await writeFiles(root, { 'broken.png': 'not a picture' });
  expect(await message(root)).toMatch(/broken\.png cannot be read as an image/);
  expect(await message(await soundDataset(2))).toMatch(
    /data set with masks \(dataset_meta\.json found\).*images/,
  );

  const bare = await temporaryFolder();
  await writeFiles(bare, { 'images/a.jpg': 'x', 'masks/a.png': 'x' });
  expect(await message(bare)).toMatch(/data set with masks \(masks found\)/);
});
