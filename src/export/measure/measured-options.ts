/** @file On what an exported file is measured, as a caller says it. */

import type { OptionKinds } from '../../base/check-options.js';
import type { DataSource } from '../../data/index.js';
import type { TrainedModelOptions } from '../../inference/trained-model.js';
import { kindsOf, type RunOptions } from '../../settings/run-vocabulary.js';
import type { MeasureOptions } from './measure-file.js';
import { READING } from './test-data.js';

/** On what to measure. */
export interface MeasuredOptions extends Pick<RunOptions, (typeof READING)[number]> {
  /** Labeled images on which exported files are scored. Default: pictures by formula, which have no score. */
  readonly testData?: DataSource | undefined;
  /** Threads of ONNX Runtime while it is measured. Default: all that the process may use. */
  readonly threads?: number | undefined;
}

/** Of {@link MeasuredOptions}. */
export const MEASURE_KINDS = {
  ...kindsOf(...READING),
  testData: 'data?',
  threads: 'number?',
} as const satisfies OptionKinds;

export const measureOptions = ({
  testData,
  threads,
  dataFormat,
  useOtxAdapter,
  assume,
  bands,
  onEvent,
  signal,
}: MeasuredOptions & Pick<TrainedModelOptions, 'onEvent' | 'signal'>): MeasureOptions => ({
  ...{ threads, onEvent, signal },
  data: testData === undefined ? undefined : { testData, dataFormat, useOtxAdapter, assume, bands },
});
