import { expect, test } from 'vitest';
import { errorText } from './error-text.js';

test.each([
  ['one line', 'one line'],
  ['headline\n  a.png: bad\n  b.png: bad', 'headline\n  a.png: bad\n  b.png: bad'],
  ['  broken by\na library\n\n   into lines\n', 'broken by a library into lines'],
  ['headline\n  a.png: bad\nbecause\n  b.png: bad', 'headline\n  a.png: bad because\n  b.png: bad'],
])('%j', (message, text) => {
  expect(errorText(message)).toBe(text);
});
