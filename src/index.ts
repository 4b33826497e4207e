/** @file The public API: load a template, train, evaluate, predict, export. The command line is a thin layer over it. */

export { type ErrorCode, OtxError } from './base/errors.js';
export type { Random } from './base/random.js';
export { version } from './base/version.js';
export { type CheckDatasetOptions, type CheckedDataset, checkDataset } from './data/check-dataset.js';
export type { FormulaImages } from './data/datasets/formula-dataset.js';
export type { LabeledImages, MaskPixels } from './data/datasets/memory-dataset.js';
export type { RawImage } from './data/images/raw-image.js';
export {
  type ClassInfo,
  type DatasetReport,
  formatReport,
  formatSplit,
  type LabeledImage,
  type OwnAugmentation,
  type SplitReport,
  type SubsetRole,
} from './data/index.js';
export { ADVICE_STRATEGIES, type AdviceStrategy } from './doctor/advice/choose.js';
export {
  type SuggestedPicture,
  type SuggestLabelsOptions,
  type SuggestLabelsResult,
  suggestLabels,
} from './doctor/advice/suggest-labels.js';
export {
  type DatasetExamination,
  type ExamineDatasetOptions,
  examineDataset,
  type Finding,
  type FoundImage,
} from './doctor/findings/examine-dataset.js';
export type { FindingKind } from './doctor/findings/finding.js';
export {
  type CheckLabelsOptions,
  checkLabels,
  type LabelCheck,
  type SuspectLabels,
} from './doctor/noise/check-labels.js';
export type { PilotResult } from './doctor/plan/pilot.js';
export type { PlannedName, PlannedValue, TimeEstimate, TrainingPlan } from './doctor/plan/plan.js';
export {
  type PlannedTraining,
  type PlanTrainingOptions,
  planTraining,
} from './doctor/plan/plan-training.js';
export {
  CONVERT_FORMATS,
  type ConvertOptions,
  type ConvertResult,
  convertDataset,
} from './export/convert-dataset.js';
export { type DeployOptions, type DeployResult, deployModel } from './export/deploy/deploy-model.js';
export { findWebRuntime } from './export/deploy/web-runtime.js';
export { type ExportOptions, type ExportResult, exportModel } from './export/export-model.js';
export type { FormatOptions } from './export/formats/format.js';
export { EXPORT_TYPES, type ExportType, PRECISIONS, type Precision } from './export/formats/index.js';
export {
  type BenchmarkOptions,
  type BenchmarkResult,
  benchmarkExports,
} from './export/measure/benchmark-exports.js';
export type { FileMeasure } from './export/measure/measure-file.js';
export type { MeasuredOptions } from './export/measure/measured-options.js';
export {
  describeMeasured,
  type ExportedFile,
  exportTable,
  formatExported,
  type MeasuredOn,
} from './export/measure/table.js';
export { type ExportsRecord, readExportTable } from './export/measure/table-file.js';
export { optimizeModel } from './export/quantization/optimize-model.js';
export {
  OPTIMIZE_METHODS,
  type OptimizeMethod,
  type OptimizeOptions,
  type OptimizeResult,
} from './export/quantization/optimize-options.js';
export { CALIBRATIONS, type CalibrationMethod } from './export/quantization/ranges.js';
export type { QuantizedLayer } from './export/quantization/report.js';
export { type EvaluateOptions, type EvaluateResult, evaluate } from './inference/evaluate.js';
export type { EvaluationFiles } from './inference/evaluation-files.js';
export { EXPLAIN_ALGORITHMS, type ExplainAlgorithm } from './inference/explain/algorithms.js';
export {
  type ExplainedImage,
  type ExplainOptions,
  type ExplainResult,
  explain,
} from './inference/explain/explain.js';
export type { MapKind } from './inference/explain/explain-picture.js';
export type { ExplainedMap, WrittenExplanation } from './inference/explain/write-explanation.js';
export type { ImageScore } from './inference/image-scores.js';
export type { ImageSource } from './inference/image-source.js';
export { importNetwork, openNetwork } from './inference/imported-network.js';
export {
  type DemoFrame,
  type DemonstrateOptions,
  type DemoResult,
  demonstrate,
  type PaintedFrame,
} from './inference/live/demonstrate.js';
export { type LoadedModel, type LoadOptions, load, type TrainingProgress } from './inference/load.js';
export type { ImportNetworkOptions } from './inference/network-notes.js';
export { type NetworkSize, networkSize } from './inference/network-size.js';
export {
  type FilterNow,
  type OpenedTeacher,
  openTeacher,
  type TeacherLook,
} from './inference/open-teacher.js';
export {
  type FailedImage,
  type PredictedImage,
  type PredictOptions,
  type PredictResult,
  predict,
} from './inference/predict.js';
export type { Segmentation, SegmentedClass, SegmentOptions } from './inference/segment-picture.js';
export { createSegmenter, type Segmenter, type SegmenterOptions } from './inference/segmenter.js';
export { measureNetwork, type SpeedOptions } from './inference/speed.js';
export type { SegmentationLoss } from './losses/index.js';
export type { CreateModel, Segmentor } from './models/index.js';
export { EVENTS_FILE, type LoggedEvent } from './reports/event-log.js';
export { EventReader } from './reports/event-reader.js';
export type {
  CheckpointEvent,
  DataEvent,
  DownloadEvent,
  EndEvent,
  EpochEvent,
  JobEvent,
  NoticeEvent,
  OutputEvent,
  PictureEvent,
  ProgressEvent,
  SplitEvent,
  StartEvent,
  StepEvent,
  TrainEvent,
} from './runs/events.js';
export { latestRun, weightsOfRun } from './runs/find-runs.js';
export {
  type ClassMetrics,
  ConfusionMatrix,
  formatMetrics,
  type SegmentationMetrics,
} from './runs/metrics.js';
export type { RunConfig } from './runs/run-config.js';
export type { StopReason } from './runs/run-state.js';
export type { StartRecord } from './runs/start.js';
export { parseSetting, type SettingInfo, settingsFromParams } from './settings/describe-settings.js';
export type {
  HyperParameterOverrides,
  HyperParameters,
  SettingOptions,
  TrainingSettings,
} from './settings/index.js';
export type { PretrainedChoice } from './settings/pretrained-choice.js';
export type { RecipeName } from './settings/recipe-name.js';
export type { CheckpointInterval } from './settings/run-kinds.js';
export type { RunOptions } from './settings/run-vocabulary.js';
export type { Operation } from './settings/setting.js';
export {
  type CrossValidateOptions,
  type CrossValidateResult,
  crossValidate,
  FINAL_MODELS,
  type FinalModel,
  type OutOfFold,
} from './studies/cross-validate.js';
export type { StudyEvent, TaskEvent } from './studies/events.js';
export type { JointOptions } from './studies/joint-work.js';
export { TABLE_NAMES, type TableName } from './studies/reproduction/published.js';
export {
  type MissingData,
  type ReproduceOptions,
  type ReproduceResult,
  reproduce,
} from './studies/reproduction/reproduce.js';
export {
  formatTables,
  type ReproducedCell,
  type ReproducedTable,
  type TablesText,
} from './studies/reproduction/tables.js';
export type { StudyFiles } from './studies/result-files.js';
export type { RunFacts } from './studies/run-facts.js';
export type { SearchFiles, SearchVerdict, Trial, TuneResult } from './studies/search/result.js';
export {
  parseSearch,
  type SearchInterval,
  type SearchRange,
  type SearchSpace,
  type SearchValue,
} from './studies/search/space.js';
export { formatSearch } from './studies/search/text.js';
export {
  type TrainWithSearchOptions,
  type TrainWithSearchResult,
  trainWithSearch,
} from './studies/search/train-with-search.js';
export { type TuneOptions, tune } from './studies/search/tune.js';
export type { ScoreSpread, Spread } from './studies/spread.js';
export type { TaskFailure } from './studies/study.js';
export type { FailedTraining, StudyRun } from './studies/study-run.js';
export { formatSpread } from './studies/text.js';
export { type TrainSeedsOptions, type TrainSeedsResult, trainSeeds } from './studies/train-seeds.js';
export { REPORT_POLICY } from './summary/report-page.js';
export {
  isReportable,
  type ReportOptions,
  type ReportResult,
  renderReport,
  writeReport,
} from './summary/write-report.js';
export {
  DEFAULT_TEMPLATE,
  describeSettings,
  embeddedBackbone,
  listTemplates,
  loadTemplate,
  settingsSchema,
  type Template,
} from './templates/index.js';
export {
  type AugmentationDrawn,
  type DrawAugmentationOptions,
  drawAugmentation,
} from './training/draw-augmentation.js';
export type { ResumeOptions, TrainOptions } from './training/options/train-options.js';
export {
  type ConfigOptions,
  formatTrainingConfig,
  readTrainingConfig,
} from './training/options/training-config.js';
export { splitOfRun } from './training/prepare/labeled-data.js';
export { type TrainResult, train } from './training/train.js';
export {
  type BuildWorkspaceOptions,
  type BuiltWorkspace,
  buildWorkspace,
} from './training/workspace/build-workspace.js';
export { type DataFile, readDataFile } from './training/workspace/data-file.js';
export { findWorkspace, linkLatestRun, type Workspace } from './training/workspace/workspace.js';
export type { EmbeddedBackbone } from './weights/embedded.js';
export type { BackboneSource } from './weights/index.js';
