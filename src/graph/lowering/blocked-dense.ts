/**
 * @file Dense convolution and its input gradient in the blocked layout, for channel counts that fill whole blocks. A
 * strided input gradient becomes one small convolution per position within the stride, and their results interleave:
 * no value is scattered and no zero is multiplied.
 */
import { concat, reshape, take, transpose } from '../builders.js';
import type { Tensor } from '../tensor.js';
import type { ConvAttributes } from '../vocabulary.js';
import { type BlockSize, blockedConv, fromBlocked, toBlocked } from './blocked-layout.js';
import type { LoweringRule } from './table.js';

/** The two rules for one block size; each leaves alone what it does not cover. */
export interface BlockedDense {
  readonly forward: LoweringRule<'conv'>;
  readonly inputGrad: LoweringRule<'convInputGrad'>;
}

export function blockedDense(block: BlockSize): BlockedDense {
  /** Pointwise convolutions are matrix products: reordering costs more than it saves. */
  const covers = ({ group }: ConvAttributes, weight: Tensor): boolean => {
    const [out, channels, kh, kw] = weight.shape as [number, number, number, number];
    return group === 1 && out % block === 0 && channels % block === 0 && kh * kw > 1;
  };

  const forward: LoweringRule<'conv'> = ({ attributes, outputs }, [x, weight, bias]) => {
    if (!covers(attributes, weight!)) return undefined;
    const [out, channels, kh, kw] = weight!.shape as [number, number, number, number];
    const taps = reshape(weight!, [out, channels, kh * kw]);
    const y = blockedConv(
      reshape(toBlocked(x!, block), x!.shape),
      blockedFilters(taps, [kh, kw], block),
      bias,
      outputs[0]!.shape,
      attributes,
    );
    return [fromBlocked(y, x!.shape[0]!, out)];
  };

  const inputGrad: LoweringRule<'convInputGrad'> = ({ attributes, outputs }, [dy, weight]) => {
    const { strides, pads, dilations, inputSize } = attributes;
    if (!covers(attributes, weight!) || dilations[0] !== 1 || dilations[1] !== 1) return undefined;
    const [out, channels, kh, kw] = weight!.shape as [number, number, number, number];
    const rows = phasesOf(inputSize[0], dy!.shape[2]!, kh, strides[0], pads[0]);
    const columns = phasesOf(inputSize[1], dy!.shape[3]!, kw, strides[1], pads[1]);
    if (!rows || !columns) return undefined;

    const source = reshape(toBlocked(dy!, block), dy!.shape);
    const swapped = transpose(reshape(weight!, [out, channels, kh * kw]), [1, 0, 2]);
    const n = dy!.shape[0]!;
    const [h, w] = [inputSize[0] / strides[0], inputSize[1] / strides[1]];
    const lines = (n * channels * h) / block;
    const interleaved = rows.map((row) => {
      const parts = columns.map((column) => {
        const taps = row.taps.flatMap((i) => column.taps.map((j) => i * kw + j));
        const kernel = [row.taps.length, column.taps.length] as const;
        const part = blockedConv(
          source,
          blockedFilters(take(swapped, 2, taps), kernel, block),
          undefined,
          [n, channels, h, w],
          {
            strides: [1, 1],
            pads: [row.begin, column.begin, row.end, column.end],
            dilations: [1, 1],
            group: 1,
          },
        );
        return reshape(part, [lines, w, 1, block]);
      });
      return reshape(concat(parts, 2), [lines, 1, inputSize[1] * block]);
    });
    return [fromBlocked(reshape(concat(interleaved, 1), outputs[0]!.shape), n, channels)];
  };

  return { forward, inputGrad };
}

/** Filters [O, I, kh·kw] in the order in which dense blocked convolutions read them. */
function blockedFilters(taps: Tensor, [kh, kw]: readonly [number, number], block: BlockSize): Tensor {
  const [out, channels, count] = taps.shape as [number, number, number];
  const blocks = reshape(taps, [out / block, block, channels / block, block, count]);
  return reshape(transpose(blocks, [0, 2, 4, 3, 1]), [out, channels, kh, kw]);
}

/** Along one axis, what reaches the input positions stride·i + phase: taps and pads of a stride-1 convolution of dy. */
interface Phase {
  readonly taps: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** One entry per phase, or undefined where the phases differ in size or need more than a padded convolution. */
function phasesOf(
  size: number,
  outputSize: number,
  kernel: number,
  stride: number,
  pad: number,
): Phase[] | undefined {
  if (size % stride !== 0) return undefined;
  const phases = Array.from({ length: stride }, (_, phase): Phase => {
    // Tap k of output o reads stride·o + k − pad, so that input stride·i + phase meets output i + (phase + pad − k)/stride.
    const taps = Array.from({ length: kernel }, (_, i) => kernel - 1 - i).filter(
      (k) => (phase + pad - k) % stride === 0,
    );
    const begin = ((taps[0] ?? 0) - phase - pad) / stride;
    return { taps, begin, end: size / stride - (outputSize + begin - taps.length + 1) };
  });
  return phases.every(({ taps, begin, end }) => taps.length > 0 && begin >= 0 && end >= 0)
    ? phases
    : undefined;
}
