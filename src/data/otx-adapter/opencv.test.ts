import { expect, test } from 'vitest';
import { requireOpenCv } from './opencv.js';

test('is installed here', () => {
  expect(() => requireOpenCv()).not.toThrow();
});

test('that is missing is an error that says what to install', () => {
  const missing = () => {
    throw Object.assign(new Error('Cannot find module'), { code: 'MODULE_NOT_FOUND' });
  };
  expect(() => requireOpenCv(missing)).toThrow(
    'use_otx_adapter needs OpenCV, which is not installed: npm install @techstark/opencv-js@4.10.0-release.1',
  );
});
