/**
 * @file Plants a fault of each kind in generated scenes, and counts which of them examineDataset finds and what else it names,
 * for docs/findings.md.
 *
 *   npm run experiment:planted-faults -- [--seeds 101,102,103,104,105] [--clean FOLDER]
 *
 * 240 training images of 320x256 and 60 validation images a seed; the thresholds were chosen on smaller pictures of other seeds.
 * Prints Markdown; writes docs/results/planted-faults.json. --clean names a data set without known faults, of which is told what is named.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { examineDataset } from 'otx';
import { FAULTS, isAbout, writeFaultyScenes } from '../src/doctor/findings/plant-faults.cases.js';
import { MACHINE, writeJson } from './experiment.js';

const SCENES = { width: 320, height: 256, train: 240, val: 60 } as const;

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '101,102,103,104,105' }, clean: { type: 'string' } },
});

const seeds = values.seeds.split(',').map(Number);
const results = [];
for (const seed of seeds) {
  const data = mkdtempSync(join(tmpdir(), 'otx-planted-'));
  try {
    const planted = await writeFaultyScenes(data, { ...SCENES, seed });
    const start = performance.now();
    const { findings } = await examineDataset({ data });
    const seconds = (performance.now() - start) / 1000;
    const found = planted.filter((fault) => findings.some((finding) => isAbout(finding, fault)));
    const others = findings.filter((finding) => !planted.some((fault) => isAbout(finding, fault)));
    results.push({
      ...{ seed, seconds, planted: planted.length },
      found: found.map(({ fault }) => fault),
      others: others.map(({ kind, message }) => `${kind}: ${message}`),
    });
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}
writeJson('docs/results/planted-faults.json', { machine: MACHINE, scenes: SCENES, results });

console.log(`| fault | found |\n| --- | ---: |`);
for (const fault of Object.keys(FAULTS)) {
  console.log(
    `| ${fault} | ${results.filter(({ found }) => found.includes(fault)).length} of ${results.length} |`,
  );
}
const others = results.flatMap(({ seed, others: told }) => told.map((each) => `${seed}: ${each}`));
console.log(`\nNamed besides: ${others.length === 0 ? 'nothing' : others.join('; ')}.`);
const times = results.map(({ seconds }) => seconds.toFixed(1)).join(', ');
console.log(`Seconds for ${SCENES.train + SCENES.val} images: ${times}; on ${MACHINE}.`);
if (values.clean !== undefined) {
  const { subsets, findings } = await examineDataset({ data: values.clean });
  const images = subsets.reduce((sum, subset) => sum + subset.images, 0);
  const named = findings.map(
    ({ kind, message, images: [image] }) => `${kind} ${image?.name ?? ''}: ${message}`,
  );
  console.log(
    `Named in the ${images} images of ${values.clean}: ${named.length === 0 ? 'nothing' : named.join('; ')}.`,
  );
}
