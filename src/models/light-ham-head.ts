/** @file The light Hamburger head of SegNeXt (https://arxiv.org/abs/2109.04553): global context by matrix factorisation. */
import { add, concat, relu, resizeBilinear, type Tensor } from '../graph/index.js';
import { convModule, convolution, dropout2d, type Scope } from '../nn/index.js';
import { factorized } from './matrix-factorization.js';

export interface LightHamHeadConfig {
  /** Width of the factorised features. */
  readonly hamChannels: number;
  /** Width of the features that are classified. */
  readonly channels: number;
}

const DROPOUT_RATE = 0.1;

/** Features behind the factorisation, and what the head makes of them. */
export interface HamOutputs {
  /** [N, hamChannels, H, W] */
  readonly features: Tensor;
  /** [N, numClasses, H, W] */
  readonly logits: Tensor;
}

/**
 * @param features highest resolution first; the first one is left out.
 * @returns both at the resolution of the second feature map
 */
export function lightHamHead(
  scope: Scope,
  features: readonly Tensor[],
  numClasses: number,
  { hamChannels, channels }: LightHamHeadConfig,
): HamOutputs {
  const [, finest, ...coarser] = features as [Tensor, Tensor, ...Tensor[]];
  const size = [finest.shape[2]!, finest.shape[3]!] as const;
  const merged = scope.trace(() => concat([finest, ...coarser.map((x) => resizeBilinear(x, size))], 1));
  const squeezed = convModule(scope.child('squeeze'), merged, { channels: hamChannels, norm: 'group' });
  const global = hamburger(scope.child('hamburger'), squeezed);
  const aligned = convModule(scope.child('align'), global, { channels, norm: 'group' });
  const kept = dropout2d(scope.child('dropout'), aligned, DROPOUT_RATE);
  const logits = convolution(scope.child('conv_seg'), kept, { channels: numClasses, bias: true });
  return { features: global, logits };
}

/** Adds to x what a low-rank factorisation of all its positions keeps of it. */
function hamburger(scope: Scope, x: Tensor): Tensor {
  const channels = x.shape[1]!;
  const entered = convModule(scope.child('ham_in'), x, { channels, norm: 'none' });
  const context = factorized(scope.child('ham'), entered);
  const left = convModule(scope.child('ham_out'), context, { channels, norm: 'group', activation: 'none' });
  return scope.trace(() => relu(add(x, left)));
}
