/** @file Every lowering table that ships gets every case of the shared suite right, with the runtime's own rewriting off and on. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PLAIN_CPU } from '../../src/engine/providers/cpu.js';
import { passesWith } from '../../src/engine/providers/passes.js';
import { lowerForCpu } from '../../src/engine/providers/stock.js';
import { localCapabilities, runGraph } from '../../src/engine/run-graph.js';
import {
  gpuLowering,
  gpuProducts,
  type LoweringTable,
  lower,
  optimize,
  plainLowering,
  reachableNodes,
  type Tensor,
} from '../../src/graph/index.js';
import { type LoweringCase, loweringCases } from '../../src/graph/lowering/lowering.cases.js';
import { randomValues } from './cases.js';
import { expectAgreement } from './compare.js';
import { interpret } from './reference.js';

const through = (table: LoweringTable) => (outputs: readonly Tensor[]) =>
  optimize(lower(optimize(outputs), table));

const lowerForGpu = (outputs: readonly Tensor[]) =>
  passesWith(gpuLowering, 'fast', { last: gpuProducts }).reduce(
    (tensors, pass) => pass(tensors),
    [...outputs],
  );

const capabilities = await localCapabilities();

/** The blocked layout is what the runtime's own rewriting produces: graphs that use it already must not be rewritten. */
const lowerings: readonly {
  name: string;
  rewrites: readonly boolean[];
  apply: (outputs: readonly Tensor[]) => readonly Tensor[];
}[] = [
  { name: 'plain', rewrites: [false, true], apply: through(plainLowering) },
  { name: 'GPU', rewrites: [false], apply: lowerForGpu },
  { name: 'CPU, standard operators', rewrites: [false, true], apply: (y) => lowerForCpu(y, PLAIN_CPU) },
  {
    name: `CPU, blocks of ${capabilities.block ?? 'unknown size'}`,
    rewrites: capabilities.block ? [false] : [],
    apply: (y) => lowerForCpu(y, capabilities),
  },
];

const cases = loweringCases().map((lowering) => {
  const feeds = feedsOf(lowering);
  return { ...lowering, feeds, expected: interpret(lowering.outputs, feeds) };
});

for (const { name: lowering, apply, rewrites } of lowerings)
  for (const rewrite of rewrites)
    describe(`${lowering} lowering, runtime rewriting ${rewrite ? 'on' : 'off'}`, () => {
      for (const { name, outputs, feeds, expected } of cases)
        test(name, async () => {
          const values = await runGraph(outputs, feeds, { lower: apply, rewrite });
          expect(values.length).toBe(expected.length);
          values.forEach((value, i) => {
            expectAgreement(value, expected[i]!, { what: `output ${i}` });
          });
        });
    });

/** Otherwise a mistake in the blocked lowering would only switch it off, and with it the cases above. */
const vectors = vectorWidth();
test.skipIf(vectors === undefined)(`the blocked layout is found on this processor: ${vectors} floats`, () => {
  expect(capabilities).toEqual({ block: vectors });
});

/** Floats in the widest vector register, where the system tells. */
function vectorWidth(): number | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const flags = readFileSync('/proc/cpuinfo', 'utf8');
  return flags.includes(' avx512f ') ? 16 : flags.includes(' avx2 ') ? 8 : undefined;
}

function feedsOf({ name: seed, outputs, positive }: LoweringCase): Record<string, Float32Array> {
  const feeds: Record<string, Float32Array> = {};
  for (const node of reachableNodes(outputs))
    if (node.op === 'input') {
      const { name } = node.attributes;
      const low = positive?.includes(name) ? 0.5 : -1.5;
      feeds[name] = randomValues(`${seed} ${name}`, node.outputs[0]!.size, low);
    }
  return feeds;
}
