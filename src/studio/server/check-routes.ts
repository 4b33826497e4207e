/** @file Addresses of the doctor: what is wrong with the data, and a plan for a training with its reasons. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hono } from 'hono';
import { MOST_BYTES, readTextOf } from '../../files-api.js';
import type { Finding } from '../../index.js';
import type { Jobs } from './jobs.js';
import { trainingData } from './labels.js';
import { timeName } from './train-routes.js';
import type { Workshop } from './workshop.js';

/** Adds the addresses. */
export function checkRoutes(app: Hono, workshop: Workshop, jobs: Jobs): void {
  const { project, catalog } = workshop;
  const newest = async (): Promise<string | undefined> => {
    const names = await readdir(project.at('checks')).catch((): string[] => []);
    return names
      .filter((name) => /^[\w-]+$/.test(name))
      .sort()
      .at(-1);
  };
  const textOf = async (name: string, file: string) =>
    readTextOf(join(project.at('checks'), name, file), {
      code: 'output',
      expected: 'the result of a check',
      maxBytes: MOST_BYTES.annotations,
    }).catch(() => undefined);
  app.post('/api/check', async (context) => {
    await workshop.isOpened;
    const { root } = await trainingData(workshop, () => undefined);
    const id = `${timeName()}_check`;
    const folder = project.at('checks', id);
    await jobs.start(id, 'check', ['check', root, '-o', folder], folder);
    return context.json({ id });
  });
  app.get('/api/check', async (context) => {
    const name = await newest();
    const list = name === undefined ? undefined : await textOf(name, 'findings.json');
    const plan = name === undefined ? undefined : await textOf(name, 'plan.yaml');
    const findings = list === undefined ? [] : (JSON.parse(list) as { findings: Finding[] }).findings;
    const keys = new Map(catalog.entries.map(({ imagePath, key }) => [imagePath, key]));
    const ids = new Map(catalog.entries.map(({ id, key }) => [id, key]));
    return context.json({
      time: name,
      plan,
      findings: findings.map(({ kind, title, remedy, message, images }) => ({
        ...{ kind, title, remedy, message },
        keys: images.flatMap(({ image, name: id }) => keys.get(image) ?? ids.get(id) ?? []),
      })),
    });
  });
}
