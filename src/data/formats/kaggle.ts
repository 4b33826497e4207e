/** @file A table of run lengths, as contests of Kaggle hand out: image, class and "start length start length ...". */
import { join } from 'node:path';
import { readImageSize } from '../images/decoder.js';
import type { ImageFile } from '../images/image-files.js';
import { Collected } from './collected.js';
import type { Folder } from './folder.js';
import { type DatasetFormat, type Item, type OpenedItems, WHOLE } from './format.js';
import { ImageFinder, imageMissing } from './image-finder.js';
import { labelTable, SHAPES_CODING } from './label-table.js';
import { parseCsv } from './parse-csv.js';
import { Wrong, wholeNumber } from './shapes/parse-shapes.js';
import type { RunsShape } from './shapes/shape.js';
import { roleOf } from './subsets.js';

/** Columns by what they hold, in lower case without underscores. */
const IMAGE = ['imageid', 'image', 'filename', 'img', 'id', 'imageclassid', 'imageidclassid', 'imagelabel'];
const CLASS = ['classid', 'class', 'label', 'celltype'];
/** Down the columns, as most contests count, or along the rows, as some do. */
const DOWN = ['encodedpixels', 'rlemask', 'rle', 'mask'];
const ALONG = ['segmentation', 'annotation'];
/** The image and its class in one cell. */
const JOINED = ['imageclassid', 'imageidclassid', 'imagelabel'];

export const kaggle: DatasetFormat = {
  name: 'kaggle',
  title: 'table of run lengths',
  looksFor: 'train.csv with columns such as ImageId, ClassId and EncodedPixels, and the images',
  async detect(folder) {
    return (await filesOf(folder)).length > 0;
  },
  async subsets(folder) {
    const files = await filesOf(folder);
    return files.length === 1 ? [WHOLE] : files.map(({ name }) => name.slice(0, -'.csv'.length));
  },
  async open(folder, subset) {
    const files = await filesOf(folder);
    const rows = new Map<string, readonly Row[]>();
    for (const file of files) rows.set(file.name, await rowsOf(folder, file));
    const { name } = files.find((file) => file.name === `${subset}.csv`) ?? files[0]!;
    // Of all files, so that each has the same classes.
    const named = [...new Set([...rows.values()].flat().map((row) => row.className))].sort(naturally);
    const path = join(folder.path, name);
    const { classes, indexOf } = labelTable(
      named.map((each) => ({ name: each })),
      path,
    );
    return { classes, coding: SHAPES_CODING, ...(await itemsOf(folder, path, rows.get(name)!, indexOf)) };
  },
};

/** Enough for the head and a row or so. */
const MOST_LOOKED_AT = 2000;
const NUMBERS = /^(-1|nan|[\d\s]*)$/i;

interface Table {
  readonly name: string;
  readonly image: number;
  readonly class: number;
  readonly runs: number;
  readonly isJoined: boolean;
  readonly order: RunsShape['order'];
}

interface Row {
  readonly line: number;
  readonly image: string;
  readonly className: string;
  readonly runs: string;
  readonly order: RunsShape['order'];
}

const naturally = (a: string, b: string): number =>
  a.localeCompare(b, 'en', { numeric: true }) || (a < b ? -1 : 1);
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');

/** Tables with the columns; those of submissions are none to learn from. */
async function filesOf(folder: Folder): Promise<readonly Table[]> {
  const found: Table[] = [];
  for (const name of await folder.files('', 'csv')) {
    if (/submission/i.test(name)) continue;
    const [head = [], ...rows] = parseCsv(
      (await folder.text(name, 'a table').catch(() => '')).slice(0, MOST_LOOKED_AT),
    );
    const columns = head.map(plain);
    const at = (names: readonly string[]) => columns.findIndex((column) => names.includes(column));
    const down = at(DOWN);
    const runs = down >= 0 ? down : at(ALONG);
    const image = at(IMAGE);
    if (runs < 0 || image < 0) continue;
    // A table of the paths of masks has such columns as well.
    if (!rows.every((row) => NUMBERS.test(row[runs] ?? ''))) continue;
    const isJoined = JOINED.includes(columns[image]!);
    found.push({ name, image, class: at(CLASS), runs, isJoined, order: down >= 0 ? 'columns' : 'rows' });
  }
  const named = found.filter(({ name }) => roleOf(name.slice(0, -'.csv'.length)) !== undefined);
  return named.length > 0 ? named : found.slice(0, 1);
}

async function rowsOf(folder: Folder, table: Table): Promise<readonly Row[]> {
  const [, ...rows] = parseCsv(await folder.text(table.name, 'a table of run lengths'));
  return rows.map((cells, i) => {
    const cell = cells[table.image] ?? '';
    const cut = table.isJoined ? cell.lastIndexOf('_') : -1;
    const image = cut < 0 ? cell : cell.slice(0, cut);
    const className = cut < 0 ? (cells[table.class] ?? 'object') : cell.slice(cut + 1);
    const isNumber = /^\d+$/.test(className);
    return {
      line: i + 2,
      image,
      className: isNumber ? `class ${className}` : className,
      runs: cells[table.runs] ?? '',
      order: table.order,
    };
  });
}

async function itemsOf(
  folder: Folder,
  path: string,
  rows: readonly Row[],
  indexOf: ReadonlyMap<string, number>,
): Promise<Pick<OpenedItems, 'items' | 'problems' | 'notices'>> {
  const collected = new Collected();
  const finder = await ImageFinder.of(folder);
  const byImage = new Map<ImageFile, Row[]>();
  const unknown = new Set<string>();
  for (const row of rows) {
    const found = finder.find(row.image, ['train_images', 'train', 'images', '']);
    if (found) byImage.set(found, [...(byImage.get(found) ?? []), row]);
    else unknown.add(row.image);
  }
  for (const name of unknown) collected.problems.push(imageMissing(path, name, folder.path));
  const items: Item[] = [];
  for (const [image, own] of byImage) {
    const size = await readImageSize(image.path).catch(() => undefined);
    const shapes = own.flatMap((row) =>
      // Nothing, or -1: the image does not show the class.
      size === undefined || /^(-1|nan)?$/i.test(row.runs)
        ? []
        : collected.shape(`${path}: line ${row.line}`, () => parse(row, indexOf.get(row.className)!, size)),
    );
    items.push({ id: image.stem, imagePath: image.path, maskPath: path, shapes: { shapes, ground: 0 } });
  }
  const left = finder.images.length - byImage.size;
  const notices = left > 0 ? [`${left} images are not in ${path} and are left out`] : [];
  return { items, problems: collected.problems, notices };
}

/** Pairs of a first pixel, counted from 1, and a length. @throws Wrong */
function parse(
  { runs, order }: Row,
  classIndex: number,
  size: { readonly width: number; readonly height: number },
): RunsShape {
  const numbers = runs.split(/\s+/).map(wholeNumber);
  if (numbers.length % 2 !== 0)
    throw new Wrong(`has ${numbers.length} numbers, which are no pairs of start and length`);
  const counts: number[] = [];
  let end = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const start = numbers[i]! - 1;
    if (start < end)
      throw new Wrong(`has a run that starts at ${start + 1}, before the one in front of it ends`);
    counts.push(start - end, numbers[i + 1]!);
    end = start + numbers[i + 1]!;
  }
  const room = size.width * size.height;
  if (end > room)
    throw new Wrong(
      `has run lengths up to pixel ${end}; its image of ${size.width}x${size.height} has ${room}`,
    );
  return { kind: 'runs', classIndex, order, left: 0, top: 0, ...size, counts: Uint32Array.from(counts) };
}
