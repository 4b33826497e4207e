/**
 * @file Flags of OpenVINO Training Extensions that are not here: whoever types one is told what to do instead.
 * docs/otx.md says why each is missing.
 */

const ANNOTATION_FILES =
  'annotation files belong to COCO; a data set for segmentation has its masks beside its images (docs/data.md)';
const MULTI_NODE =
  'a launcher of MPI starts several processes, on one machine or more (docs/scale.md); leave it out';

/** By flag; what an operation has itself is not looked up. */
export const FOREIGN_FLAGS: Readonly<Record<string, string>> = {
  '--train-ann-files': ANNOTATION_FILES,
  '--val-ann-files': ANNOTATION_FILES,
  '--test-ann-files': ANNOTATION_FILES,
  '--work-dir': 'give the folder of the run by -o',
  '--model': 'give the template as the first word, as in otx train Lite-HRNet-18-mod2',
  '--save-model-to': 'give the folder of the run by -o; its models are in models/',
  '--save-performance': 'give a folder by -o; performance.json is written there',
  '--rdzv-endpoint': MULTI_NODE,
  '--base-rank': MULTI_NODE,
  '--world-size': MULTI_NODE,
  '--unlabeled-data-roots': 'images without labels are for otx train; leave it out',
  '--encryption-key': 'encrypted data sets are not read; give a folder with images and masks',
  '--track-resource-usage': 'use a tool of the system, such as "time -v"',
  '--fit-to-size': 'otx demo has it; what otx predict writes has the size of its image',
  '--loop': 'otx demo has it; otx predict goes through its images once',
  '--delay': 'otx demo has it; otx predict shows nothing that could stay',
  '--display-perf': 'otx demo has it; otx find --measure tells the time per image',
};
