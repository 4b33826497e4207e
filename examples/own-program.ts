/**
 * @file A program around otx: reads a data set of any format, scores a model picture by picture, and keeps what it says as masks that
 * other tools read, and as pictures to look at. The last part watches a training from outside.
 *
 *     node own-program.js DATA RUN OUTPUT
 */
import { join } from 'node:path';
import { ConfusionMatrix, createSegmenter, EventReader, formatMetrics } from 'otx';
import { encodePicture, openDataset, readImage, readLabels, renderOverlay, writeMask } from 'otx/data';
import { makeFolder, writeFileAtomic } from 'otx/files';

const [data, run, output] = process.argv.slice(2) as [string, string, string];

// Any format, such as COCO, Pascal VOC or pairs of files; of several subsets the one to validate on.
const dataset = await openDataset(data, { role: 'val' });
const segmenter = await createSegmenter({ weights: run });
const matrix = new ConfusionMatrix(dataset.classes.length);
for (const sample of dataset.samples) {
  // A class index for each pixel; 255 is scored nowhere.
  const truth = await readLabels(sample, dataset.decodeMask);
  const { labels, width, height } = await segmenter.segment(sample.imagePath);
  matrix.add(truth.data, labels);

  await writeMask(join(output, 'masks', `${sample.id}.png`), labels, { width, height }, dataset.classes);
  const painted = renderOverlay(await readImage(sample.imagePath), labels, dataset.classes);
  const picture = await encodePicture({ data: painted, width, height }, { format: 'jpeg', longestSide: 800 });
  const path = join(output, 'pictures', `${sample.id}.jpg`);
  await makeFolder(join(path, '..'));
  await writeFileAtomic(path, picture);
}
await segmenter.dispose();
const names = dataset.classes.map(({ name }) => name);
console.log(formatMetrics(matrix.summary(), names));

// What the training has told so far. While it goes on, ask again now and then: only what is new comes.
const events = new EventReader(run);
for await (const event of events.read()) {
  if (event.type === 'epoch')
    console.log(`epoch ${event.epoch}: mean Dice ${event.metrics?.mDice.toFixed(4)}`);
}
