/** @file The files that a deployed folder has beside the model. */

import { fileURLToPath } from 'node:url';
import { type FileKind, readBytesOf } from '../../base/read-file.js';
import { workerUrl } from '../../base/worker-url.js';
import type { DeployedModel } from './deployed-model.js';
import { type DeployPart, RUNTIME } from './parts.js';
import { formatPackage, NPM_CONFIGURATION } from './texts.js';
import { bytesAsScript, findWebRuntime, webRuntimeFiles } from './web-runtime.js';

/** Files by their paths in the folder. */
export type DeployedFiles = ReadonlyMap<string, Uint8Array | string>;

/** The files of a part. */
export async function filesOfPart(part: DeployPart, { bytes, ir }: DeployedModel): Promise<DeployedFiles> {
  switch (part) {
    case 'node':
      return new Map<string, Uint8Array | string>([
        ['node/package.json', formatPackage()],
        ['node/.npmrc', NPM_CONFIGURATION],
        ['node/demo.mjs', await asset('demo.mjs')],
        ['node/segmenter.mjs', await built('./node-segmenter.js')],
      ]);
    case 'browser':
      return new Map<string, Uint8Array | string>([
        ['browser/index.html', await asset('index.html')],
        ['browser/segmenter.js', await built('./browser-segmenter.js')],
        ['browser/model.js', await bytesAsScript('model', bytes)],
        ...[...(await webRuntimeFiles(findWebRuntime()))].map(([name, file]): [string, Uint8Array] => [
          `${RUNTIME}/${name}`,
          file,
        ]),
      ]);
    case 'python':
      return new Map<string, Uint8Array | string>([
        ['python/demo.py', await asset('demo.py')],
        ['python/requirements.txt', await asset('requirements.txt')],
      ]);
    case 'openvino':
      return new Map(
        ir && [
          ['model/model.xml', ir.xml],
          ['model/model.bin', ir.bin],
        ],
      );
  }
}

/** Licences of the code that the build joins. */
export const joinedLicences = async (): Promise<string> =>
  Buffer.from(await built('../../bundle/licenses.txt')).toString();

const KIND: FileKind = { code: 'engine', expected: 'a file of this package', maxBytes: 2 ** 24 };

/** Is copied as it is. */
const asset = (name: string): Promise<Uint8Array> =>
  readBytesOf(fileURLToPath(new URL(`./files/${name}`, import.meta.url)), KIND);

/** Is made by the build. */
const built = (path: string): Promise<Uint8Array> =>
  readBytesOf(fileURLToPath(workerUrl(import.meta.url, path)), KIND);
