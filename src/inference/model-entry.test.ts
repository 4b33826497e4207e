import { describe, expect, test } from 'vitest';
import { formatEntry, parseEntry } from './model-entry.js';
import type { Reading } from './opened-model.js';

const READING: Reading = {
  classes: [
    { name: 'background', color: [0, 0, 0] },
    { name: 'traffic light "ü"', color: [255, 1, 2] },
  ],
  inputSize: { width: 640, height: 320 },
  threshold: 0.7,
  tiling: { tile: '640x320', overlap: 0.5, learnedSize: undefined },
};

describe('what a file says of itself', () => {
  test.each([READING, { ...READING, threshold: undefined }])('comes back as it was written', (reading) => {
    expect(parseEntry(formatEntry(reading), 'm.onnx')).toEqual(reading);
  });

  const changed = (changes: object) => JSON.stringify({ ...JSON.parse(formatEntry(READING)), ...changes });
  test.each([
    ['{', /it is no JSON/],
    ['[]', /all of it: /],
    [changed({ version: 2 }), /version: /],
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
