import { describe, expect, it } from 'vitest';
import { defaultPalette } from '../masks/palette.js';
import { parseMeta } from './meta.js';

const parse = (meta: unknown) =>
  parseMeta(typeof meta === 'string' ? meta : JSON.stringify(meta), 'd/meta.json');
const names = (meta: unknown) => parse(meta).classes.map(({ name }) => name);
const fieldError = (meta: unknown) => {
  try {
    parse(meta);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected an error');
};

describe('parseMeta', () => {
  it('makes background class 0 wherever it stands, and keeps values at file positions', () => {
    const meta = parse({ label_map: { '0': 'car', '1': 'background', '2': 'tree' } });
    expect(meta.classes.map(({ name }) => name)).toEqual(['background', 'car', 'tree']);
    expect(meta.coding.values).toEqual([1, 0, 2]);
    expect(meta.notices).toEqual([]);
  });

  it('shifts values by one when no label is named background, and says so', () => {
    const meta = parse({ label_map: { '0': 'car', '1': 'tree' } });
    expect(meta.classes.map(({ name }) => name)).toEqual(['background', 'car', 'tree']);
    expect(meta.coding.values).toEqual([0, 1, 2]);
    expect(meta.notices).toEqual([expect.stringContaining('value 1 is car')]);
  });

  it('believes keys as written, whatever their order; positions are another reading', () => {
    const meta = parse('{"label_map": {"2": "tree", "0": "background", "10": "car"}}');
    expect(meta.coding.values).toEqual([0, 254, 1, ...new Array(7).fill(254), 2]);
    expect(meta.classes.map(({ name }) => name)).toEqual(['background', 'tree', 'car']);
    expect(meta.readings.map(({ name, onlyAssumed }) => [name, onlyAssumed])).toEqual([
      ['keys-are-values', false],
      ['positions-are-values', true],
    ]);
    expect(meta.readings[1]!.coding.values).toEqual([1, 0, 2]);
  });

  it('takes a label to ignore at 255 for what it is, and a class at 255 for a class', () => {
    const meta = parse({ label_map: { '0': 'background', '255': 'ignore', '1': 'car' } });
    expect(meta.coding.values).toEqual([0, 1]);
    expect(meta.notices).toEqual(['label ignore at 255 is what 255 means here: pixels to ignore']);
    expect(parse({ label_map: { '0': 'background', '255': 'car' } }).coding.values[255]).toBe(1);
  });

  it('is not misled by text that looks like a key', () => {
    expect(
      names(
        '{"note": "\\"label_map\\": {\\"0\\": \\"x\\"", "label_map": {"0": "background", "1": "a\\":b"}}',
      ),
    ).toEqual(['background', 'a":b']);
  });

  it('puts labels before label_map and merges equal names', () => {
    expect(names({ labels: ['tree', 'background'], label_map: { '0': 'background', '1': 'car' } })).toEqual([
      'background',
      'tree',
      'car',
    ]);
  });

  it('takes colours by key; without colours reads masks in those of VOC and draws in brighter ones', () => {
    const colors = [
      [9, 9, 9],
      [1, 2, 3],
      [4, 5, 6],
    ];
    const declared = parse({ label_map: { '2': 'background', '1': 'car' }, segmentation_colors: colors });
    expect(declared.classes).toEqual([
      { name: 'background', color: [4, 5, 6] },
      { name: 'car', color: [1, 2, 3] },
    ]);
    expect(declared.coding.colorsDeclared).toBe(true);

    const voc = parse({ label_map: { '0': 'background', '1': 'car' } });
    expect(voc.coding.colors).toContainEqual({ color: [128, 0, 0], classIndex: 1 });
    expect(voc.coding.colors).toContainEqual({ color: [0, 0, 0], classIndex: 0 });
    expect(voc.coding.colors).toContainEqual({ color: [224, 224, 192], classIndex: 255 });
    const implied = parse({ label_map: { '0': 'car' } });
    expect(implied.coding.colors).toContainEqual({ color: [128, 0, 0], classIndex: 1 });
    const shifted = parse({ label_map: { '0': 'car', '1': 'background' } });
    expect(shifted.coding.colors).toContainEqual({ color: [0, 0, 0], classIndex: 1 });
    expect(shifted.coding.colors).toContainEqual({ color: [128, 0, 0], classIndex: 0 });

    const drawn = defaultPalette(2);
    for (const { classes } of [voc, implied, shifted])
      expect(classes.map(({ color }) => color)).toEqual(drawn);
  });

  it('accepts a byte order mark', () => {
    expect(names(`\uFEFF${JSON.stringify({ labels: ['car'] })}`)).toEqual(['background', 'car']);
  });

  it.each([
    ['not JSON', '{"label_map": {', 'd/meta.json: is not valid JSON'],
    ['a list', [], 'd/meta.json: field (top level) is wrong'],
    ['names to ids', { label_map: { background: 0 } }, 'field label_map.background is wrong'],
    ['nothing declared', {}, 'declares no classes'],
    ['background only', { labels: ['background'] }, 'no class besides background'],
    ['a name twice', { label_map: { '0': 'background', '1': 'car', '2': 'car' } }, 'car is declared twice'],
    [
      'a name twice under one key',
      '{"label_map": {"1": "car", "1": "car"}}',
      'gives the value 1 to car and car',
    ],
    ['two names under one key', '{"label_map": {"1": "car", "01": "x"}}', 'gives the value 1 to car and x'],
    [
      'a colour out of range',
      { labels: ['car'], segmentation_colors: [[0, 0, 256]] },
      'segmentation_colors.0.2',
    ],
    [
      'too few colours',
      { labels: ['background', 'car'], segmentation_colors: [[0, 0, 0]] },
      'no entry 1 for class car',
    ],
    [
      'a colour twice',
      {
        labels: ['a', 'b'],
        segmentation_colors: [
          [1, 1, 1],
          [1, 1, 1],
        ],
      },
      'a and b have the same colour',
    ],
    ['too many classes', { labels: Array.from({ length: 254 }, (_, i) => `c${i}`) }, 'at most 254'],
  ])('refuses %s', (_, meta, message) => {
    expect(fieldError(meta)).toContain(message);
  });
});
