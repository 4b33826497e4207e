/** @file Writes COCO: run lengths of each class of an image; pixels to ignore as a crowd. */
import { IGNORE_INDEX } from '../../types.js';
import { WHOLE } from '../format.js';
import { compressed, countsOf } from '../shapes/parse-shapes.js';
import { type DatasetWriter, folderOf, picturesOf, valuesIn } from './writer.js';

export const writeCoco: DatasetWriter = {
  name: 'coco',
  title: 'COCO',
  async write(dataset, save) {
    const categories = dataset.classes.map(({ name }, index) => ({ id: index + 1, name, supercategory: '' }));
    const files = new Map(
      dataset.subsets.map(({ name }) => [name, { images: [] as object[], annotations: [] as object[] }]),
    );
    for await (const picture of picturesOf(dataset)) {
      const { subset, id, ending, width, height, labels } = picture;
      const { images, annotations } = files.get(subset)!;
      await save(`images/${folderOf(subset)}${id}${ending}`, picture.bytes);
      const image_id = images.length + 1;
      images.push({ id: image_id, file_name: `${id}${ending}`, width, height });
      for (const { value, area, box } of valuesIn(picture)) {
        const isIgnored = value === IGNORE_INDEX;
        const counts = compressed(countsOf(labels, picture, value, 'columns'));
        annotations.push({
          id: annotations.length + 1,
          image_id,
          // A crowd has to be of some category; nobody learns it.
          category_id: isIgnored ? categories.at(-1)!.id : value + 1,
          segmentation: { counts, size: [height, width] },
          area,
          bbox: box,
          iscrowd: isIgnored ? 1 : 0,
        });
      }
    }
    for (const [subset, { images, annotations }] of files) {
      const name = `annotations/instances_${subset === WHOLE ? 'default' : subset}.json`;
      await save(name, `${JSON.stringify({ info: {}, licenses: [], categories, images, annotations })}\n`);
    }
  },
};
