/** @file Files for the one who uses the page, handed to the browser to be saved. */

import { encode } from 'fast-png';
import { type Zippable, zipSync } from 'fflate';
import { decodeMask } from '../../web-training/mask.js';
import { breathe, change, now } from './store.js';
import type { PagePicture, Run } from './types.js';

/** Has the browser save a file of the training. */
export function save(name: string, bytes: Uint8Array, type: string): void {
  const { run } = now();
  if (run) change({ run: { ...run, isSaved: true } });
  const address = URL.createObjectURL(new Blob([bytes as BlobPart], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // Whoever is asked where to save it takes a while.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A zip file of the run and its pictures in the Common layout, as `otx train --resume-from` takes both. */
export async function allFiles(run: Run): Promise<Uint8Array> {
  const files: Zippable = {};
  // Pictures and weights do not become smaller.
  const add = (path: string, bytes: Uint8Array) => {
    files[path] = [bytes, { level: 0 }];
  };
  if (run.result) {
    add('model.onnx', run.result.model);
    add('run/models/weights.safetensors', run.result.weights);
  }
  if (run.last) add('run/models/last.safetensors', run.last);
  for (const picture of run.pictures) {
    const folder = `data/${picture.use}`;
    add(`${folder}/dataset_meta.json`, new TextEncoder().encode(describe(run)));
    add(
      `${folder}/images/${picture.id}${picture.extension}`,
      new Uint8Array(await picture.image.arrayBuffer()),
    );
    add(`${folder}/masks/${picture.id}.png`, await maskOf(picture, run));
    await breathe();
  }
  return zipSync(files);
}

async function maskOf({ mask, id, width, height }: PagePicture, { coding }: Run): Promise<Uint8Array> {
  const data = mask instanceof Blob ? (await decodeMask(mask, id, coding)).data : mask!;
  return encode({ width, height, data, channels: 1, depth: 8 });
}

/** `dataset_meta.json`: masks hold the places of classes in this list. */
function describe({ classes }: Run): string {
  const meta = {
    label_map: Object.fromEntries(classes.map(({ name }, index) => [index, name])),
    segmentation_colors: classes.map(({ color }) => color),
  };
  return `${JSON.stringify(meta, null, 1)}\n`;
}
