/** @file ADE20K: the masks of the scene parsing challenge of 2016, and the full data sets of 2017 and 2021. */
import { join } from 'node:path';
import { z } from 'zod';
import { uniqueByStem } from '../datasets/pairing.js';
import type { ImageFile } from '../images/image-files.js';
import { IGNORE_INDEX } from '../types.js';
import { ADE20K_NAMES } from './ade20k-names.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, WHOLE } from './format.js';
import { labelTable, SHAPES_CODING } from './label-table.js';
import type { Shape } from './shapes/shape.js';

const PARTS = ['training', 'validation'];

export const ade20k: DatasetFormat = {
  name: 'ade20k',
  title: 'ADE20K, challenge of 2016',
  looksFor: 'images/training/ADE_train_*.jpg and annotations/training/ADE_train_*.png',
  async detect(folder) {
    if (!(await folder.hasFolder('images')) || !(await folder.hasFolder('annotations'))) return false;
    if (await folder.hasFile('objectInfo150.txt')) return true;
    const masks = await Promise.all(PARTS.map((part) => folder.files(`annotations/${part}`, 'png')));
    return masks.flat().some((name) => /^ADE_(train|val)_\d+\.png$/.test(name));
  },
  subsets: (folder) => subsetsBelow(folder, 'annotations'),
  async open(folder, subset) {
    const masks = await folder.images(join('annotations', subset));
    const images = await folder.images(join('images', subset));
    const twice: string[] = [];
    const maskOf = uniqueByStem(masks, twice);
    const items = images.flatMap(({ stem, path }): Item[] => {
      const maskPath = maskOf.get(stem)?.path;
      return maskPath === undefined ? [] : [{ id: stem, imagePath: path, maskPath }];
    });
    const missing = images
      .filter(({ stem }) => !maskOf.has(stem))
      .map(({ path, stem }) => `${path} has no mask (expected annotations/${subset}/${stem}.png)`);
    const { classes } = labelTable(
      ADE20K_NAMES.map((name) => ({ name })),
      folder.path,
    );
    return {
      classes,
      // What belongs to none of the 150 is 0 in the masks, and not scored.
      coding: { ...SHAPES_CODING, values: [IGNORE_INDEX, ...ADE20K_NAMES.map((_, index) => index + 1)] },
      items,
      problems: [...missing, ...twice],
      notices: ['the value 0 of the masks is ignored ("reduce_zero_label"), and 1 to 150 are the classes'],
    };
  },
};

async function subsetsBelow(folder: Folder, place: string): Promise<readonly string[]> {
  const names = (await folder.folders(place)).filter((name) => PARTS.includes(name));
  return names.length > 0 ? names : [WHOLE];
}

/** More do not fit a mask; what is left of those that most images show is as many as the challenge has. */
const MOST_CLASSES = 253;
const KEPT_CLASSES = 150;

export const ade20kFull: DatasetFormat = {
  name: 'ade20k-full',
  title: 'ADE20K, full data',
  looksFor: 'images/ADE/training/**/*_seg.png with a JSON (2021) or *_atr.txt (2017) beside each',
  async detect(folder) {
    const place = await placeOf(folder);
    if (place === undefined) return false;
    for (const part of await subsetsBelow(folder, place)) {
      const files = await folder.images(join(place, part));
      const mask = files.find(({ stem }) => stem.endsWith(SUFFIX));
      if (mask) return (await describedBy(folder, mask)) !== undefined;
    }
    return false;
  },
  async subsets(folder) {
    return subsetsBelow(folder, (await placeOf(folder))!);
  },
  async open(folder, subset) {
    const place = (await placeOf(folder))!;
    const collected = new Collected();
    const scenes: Scene[] = [];
    for (const part of await subsetsBelow(folder, place)) {
      for (const image of await scenesOf(folder, place, part)) {
        const scene = await readScene(folder, image, collected);
        if (scene) scenes.push({ ...scene, subset: part });
      }
    }
    const { names, notices } = chooseNames(scenes);
    const { classes, indexOf } = labelTable(
      names.map((name) => ({ name })),
      folder.path,
    );
    const items = scenes
      .filter((scene) => scene.subset === subset)
      .map(({ image, mask, by, objects }): Item => {
        const classOf = objects.map(({ key, name }): [number, number] => [
          key,
          indexOf.get(name) ?? IGNORE_INDEX,
        ]);
        const shape: Shape = { kind: 'segments', path: mask, by, classOf };
        return {
          id: image.stem,
          imagePath: image.path,
          maskPath: mask,
          shapes: { shapes: [shape], ground: 0 },
        };
      });
    return { classes, coding: SHAPES_CODING, items, problems: collected.problems, notices };
  },
};

const SUFFIX = '_seg';

async function placeOf(folder: Folder): Promise<string | undefined> {
  for (const place of ['images/ADE', 'images', '']) {
    for (const part of PARTS) if (await folder.hasFolder(join(place, part))) return place;
  }
  return undefined;
}

interface SceneImage {
  readonly image: ImageFile;
  readonly mask: ImageFile;
}

interface Scene {
  readonly subset: string;
  readonly image: ImageFile;
  readonly mask: string;
  readonly by: 'code' | 'instance';
  /** Whole objects, by the number of their class or by their own. */
  readonly objects: readonly { readonly key: number; readonly name: string }[];
}

async function scenesOf(folder: Folder, place: string, part: string): Promise<SceneImage[]> {
  const files = await folder.images(join(place, part));
  const byStem = new Map(files.map((file) => [file.stem, file]));
  return files.flatMap((mask): SceneImage[] => {
    if (!mask.stem.endsWith(SUFFIX)) return [];
    const image = byStem.get(mask.stem.slice(0, -SUFFIX.length));
    return image ? [{ image, mask }] : [];
  });
}

/** Path of the file that names the objects of a mask, below the folder. */
async function describedBy(folder: Folder, mask: ImageFile): Promise<string | undefined> {
  const bare = mask.path.slice(0, mask.path.lastIndexOf(SUFFIX)).slice(folder.path.length + 1);
  for (const name of [`${bare}.json`, `${bare}_atr.txt`]) if (await folder.hasFile(name)) return name;
  return undefined;
}

const sceneFile = z.looseObject({
  annotation: z.looseObject({
    object: z.array(
      z.looseObject({
        name: z.string(),
        name_ndx: z.int(),
        parts: z.looseObject({ part_level: z.union([z.number(), z.string()]) }),
      }),
    ),
  }),
});

async function readScene(
  folder: Folder,
  { image, mask }: SceneImage,
  collected: Collected,
): Promise<Omit<Scene, 'subset'> | undefined> {
  const name = await describedBy(folder, mask);
  if (name === undefined) {
    collected.problems.push(`${mask.path} has neither a JSON nor a text file _atr.txt beside it`);
    return undefined;
  }
  if (name.endsWith('.json')) {
    const parsed = sceneFile.safeParse(await folder.json(name, 'the objects of ADE20K in JSON'));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      collected.problems.push(
        `${join(folder.path, name)}: ${issue?.path.join('.')} is wrong: ${issue?.message}`,
      );
      return undefined;
    }
    const objects = parsed.data.annotation.object
      .filter(({ parts }) => Number(parts.part_level) === 0)
      .map((object) => ({ key: object.name_ndx, name: object.name }));
    return { image, mask: mask.path, by: 'code', objects };
  }
  // instance # part level # occluded # name # raw name # attributes
  const lines = (await folder.text(name, 'the objects of ADE20K'))
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const cells = lines.map((line) => line.split('#').map((cell) => cell.trim()));
  const objects = cells
    .filter(([, level]) => Number(level) === 0)
    .map(([instance, , , name = '']) => ({ key: Number(instance), name }));
  return { image, mask: mask.path, by: 'instance', objects };
}

/** All names, if they fit a mask; otherwise those that most images show. In alphabetical order. */
function chooseNames(scenes: readonly Scene[]): { names: readonly string[]; notices: readonly string[] } {
  const images = new Map<string, number>();
  for (const { objects } of scenes) {
    for (const name of new Set(objects.map((object) => object.name)))
      images.set(name, (images.get(name) ?? 0) + 1);
  }
  const names = [...images.keys()].sort();
  if (names.length <= MOST_CLASSES) return { names, notices: [] };
  const common = names
    .sort((a, b) => images.get(b)! - images.get(a)! || (a < b ? -1 : 1))
    .slice(0, KEPT_CLASSES);
  return {
    names: common.sort(),
    notices: [
      `of its ${names.length} classes the ${KEPT_CLASSES} that most images show are kept; all others are ignored`,
    ],
  };
}
