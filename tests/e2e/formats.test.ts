/** @file The same pictures in every layout train to the same losses and scores, bit for bit, as in the Common layout. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFiles } from '../../src/data/datasets/fixtures.cases.js';
import { maskOf, writeAll } from '../../src/data/formats/cases/files.cases.js';
import { type Generated, generate } from '../../src/data/formats/cases/generated.cases.js';
import { CASES, type WrittenCase } from '../../src/data/formats/cases/written.cases.js';
import { FORMAT_NAMES, openDataset } from '../../src/data/index.js';
import { type CreateModel, type TrainEvent, train } from '../../src/index.js';
import { convModule, convolution } from '../../src/nn-api.js';

let folder: string;
const pictures = new Map<boolean, Generated>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otx-formats-'));
  for (const hasIgnored of [true, false]) {
    pictures.set(hasIgnored, await generate(hasIgnored, { width: 61, height: 47 }));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** One way to write each format, whose parts serve to learn from and to validate on. */
const ONE_EACH = FORMAT_NAMES.map((name) => CASES.find((each) => each.format === name && !each.roles)!);

/** What is compared is data, which any network learns from: a small one opens at once. */
const small: CreateModel =
  ({ numClasses }) =>
  (scope, images) => {
    const first = convModule(scope.child('first'), images, { channels: 8, kernel: 3, stride: 2 });
    const second = convModule(scope.child('second'), first, { channels: 16, kernel: 3, stride: 2 });
    return convolution(scope.child('logits'), second, { channels: numClasses, bias: true });
  };

/** Losses of all steps and scores of all epochs. */
async function learned(name: string, trainData: string, validationData?: string) {
  const events: TrainEvent[] = [];
  await train({
    ...{ template: 'Lite-HRNet-s-mod2', model: small, pretrained: false, trainData, validationData },
    ...{ output: join(folder, name, 'run'), reports: false, threads: 1 },
    ...{ epochs: 2, batchSize: 2, inputSize: '64x64', workers: 0, earlyStopping: false, seed: 3 },
    onEvent: (event) => {
      events.push(event);
    },
  });
  return {
    losses: events.flatMap((event) => (event.type === 'step' ? [event.loss] : [])),
    scores: events.flatMap((event) => (event.type === 'epoch' ? [event.metrics?.mDice] : [])),
  };
}

const common = new Map<string, ReturnType<typeof learned>>();

/** The same in the Common layout: with the classes of the case, by number. */
function inCommon(each: WrittenCase, classes: readonly string[]): ReturnType<typeof learned> {
  const { hasIgnored, only } = each;
  const key = JSON.stringify([hasIgnored, only, classes.length]);
  const known = common.get(key);
  if (known) return known;
  const name = `common-${common.size}`;
  const result = (async () => {
    const root = join(folder, name, 'data');
    await writeAll(pictures.get(hasIgnored)!, root, (picture, part) => ({
      [`${part}/images/${picture.id}.png`]: picture.image,
      [`${part}/masks/${picture.id}.png`]: maskOf(picture, (label) => only?.[label] ?? label),
    }));
    for (const part of ['train', 'val']) {
      await writeFiles(root, { [`${part}/dataset_meta.json`]: { labels: classes } });
    }
    return learned(name, join(root, 'train'), join(root, 'val'));
  })();
  common.set(key, result);
  return result;
}

describe('the losses of the Common layout', () => {
  test.each(ONE_EACH)('$format: $title', { timeout: 120_000 }, async (each) => {
    const name = `${each.format}-${CASES.indexOf(each)}`;
    const root = join(folder, name, 'data');
    await each.write(pictures.get(each.hasIgnored)!, root);
    const [trainData, validationData] =
      each.subsets.length > 0 ? [root, undefined] : [join(root, 'train'), join(root, 'val')];
    const { classes } = await openDataset(trainData, { role: 'train' });
    const names = classes.map((info) => info.name);
    const found = await learned(name, trainData, validationData);
    expect(found.losses).toHaveLength(2);
    expect(found.losses.every((loss) => Number.isFinite(loss))).toBe(true);
    expect(found).toEqual(await inCommon(each, names));
  });
});
