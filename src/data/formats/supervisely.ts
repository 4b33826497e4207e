/** @file Supervisely: meta.json, and in each folder ann/ with a JSON for each image in img/: bitmaps and polygons. */
import { join, posix } from 'node:path';
import { inflateSync } from 'node:zlib';
import { z } from 'zod';
import { MAX_PIXELS } from '../images/decoder.js';
import type { Size } from '../transforms/geometry.js';
import { Collected } from './collected.js';
import { colorOf } from './cvat.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, WHOLE } from './format.js';
import { stemOf } from './image-finder.js';
import { labelTable, SHAPES_CODING } from './label-table.js';
import { polygon, ringOfPairs, Wrong, wholeNumber } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';
import { isSubsetName } from './subsets.js';
import { isSupervisely, superviselyMeta } from './supervisely-meta.js';

const annotationFile = z.looseObject({
  size: z.looseObject({ height: z.number(), width: z.number() }),
  objects: z.array(
    z.looseObject({
      classTitle: z.string(),
      geometryType: z.string().optional(),
      bitmap: z.looseObject({ data: z.string(), origin: z.array(z.unknown()) }).nullish(),
      points: z
        .looseObject({ exterior: z.unknown().optional(), interior: z.array(z.unknown()).optional() })
        .nullish(),
    }),
  ),
});
type Drawn = z.infer<typeof annotationFile>['objects'][number];

const SMALL_PNG = 65536;
/** Kinds of classes that are areas. */
const AREAS = ['bitmap', 'polygon', 'any', 'alpha_mask'];

export const supervisely: DatasetFormat = {
  name: 'supervisely',
  title: 'Supervisely',
  looksFor: 'meta.json with "classes", and FOLDER/ann/*.json beside FOLDER/img/',
  async detect(folder) {
    return (await isSupervisely(folder)) && (await placesOf(folder)).length > 0;
  },
  async subsets(folder) {
    const places = await placesOf(folder);
    return places.length > 1 && places.every(isSubsetName) ? places : [WHOLE];
  },
  async open(folder, subset) {
    const path = join(folder.path, 'meta.json');
    const meta = superviselyMeta.parse(await folder.json('meta.json', 'the classes of Supervisely'));
    const labels = meta.classes
      .filter(({ shape }) => shape === undefined || AREAS.includes(shape))
      .map(({ title, color }) => ({ name: title, color: colorOf(color) }));
    const { classes, indexOf } = labelTable(labels, path);
    const collected = new Collected();
    const items: Item[] = [];
    const places = await placesOf(folder);
    for (const place of subset === WHOLE ? places : [subset]) {
      for (const name of await folder.files(posix.join(place, 'ann'), 'json')) {
        const item = await itemOf(folder, place, name, indexOf, collected);
        if (item) items.push({ ...item, id: subset === WHOLE ? posix.join(place, item.id) : item.id });
      }
    }
    const { problems } = collected;
    return { classes, coding: SHAPES_CODING, items, problems, notices: collected.notices() };
  },
};

/** Folders of images with annotations; {@link WHOLE} for the folder itself. */
async function placesOf(folder: Folder): Promise<readonly string[]> {
  const found: string[] = [];
  for (const place of [WHOLE, ...(await folder.folders())]) {
    if ((await folder.files(posix.join(place, 'ann'), 'json')).length > 0) found.push(place);
  }
  return found;
}

async function itemOf(
  folder: Folder,
  place: string,
  name: string,
  indexOf: ReadonlyMap<string, number>,
  collected: Collected,
): Promise<Item | undefined> {
  const relative = posix.join(place, 'ann', name);
  const path = join(folder.path, relative);
  const parsed = annotationFile.safeParse(
    await folder.json(relative, 'an annotation of Supervisely in JSON'),
  );
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    collected.problems.push(`${path}: ${issue?.path.join('.')} is wrong: ${issue?.message}`);
    return undefined;
  }
  const bare = name.slice(0, -'.json'.length);
  const pictures = await folder.names(posix.join(place, 'img'));
  // Older exports leave the ending of the image out.
  const image = pictures.includes(bare)
    ? bare
    : pictures.find((each) => stemOf(each) === bare.normalize('NFC'));
  if (image === undefined) {
    collected.problems.push(`${path} has no image (expected ${posix.join(place, 'img', bare)})`);
    return undefined;
  }
  const imageName = posix.join(place, 'img', image);
  const { size, objects } = parsed.data;
  const shapes = objects.flatMap((object, i): Shape[] => {
    const where = `${path}: object ${i} (${object.classTitle})`;
    const classIndex = indexOf.get(object.classTitle);
    if (!object.bitmap && object.geometryType !== 'polygon') {
      collected.passOver(object.geometryType ?? 'object without a geometry');
      return [];
    }
    if (classIndex === undefined) {
      collected.problems.push(`${where} has a class that is not in meta.json`);
      return [];
    }
    return collected.shape(where, () => shapeOf(object, classIndex, size));
  });
  return {
    id: stemOf(image),
    imagePath: join(folder.path, imageName),
    maskPath: path,
    shapes: { shapes, ground: 0 },
    declared: { width: size.width, height: size.height },
  };
}

/** @throws Wrong */
function shapeOf({ bitmap, points }: Drawn, classIndex: number, image: Size): Shape | undefined {
  if (!bitmap) {
    const holes = (points?.interior ?? []).map((hole) => ringOfPairs(hole));
    return polygon([ringOfPairs(points?.exterior), ...holes], classIndex);
  }
  if (bitmap.origin.length !== 2) throw new Wrong('has a bitmap without an origin [x, y]');
  const [left, top] = bitmap.origin.map(wholeNumber) as [number, number];
  try {
    const packed = Buffer.from(bitmap.data, 'base64');
    // A PNG of four bytes a pixel takes less than this; a few bytes can unpack to gigabytes.
    const most = Math.min(8 * image.width * image.height, MAX_PIXELS) + SMALL_PNG;
    const bytes = inflateSync(packed, { maxOutputLength: most });
    return { kind: 'bitmap', classIndex, left, top, bytes: Uint8Array.from(bytes) };
  } catch {
    throw new Wrong('has a bitmap whose data is damaged');
  }
}
