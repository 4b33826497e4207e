import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    // ONNX Runtime uses every core itself and must not be loaded twice in one process.
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: 'tests/step-cache.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
