/** @file Writing the pictures of the generated data set as files. */
import { indexMask, rgbPng, writeFiles } from '../../datasets/fixtures.cases.js';
import type { Generated, GeneratedPicture } from './generated.cases.js';

export const partsOf = (generated: Generated) => Object.entries(generated) as [string, GeneratedPicture[]][];

/** Files of all pictures, from what each one has. */
export async function writeAll(
  generated: Generated,
  root: string,
  filesOf: (
    picture: GeneratedPicture,
    part: string,
  ) => Record<string, Uint8Array | string | object> | Promise<Record<string, Uint8Array | string | object>>,
): Promise<void> {
  for (const [part, pictures] of partsOf(generated)) {
    for (const picture of pictures) await writeFiles(root, await filesOf(picture, part));
  }
}

export const maskOf = (
  { labels, width, height }: GeneratedPicture,
  numberOf = (label: number) => label,
): Buffer => indexMask([...labels].map(numberOf), width, height);

/** A mask in colours. */
export const colorMaskOf = (
  { labels, width, height }: GeneratedPicture,
  colorOf: (label: number) => readonly number[],
): Promise<Buffer> => rgbPng([...labels].flatMap(colorOf), width, height);
