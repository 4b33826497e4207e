import { expect, it } from 'vitest';
import { maskFiles } from './mask-files.js';

it('maskFiles finds masks by the names of their images', () => {
  const files = ['images/a.jpg', 'masks/a.png', 'masks/b.png', 'x/c.jpg', 'x/c_mask.png', 'd_mask.png'];
  const found = maskFiles(
    files.map((relative) => ({ path: relative, relative, stem: relative.replace(/\.\w+$/, '') })),
  );
  expect([...found].map(({ relative }) => relative)).toEqual(['masks/a.png', 'x/c_mask.png']);
});
