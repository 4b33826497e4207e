/** @file All formats that are written. */
import { writeCoco } from './write-coco.js';
import { writeCss } from './write-css.js';
import { writeCvat } from './write-cvat.js';
import { writeDatumaro } from './write-datumaro.js';
import { writeVoc } from './write-voc.js';
import type { DatasetWriter } from './writer.js';

export const WRITERS: readonly DatasetWriter[] = [writeCss, writeVoc, writeCoco, writeDatumaro, writeCvat];
