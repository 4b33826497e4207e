import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { ModelProtoSchema } from '../../graph/onnx/onnx_pb.js';
import { type CpuProbeRunner, probeCpu } from './probe.js';

/** A runtime whose results are made up: the plain ones come first, then as many blocked ones. */
function runtime(
  blocked: (block: number, index: number) => Float32Array,
  asked: number[] = [],
): CpuProbeRunner {
  return async ({ binding }) => {
    const block = binding.inputs.find(({ name }) => name === 'dense x')!.shape[1]!;
    asked.push(block);
    const half = binding.outputs.length / 2;
    return binding.outputs.map((_, i) => (i < half ? Float32Array.of(1, -2, 3) : blocked(block, i - half)));
  };
}

const right = Float32Array.of(1, -2, 3);

test('the largest block size with right results is used', async () => {
  const asked: number[] = [];
  expect(await probeCpu(runtime(() => right, asked))).toEqual({ block: 16 });
  expect(asked).toEqual([16]);
});

test('a processor with shorter registers gets the smaller block', async () => {
  const asked: number[] = [];
  const run = runtime((block) => (block === 8 ? right : Float32Array.of(1, 3, -2)), asked);
  expect(await probeCpu(run)).toEqual({ block: 8 });
  expect(asked).toEqual([16, 8]);
});

test('one wrong value in one result is enough to do without', async () => {
  const run = runtime((_, index) => (index === 3 ? Float32Array.of(1, -2, 3.001) : right));
  expect(await probeCpu(run)).toEqual({});
});

test('so is a value that is not a number', async () => {
  expect(await probeCpu(runtime(() => Float32Array.of(1, Number.NaN, 3)))).toEqual({});
});

test('a runtime that refuses the layout is left with standard operators', async () => {
  expect(await probeCpu(() => Promise.reject(new Error('com.microsoft.nchwc: no such domain')))).toEqual({});
});

test('every operator of the layout that a lowering uses is probed', async () => {
  const probed = new Set<string>();
  await probeCpu(({ model }) => {
    for (const { domain, opType } of fromBinary(ModelProtoSchema, model).graph!.node)
      if (domain === 'com.microsoft.nchwc') probed.add(opType);
    return Promise.reject(new Error('enough'));
  });
  expect([...probed].sort()).toEqual(['AveragePool', 'Conv', 'ReorderInput', 'ReorderOutput', 'Upsample']);
});
