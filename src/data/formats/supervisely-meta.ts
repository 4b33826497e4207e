/** @file The file meta.json of Supervisely, whose name the Common layout has too. */
import { z } from 'zod';
import type { Folder } from './folder.js';

/** A class has a title, a colour and, by its kind of drawing, a meaning for segmentation or none. */
export const superviselyMeta = z.looseObject({
  classes: z.array(
    z.looseObject({ title: z.string(), shape: z.string().optional(), color: z.string().optional() }),
  ),
});

/** Whether the meta.json of a folder is one of Supervisely. */
export async function isSupervisely(folder: Folder): Promise<boolean> {
  return superviselyMeta.safeParse(await folder.peek('meta.json')).success;
}
