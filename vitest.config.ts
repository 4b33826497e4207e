import { defineConfig } from 'vitest/config';

/** Tests of modules that keep nothing: many files go through one process, which loads what they import once. */
const STATELESS =
  'src/{base,graph,nn,models,losses,optim,data,settings,runs,drawing,templates,methods,reports,demo}/**/*.test.ts';
/** It looks at what is switched off in a fresh process. */
const FRESH = ['src/data/images/sharp.test.ts'];

export default defineConfig({
  test: {
    // ONNX Runtime uses every core itself and must not be loaded twice in one process.
    pool: 'forks',
    maxWorkers: 2,
    globalSetup: 'tests/step-cache.ts',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: { name: 'stateless', include: [STATELESS], exclude: FRESH, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'isolated',
          include: ['src/**/*.test.ts', 'tests/**/*.test.ts'],
          exclude: [STATELESS, 'node_modules'],
        },
      },
      { extends: true, test: { name: 'fresh', include: FRESH } },
    ],
  },
});
