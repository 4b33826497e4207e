/** @file YAML that a user wrote. */

import { messageOf, OtxError } from './errors.js';
import { parseYaml } from './parse-text.js';
import { MOST_BYTES, readTextOf } from './read-file.js';

/**
 * The content of a file, still to be checked.
 *
 * @param expected what the file should be, for messages: "a configuration of otx train in YAML".
 * @throws OtxError `usage` when it cannot be opened, or is no YAML.
 */
export async function readYaml(path: string, expected: string): Promise<unknown> {
  const text = await readTextOf(path, { code: 'usage', expected, maxBytes: MOST_BYTES.yaml });
  try {
    return parseYaml(text);
  } catch (error) {
    const [reason] = messageOf(error).split('\n');
    throw new OtxError('usage', `${path}: cannot be read as YAML (${reason})`, { cause: error });
  }
}
