/** @file Semantic masks of Roboflow: x.jpg beside x_mask.png, and the meaning of the values in _classes.csv. */
import { join } from 'node:path';
import { OtxError } from '../../base/errors.js';
import { uniqueByStem } from '../datasets/pairing.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, WHOLE } from './format.js';
import { labelTable, valuesCoding } from './label-table.js';
import { parseCsv } from './parse-csv.js';
import { isSubsetName } from './subsets.js';

const CLASSES = '_classes.csv';
const SUFFIX = '_mask';

export const roboflow: DatasetFormat = {
  name: 'roboflow',
  title: 'semantic masks of Roboflow',
  looksFor: '_classes.csv with "Pixel Value, Class", and x_mask.png beside x.jpg',
  async detect(folder) {
    return (await placesOf(folder)).length > 0;
  },
  async subsets(folder) {
    return placesOf(folder);
  },
  async open(folder, subset) {
    const own = subset === WHOLE ? folder : folder.at(subset);
    const path = join(own.path, CLASSES);
    const [, ...rows] = parseCsv(await own.text(CLASSES, 'the classes of Roboflow'));
    const labels = rows.map(([value = '', name = '']) => {
      const number = Number(value);
      if (value !== '' && Number.isInteger(number) && number >= 0 && number < 256) return { name, number };
      throw new OtxError('dataset', `${path}: has the value "${value}" for ${name}; expected 0 to 255`);
    });
    const { classes, indexOf } = labelTable(labels, path);
    const coding = valuesCoding(
      labels.map(({ name, number }) => [number, indexOf.get(name)!]),
      path,
    );
    const files = await own.images();
    const isMask = ({ stem }: { stem: string }) => stem.endsWith(SUFFIX);
    const bare = files.filter(isMask).map((mask) => ({ ...mask, stem: mask.stem.slice(0, -SUFFIX.length) }));
    const twice: string[] = [];
    const masks = uniqueByStem(bare, twice);
    const images = files.filter((file) => !isMask(file));
    const items = images.flatMap(({ stem, path: imagePath }): Item[] => {
      const maskPath = masks.get(stem)?.path;
      return maskPath === undefined ? [] : [{ id: stem, imagePath, maskPath }];
    });
    const missing = images
      .filter(({ stem }) => !masks.has(stem))
      .map((image) => `${image.path} has no mask (expected ${image.stem}${SUFFIX}.png)`);
    return { root: own.path, classes, coding, items, problems: [...missing, ...twice], notices: [] };
  },
};

/** Folders with the file, which exports for the classification of images have too, with other columns. */
async function placesOf(folder: Folder): Promise<readonly string[]> {
  const found: string[] = [];
  for (const place of [WHOLE, ...(await folder.folders()).filter(isSubsetName)]) {
    if (await folder.says(join(place, CLASSES), [/^\uFEFF?\s*pixel\s*value\s*,/i])) found.push(place);
  }
  return found;
}
