import { describe, expect, test } from 'vitest';
import { USUAL_FORM } from './file-form.js';
import { type FileReading, formatEntry, parseEntry } from './model-entry.js';

const READING: FileReading = {
  classes: [
    { name: 'background', color: [0, 0, 0] },
    { name: 'traffic light "ü"', color: [255, 1, 2] },
  ],
  inputSize: { width: 640, height: 320 },
  threshold: 0.7,
  tiling: { tile: '640x320', overlap: 0.5, learnedSize: undefined },
  form: USUAL_FORM,
};
const OTHER_FORM = { normalisation: 'inside', layout: 'nhwc', channels: 'bgr', output: 'labels' } as const;

describe('what a file says of itself', () => {
  test.each([READING, { ...READING, threshold: undefined }, { ...READING, form: OTHER_FORM }])(
    'comes back as it was written',
    (reading) => {
      expect(parseEntry(formatEntry(reading), 'm.onnx')).toEqual(reading);
    },
  );

  test('a form that older versions do not know is of another version', () => {
    expect(JSON.parse(formatEntry(READING))).toMatchObject({ version: 1 });
    expect(JSON.parse(formatEntry({ ...READING, form: OTHER_FORM }))).toMatchObject({ version: 2 });
  });

  const changed = (changes: object) => JSON.stringify({ ...JSON.parse(formatEntry(READING)), ...changes });
  test.each([
    ['{', /it is no JSON/],
    ['[]', /all of it: /],
    [changed({ version: 3 }), /version: /],
    [changed({ form: { ...OTHER_FORM, layout: 'chwn' } }), /form\.layout: /],
    [changed({ threshold: 2 }), /threshold: /],
    [changed({ mean: [0, 0, 0] }), /mean 0 0 0 and std 58\.395/],
    [changed({ classes: [] }), /classes: /],
    [changed({ classes: [{ name: 'a\u001b[2J', color: [0, 0, 0] }] }), /control or invisible character/],
    [changed({ input: { width: -1, height: 4 } }), /input\.width: /],
  ])('is refused where it is wrong: %s', (text, message) => {
    expect(() => parseEntry(text, 'm.onnx')).toThrow(message);
    expect(() => parseEntry(text, 'm.onnx')).toThrow(
      /^m\.onnx: its metadata "otx" cannot be used .*export the model again$/,
    );
  });
});
