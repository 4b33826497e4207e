#!/usr/bin/env node
/**
 * @file Starts the command line, or says in one line why it cannot. No static imports and no new syntax, so that a Node.js
 * that is too old for the rest can still read this file.
 */

/** As `engines` of package.json: the minor version from which on a major one is new enough. Later ones all are. */
const OLDEST = { 20: 15, 22: 2 };
const NEWEST_LISTED = 22;

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
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  if (/imported from .*[\\/]bin[\\/]otx\.js$/.test(error.message)) fail('not built yet: run "npm run build"');
  fail(`${error.message}: run "npm install" again, in a clone also "npm run build"`);
});
