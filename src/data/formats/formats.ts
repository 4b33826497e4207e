/** @file All formats, in the order in which a folder that fits several is taken. */
import { css } from './css.js';
import type { DatasetFormat } from './format.js';
import { plainFolders } from './plain-folders.js';
import { voc } from './voc.js';

/** Those that say themselves what they are. */
export const FORMATS: readonly DatasetFormat[] = [css, voc, plainFolders];

/** What the option that chooses a format takes. */
export const FORMAT_NAMES: readonly string[] = FORMATS.map(({ name }) => name);

/** Looked at last: folders of images and masks are in many layouts. */
export const LAST_RESORT = plainFolders;
