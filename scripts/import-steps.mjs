/**
 * @file Trains a network of an `.onnx` file by plain gradient descent on one batch, for check-import.py. Arguments: the file; a folder with
 * images.bin and truth.bin (float32, one-hot in dimension 1); then learning rates. Prints a line of JSON for each: the losses before its steps.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as g from '../dist/graph-api.js';

const STEPS = 10;
const [path, folder, ...rates] = process.argv.slice(2);
const bytes = readFileSync(path);
const floatsOf = (name) => new Float32Array(Uint8Array.from(readFileSync(join(folder, name))).buffer);
const [images, truth] = ['images.bin', 'truth.bin'].map(floatsOf);
const { shape } = JSON.parse(readFileSync(join(folder, 'shapes.json'), 'utf8'));

const learned = g.importModel(bytes, { training: true }).weights.filter(({ kind }) => kind === 'parameter');
const layout = g.layoutOf('weights', learned);
const step = new g.StepBuilder();
const weights = step.pack(layout);
const { outputs } = g.importModel(bytes, {
  training: true,
  inputs: { image: step.input('images', 'float32', shape) },
  weight: ({ key, kind, data, shape: dims }) =>
    kind === 'parameter' ? weights.get(key) : g.constant(data, dims),
});
const [scores] = Object.values(outputs);
const wanted = step.input('truth', 'float32', scores.shape);
const cells = scores.size / scores.shape[1];
const loss = g.mul(g.reduceSum(g.mul(wanted, g.log(g.softmax(scores, 1)))), -1 / cells);
step.update('weights', g.sub(weights.flat, g.mul(step.scalar('rate'), g.gradients(loss, [weights.flat])[0])));
step.output('loss', loss);

const engine = await g.createEngine({ threads: 1 });
const train = await engine.compile(step.build());
const start = new Float32Array(layout.size);
for (const [i, { offset }] of layout.entries.entries()) start.set(learned[i].data, offset);
for (const rate of rates) {
  await engine.setState('weights', start.slice());
  const losses = [];
  for (let i = 0; i < STEPS; i++) {
    const { outputs: told } = await train.run({ images, truth }, { rate: Number(rate) });
    losses.push(Number(told.loss[0]));
  }
  console.log(JSON.stringify(losses));
}
await engine.dispose();
