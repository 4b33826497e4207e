import { expect, test } from 'vitest';
import { OtxError } from '../base/errors.js';
import { failureCode, failureText } from './failure.js';

test.each<[unknown, number, RegExp]>([
  [new OtxError('usage', 'no such\n  flag'), 2, /^otx: error: no such\n {2}flag$/],
  [new OtxError('dataset', 'no masks'), 1, /^otx: error: no masks$/],
  [
    new TypeError('x is not a function'),
    1,
    /^otx: error: unexpected failure: x .* \(OTX_DEBUG=1 shows where\)$/,
  ],
  [new Error('EMFILE: too many open files'), 1, /; raise the limit, e\.g\. with: ulimit -n 1024$/],
  [new RangeError('Array buffer allocation failed'), 1, /there is too little memory: close other programs/],
])('%o', (error, code, text) => {
  expect(failureCode(error)).toBe(code);
  expect(failureText('otx', error)).toMatch(text);
});
