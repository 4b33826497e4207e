/** @file Labeled and unlabeled batches side by side, for semi-supervised training. */
import { batchesPerStep, type Share, WHOLE_SHARE } from './share.js';
import type { EpochOptions, TrainBatch, TrainLoader } from './train-batch.js';
import type { LabeledBatch } from './train-loader.js';
import type { UnlabeledBatch, UnlabeledLoader } from './unlabeled-loader.js';

/** A labeled batch, and views of unlabeled images for the step graph `semi`. */
export interface PairedBatch extends TrainBatch {
  readonly inputs: LabeledBatch['inputs'] & Pick<UnlabeledBatch, 'weak' | 'strong' | 'padding'>;
}

/**
 * Pairs each labeled batch from step `labeledAlone` of the training on with one of unlabeled images; those before it stay
 * alone. An epoch is as long as that of the labeled images. The unlabeled ones go their own way through the epochs, so that
 * all get their turn however short an epoch is; the reference begins them anew with each.
 *
 * @param share that of both loaders.
 */
export function createPairedLoader(
  labeled: TrainLoader<LabeledBatch>,
  unlabeled: UnlabeledLoader,
  labeledAlone: number,
  share: Share = WHOLE_SHARE,
): TrainLoader<LabeledBatch | PairedBatch> {
  const { stepsPerEpoch } = labeled;
  const perStep = batchesPerStep(share);
  const firstPaired = labeledAlone * perStep;

  /** The stream that goes on from one epoch to the next, and the number of its next batch. */
  let stream:
    | { next: number; signal: AbortSignal | undefined; batches: AsyncGenerator<UnlabeledBatch> }
    | undefined;
  const unlabeledBatch = async (number: number, signal: AbortSignal | undefined): Promise<UnlabeledBatch> => {
    if (stream?.next !== number || stream.signal !== signal) {
      stream = { next: number, signal, batches: unlabeled.from(number, signal) };
    }
    stream.next += 1;
    return (await stream.batches.next()).value as UnlabeledBatch;
  };

  async function* epoch(index: number, options: EpochOptions = {}) {
    let number = (index * stepsPerEpoch + (options.startStep ?? 0)) * perStep;
    for await (const batch of labeled.epoch(index, options)) {
      if (number < firstPaired) yield batch;
      else {
        const { imageIds, waitedMs, ...views } = await unlabeledBatch(number - firstPaired, options.signal);
        yield {
          step: 'semi',
          inputs: { ...batch.inputs, ...views },
          sampleIds: [...batch.sampleIds, ...imageIds],
          waitedMs: batch.waitedMs + waitedMs,
        };
      }
      number += 1;
    }
  }

  const dispose = async () => {
    await Promise.all([labeled.dispose(), unlabeled.dispose()]);
  };
  return { stepsPerEpoch, epoch, dispose };
}
