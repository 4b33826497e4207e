/** @file Addresses of trainings: settings, start, pause, and what runs tell. */

import { extname, join } from 'node:path';
import type { Hono } from 'hono';
import { z } from 'zod';
import { makeFolder, readRegular, writeFileAtomic } from '../../files-api.js';
import { describeSettings, listTemplates, OtxError, parseSetting } from '../../index.js';
import { isLabeled } from './catalog.js';
import { bodyOf, bytesAs } from './data-routes.js';
import type { Jobs } from './jobs.js';
import { checkListed, trainingData } from './labels.js';
import type { Runs } from './runs.js';
import type { Workshop } from './workshop.js';

const trainSchema = z.object({
  template: z.string().max(200),
  /** By their names in the API; texts as behind flags. */
  settings: z.record(z.string(), z.string().max(200)).default({}),
  /** A run to go on from. */
  from: z
    .string()
    .regex(/^[\w-]+$/)
    .optional(),
  /** Whether images without labels are learned from as well. */
  semi: z.boolean().default(false),
});

const PICTURES: Readonly<Record<string, string>> = { '.png': 'image/png', '.jpg': 'image/jpeg' };
const MOST_PICTURE_BYTES = 2 ** 26;

/** `20261128_120501`, in UTC. */
export const timeName = (): string =>
  new Date().toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '_');

/** Adds the addresses. */
export function trainRoutes(app: Hono, workshop: Workshop, jobs: Jobs, runs: Runs): void {
  const { project, news } = workshop;
  app.get('/api/templates', (context) => context.json(listTemplates().map(({ name }) => name)));
  app.get('/api/settings/:template', (context) =>
    context.json(describeSettings(context.req.param('template'))),
  );
  app.get('/api/jobs', (context) => context.json(jobs.list()));
  app.post('/api/jobs/:id/:word{pause|stop}', (context) => {
    jobs.stop(context.req.param('id'), context.req.param('word') === 'pause' ? 'paused' : 'stopped');
    return context.json({});
  });
  app.post('/api/train', async (context) => {
    const body = await bodyOf(context, trainSchema);
    await workshop.isOpened;
    const data = await trainingData(workshop, (done, total) =>
      news.tell({ type: 'progress', what: 'writing masks', done, total }),
    );
    const id = `${timeName()}_train`;
    const folder = project.at('runs', id);
    const from = body.from === undefined ? [] : ['--load-weights', runs.folder(body.from)];
    const unlabeled = body.semi ? ['--unlabeled-data-roots', await unlabeledList(workshop, id)] : [];
    const words = [
      'train',
      body.template,
      ...data.flags,
      ...from,
      ...unlabeled,
      '-o',
      folder,
      ...flagsOf(body),
    ];
    await jobs.start(id, 'train', words, folder);
    return context.json({ id, train: data.train, val: data.val });
  });
  app.post('/api/runs/:name/resume', async (context) => {
    const name = context.req.param('name');
    const folder = runs.folder(name);
    await jobs.start(name, 'train', ['train', '--resume-from', folder], folder);
    return context.json({ id: name });
  });
  app.get('/api/runs', async (context) => {
    const views = await Promise.all((await runs.names()).map((name) => runs.view(name)));
    return context.json(
      views.map(({ name, start, epochs, end, hasWeights }) => ({
        name,
        template: start?.template,
        epochs: epochs.length,
        planned: start?.epochs,
        best: Math.max(...epochs.map(({ metrics }) => metrics?.mDice ?? 0), 0),
        isEnded: end !== undefined,
        hasWeights,
        isRunning: jobs.isAtWork(runs.folder(name)),
      })),
    );
  });
  app.get('/api/runs/:name', async (context) => context.json(await runs.view(context.req.param('name'))));
  app.get('/api/runs/:name/files/:path{.+}', async (context) => {
    const path = join(runs.folder(context.req.param('name')), context.req.param('path'));
    const type = PICTURES[extname(path)];
    if (type === undefined) throw new OtxError('image', 'there is no such picture');
    return bytesAs(
      await readRegular(await workshop.inside.check(path), MOST_PICTURE_BYTES),
      type,
      'no-store',
    );
  });
}

/** Settings as words behind `otx train`. @throws OtxError `usage` for one that is not allowed */
function flagsOf({ template, settings }: z.infer<typeof trainSchema>): string[] {
  const known = describeSettings(template);
  const flags: string[] = [];
  const params: string[] = [];
  for (const [name, text] of Object.entries(settings)) {
    const info = known.find((one) => one.name === name);
    if (!info) throw new OtxError('usage', `there is no setting ${JSON.stringify(name)}`);
    parseSetting(name, text);
    if (info.param !== undefined) params.push(`--${info.param}=${text}`);
    else if (info.longFlag !== undefined && info.type !== 'path') flags.push(`${info.longFlag}=${text}`);
    else throw new OtxError('usage', `${name} is set by the studio`);
  }
  return [...flags, ...(params.length > 0 ? ['params', ...params] : [])];
}

/** A list of its own for each run, which is gone on with as it began. @throws OtxError `usage` where there are too few */
async function unlabeledList({ project, catalog, inside }: Workshop, run: string): Promise<string> {
  const free = catalog.entries.filter(
    (entry) => !isLabeled(entry) && /\.(jpe?g|png)$/i.test(entry.imagePath),
  );
  if (free.length < 2) {
    throw new OtxError(
      'usage',
      'two JPEG or PNG pictures without labels are needed to learn from them as well',
    );
  }
  const paths = await Promise.all(free.map((entry) => inside.check(entry.imagePath)));
  paths.forEach(checkListed);
  await makeFolder(project.at('split'));
  const list = project.at('split', `unlabeled-${run}.txt`);
  await writeFileAtomic(list, paths.map((path) => `${path}\n`).join(''));
  return list;
}
