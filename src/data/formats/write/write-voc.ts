/** @file Writes Pascal VOC: masks in the colours of its palette, which labelmap.txt names, and lists of the subsets. */
import { OtxError } from '../../../base/errors.js';
import { vocPalette } from '../../masks/palette.js';
import { WHOLE } from '../format.js';
import { type DatasetToWrite, type DatasetWriter, palettePng, picturesOf } from './writer.js';

export const writeVoc: DatasetWriter = {
  name: 'voc',
  title: 'Pascal VOC',
  async write(dataset, save) {
    const { classes, subsets } = dataset;
    for (const { name } of classes) checkName(name);
    const palette = vocPalette(256);
    const repeated = repeatedIds(dataset);
    const lists = new Map<string, string[]>(subsets.map(({ name }) => [name, []]));
    for await (const picture of picturesOf(dataset)) {
      const { id, subset } = picture;
      const unique = repeated.has(id) ? `${subset}/${id}` : id;
      await save(`JPEGImages/${unique}${picture.ending}`, picture.bytes);
      await save(`SegmentationClass/${unique}.png`, await palettePng(picture, palette));
      lists.get(subset)!.push(unique);
    }
    for (const [subset, ids] of lists) {
      const name = subset === WHOLE ? 'default' : subset;
      await save(`ImageSets/Segmentation/${name}.txt`, ids.map((id) => `${id}\n`).join(''));
    }
    const labels = classes.map(({ name }, index) => `${name}:${palette[index]!.join(',')}::\n`);
    await save('labelmap.txt', `# label:color_rgb:parts:actions\n${labels.join('')}`);
  },
};

function checkName(name: string): void {
  if (name === name.trim() && !name.startsWith('#') && !/:\s*\d+\s*,/.test(name)) return;
  throw new OtxError(
    'usage',
    `the class name ${JSON.stringify(name)} cannot be written into labelmap.txt; rename it, or write another format`,
  );
}

/** Names that several subsets have: all images are in one folder. */
function repeatedIds({ subsets }: DatasetToWrite): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { id } of subsets.flatMap(({ samples }) => samples)) {
    if (seen.has(id)) repeated.add(id);
    seen.add(id);
  }
  return repeated;
}
