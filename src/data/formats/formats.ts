/** @file All formats. */
import { ade20k, ade20kFull } from './ade20k.js';
import { cityscapes, kitti } from './cityscapes.js';
import { coco } from './coco.js';
import { css } from './css.js';
import { cvat } from './cvat.js';
import { datumaro } from './datumaro.js';
import type { DatasetFormat } from './format.js';
import { kaggle } from './kaggle.js';
import { labelStudio } from './label-studio.js';
import { labelme } from './labelme.js';
import { nnunet } from './nnunet.js';
import { plainFolders } from './plain-folders.js';
import { roboflow } from './roboflow.js';
import { supervisely } from './supervisely.js';
import { voc } from './voc.js';
import { yolo } from './yolo.js';

/** In the order in which messages list them. */
export const FORMATS: readonly DatasetFormat[] = [
  css,
  voc,
  coco,
  datumaro,
  cvat,
  labelme,
  labelStudio,
  yolo,
  cityscapes,
  kitti,
  ade20k,
  ade20kFull,
  roboflow,
  supervisely,
  nnunet,
  kaggle,
  plainFolders,
];

/** What the option that chooses a format takes. */
export const FORMAT_NAMES: readonly string[] = FORMATS.map(({ name }) => name);

/** Looked at last: folders of images and masks are in many layouts. */
export const LAST_RESORT = plainFolders;
