/** @file Label Studio JSON: tasks with polygons in percent, and brushes in its run lengths. */
import { join, posix } from 'node:path';
import { z } from 'zod';
import { OtxError } from '../../base/errors.js';
import { listSome } from '../datasets/problems.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, WHOLE } from './format.js';
import { decoded, ImageFinder, imageMissing, stemOf } from './image-finder.js';
import { labelTable, SHAPES_CODING } from './label-table.js';
import { decodeBrush } from './shapes/brush.js';
import { polygon, ringOfPairs, runs, Wrong, wholeNumber } from './shapes/parse-shapes.js';
import type { Shape } from './shapes/shape.js';
import { roleOf } from './subsets.js';

const resultSchema = z.looseObject({
  type: z.string(),
  original_width: z.number().optional(),
  original_height: z.number().optional(),
  image_rotation: z.number().optional(),
  value: z.looseObject({
    points: z.unknown().optional(),
    rle: z.unknown().optional(),
    polygonlabels: z.array(z.string()).optional(),
    brushlabels: z.array(z.string()).optional(),
    labels: z.array(z.string()).optional(),
  }),
});
const tasksSchema = z.array(
  z.looseObject({
    id: z.union([z.number(), z.string()]).optional(),
    data: z.looseObject({}),
    annotations: z.array(
      z.looseObject({
        was_cancelled: z.boolean().optional(),
        ground_truth: z.boolean().optional(),
        result: z.array(z.unknown()),
      }),
    ),
  }),
);
type Task = z.infer<typeof tasksSchema>[number];
type Result = z.infer<typeof resultSchema>;

const EXPECTED = 'an export of Label Studio in its format JSON';
/** Also what was drawn with one tool and labelled with another, which is there twice: as `polygon`, and as `labels`. */
const AREAS = ['polygonlabels', 'brushlabels', 'labels'];
const WITHOUT_LABEL = ['polygon', 'brush'];
/** What uploads are called: eight digits in front of their own name. */
const UPLOAD = /^[0-9a-f]{8}-/;

export const labelStudio: DatasetFormat = {
  name: 'label-studio',
  title: 'Label Studio',
  looksFor: 'a JSON of tasks with "annotations", "result" and "data", beside the images',
  async detect(folder) {
    return (await filesOf(folder)).length > 0;
  },
  async subsets(folder) {
    const files = await filesOf(folder);
    return files.length === 1 ? [WHOLE] : files.map(stemOf);
  },
  async open(folder, subset) {
    const files = await filesOf(folder);
    const opened = new Map<string, readonly Task[]>();
    for (const name of files) opened.set(name, await read(folder, name));
    const chosen = files.length === 1 ? files[0]! : `${subset}.json`;
    // Of all files, so that each has the same classes.
    const names = new Set([...opened.values()].flat().flatMap((task) => drawnIn(task).flatMap(labelsIn)));
    const { classes, indexOf } = labelTable(
      [...names].sort().map((name) => ({ name })),
      join(folder.path, chosen),
    );
    const collected = new Collected();
    const finder = await ImageFinder.of(folder);
    const source = { folder, path: join(folder.path, chosen), subset, finder, indexOf, collected };
    const tasks = opened.get(chosen)!;
    const items = tasks.flatMap((task) => itemOf(task, source));
    const without = tasks.filter((task) => !annotationOf(task)).length;
    const disputed = tasks.filter(isDisputed).map(({ id }) => String(id));
    return {
      classes,
      coding: SHAPES_CODING,
      items,
      problems: collected.problems,
      notices: [
        ...collected.notices(),
        ...(without > 0 ? [`${without} tasks have no annotation and are left out`] : []),
        ...(disputed.length > 0 ? [disputedNotice(disputed)] : []),
      ],
    };
  },
};

async function filesOf(folder: Folder): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await folder.files('', 'json')) {
    if (await folder.says(name, [/^\s*\[/, /"annotations"\s*:/, /"result"\s*:/, /"data"\s*:/]))
      found.push(name);
  }
  const named = found.filter((name) => roleOf(stemOf(name)) !== undefined);
  return named.length > 0 ? named : found.slice(0, 1);
}

async function read(folder: Folder, name: string): Promise<readonly Task[]> {
  const parsed = tasksSchema.safeParse(await folder.json(name, EXPECTED));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OtxError(
    'dataset',
    `${join(folder.path, name)}: ${issue?.path.join('.')} is wrong: ${issue?.message}; expected ${EXPECTED}`,
  );
}

const disputedNotice = (ids: readonly string[]) =>
  `${ids.length} tasks have several annotations, of which the first one counts (${listSome(ids)}); mark another one as ground truth to ` +
  'have that';

const completed = ({ annotations }: Task) => annotations.filter(({ was_cancelled }) => !was_cancelled);
/** What somebody has marked as the truth, else the first. */
const annotationOf = (task: Task) =>
  completed(task).find(({ ground_truth }) => ground_truth) ?? completed(task)[0];
/** Whether several people drew it, and nobody said who is right. */
const isDisputed = (task: Task) =>
  completed(task).length > 1 && completed(task).filter(({ ground_truth }) => ground_truth).length !== 1;

const isArea = ({ type, value }: Result) =>
  AREAS.includes(type) && (type !== 'labels' || value.points !== undefined || value.rle !== undefined);

/** What was drawn; choices and texts are passed over. */
function drawnIn(task: Task): Result[] {
  return (annotationOf(task)?.result ?? []).flatMap((result) => {
    const parsed = resultSchema.safeParse(result);
    return parsed.success && isArea(parsed.data) ? [parsed.data] : [];
  });
}

const labelsIn = ({ value }: Result): readonly string[] =>
  value.polygonlabels ?? value.brushlabels ?? value.labels ?? [];

interface Source {
  readonly folder: Folder;
  readonly path: string;
  readonly subset: string;
  readonly finder: ImageFinder;
  readonly indexOf: ReadonlyMap<string, number>;
  readonly collected: Collected;
}

function itemOf(task: Task, { folder, path, subset, finder, indexOf, collected }: Source): Item[] {
  const annotation = annotationOf(task);
  if (!annotation) return [];
  const where = `${path}: task ${task.id}`;
  const addresses = Object.values(task.data).filter((value) => typeof value === 'string');
  const found = addresses.flatMap((address) => findUpload(address, subset, finder) ?? [])[0];
  if (!found) {
    collected.problems.push(imageMissing(where, addresses.join(', '), folder.path));
    return [];
  }
  const drawn = drawnIn(task);
  const idOf = (result: unknown) => (result as { readonly id?: unknown } | null)?.id;
  const labelled = new Set(drawn.filter(({ type }) => type === 'labels').map(idOf));
  for (const result of annotation.result) {
    const type = (result as { readonly type?: unknown } | null)?.type;
    if (typeof type !== 'string') collected.problems.push(`${where} has a result without a type`);
    else if (WITHOUT_LABEL.includes(type)) {
      if (!labelled.has(idOf(result))) collected.problems.push(`${where} has a ${type} without a label`);
    } else if (!AREAS.includes(type)) collected.passOver(`result of type ${type}`, `results of type ${type}`);
    else if (!resultSchema.safeParse(result).success)
      collected.problems.push(`${where} has a damaged ${type}`);
    else if (!isArea(resultSchema.parse(result))) collected.passOver('box of labels', 'boxes of labels');
  }
  const shapes = drawn.flatMap((result, i) =>
    collected.shape(`${where}: result ${i}`, () => shapeOf(result, indexOf)),
  );
  const [first] = drawn;
  const { original_width: width, original_height: height } = first ?? {};
  const declared = width && height ? { width, height } : undefined;
  return [
    {
      id: stemOf(found.relative),
      imagePath: found.path,
      maskPath: path,
      shapes: { shapes, ground: 0 },
      declared,
    },
  ];
}

/** By the last part of the address, with and without what the upload put in front. */
function findUpload(address: string, subset: string, finder: ImageFinder) {
  const name = posix.basename(decoded(address.split('?d=').at(-1)!.split('?')[0]!));
  const places = [`images/${subset}`, subset, 'images', ''];
  return finder.find(name, places) ?? finder.find(name.replace(UPLOAD, ''), places);
}

/** @throws Wrong */
function shapeOf(result: Result, indexOf: ReadonlyMap<string, number>): Shape | undefined {
  const { value, original_width, original_height, image_rotation } = result;
  if (image_rotation)
    throw new Wrong(
      `was drawn on the image turned by ${image_rotation} degrees; turn it back and export again`,
    );
  const [label, ...others] = labelsIn(result);
  if (label === undefined) throw new Wrong('has no label');
  if (others.length > 0) throw new Wrong(`has several labels: ${[label, ...others].join(', ')}`);
  const classIndex = indexOf.get(label)!;
  // In percent of the sides.
  if (value.rle === undefined) return polygon([ringOfPairs(value.points, 0.01)], classIndex, 'fraction');
  const [width, height] = [original_width, original_height].map(wholeNumber) as [number, number];
  const counts = decodeBrush(value.rle, width * height);
  return runs(counts, { classIndex, order: 'rows', left: 0, top: 0, width, height });
}
