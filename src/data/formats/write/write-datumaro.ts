/** @file Writes Datumaro JSON: a mask of each class of an image; pixels to ignore as a crowd. */
import { IGNORE_INDEX } from '../../types.js';
import { WHOLE } from '../format.js';
import { compressed, countsOf } from '../shapes/parse-shapes.js';
import { type DatasetWriter, folderOf, picturesOf, valuesIn } from './writer.js';

export const writeDatumaro: DatasetWriter = {
  name: 'datumaro',
  title: 'Datumaro',
  async write(dataset, save) {
    const { classes } = dataset;
    const labels = classes.map(({ name }) => ({ name, parent: '', attributes: [] }));
    const colormap = classes.map(({ color: [r, g, b] }, label_id) => ({ label_id, r, g, b }));
    const categories = { label: { labels, attributes: [] }, mask: { colormap } };
    const files = new Map(dataset.subsets.map(({ name }) => [name, [] as object[]]));
    for await (const picture of picturesOf(dataset)) {
      const { subset, id, ending, width, height } = picture;
      await save(`images/${folderOf(subset)}${id}${ending}`, picture.bytes);
      const annotations = valuesIn(picture).map(({ value }, index) => ({
        id: index,
        type: 'mask',
        attributes: { is_crowd: value === IGNORE_INDEX },
        group: index + 1,
        // A crowd has to have some label; nobody learns it.
        label_id: value === IGNORE_INDEX ? classes.length - 1 : value,
        rle: {
          counts: compressed(countsOf(picture.labels, picture, value, 'columns')),
          size: [height, width],
        },
        z_order: 0,
      }));
      files.get(subset)!.push({
        id,
        annotations,
        attr: {},
        image: { path: `${id}${ending}`, size: [height, width] },
      });
    }
    for (const [subset, items] of files) {
      const name = `annotations/${subset === WHOLE ? 'default' : subset}.json`;
      await save(name, `${JSON.stringify({ info: {}, categories, items })}\n`);
    }
  },
};
