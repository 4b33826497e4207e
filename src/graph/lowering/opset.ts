/** @file What older versions of the standard operator set lack, in operators that they have. */
import { add, erf, mul } from '../builders.js';
import type { LoweringTable } from './table.js';

/** x/2 · (1 + erf(x/√2)), which runtimes know as GELU. */
const spelledGelu: LoweringTable['gelu'] = (_, [x]) => [
  mul(mul(x!, add(erf(mul(x!, Math.SQRT1_2)), 1)), 0.5),
];

/** Empty for the newest version. */
export const opsetLowering = (opset: number): LoweringTable => (opset < 20 ? { gelu: spelledGelu } : {});
