/** @file What people and programs look at in a run folder. */

export { confusionOf, EVENTS_FILE, isEventLog } from './event-log.js';
export type { CreateReport, DrawnPicture, Report, ReportDesk, ReportedRun } from './report.js';
export { createRunReporter, type RunReporter, type RunReporterOptions } from './reporter.js';
