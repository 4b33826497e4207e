/** @file What people look at in a run folder. */

export { createRunReporter, RESULTS_FILE, type RunReporter, type RunReporterOptions } from './reporter.js';
