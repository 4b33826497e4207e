// Segments pictures: node demo.mjs photo.jpg another.png --output results
// Writes results/masks/NAME.png (a pixel is the index of its class) and results/overlays/NAME.png.
import { mkdir, writeFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openSegmenter } from './segmenter.mjs';

const { positionals: pictures, values } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: 'string', short: 'o', default: 'results' },
    model: {
      type: 'string',
      short: 'm',
      default: fileURLToPath(new URL('../model/model.onnx', import.meta.url)),
    },
  },
});
if (pictures.length === 0) {
  console.error('usage: node demo.mjs PICTURE... [--output FOLDER] [--model FILE.onnx]');
  process.exit(2);
}

try {
  const segmenter = await openSegmenter(values.model);
  for (const picture of pictures) {
    const result = await segmenter.segment(picture);
    const { width, height, classes, milliseconds } = result;
    const shares = classes
      .filter(({ share }) => share > 0)
      .sort((a, b) => b.share - a.share)
      .map(({ name, share }) => `${name} ${(100 * share).toFixed(1)} %`);
    console.log(
      `${picture}: ${width}x${height}, ${shares.join(', ')}; network ${milliseconds.network.toFixed(0)} ms`,
    );
    for (const [folder, bytes] of Object.entries({
      masks: await result.mask(),
      overlays: await result.overlay(),
    })) {
      if (!bytes) continue;
      await mkdir(join(values.output, folder), { recursive: true });
      await writeFile(join(values.output, folder, `${parse(picture).name}.png`), bytes);
    }
  }
  await segmenter.dispose();
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
