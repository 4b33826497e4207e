import { describe, expect, it } from 'vitest';
import type { ImageFile } from '../images/image-files.js';
import { pairByName } from './pairing.js';

const files = (folder: string, names: string[]): ImageFile[] =>
  names.map((relative) => ({
    path: `${folder}/${relative}`,
    relative,
    stem: relative.slice(0, relative.lastIndexOf('.')),
  }));
const pair = (images: string[], masks: string[]) => {
  const { pairs, problems } = pairByName(files('images', images), files('masks', masks));
  return { pairs: pairs.map(({ image, mask }) => `${image.relative} ${mask.relative}`), problems };
};

describe('pairByName', () => {
  it('pairs equal relative paths whatever the ending, sorted', () => {
    expect(pair(['b.jpg', 'a.x.jpg'], ['a.x.png', 'b.tif'])).toEqual({
      pairs: ['a.x.jpg a.x.png', 'b.jpg b.tif'],
      problems: [],
    });
    expect(pair(['x/1.jpg', 'y/1.jpg'], ['x/1.png', 'y/1.png']).pairs).toEqual([
      'x/1.jpg x/1.png',
      'y/1.jpg y/1.png',
    ]);
  });

  it('pairs nested with flat by base name, in both directions', () => {
    expect(pair(['x/1.jpg', '2.jpg'], ['1.png', 'y/2.png'])).toEqual({
      pairs: ['2.jpg y/2.png', 'x/1.jpg 1.png'],
      problems: [],
    });
  });

  it('does not pair different nested folders', () => {
    const { pairs, problems } = pair(['x/1.jpg'], ['y/1.png']);
    expect(pairs).toEqual([]);
    expect(problems).toEqual([
      'images/x/1.jpg has no mask (expected masks/x/1.png)',
      'masks/y/1.png has no image (expected images/y/1.*)',
    ]);
  });

  it('reports ambiguity instead of choosing', () => {
    expect(pair(['1.jpg'], ['x/1.png', 'y/1.png']).problems).toEqual([
      'images/1.jpg could belong to several masks (masks/x/1.png, masks/y/1.png)',
    ]);
    expect(pair(['x/1.jpg', 'y/1.jpg'], ['1.png']).problems).toEqual([
      'images/x/1.jpg and other images (images/y/1.jpg) could belong to mask masks/1.png',
      'images/y/1.jpg and other images (images/x/1.jpg) could belong to mask masks/1.png',
    ]);
    expect(pair(['a.jpg', 'a.png'], ['a.png']).problems).toEqual([
      'images/a.png and images/a.jpg have the same name apart from their ending',
    ]);
  });
});
