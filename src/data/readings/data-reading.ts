/** @file How a data set was read: what a checkpoint keeps, so that other data is read alike. */
import { z } from 'zod';
import { READINGS, type ReadingName } from './names.js';

const NAMES = Object.keys(READINGS) as [ReadingName, ...ReadingName[]];

export const dataReadingSchema = z.object({
  /** Readings of the masks that were decided. */
  readings: z.array(z.enum(NAMES)),
});

/** How the data was read that a model learned from. */
export type DataReading = z.infer<typeof dataReadingSchema>;
