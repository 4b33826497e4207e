import { totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { availableMemory } from './available-memory.js';

test('some memory is free, and not more than there is', () => {
  expect(availableMemory()).toBeGreaterThan(2 ** 20);
  expect(availableMemory()).toBeLessThanOrEqual(totalmem());
});
