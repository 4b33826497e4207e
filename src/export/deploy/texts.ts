/** @file Texts of a deployed folder: its configurations, what Node installs, and how everything is used. */

import { createHash } from 'node:crypto';
import { printableLine } from '../../base/text.js';
import { installedVersion, version, wantedVersion } from '../../base/version.js';
import { formatEntry } from '../../inference/model-entry.js';
import { labelSchema } from '../../runs/label-schema.js';
import type { DeployedModel } from './deployed-model.js';
import type { DeployPart } from './parts.js';

/** Where the model is, in the folder. */
export const MODEL_FILE = 'model/model.onnx';

/** What the reference makes of models without a threshold. */
const SOFT_THRESHOLD = 0.5;
/** Equal models make equal folders. */
const CREATED = new Date('1980-01-01T00:00:00Z');

const asText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Which file the model is, and what it says of itself. */
export function formatConfig({ bytes, reading }: DeployedModel): string {
  return asText({
    model: MODEL_FILE,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    otx: version,
    ...JSON.parse(formatEntry(reading)),
  });
}

/** The configuration beside the model in the form of the reference. */
export function formatReferenceConfig({ reading: { classes, threshold } }: DeployedModel): string {
  return asText({
    type_of_model: 'Segmentation',
    converter_type: 'SEGMENTATION',
    model_parameters: {
      soft_threshold: threshold ?? SOFT_THRESHOLD,
      blur_strength: 1,
      return_soft_prediction: true,
      labels: labelSchema(classes, CREATED),
    },
  });
}

/** What `npm install` in `node/` installs. */
export function formatPackage(): string {
  return asText({
    name: 'segmentation',
    private: true,
    type: 'module',
    engines: { node: '^20.15.0 || >=22.2.0' },
    dependencies: Object.fromEntries(
      ['onnxruntime-node', 'sharp'].map((name) => [name, installedVersion(name)]),
    ),
    // Both are complete without their scripts.
    allowScripts: { 'onnxruntime-node': false, sharp: false },
  });
}

/** For older versions of npm: that script would download libraries that are not used. */
export const NPM_CONFIGURATION = 'onnxruntime-node-install=skip\n';

const SECTIONS: Readonly<Record<DeployPart, string>> = {
  node: `## Node.js

\`\`\`sh
cd node && npm install && node demo.mjs photo.jpg --output results
\`\`\`

Two packages are installed: \`onnxruntime-node\`, on which the model runs, and \`sharp\`, which decodes pictures. In a program of yours:

\`\`\`js
import { openSegmenter } from './node/segmenter.mjs';
const segmenter = await openSegmenter('model/model.onnx');
const { labels, width, height, classes } = await segmenter.segment('photo.jpg');
console.log(width, height, classes.map(({ name, share }) => \`\${name}: \${share}\`));
await segmenter.dispose();
\`\`\`
`,
  browser: `## Browser

Open \`browser/index.html\`, or put the folder \`browser\` on any static server; nothing is fetched from elsewhere. Drop a picture on the
page, choose one, or use the camera. A page of yours loads the four scripts that \`index.html\` loads, and has

\`\`\`js
const segmenter = await otx.createSegmenter(bytesOfTheModel, { runtime: ort });
const { labels, width, height, classes } = await segmenter.segment(file);
\`\`\`

\`open()\` in \`index.html\` says where \`bytesOfTheModel\` and the files of the runtime come from. Where the server sends
\`Cross-Origin-Opener-Policy: same-origin\` and \`Cross-Origin-Embedder-Policy: require-corp\`, several threads compute.
`,
  python: `## Python

\`\`\`sh
cd python && pip install -r requirements.txt && python demo.py photo.jpg --output results
\`\`\`

In a program of yours:

\`\`\`python
from demo import Model, read, segment

model = Model("../model/model.onnx")
labels = segment(model, read("photo.jpg"))
print(labels.shape, [one["name"] for one in model.classes])
\`\`\`
`,
  openvino: `## OpenVINO

\`model/model.xml\` and \`model/model.bin\` are the same model for OpenVINO. They take pixels from 0 to 255, red, green, blue, of a picture
that was resized to the size of the input; \`model/config.json\` and \`rt_info\` in the file say what its answer means.

\`\`\`python
import openvino
model = openvino.Core().compile_model("model/model.xml", "CPU")
probabilities = model({"input": pixels})["output"]
\`\`\`
`,
};

/** How everything in the folder is used. */
export function formatReadme({ reading }: DeployedModel, parts: readonly DeployPart[]): string {
  const { classes, inputSize, threshold } = reading;
  const names = classes.map(({ name }, k) => `| ${k} | ${printableLine(name).replaceAll('|', '\\|')} |`);
  const unsure =
    threshold === undefined
      ? ''
      : ` Pixels whose best class is less probable than ${threshold} are of class 0.`;
  return `# A segmentation model

\`model/model.onnx\` takes pictures of any size, which are resized to ${inputSize.width}x${inputSize.height} pixels, and gives the class of each
pixel.${unsure} Everything here runs without what it was trained with, and gives the same classes.

| | class |
| --- | --- |
${names.join('\n')}

${parts.map((part) => SECTIONS[part]).join('\n')}
## The rest

\`config.json\` is what the model says of itself (it is in the metadata of the file too), with its SHA-256; \`model/config.json\` is the
same for programs of OpenVINO's model API. \`LICENSES.txt\` has the licences of the code here. Written by otx ${version}.
`;
}

/** Of what is in the folder: the code of this package, and what is joined with it. @param joined the licences of the latter. */
export function formatLicences(joined: string, parts: readonly DeployPart[]): string {
  const line = `\n${'-'.repeat(80)}\n\n`;
  const runtime = `onnxruntime-web ${wantedVersion('onnxruntime-web')} (https://github.com/microsoft/onnxruntime)

Copyright (c) Microsoft Corporation. Under the terms of the MIT licence.
`;
  const own = `otx ${version}

Licensed under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0
`;
  return [own, ...(parts.includes('browser') ? [runtime] : []), joined].join(line);
}
