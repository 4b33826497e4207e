/**
 * @file Depthwise convolution and its two gradients in the blocked layout. The batch is folded into the channels, so that
 * few channels still fill whole blocks; filters are repeated for every image.
 */
import { constant, mul, onnxOp, reshape } from '../builders.js';
import { convOutputSize } from '../shape-rules.js';
import { type DType, type Shape, sizeOf, type Tensor } from '../tensor.js';
import {
  type BlockSize,
  blockedChannels,
  blockedDepthwiseConv,
  blockedUpsample,
  canBlock,
  fromBlocked,
  toBlocked,
} from './blocked-layout.js';
import { endPads, isDepthwise, sumImages, transposedGeometry } from './convolution.js';
import type { LoweringRule } from './table.js';

type Pair = readonly [number, number];

/** The three rules for one block size; each leaves alone what it does not cover. */
export interface BlockedDepthwise {
  readonly forward: LoweringRule<'conv'>;
  readonly inputGrad: LoweringRule<'convInputGrad'>;
  readonly weightGrad: LoweringRule<'convWeightGrad'>;
}

export function blockedDepthwise(block: BlockSize): BlockedDepthwise {
  const tables = new ConstantTables(block);

  const forward: LoweringRule<'conv'> = ({ attributes, outputs }, [x, weight, bias]) => {
    const [n, channels] = x!.shape as [number, number];
    if (!isDepthwise(attributes.group, channels, weight!.shape[0]!) || !canBlock(n * channels))
      return undefined;
    const [, , h, w] = outputs[0]!.shape as [number, number, number, number];
    const filters = tables.filters(weight!, n, 'as they are');
    const repeated = bias && tables.vector(bias, n);
    return [
      fromBlocked(
        blockedDepthwiseConv(toBlocked(x!, block), filters, repeated, [h, w], attributes),
        n,
        channels,
      ),
    ];
  };

  /** The stride-1 convolution of the zero-stuffed gradient with flipped filters. */
  const inputGrad: LoweringRule<'convInputGrad'> = ({ attributes }, [dy, weight]) => {
    const [n, channels] = dy!.shape as [number, number];
    const pads = transposedGeometry(dy!, weight!, attributes);
    if (!pads || !canBlock(n * channels)) return undefined;
    const { strides, dilations, inputSize } = attributes;
    const stuffed = tables.stuffZeros(toBlocked(dy!, block), strides);
    const filters = tables.filters(weight!, n, 'flipped');
    const dx = blockedDepthwiseConv(stuffed, filters, undefined, inputSize, {
      strides: [1, 1],
      pads,
      dilations,
    });
    return [fromBlocked(dx, n, channels)];
  };

  /** Each channel of each image correlates with its own gradient: a blocked activation is stored like blocked filters. */
  const weightGrad: LoweringRule<'convWeightGrad'> = ({ attributes }, [x, dy]) => {
    const { strides, pads, dilations, group, kernel } = attributes;
    const [n, channels, h, w] = x!.shape as [number, number, number, number];
    if (!isDepthwise(group, channels, dy!.shape[1]!) || !canBlock(n * channels)) return undefined;
    const size: Pair = [dy!.shape[2]!, dy!.shape[3]!];
    const filters = reshape(toBlocked(dy!, block), [blockedChannels(n * channels, block), 1, ...size]);
    const geometry = {
      strides: dilations,
      dilations: strides,
      pads: endPads([h, w], size, attributes, pads),
      group,
    };
    const reached = convOutputSize([h, w], size, geometry);
    const taps = blockedDepthwiseConv(toBlocked(x!, block), filters, undefined, reached, geometry);
    return [sumImages(fromBlocked(taps, 1, n * channels), n, channels, kernel)];
  };

  return { forward, inputGrad, weightGrad };
}

/** Index tables and masks, shared by all layers of one shape: they are large compared with a filter. */
class ConstantTables {
  private readonly known = new Map<string, Tensor>();

  constructor(private readonly block: BlockSize) {}

  /** [C, 1, kh, kw] filters, once per image, in blocked order: [(n·C)', 1, kh, kw]. One Gather, whatever the layout. */
  filters(weight: Tensor, n: number, order: 'as they are' | 'flipped'): Tensor {
    const [channels, , kh, kw] = weight.shape as [number, number, number, number];
    const taps = kh * kw;
    const blocked = blockedChannels(n * channels, this.block);
    const indices = this.once(`filters ${order} ${n} ${weight.shape}`, [blocked, 1, kh, kw], () => {
      const result = new Int32Array(blocked * taps);
      for (let i = 0; i < result.length; i++) {
        const lane = i % this.block;
        const tap = Math.floor(i / this.block) % taps;
        const channel = Math.floor(i / (this.block * taps)) * this.block + lane;
        // Lanes that fill the last block repeat some filter; their results are dropped.
        result[i] = (channel % channels) * taps + (order === 'flipped' ? taps - 1 - tap : tap);
      }
      return result;
    });
    return gather(weight, indices);
  }

  /** [C] → [(n·C)'] */
  vector(values: Tensor, n: number): Tensor {
    const blocked = blockedChannels(n * values.size, this.block);
    const indices = this.once(`vector ${n} ${values.size}`, [blocked], () =>
      Int32Array.from({ length: blocked }, (_, i) => i % values.size),
    );
    return gather(values, indices);
  }

  /** Puts each position of a blocked tensor at the top left of a strides-sized cell of zeros. */
  stuffZeros(x: Tensor, strides: Pair): Tensor {
    if (strides[0] === 1 && strides[1] === 1) return x;
    const spread = blockedUpsample(x, strides);
    const [, channels, h, w] = spread.shape as [number, number, number, number];
    const { block } = this;
    const mask = this.once(`mask ${strides} ${h} ${w}`, [1, h * w * block], () => {
      const result = new Float32Array(h * w * block);
      for (let i = 0; i < h; i += strides[0])
        for (let j = 0; j < w; j += strides[1]) {
          const at = (i * w + j) * block;
          result.fill(1, at, at + block);
        }
      return result;
    });
    return reshape(mul(reshape(spread, [channels / block, h * w * block]), mask), spread.shape);
  }

  private once(key: string, shape: Shape, make: () => Int32Array | Float32Array): Tensor {
    let tensor = this.known.get(key);
    if (!tensor) {
      tensor = constant(make(), shape);
      this.known.set(key, tensor);
    }
    return tensor;
  }
}

/** Picks values of a tensor seen as flat; the result has the shape of `indices`. */
function gather(values: Tensor, indices: Tensor): Tensor {
  const type: { dtype: DType; shape: Shape } = { dtype: values.dtype, shape: indices.shape };
  return onnxOp('Gather', [reshape(values, [sizeOf(values.shape)]), indices], [type], {
    axis: { int: 0 },
  })[0]!;
}
