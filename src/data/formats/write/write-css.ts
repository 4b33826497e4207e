/** @file Writes the Common Semantic Segmentation layout, with a folder for each subset. */
import { META_NAMES } from '../../../base/outputs/dataset-folder.js';
import { type DatasetWriter, folderOf, indexPng, picturesOf } from './writer.js';

export const writeCss: DatasetWriter = {
  name: 'css',
  title: 'Common Semantic Segmentation',
  async write(dataset, save) {
    for await (const picture of picturesOf(dataset)) {
      const folder = folderOf(picture.subset);
      await save(`${folder}images/${picture.id}${picture.ending}`, picture.bytes);
      await save(`${folder}masks/${picture.id}.png`, await indexPng(picture));
    }
    const meta = {
      label_map: Object.fromEntries(dataset.classes.map(({ name }, index) => [String(index), name])),
    };
    // Last: a folder with it is a data set, into which nothing more is written.
    for (const { name } of dataset.subsets) {
      await save(`${folderOf(name)}${META_NAMES[0]}`, `${JSON.stringify(meta, null, 2)}\n`);
    }
  },
};
