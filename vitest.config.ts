import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tests/longest-first.js';

/**
 * Tests that replace modules, look at what happens once in a process, or read numbers that a process takes for zero once ONNX Runtime
 * has told it to: each file has a process of its own. All others go through two processes, which load what they import once; they leave
 * environment, current folder and globals as they found them.
 */
const FRESH = [
  'src/data/images/sharp.test.ts',
  'src/data/loaders/pool.test.ts',
  'src/engine/native/kernels.test.ts',
  'src/inference/isolated/isolated-model.test.ts',
  'src/training/kept-weights.test.ts',
  'src/training/train.test.ts',
  'src/weights/element-types.test.ts',
];

export default defineConfig({
  test: {
    // ONNX Runtime uses every core itself and must not be loaded twice in one process.
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: 'tests/step-cache.ts',
    setupFiles: ['tests/own-cores.ts', 'tests/equal-bytes.ts'],
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [...FRESH, 'node_modules'],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'fresh', include: FRESH } },
    ],
  },
});
