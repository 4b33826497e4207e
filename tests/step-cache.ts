/**
 * @file Before all tests: a folder for compiled steps that they share, so that each step is compiled once and not by every test that
 * needs it. The cache of the user is neither used nor filled, and no training asks the network for a backbone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'otx-steps-'));
  // Test processes, and the commands that they start, inherit it.
  process.env.OTX_STEP_CACHE = folder;
  process.env.OTX_CACHE = folder;
  process.env.OTX_OFFLINE = '1';
  return () => rmSync(folder, { recursive: true, force: true });
}
