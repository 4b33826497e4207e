/** @file All formats that are written. */
import { writeCss } from './write-css.js';
import { writeVoc } from './write-voc.js';
import type { DatasetWriter } from './writer.js';

export const WRITERS: readonly DatasetWriter[] = [writeCss, writeVoc];
