/**
 * @file Masks that can be read in several ways: what is decided from the files, where the check stops, and what each assumed
 * reading gives.
 */
import sharp from 'sharp';
import type { PngSpec } from '../../src/data/datasets/fixtures.cases.js';
import { png } from '../../src/data/datasets/fixtures.cases.js';
import { type BrokenDataset, type Fixture, HEIGHT, mask, WIDTH } from './broken-datasets.cases.js';

const AREA = WIDTH * HEIGHT;
/** Of four masks in three or two stripes. */
const THIRDS = [144, 144, 144];
const HALVES = [216, 216];
const ONE = { label_map: { 0: 'background', 1: 'car' } };
const BLACK = [0, 0, 0] as const;
const WHITE = [255, 255, 255] as const;

/** A mask of stripes with an opacity for each. */
function withAlpha(colorType: 4 | 6, stripes: readonly (readonly number[])[]): Buffer {
  const samples = Array.from({ length: AREA }, (_, i) => [
    ...stripes[Math.floor((stripes.length * (i % WIDTH)) / WIDTH)]!,
  ]);
  return png({ width: WIDTH, height: HEIGHT, colorType, samples: samples.flat() });
}

const indexed = (palette: PngSpec['palette'], values?: number[], depth: PngSpec['depth'] = 8) =>
  mask({ colorType: 3, palette: palette ?? [], depth }, values);

const oneClass = async (f: Fixture, content: Uint8Array) => {
  await f.meta(ONE);
  await f.writeAll('masks', content);
};

export const READINGS: readonly BrokenDataset[] = [
  {
    name: '255 covers more than half',
    error: /2 ways.*assume 255-is-class: .*car 66\.7 %\n.*assume 255-is-background: .*car 33\.3 %/s,
    assume: { '255-is-class': [144, 288], '255-is-background': [288, 144] },
    fault: (f) => oneClass(f, mask({}, [0, 255, 255])),
  },
  {
    name: '0, 1 and 255 with one class: 255 is ignored',
    pixels: [144, 144],
    fault: (f) => oneClass(f, mask({}, [0, 1, 255])),
  },
  {
    name: '0 and 255 in 8 bits beside 1-bit files',
    pixels: HALVES,
    note: /value 255 is car/,
    fault: async (f) => {
      await oneClass(f, mask({}, [0, 255]));
      await f.write('masks/a.png', mask({ depth: 1 }, [0, 1]));
    },
  },
  {
    name: '0 and 65535 in 16 bits',
    pixels: HALVES,
    note: /value 65535 is car/,
    fault: (f) => oneClass(f, mask({ depth: 16 }, [0, 65535])),
  },
  {
    name: '1-bit files of 0 and 255 beside others with ignored pixels',
    error: /2 ways.*samples-as-stored: .*ignored 25\.0 %\n.*samples-stretched: .*ignored 37\.5 %/s,
    assume: { 'samples-as-stored': [162, 162], 'samples-stretched': [162, 108] },
    fault: async (f) => {
      await oneClass(f, mask({}, [0, 1, 255]));
      await f.write('masks/a.png', mask({ depth: 1 }, [0, 1]));
      await f.write('masks/b.png', mask({}, [0, 255]));
      for (const name of ['c', 'd']) await f.write(`masks/${name}.png`, mask({}, [0, 1, 1, 255]));
    },
  },
  {
    name: '1-bit files beside others without 255',
    pixels: [162, 162, 108],
    fault: (f) => f.write('masks/a.png', mask({ depth: 1 }, [0, 1])),
  },
  {
    name: 'white declared, 1 and 255 in gray files',
    error: /255-is-class: .*car 66\.7 %\n.*255-is-ignored: .*car 33\.3 %, ignored 33\.3 %/s,
    assume: { '255-is-class': [144, 288], '255-is-ignored': [144, 144] },
    fault: async (f) => {
      await f.meta({ ...ONE, segmentation_colors: [BLACK, WHITE] });
      await f.writeAll('masks', mask({}, [0, 1, 255]));
    },
  },
  {
    name: 'declared greys in another order than the numbers',
    error: /grey-values: .*grey-colours: /s,
    assume: { 'grey-values': [216, 108, 108], 'grey-colours': [216, 108, 108] },
    fault: async (f) => {
      await f.meta({
        label_map: { 0: 'background', 1: 'car', 2: 'tree' },
        segmentation_colors: [BLACK, [2, 2, 2], [1, 1, 1]],
      });
      await f.writeAll('masks', mask({}, [0, 0, 1, 2]));
      await f.write('masks/a.png', mask({}, [0, 0, 1, 1]));
      await f.write('masks/b.png', mask({}, [0, 0, 2, 2]));
    },
  },
  {
    name: 'a class at 255',
    pixels: HALVES,
    fault: async (f) => {
      await f.meta({ label_map: { 0: 'background', 255: 'car' } });
      await f.writeAll('masks', mask({}, [0, 255]));
    },
  },
  {
    name: 'numbers with gaps',
    pixels: THIRDS,
    fault: async (f) => {
      await f.meta({ label_map: { 0: 'background', 7: 'car', 300: 'tree' } });
      await f.writeAll('masks', mask({ depth: 16 }, [0, 7, 300]));
    },
  },
  {
    name: 'numbers with gaps and as many colours',
    pixels: THIRDS,
    fault: async (f) => {
      await f.meta({
        label_map: { 0: 'background', 7: 'car', 11: 'tree' },
        segmentation_colors: [BLACK, [9, 0, 0], [0, 9, 0]],
      });
      await f.writeAll('masks', mask({ colorType: 3, palette: [BLACK, [0, 9, 0], [9, 0, 0]] }, [0, 2, 1]));
    },
  },
  {
    name: 'keys sorted as text',
    pixels: [144, 0, 144, 0, 0, 0, 0, 0, 0, 0, 0, 144],
    fault: async (f) => {
      const names = Object.fromEntries(
        Array.from({ length: 12 }, (_, i) => [String(i), i === 0 ? 'background' : `c${i}`]),
      );
      const text = Object.keys(names)
        .sort()
        .map((key) => `"${key}": "${names[key]}"`)
        .join(', ');
      await f.meta(`{"label_map": {${text}}}`);
      // In file order c10 is class 2, and c9 class 11.
      await f.writeAll('masks', mask({}, [0, 10, 9]));
    },
  },
  {
    name: 'no background, as many values as labels',
    error: /zero-is-background: .*tree 0\.0 %\n.*zero-is-first-label: .*background 0\.0 %/s,
    assume: { 'zero-is-background': [216, 216, 0], 'zero-is-first-label': [0, 216, 216] },
    fault: async (f) => {
      await f.meta({ label_map: { 0: 'car', 1: 'tree' } });
      await f.writeAll('masks', mask({}, [0, 1]));
    },
  },
  {
    name: 'no background, one value more than labels',
    pixels: THIRDS,
    note: /mask value 0 is background and value 1 is car/,
    fault: (f) => f.meta({ label_map: { 0: 'car', 1: 'tree' } }),
  },
  {
    name: 'no background, labels from 1',
    pixels: THIRDS,
    note: /value 0, which no label has, is background/,
    fault: (f) => f.meta({ label_map: { 1: 'car', 2: 'tree' } }),
  },
  {
    name: "labelme's list of labels, as many values as classes",
    fault: async (f) => {
      await f.meta({ labels: ['__ignore__', '_background_', 'car', 'tree'] });
      await f.writeAll('masks', mask({}, [0, 1, 2]));
    },
    assume: { 'ignore-is-255': THIRDS, 'ignore-is-0': [144, 144, 0] },
    error: /ignore-is-255: .*tree 33\.3 %\n.*ignore-is-0: .*tree 0\.0 %, ignored 33\.3 %/s,
  },
  {
    name: "labelme's list of labels, with a value for the ignored one",
    pixels: [108, 108, 108],
    note: /pixels of the label __ignore__ are ignored/,
    fault: async (f) => {
      await f.meta({ labels: ['__ignore__', '_background_', 'car', 'tree'] });
      await f.writeAll('masks', mask({}, [0, 1, 2, 3]));
    },
  },
  {
    name: 'a palette of greys in another order',
    pixels: [108, 108, 216],
    note: /palette of greys/,
    // Index 0 is grey 2.
    fault: (f) =>
      f.writeAll(
        'masks',
        indexed(
          [
            [2, 2, 2],
            [0, 0, 0],
            [1, 1, 1],
          ],
          [0, 0, 1, 2],
        ),
      ),
  },
  {
    name: 'a palette of black and white beside gray files',
    error: /palette-greys: .*palette-indices: /s,
    assume: { 'palette-greys': [162, 108, 108], 'palette-indices': [162, 162, 108] },
    fault: (f) => f.write('masks/a.png', indexed([BLACK, WHITE], [0, 1], 1)),
  },
  {
    name: 'a palette of declared colours in another order',
    pixels: [108, 216, 108],
    fault: async (f) => {
      await f.meta({
        label_map: { 0: 'background', 1: 'car', 2: 'tree' },
        segmentation_colors: [BLACK, [9, 0, 0], [0, 9, 0]],
      });
      await f.writeAll('masks', indexed([[9, 0, 0], BLACK, [0, 9, 0]], [0, 0, 1, 2]));
    },
  },
  {
    name: 'a palette of other colours than the declared ones',
    pixels: THIRDS,
    note: /read by its indices/,
    fault: async (f) => {
      await f.meta({
        label_map: { 0: 'background', 1: 'car', 2: 'tree' },
        segmentation_colors: [BLACK, [9, 0, 0], [0, 9, 0]],
      });
      await f.writeAll(
        'masks',
        indexed([
          [1, 0, 0],
          [0, 1, 0],
          [0, 0, 1],
        ]),
      );
    },
  },
  {
    name: 'the class in the alpha channel, colour black',
    pixels: HALVES,
    note: /alpha channel/,
    fault: (f) =>
      oneClass(
        f,
        withAlpha(6, [
          [0, 0, 0, 0],
          [0, 0, 0, 255],
        ]),
      ),
  },
  {
    name: 'the class in the alpha channel, gray white',
    pixels: HALVES,
    note: /alpha channel/,
    fault: (f) =>
      oneClass(
        f,
        withAlpha(4, [
          [255, 0],
          [255, 255],
        ]),
      ),
  },
  {
    name: 'the class in the alpha channel, colour of any kind',
    pixels: HALVES,
    note: /alpha channel/,
    fault: (f) =>
      oneClass(
        f,
        withAlpha(6, [
          [0, 0, 0, 0],
          [200, 30, 30, 255],
        ]),
      ),
  },
  {
    name: 'alpha and values that differ',
    error: /alpha-is-dropped: .*alpha-is-class: /s,
    assume: { 'alpha-is-dropped': [144, 288], 'alpha-is-class': [288, 144] },
    fault: (f) =>
      oneClass(
        f,
        withAlpha(4, [
          [0, 0],
          [1, 0],
          [1, 255],
        ]),
      ),
  },
  {
    name: 'masks drawn on the stored pixels of images with a half turn',
    error:
      /4 of its 4 images are turned by .*masks-raw: .*contrast of 100\.0.*masks-upright: .*contrast of 50\.0/s,
    assume: { 'masks-raw': [216, 108, 108], 'masks-upright': [216, 108, 108] },
    fault: async (f) => {
      await f.writeAll('images', photoOf([0, 0, 1, 2], 3));
      await f.writeAll('masks', mask({}, [0, 0, 1, 2]));
    },
  },
  {
    name: 'upright masks of images with a half turn',
    pixels: [216, 108, 108],
    note: /4 of its 4 images are turned by .*laid on the upright images/,
    fault: async (f) => {
      await f.writeAll('images', photoOf([2, 1, 0, 0], 3));
      await f.writeAll('masks', mask({}, [0, 0, 1, 2]));
    },
  },
  {
    name: 'masks drawn on the stored pixels of images with a quarter turn',
    error: /the mask looks turned: .*--assume masks-raw/s,
    assume: { 'masks-raw': [216, 108, 108] },
    fault: async (f) => {
      await f.writeAll('images', photoOf([0, 0, 1, 2], 6));
      await f.writeAll('masks', mask({}, [0, 0, 1, 2]));
    },
  },
  {
    name: 'JPEG masks in the colours of the classes',
    error: /a\.png is a JPEG mask.*--assume nearest-colour/s,
    // Stripes as wide as the blocks of JPEG stay sharp.
    assume: { 'nearest-colour': [1024, 1024, 1024] },
    fault: async (f) => {
      await f.writeAll('images', photograph);
      const colours = smooth([BLACK, [128, 0, 0], [0, 128, 0]], 1);
      await f.writeAll('masks', await sharp(colours, RAW).jpeg({ chromaSubsampling: '4:4:4' }).toBuffer());
    },
  },
  {
    name: 'smooth borders between the colours of the classes',
    error: /assume nearest-colour fits: .*car 27\.1 %.*ignored 12\.5 %\n.* has colours .* without a class/s,
    // Of 48 columns: of a border over 8 pixels what is further than a third of 128 from both colours is ignored.
    assume: { 'nearest-colour': [15 * 64, 13 * 64, 14 * 64] },
    fault: async (f) => {
      await f.writeAll('images', photograph);
      const colours = smooth([BLACK, [128, 0, 0], [0, 128, 0]], 8);
      await f.writeAll('masks', await sharp(colours, RAW).png().toBuffer());
    },
  },
  {
    name: 'smooth borders in gray masks of one class',
    error: /assume nearest-colour fits: .*car 43\.8 %, ignored 12\.5 %\n.* has values .* without a class/s,
    assume: { 'nearest-colour': [21 * 64, 21 * 64] },
    fault: async (f) => {
      await f.writeAll('images', photograph);
      const grey = sharp(smooth([BLACK, WHITE], 18), RAW).toColourspace('b-w');
      await oneClass(f, await grey.png().toBuffer());
    },
  },
  {
    name: 'a colour that was forgotten is no smooth border',
    error: /colour \(9, 9, 200\) without a class(?!.*nearest-colour)/s,
    fault: async (f) => {
      await f.writeAll('images', photograph);
      await f.writeAll(
        'masks',
        await sharp(smooth([BLACK, [128, 0, 0], [9, 9, 200]], 1), RAW)
          .png()
          .toBuffer(),
      );
    },
  },
  {
    name: 'smooth borders and no meta file',
    error: /values in its masks are found on hardly more than single pixels.*nearest-colour/s,
    fault: async (f) => {
      await f.remove('dataset_meta.json');
      await f.writeAll('images', photograph);
      const grey = sharp(smooth([BLACK, WHITE], 20), RAW).toColourspace('b-w');
      await f.writeAll('masks', await grey.png().toBuffer());
    },
  },
  {
    name: 'spread greys up to white and no meta file',
    error: /255-is-ignored: .*class 128 33\.3 %, ignored 33\.3 %\n.*255-is-class: .*class 255 33\.3 %/s,
    assume: { '255-is-ignored': [144, 144], '255-is-class': THIRDS },
    fault: async (f) => {
      await f.remove('dataset_meta.json');
      await f.writeAll('masks', mask({}, [0, 128, 255]));
    },
  },
  {
    name: 'numbers from 1 and 255, and no meta file',
    pixels: THIRDS.slice(1),
    note: /255 = ignored/,
    fault: async (f) => {
      await f.remove('dataset_meta.json');
      await f.writeAll('masks', mask({}, [0, 1, 255]));
    },
  },
];

const RAW = { raw: { width: 48, height: 16, channels: 3 } } as const;
const photograph = mask({ colorType: 2 }, [0, 60, 200], 48, 16);

/** Stripes of colours, as wide, whose borders are mixtures over some pixels. */
function smooth(colours: readonly (readonly [number, number, number])[], over: number): Uint8Array {
  const wide = 48 / colours.length;
  const row = Array.from({ length: 48 }, (_, x) => {
    const border = wide * Math.round((x + 0.5) / wide);
    const at = Math.min(Math.max((x + 0.5 - border) / over + 0.5, 0), 1);
    const [before, after] = [border / wide - 1, border / wide].map(
      (i) => colours[Math.min(Math.max(i, 0), colours.length - 1)]!,
    );
    return before!.map((value, c) => Math.round(value + at * (after![c]! - value)));
  });
  return Uint8Array.from(Array.from({ length: 16 }, () => row).flat(2));
}

/** A photograph of stripes, 100 levels apart. */
const photoOf = (stripes: readonly number[], orientation: number) =>
  mask(
    { colorType: 2, orientation },
    stripes.map((stripe) => 100 * stripe),
  );
