/** @file What holds for the images of every format: names that stay in their folder, each once, and shapes that lie on them. */
import { listSome } from '../datasets/problems.js';
import type { Size } from '../transforms/geometry.js';
import type { Item } from './format.js';
import type { Shape } from './shapes/shape.js';

/** A name that leads nowhere else: files of annotations may say `../../a`, `C:\a` or `/a`. */
export const safeId = (id: string): string => {
  const parts = id.replaceAll('\\', '/').normalize('NFC').split('/');
  const inside = parts.filter(
    (part) => part !== '' && part !== '.' && part !== '..' && !/^[a-z]:$/i.test(part),
  );
  return inside.join('/');
};

/** The images that are there a second time, by file or by name, with a sentence for each. */
export function repeated(items: readonly Item[]): Map<Item, string> {
  const problems = new Map<Item, string>();
  const byPath = new Map<string, Item>();
  const byId = new Map<string, Item>();
  for (const item of items) {
    const same = byPath.get(item.imagePath);
    const alike = byId.get(item.id);
    if (same) {
      const where = same.maskPath === item.maskPath ? item.maskPath : `${same.maskPath} and ${item.maskPath}`;
      problems.set(item, `${item.imagePath} is annotated twice, in ${where}`);
    } else if (alike) {
      problems.set(
        item,
        `${item.imagePath} and ${alike.imagePath} have the same name apart from their ending`,
      );
    }
    byPath.set(item.imagePath, item);
    byId.set(item.id, item);
  }
  return problems;
}

/** Shapes that show nothing, since they were drawn on other images or in other units: one sentence of each kind. */
export function outsideNotices(items: readonly Item[], sizes: readonly Size[]): string[] {
  const count = { outside: 0, tiny: 0 };
  const named = { outside: new Set<string>(), tiny: new Set<string>() };
  items.forEach(({ imagePath, shapes }, i) => {
    for (const shape of shapes?.shapes ?? []) {
      const fault = faultOf(shape, sizes[i]!);
      if (fault === undefined) continue;
      count[fault]++;
      named[fault].add(imagePath);
    }
  });
  const sentence = (fault: 'outside' | 'tiny', what: string) =>
    count[fault] === 0 ? [] : [`${count[fault]} polygons ${what} ${listSome([...named[fault]])}`];
  return [
    ...sentence(
      'outside',
      'lie wholly outside of their images and show nothing; were they drawn on images of another size?',
    ),
    ...sentence('tiny', 'lie within the first pixel of their images; are their coordinates fractions?'),
  ];
}

function faultOf(shape: Shape, { width, height }: Size): 'outside' | 'tiny' | undefined {
  if (shape.kind !== 'polygon') return undefined;
  const [right, bottom] = shape.unit === 'pixels' ? [width, height] : [1, 1];
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const ring of shape.rings) {
    for (let i = 0; i < ring.length; i += 2) {
      const [x, y] = [ring[i]!, ring[i + 1]!];
      if (x < box.left) box.left = x;
      if (x > box.right) box.right = x;
      if (y < box.top) box.top = y;
      if (y > box.bottom) box.bottom = y;
    }
  }
  if (box.left >= right || box.top >= bottom || box.right <= 0 || box.bottom <= 0) return 'outside';
  const isFirst = box.left >= 0 && box.top >= 0 && box.right <= 1 && box.bottom <= 1;
  return shape.unit === 'pixels' && isFirst && width > 1 && height > 1 ? 'tiny' : undefined;
}
