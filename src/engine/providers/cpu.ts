/** @file Which lowering is used where on ONNX Runtime's CPU provider. */
import { type LoweringTable, plainLowering } from '../../graph/index.js';

export const cpuLowering: LoweringTable = plainLowering;
