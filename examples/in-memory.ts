/** @file Learns from images in memory until it is good enough, scores, segments, exports. Usage: in-memory.ts OUTPUT */
import { createSegmenter, evaluate, exportModel, type LabeledImages, train } from 'otx';

const [output = 'in-memory-run'] = process.argv.slice(2);
const size = { width: 64, height: 64 };
/** Gray pictures with something bright on the left, and masks that say where it ends. */
const pictures = (count: number, seed: number): LabeledImages => {
  const images = Array.from({ length: count }, (_, n) => {
    const mask = Uint8Array.from({ length: 64 * 64 }, (_, i) =>
      Number(i % 64 < 16 + ((7 * (n + seed)) % 32)),
    );
    const data = mask.map((label, i) => 90 * label + 40 + ((i * 37) % 50));
    return { image: { data, ...size, channels: 1 as const }, mask: { data: mask, ...size } };
  });
  return { classes: ['background', 'curtain'], images };
};

const data = { trainData: pictures(16, 0), validationData: pictures(4, 50) };
const settings = { inputSize: '64x64', batchSize: 4, learningRate: 0.005, warmupSteps: 4 };
const { weights, reason } = await train({
  ...{ template: 'Lite-HRNet-s-mod2', ...data, ...settings, output, pretrained: false, reports: false },
  onEvent: (event) => (event.type === 'epoch' && (event.metrics?.mDice ?? 0) > 0.8 ? 'stop' : undefined),
});
const { metrics } = await evaluate({ weights, testData: pictures(4, 70) });
const segmenter = await createSegmenter({ weights });
const { classes } = await segmenter.segment(pictures(1, 90).images[0]!.image);
await segmenter.dispose();
const { model } = await exportModel({ weights, output: `${output}/export` });
const share = `${classes[1]!.name} ${(100 * classes[1]!.share).toFixed(0)} %`;
console.log(`${reason}: mean Dice ${metrics.mDice.toFixed(2)}, ${share}, ${model}`);
