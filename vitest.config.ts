import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
    // ONNX Runtime uses every core itself and must not be loaded twice in one process.
    pool: 'forks',
    maxWorkers: 2,
    // Tests say themselves where the cache is tested; they neither use nor fill that of the user.
    env: { OTX_STEP_CACHE: 'off' },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
