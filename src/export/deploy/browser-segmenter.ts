/**
 * @file What a deployed folder's `browser/segmenter.js` is joined from: the segmenter of `otx/web` as a script of the old kind with the global name
 * `otx`, because pages that are opened as files may not load modules.
 */

export { createSegmenter } from '../../web/segmenter.js';
