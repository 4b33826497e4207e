#!/usr/bin/env node
/**
 * @file Starts the command line, or says in one line why it cannot. No static imports and no new syntax, so that a Node.js
 * that is too old for the rest can still read this file.
 */

/** As `engines` of package.json: the minor version from which on a major one is new enough. Later ones all are. */
const OLDEST = { 20: 15, 22: 2 };
const NEWEST_LISTED = 22;

/** Modules are loaded many at a time. */
const FEWEST_OPEN_FILES = 256;

/** The limit of the system; not known everywhere. */
function openFiles() {
  const { open_files } = process.report.getReport().userLimits ?? {};
  return Number(open_files?.soft ?? Number.POSITIVE_INFINITY);
}

function fail(message) {
  process.stderr.write(`otx: error: ${message}\n`);
  process.exit(1);
}

const version = process.versions.node;
const [major, minor] = version.split('.').map(Number);
if (!(major > NEWEST_LISTED || minor >= OLDEST[major]))
  fail(`Node.js 20.15 or newer is needed (of version 22: 22.2), this is ${version}`);

// What main.js sets in the end counts; without it, e.g. when a promise was never settled, the command did not succeed.
process.exitCode = 1;
import('../dist/cli/main.js').catch((error) => {
  const isMissing = error.code === 'ERR_MODULE_NOT_FOUND';
  // A module that cannot be opened is taken for one that is not there.
  if (error.code === 'EMFILE' || (isMissing && openFiles() < FEWEST_OPEN_FILES))
    fail(
      `${openFiles()} files that this process may open at once are too few: raise the limit, e.g. with "ulimit -n 1024"`,
    );
  if (!isMissing) throw error;
  if (/imported from .*[\\/]bin[\\/]otx\.js$/.test(error.message)) fail('not built yet: run "npm run build"');
  fail(`${error.message}: run "npm install" again, in a clone also "npm run build"`);
});
