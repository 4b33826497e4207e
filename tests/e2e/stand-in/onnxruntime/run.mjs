// Runs a model once: run.mjs MODEL INPUT SHAPE OUTPUT, with values as bytes.
import { readFileSync, writeFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [, , model, input, shape, output] = process.argv;
const session = await InferenceSession.create(model);
const values = new Float32Array(new Uint8Array(readFileSync(input)).buffer);
const { data, dims, type } = (await session.run({ input: new Tensor('float32', values, JSON.parse(shape)) }))
  .output;
writeFileSync(output, data);
console.log(JSON.stringify({ dims, type }));
