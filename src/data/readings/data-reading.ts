/** @file How a data set was read: what a checkpoint keeps, so that other data is read alike. */
import { z } from 'zod';
import { READINGS, type ReadingName } from './names.js';

const NAMES = Object.keys(READINGS) as [ReadingName, ...ReadingName[]];

export const dataReadingSchema = z.object({
  /** Readings of the masks that were decided. */
  readings: z.array(z.enum(NAMES)),
  /** How all images are read; without it as photographs. */
  imageReading: z
    .object({
      bands: z.array(z.int().positive()).min(1).max(3).optional(),
      range: z.tuple([z.number(), z.number()]).optional(),
    })
    .optional(),
  /** Usual size of the images; without it in files of earlier versions. */
  imageSize: z.object({ width: z.int().positive(), height: z.int().positive() }).optional(),
});

/** How the data was read that a model learned from. */
export type DataReading = z.infer<typeof dataReadingSchema>;
