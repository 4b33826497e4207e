/** @file Writes "CVAT for images": a mask of each class of an image, and a label `ignored` where pixels are to be ignored. */
import { IGNORE_INDEX } from '../../types.js';
import { WHOLE } from '../format.js';
import { isIgnoreName } from '../label-table.js';
import { countsOf } from '../shapes/parse-shapes.js';
import { type DatasetWriter, folderOf, picturesOf, valuesIn } from './writer.js';

const IGNORED = 'ignored';

export const writeCvat: DatasetWriter = {
  name: 'cvat',
  title: 'CVAT for images',
  async write(dataset, save) {
    const { classes, subsets } = dataset;
    const images: string[] = [];
    let hasIgnored = false;
    for await (const picture of picturesOf(dataset)) {
      const { subset, id, ending, width, height } = picture;
      const name = `${folderOf(subset)}${id}${ending}`;
      await save(`images/${name}`, picture.bytes);
      const masks = valuesIn(picture).map(({ value }) => {
        hasIgnored ||= value === IGNORE_INDEX;
        const label = value === IGNORE_INDEX ? IGNORED : classes[value]!.name;
        const rle = countsOf(picture.labels, picture, value, 'rows').join(', ');
        const box = attributes({ left: 0, top: 0, width, height, z_order: 0 });
        return `    <mask ${attributes({ label, source: 'manual', occluded: 0, rle })} ${box}></mask>\n`;
      });
      const own: Record<string, string> = subset === WHOLE ? {} : { subset };
      images.push(
        `  <image ${attributes({ id: images.length, name, ...own, width, height })}>\n${masks.join('')}  </image>\n`,
      );
    }
    const names = classes.map(({ name }) => name).filter((name) => !isIgnoreName(name));
    const labels = [...names, ...(hasIgnored ? [IGNORED] : [])].map(
      (name) => `        <label>\n          <name>${escaped(name)}</name>\n        </label>\n`,
    );
    const owner = subsets.length > 1 ? 'project' : 'task';
    await save(
      'annotations.xml',
      '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n' +
        `  <meta>\n    <${owner}>\n      <labels>\n${labels.join('')}      </labels>\n    </${owner}>\n  </meta>\n` +
        `${images.join('')}</annotations>\n`,
    );
  },
};

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${escaped(String(value))}"`)
    .join(' ');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character]!);
