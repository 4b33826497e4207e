/** @file Any graph as an .onnx file that every ONNX runtime opens. */
import { opsetLowering } from '../lowering/opset.js';
import { plainLowering } from '../lowering/plain.js';
import { plainProduct } from '../lowering/plain-product.js';
import { lower } from '../lowering/table.js';
import { optimize } from '../passes/optimize.js';
import { type ModelDescription, OPSETS, serializeLowered } from './serialize.js';

/**
 * Makes a graph small, rewrites it into standard operators (opset 20 unless another is asked for) and writes the bytes of an `.onnx` file. Equal graphs
 * give equal bytes.
 *
 * @param model inputs and outputs; gradients may be among the outputs.
 * @returns the bytes, to be written to a file or handed to `Engine.load`.
 * @throws OtxError `graph` when an operator has no form in standard ONNX, an input is not listed or not an input node, the batch size
 * cannot be left open, or the version of the operators is none that is written.
 */
export function serializeModel(model: ModelDescription): Uint8Array {
  const names = Object.keys(model.outputs);
  const small = optimize(lower(optimize(Object.values(model.outputs)), plainLowering));
  // Last, because the passes put factors into products.
  const { opset = OPSETS.newest } = model;
  const lowered = lower(small, { matMul: plainProduct, ...opsetLowering(opset) });
  return serializeLowered({
    ...model,
    outputs: Object.fromEntries(names.map((name, i) => [name, lowered[i]!])),
  });
}
