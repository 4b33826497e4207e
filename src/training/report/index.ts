/** @file What people look at in a run folder. */

export { type ClosingOptions, closingMessage, shellQuote } from './closing.js';
export { createRunReporter, RESULTS_FILE, type RunReporter, type RunReporterOptions } from './reporter.js';
