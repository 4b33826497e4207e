import { expect, test } from 'vitest';
import { parseSwitch } from './switch.js';

test.each([
  [['true', 'True', 'TRUE', '1', 'yes', 'Y', 'on', ' On ', 1, true], true],
  [['false', 'False', 'FALSE', '0', 'no', 'N', 'off', 'OFF', 0, false], false],
  [['', 'maybe', '2', 2, 'tru', 'constructor', null, undefined, {}], undefined],
])('%j are %s', (words, value) => {
  for (const word of words) expect(parseSwitch(word)).toBe(value);
});
