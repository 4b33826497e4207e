import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { afterAugment, afterEval, afterExport, afterPredict, afterTraining } from './closing.js';

beforeEach(() => {
  for (const name of ['npm_command', 'npm_lifecycle_event', 'npm_execpath']) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const RUN = {
  output: 'runs/a',
  template: 'SegNext-t',
  trainData: 'DATA/train',
  validationData: 'my data/val',
  isInterrupted: false,
  weights: 'model',
} as const;

test('a finished training can be looked at, used, and trained on from', () => {
  expect(afterTraining(RUN).split('\n')).toEqual([
    'what next:',
    '  look     runs/a/results.png, or tensorboard --logdir runs/a',
    '  score    otx eval --test-data-roots "my data/val" --load-weights runs/a',
    '  segment  otx predict --input <image or folder> --load-weights runs/a -o runs/a/predictions',
    '  export   otx export --load-weights runs/a -o runs/a/export',
    '  go on    otx train SegNext-t --train-data-roots DATA/train --val-data-roots "my data/val" --load-weights runs/a',
  ]);
  expect(afterTraining({ ...RUN, unlabeledData: 'PHOTOS', unlabeledFileList: 'list.txt' })).toMatch(
    /go on .* --unlabeled-data-roots PHOTOS --unlabeled-file-list list\.txt --load-weights runs\/a$/,
  );
});

test('an interrupted one is resumed, and used as far as there are weights', () => {
  const purposes = (text: string) => text.split('\n').map((line) => line.trim().split(' ')[0]);
  const interrupted = afterTraining({ ...RUN, isInterrupted: true });
  expect(interrupted).toContain('  resume   otx train --resume-from runs/a\n');
  expect(purposes(interrupted)).toEqual(['what', 'look', 'resume', 'score', 'segment', 'export']);
  expect(purposes(afterTraining({ ...RUN, isInterrupted: true, weights: 'no' }))).toEqual([
    'what',
    'look',
    'resume',
  ]);
});

test('a backbone is the start of a training', () => {
  const { validationData: _, ...run } = RUN;
  expect(afterTraining({ ...run, weights: 'backbone' }).split('\n')).toEqual([
    'what next:',
    '  look   runs/a/results.png, or tensorboard --logdir runs/a',
    '  train  otx train SegNext-t --train-data-roots <folder> --val-data-roots <folder> --load-weights runs/a',
  ]);
});

test('a training whose data was divided goes on with the same division', () => {
  const { validationData: _, ...run } = RUN;
  const text = afterTraining({ ...run, valList: 'runs/a/split/val.txt' });
  expect(text).toContain(
    'go on    otx train SegNext-t --train-data-roots DATA/train --val-list runs/a/split/val.txt --load-weights runs/a',
  );
});

test('weights are used with what they need', () => {
  expect(
    afterEval({ weights: 'a.pth', template: 'SegNext-t' }, 'my scores/eval_worst.png').split('\n'),
  ).toEqual([
    'what next:',
    '  look     "my scores/eval_worst.png"',
    '  segment  otx predict SegNext-t --input <image or folder> --load-weights a.pth',
    '  export   otx export SegNext-t --load-weights a.pth',
  ]);
  expect(afterEval({ weights: 'x/model.onnx' }, 'a.png')).not.toContain('export');
  expect(afterPredict({ weights: 'x/model.onnx' }, "it's").split('\n')).toEqual([
    'what next:',
    '  look   "it\'s/overlays"',
    '  score  otx eval --test-data-roots <folder> --load-weights x/model.onnx',
  ]);
  expect(afterExport('x/model.onnx', undefined).split('\n')).toEqual([
    'what next:',
    '  score    otx eval --test-data-roots <folder> --load-weights x/model.onnx',
    '  segment  otx predict --input <image or folder> --load-weights x/model.onnx',
  ]);
  expect(afterExport('x/weights.pth', '<template>')).toContain('otx eval <template> --test');
  expect(afterAugment('SegNext-t', 'DATA', ['--a.b', '1'])).toContain(
    'otx train SegNext-t --train-data-roots DATA --val-data-roots <folder> params --a.b 1',
  );
});

test('under npx the commands begin with it', () => {
  vi.stubEnv('npm_command', 'exec');
  expect(afterEval({ weights: 'a' }, 'a.png')).toContain('  export   npx otx export --load-weights a');
});
