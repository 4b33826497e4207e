/** @file Datumaro JSON: annotations/SUBSET.json with masks as run lengths, or polygons. */
import { join } from 'node:path';
import { z } from 'zod';
import { OtxError } from '../../base/errors.js';
import { IGNORE_INDEX } from '../types.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, WHOLE } from './format.js';
import { ImageFinder, imageMissing } from './image-finder.js';
import { type FileLabel, labelTable, SHAPES_CODING } from './label-table.js';
import { cocoRuns, polygon, ring } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';

const EXPECTED = 'annotations of Datumaro in JSON';
const channel = z.number().int().min(0).max(255);
const media = z.looseObject({
  path: z.string().optional(),
  size: z.tuple([z.number(), z.number()]).nullish(),
});
const datumaroFile = z.looseObject({
  categories: z.looseObject({
    label: z.looseObject({ labels: z.array(z.looseObject({ name: z.string() })) }),
    mask: z
      .looseObject({
        colormap: z.array(z.looseObject({ label_id: z.number(), r: channel, g: channel, b: channel })),
      })
      .optional(),
  }),
  items: z.array(
    z.looseObject({
      id: z.string(),
      annotations: z.array(
        z.looseObject({
          id: z.union([z.number(), z.string()]).optional(),
          type: z.string(),
          label_id: z.number().nullish(),
          z_order: z.number().nullish(),
          attributes: z.looseObject({ is_crowd: z.boolean().optional() }).nullish(),
          rle: z.unknown().optional(),
          points: z.unknown().optional(),
        }),
      ),
      image: media.nullish(),
      media: media.nullish(),
    }),
  ),
});
type DatumaroFile = z.infer<typeof datumaroFile>;
type Annotation = DatumaroFile['items'][number]['annotations'][number];

export const datumaro: DatasetFormat = {
  name: 'datumaro',
  title: 'Datumaro',
  looksFor: 'annotations/train.json with "categories" and "items", and images/train/',
  async detect(folder) {
    return (await this.subsets(folder)).length > 0;
  },
  async subsets(folder) {
    const names: string[] = [];
    for (const file of await folder.files('annotations', 'json')) {
      if (await folder.says(`annotations/${file}`, [/"items"\s*:\s*\[/, /"categories"\s*:\s*\{/])) {
        names.push(file.slice(0, -'.json'.length));
      }
    }
    return names;
  },
  async open(folder, subset) {
    const name = `annotations/${subset}.json`;
    const path = join(folder.path, name);
    const parsed = datumaroFile.safeParse(await folder.json(name, EXPECTED));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new OtxError(
        'dataset',
        `${path}: ${issue?.path.join('.')} is wrong: ${issue?.message}; expected ${EXPECTED}`,
      );
    }
    const labels = labelsOf(parsed.data);
    const { classes, indexOf } = labelTable(labels, path);
    const collected = new Collected();
    const classOf = labels.map((label) => indexOf.get(label.name)!);
    const items = await itemsOf(parsed.data, classOf, { folder, subset, path, collected });
    return {
      classes,
      coding: SHAPES_CODING,
      items,
      problems: collected.problems,
      notices: collected.notices(),
    };
  },
};

function labelsOf({ categories }: DatumaroFile): FileLabel[] {
  return categories.label.labels.map(({ name }, index) => {
    const color = categories.mask?.colormap.find((each) => each.label_id === index);
    return { name, color: color && [color.r, color.g, color.b] };
  });
}

interface Source {
  readonly folder: Folder;
  readonly subset: string;
  readonly path: string;
  readonly collected: Collected;
}

async function itemsOf(
  { items }: DatumaroFile,
  classOf: readonly number[],
  { folder, subset, path, collected }: Source,
): Promise<Item[]> {
  const finder = await ImageFinder.of(folder);
  const places = [`images/${subset}`, 'images', subset === WHOLE ? '' : subset];
  return items.flatMap((item): Item[] => {
    const picture = item.image ?? item.media;
    const name = picture?.path ?? item.id;
    const found = finder.find(name, places) ?? finder.find(item.id, places);
    if (!found) {
      collected.problems.push(imageMissing(path, name, folder.path));
      return [];
    }
    const ordered = [...item.annotations].sort((a, b) => (a.z_order ?? 0) - (b.z_order ?? 0));
    const shapes = ordered.flatMap((annotation) =>
      shapesOf(annotation, classOf, `${path}: annotation ${annotation.id} of item ${item.id}`, collected),
    );
    const declared = picture?.size ? { height: picture.size[0], width: picture.size[1] } : undefined;
    const id = item.id.normalize('NFC');
    return [{ id, imagePath: found.path, maskPath: path, shapes: { shapes, ground: 0 }, declared }];
  });
}

function shapesOf(
  annotation: Annotation,
  classOf: readonly number[],
  where: string,
  collected: Collected,
): Shape[] {
  const { type, attributes, label_id, rle, points } = annotation;
  if (type !== 'mask' && type !== 'polygon') {
    collected.passOver(`annotation of type ${type}`, `annotations of type ${type}`);
    return [];
  }
  const classIndex = attributes?.is_crowd ? IGNORE_INDEX : classOf[label_id ?? -1];
  if (classIndex === undefined) {
    collected.problems.push(`${where} has the label ${label_id}, which is not listed`);
    return [];
  }
  return collected.shape(where, () =>
    type === 'mask' ? cocoRuns(rle, classIndex) : polygon([ring(points)], classIndex),
  );
}
