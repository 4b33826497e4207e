/**
 * @file In every process of tests: it has its share of the cores, one of two where the tests are usually run. Threads of a run of ONNX
 * Runtime wait for each other at every operator, and so for whatever the other process does on their cores: by default both would take
 * all cores, and take several times as long. Tests that are about threads name their number.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';

/** As `maxWorkers` says. */
const PROCESSES = 2;

const share = Math.max(Math.floor(os.cpus().length / PROCESSES), 1);
Object.assign(os, { availableParallelism: () => share });
syncBuiltinESMExports();
