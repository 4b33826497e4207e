/** @file Addresses of the data: the project, its images with pictures and labels, classes, subsets and imports. */

import { join } from 'node:path';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { hiddenCharacter, makeFolder, shown, writeFileAtomic } from '../../files-api.js';
import { OtxError } from '../../index.js';
import { type Entry, isLabeled } from './catalog.js';
import { saveDrawn, writeMeta } from './labels.js';
import { pictureOf, smallMaskOf, thumbnailOf, wholeLabelsOf } from './pictures.js';
import { SUBSETS } from './project.js';
import type { Workshop } from './workshop.js';

const FOR_EVER = 'private, max-age=31536000, immutable';
/** Bytes of all files of one import. */
const MOST_IMPORTED = 8 * 2 ** 30;
const MOST_IMPORTS = 200;

const subsetsSchema = z.object({
  keys: z.array(z.number().int().nonnegative()).max(1_000_000),
  subset: z.enum(SUBSETS),
});
const channel = z.number().int().min(0).max(255);
const classesSchema = z.object({
  classes: z
    .array(z.object({ name: z.string().max(200), color: z.tuple([channel, channel, channel]) }))
    .max(254),
});

/** What a request says, held against what is expected. @throws OtxError `usage` */
export async function bodyOf<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const body: unknown = await context.req.json().catch(() => undefined);
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OtxError(
    'usage',
    `the request is wrong at ${issue?.path.join('.') || 'its top'}: ${issue?.message}`,
  );
}

/** An image by the key in the address. @throws OtxError `image` */
export function entryOf(context: Context, { catalog }: Workshop): Entry {
  const key = context.req.param('key') ?? '';
  const entry = /^\d{1,9}$/.test(key) ? catalog.get(Number(key)) : undefined;
  if (!entry) throw new OtxError('image', `there is no image ${shown(key)}`);
  return entry;
}

export const bytesAs = (bytes: Uint8Array, type: string, cache = FOR_EVER): Response =>
  new Response(Buffer.from(bytes), { headers: { 'Content-Type': type, 'Cache-Control': cache } });

/** Adds the addresses. */
export function dataRoutes(app: Hono, workshop: Workshop): void {
  const { project, catalog, inside, news } = workshop;
  app.get('/api/project', (context) =>
    context.json({
      folder: project.folder,
      data: project.data,
      isReadOnly: project.isReadOnly,
      classes: catalog.classes,
      images: catalog.entries.length,
      labeled: catalog.entries.filter(isLabeled).length,
      ...workshop.state(),
    }),
  );
  app.get('/api/images', (context) =>
    context.json(
      catalog.entries.map((entry) => [
        entry.id,
        entry.width,
        entry.height,
        project.subsets[entry.id] ?? entry.given,
        entry.own !== undefined ? 'own' : entry.source ? 'given' : '',
        entry.revision,
        entry.shows ?? null,
      ]),
    ),
  );
  app.get('/api/images/:key/thumbnail', async (context) =>
    bytesAs(await thumbnailOf(entryOf(context, workshop), inside), 'image/webp'),
  );
  app.get('/api/images/:key/mask', async (context) => {
    const colors = catalog.classes.map(({ color }) => color);
    return bytesAs(await smallMaskOf(entryOf(context, workshop), colors, inside), 'image/png');
  });
  app.get('/api/images/:key/picture', async (context) =>
    bytesAs(await pictureOf(entryOf(context, workshop), inside), 'image/jpeg', 'no-store'),
  );
  app.get('/api/images/:key/labels', async (context) => {
    const entry = entryOf(context, workshop);
    // Before the labels, which may be newer than it and never older.
    const edition = String(entry.edition);
    const sent = bytesAs(await wholeLabelsOf(entry, inside), 'application/octet-stream', 'no-store');
    sent.headers.set('Otx-Edition', edition);
    return sent;
  });
  app.put('/api/images/:key/labels', async (context) => {
    const entry = entryOf(context, workshop);
    const labels = new Uint8Array(await context.req.arrayBuffer());
    await workshop.isOpened;
    const drawnOn = context.req.query('edition') ?? '';
    await saveDrawn(workshop, entry, labels, /^\d{1,9}$/.test(drawnOn) ? Number(drawnOn) : undefined);
    const { edition } = entry;
    await keepClasses(workshop);
    news.tell({ type: 'images' });
    return context.json({ revision: entry.revision, edition });
  });
  app.put('/api/subsets', async (context) => {
    const { keys, subset } = await bodyOf(context, subsetsSchema);
    const changed = Object.fromEntries(
      keys.flatMap((key) => {
        const entry = catalog.get(key);
        return entry ? [[entry.id, subset]] : [];
      }),
    );
    await project.change({ subsets: { ...project.subsets, ...changed } });
    news.tell({ type: 'images' });
    return context.json({ changed: Object.keys(changed).length });
  });
  app.put('/api/classes', async (context) => {
    const { classes } = await bodyOf(context, classesSchema);
    await workshop.isOpened;
    if (catalog.classes.some(({ name }, index) => classes[index]?.name !== name)) {
      throw new OtxError(
        'usage',
        'classes that are there keep their names and places, as masks hold them; add others behind them',
      );
    }
    await project.change({ classes });
    catalog.classes = classes;
    await writeMeta(project, catalog);
    for (const entry of catalog.entries) entry.revision += 1;
    news.tell({ type: 'project' });
    return context.json({ classes });
  });
  importRoutes(app, workshop);
}

/** From the first mask on the classes are those of the studio: data that changes must not renumber them. */
async function keepClasses({ project, catalog }: Workshop): Promise<void> {
  if (project.classes.length > 0) return;
  await project.change({ classes: catalog.classes.map(({ name, color }) => ({ name, color: [...color] })) });
  await writeMeta(project, catalog);
}

/** A folder or an archive comes file by file, and is looked at when it is complete. */
function importRoutes(app: Hono, workshop: Workshop): void {
  const { project } = workshop;
  const received = new Map<string, number>();
  const nameOf = (context: Context): string => {
    const name = context.req.param('name') ?? '';
    if (/^[\w-]{1,60}$/.test(name)) return name;
    throw new OtxError('usage', `${shown(name)} is no name for an import; use letters, digits, - and _`);
  };
  app.put('/api/imports/:name/:path{.+}', async (context) => {
    const name = nameOf(context);
    if (project.imports.includes(name)) {
      throw new OtxError('usage', `there is an import "${name}" already; give it another name`);
    }
    const parts = context.req.param('path').split('/');
    if (parts.some((part) => !isFileName(part))) {
      throw new OtxError('usage', `${shown(parts.join('/'))} is no path below a folder`);
    }
    const bytes = new Uint8Array(await context.req.arrayBuffer());
    const all = (received.get(name) ?? 0) + bytes.length;
    if (all > MOST_IMPORTED)
      throw new OtxError('usage', `more than ${MOST_IMPORTED / 2 ** 30} GiB are not taken at once`);
    received.set(name, all);
    const path = project.at('imports', name, ...parts);
    await makeFolder(join(path, '..'));
    await workshop.inside.check(join(path, '..'));
    await writeFileAtomic(path, bytes);
    return context.json({ bytes: bytes.length });
  });
  app.post('/api/imports/:name', async (context) => {
    const name = nameOf(context);
    if (!received.has(name)) throw new OtxError('usage', `nothing has come for the import "${name}"`);
    if (project.imports.length >= MOST_IMPORTS) throw new OtxError('usage', 'there are too many imports');
    await workshop.isOpened;
    const images = await workshop.addImport(name);
    received.delete(name);
    await project.change({ imports: [...project.imports, name] });
    return context.json({ images });
  });
}

/** A plain name: no way up, no hidden file, nothing that a file system takes for something else. */
function isFileName(part: string): boolean {
  return (
    part.length > 0 &&
    part.length < 200 &&
    !/^\.|[\\:*?"<>|]|[. ]$/.test(part) &&
    hiddenCharacter(part) === undefined
  );
}
