/** @file What a network makes of a picture: how sure it is, whether it says the same of the mirrored one, and its features. */

import { toPlanes } from '../../data/images/network-input.js';
import { loadLaned } from '../../engine/lanes.js';
import { featureBackbone } from '../../export/feature-backbone.js';
import { requireFinite } from '../../inference/network.js';
import { encodeNetwork } from '../../inference/network-file.js';
import { TRACED_BATCH } from '../../inference/network-graph.js';
import { senseless } from '../../inference/opened-model.js';
import type { TrainedModel } from '../../inference/trained-model.js';
import { mirrored } from '../../inference/views.js';

/** Of one picture. */
export interface NetworkAnswer {
  /** Mean entropy of the classes of a pixel, as a share of the largest there is. */
  readonly entropy: number;
  /** Mean share of the probability that another class has in the mirrored picture. */
  readonly disagreement: number;
  /** Means of the maps of the backbone. */
  readonly features: Float32Array;
}

/** Holds threads until it is let go. */
export interface PictureNetwork {
  /** @param pixels at the size of the network input, HWC RGB */
  readonly look: (pixels: Uint8Array) => Promise<NetworkAnswer>;
  dispose(): Promise<void>;
}

/**
 * @param weights its name in messages.
 * @throws OtxError `usage` for a network whose backbone is not known.
 */
export async function openPictureNetwork(
  trained: TrainedModel,
  { weights, threads }: { readonly weights: string; readonly threads?: number | undefined },
): Promise<PictureNetwork> {
  const { inputSize, classes } = trained;
  const form = { output: 'probabilities', backbone: featureBackbone(trained), batch: TRACED_BATCH } as const;
  const network = await loadLaned(encodeNetwork(trained, form, { dynamicBatch: true }), { threads });
  const shape = [1, 3, inputSize.height, inputSize.width];
  const run = async (data: Float32Array) => {
    const { output, feature_vector } = await network.run({ input: { dtype: 'float32', shape, data } });
    const probabilities = output!.data as Float32Array;
    requireFinite(probabilities, () => senseless(weights, 'values that are not finite'));
    return { probabilities, features: feature_vector!.data as Float32Array };
  };
  return {
    look: async (pixels) => {
      const planes = toPlanes(pixels, inputSize);
      const [seen, turned] = await Promise.all([run(planes), run(mirrored(planes, inputSize))]);
      const back = mirrored(turned.probabilities, inputSize);
      return {
        entropy: entropyOf(seen.probabilities, classes.length),
        disagreement: disagreementOf(seen.probabilities, back, classes.length),
        // Of both, so that a picture and its mirror image are alike.
        features: seen.features.map((value, at) => (value + turned.features[at]!) / 2),
      };
    },
    dispose: () => network.dispose(),
  };
}

/** @param probabilities [K, H, W] */
function entropyOf(probabilities: Float32Array, classes: number): number {
  let sum = 0;
  for (const p of probabilities) if (p > 0) sum -= p * Math.log(p);
  return sum / (probabilities.length / classes) / Math.log(classes);
}

function disagreementOf(a: Float32Array, b: Float32Array, classes: number): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!);
  return sum / 2 / (a.length / classes);
}
