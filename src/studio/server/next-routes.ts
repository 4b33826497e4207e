/**
 * @file Addresses of *Next*: which images to label next. `otx suggest` looks at links to the images without labels, in a process of its
 * own; what it says is read from its files, and images leave the list as they are labeled.
 */

import { readdir } from 'node:fs/promises';
import { basename, extname, relative, sep } from 'node:path';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { type LabelMask, readLabels } from '../../data-api.js';
import { linkFile, MOST_BYTES, parseJson, readTextOf, writeFileAtomic } from '../../files-api.js';
import { OtxError } from '../../index.js';
import { type Entry, isLabeled, OWN } from './catalog.js';
import { bodyOf, bytesAs, entryOf } from './data-routes.js';
import type { Jobs } from './jobs.js';
import { paintSmall } from './pictures.js';
import type { Runs } from './runs.js';
import { timeName } from './train-routes.js';
import type { Workshop } from './workshop.js';

const MOST_ASKED = 1000;
const KIND = { code: 'output', expected: 'advice of otx suggest', maxBytes: MOST_BYTES.csv } as const;
const ABOUT = 'about.json';
/** Names of advice, in the order of time. */
const NAME = /^[\w-]+$/;

const askSchema = z.object({
  /** Without one the first images are chosen, by what they look like. */
  run: z.string().regex(NAME).optional(),
  count: z.number().int().min(1).max(MOST_ASKED),
  /** Begin of the ids of the images that are looked at; empty for all. */
  folder: z.string().max(4096),
});
const number = z.number().nullish();
const adviceSchema = z.object({
  seen: z.number(),
  duplicates: z.number(),
  pictures: z.array(
    z.object({
      input: z.string(),
      mask: z.string().optional(),
      ...{ entropy: number, disagreement: number, uncertainty: number, distance: number },
    }),
  ),
  failed: z.array(z.object({ input: z.string(), reason: z.string() })).default([]),
});
const aboutSchema = z.object({ run: z.string().optional(), folder: z.string() });

type Advised = z.infer<typeof adviceSchema>['pictures'][number];

/** The newest advice. */
interface Advice extends z.infer<typeof adviceSchema> {
  readonly name: string;
  readonly about: z.infer<typeof aboutSchema>;
}

/** Adds the addresses. */
export function nextRoutes(app: Hono, workshop: Workshop, jobs: Jobs, runs: Runs): void {
  const { project, catalog } = workshop;
  app.post('/api/next', async (context) => {
    const { run, count, folder } = await bodyOf(context, askSchema);
    await workshop.isOpened;
    const wanted = catalog.entries.filter((entry) => !isLabeled(entry) && isIn(entry, folder));
    if (wanted.length === 0) {
      throw new OtxError('usage', 'there is no image without labels to choose from; bring some in');
    }
    const weights = run === undefined ? ['--cold-start'] : ['--load-weights', runs.folder(run)];
    const id = `${timeName()}_suggest`;
    const place = (...parts: string[]) => project.at('advice', id, ...parts);
    for (const entry of wanted) {
      await linkFile(place('pictures', fileOf(entry)), await workshop.inside.check(entry.imagePath));
    }
    await writeFileAtomic(place(ABOUT), `${JSON.stringify({ run, folder })}\n`);
    const words = [
      'suggest',
      ...weights,
      '--input',
      place('pictures'),
      '-n',
      String(count),
      '-o',
      place('result'),
    ];
    await jobs.start(id, 'suggest', words, place('result'));
    return context.json({ id, images: wanted.length });
  });
  app.get('/api/next', async (context) => {
    const advice = await newestAdvice(workshop);
    if (!advice) return context.json({ list: [] });
    const { name, about, seen, duplicates, failed, pictures } = advice;
    const list = pictures.flatMap(({ input, mask, ...scores }, at) => {
      const entry = entryOfInput(workshop, name, input);
      return entry && !isLabeled(entry)
        ? [{ key: entry.key, rank: at + 1, hasMask: mask !== undefined, ...scores }]
        : [];
    });
    return context.json({
      ...{ name, ...about, seen, duplicates, list, chosen: pictures.length },
      failed: failed.map(({ reason }) => reason),
    });
  });
  app.get('/api/next/:key/mask', async (context) => {
    const colors = catalog.classes.map(({ color }) => color);
    const labels = await proposedLabels(context, workshop);
    return bytesAs(await paintSmall(labels, colors), 'image/png', 'no-store');
  });
}

/** Below the folder of pictures, with forward slashes. */
const fileOf = ({ id, imagePath }: Entry): string => `${id}${extname(imagePath)}`;

const isIn = ({ id }: Entry, folder: string): boolean => folder === '' || id.startsWith(`${folder}/`);

/** The image of a picture that was looked at; undefined for one that is not there any more. */
function entryOfInput({ project, catalog }: Workshop, name: string, input: string): Entry | undefined {
  const file = relative(project.at('advice', name, 'pictures'), input)
    .split(sep)
    .join('/');
  const entry = catalog.find(file.slice(0, file.length - extname(file).length));
  return entry && fileOf(entry) === file ? entry : undefined;
}

/** Undefined where none was given yet. What is damaged is passed over. */
async function newestAdvice({ project, inside }: Workshop): Promise<Advice | undefined> {
  const names = (await readdir(project.at('advice')).catch((): string[] => [])).filter((name) =>
    NAME.test(name),
  );
  for (const name of names.sort().reverse()) {
    const json = async (...parts: string[]) =>
      parseJson(await readTextOf(await inside.check(project.at('advice', name, ...parts)), KIND));
    try {
      const about = aboutSchema.parse(await json(ABOUT));
      return { name, about, ...adviceSchema.parse(await json('result', 'suggestions.json')) };
    } catch {
      // Under way, or stopped before its end.
    }
  }
  return undefined;
}

/** What the model has proposed for an image, with the classes of the studio. @throws OtxError `image` where it has not */
async function proposedLabels(context: Context, workshop: Workshop): Promise<LabelMask> {
  const entry = entryOf(context, workshop);
  const advice = await newestAdvice(workshop);
  const isOf = ({ input }: Advised) => advice && entryOfInput(workshop, advice.name, input) === entry;
  const found = advice?.pictures.find(isOf);
  if (!advice || found?.mask === undefined)
    throw new OtxError('image', 'no mask was proposed for this image');
  const { project, catalog, inside } = workshop;
  const place = (...parts: string[]) =>
    inside.check(project.at('advice', advice.name, 'result', 'proposals', ...parts));
  const meta = await readTextOf(await place('dataset_meta.json'), KIND);
  const { label_map } = z.object({ label_map: z.record(z.string(), z.string()) }).parse(parseJson(meta));
  const maskPath = await place('masks', basename(found.mask.replaceAll('\\', '/')));
  const { width, height } = entry;
  const mask = await readLabels({ maskPath, width, height }, OWN);
  const names = catalog.classes.map(({ name }) => name);
  return { ...mask, data: mask.data.map((label) => Math.max(0, names.indexOf(label_map[label] ?? ''))) };
}
