/**
 * @file Runs when npm installs this package as a dependency, before the install scripts of all other packages.
 *
 * That of onnxruntime-node downloads CUDA libraries on Linux, which are never used here, and where its host cannot be
 * reached the whole installation fails. It has a switch, `--onnxruntime-node-install=skip`, but a package cannot set it for
 * those who install it; so the script is given that as its default. Every explicit value still counts, and a project
 * that depends on onnxruntime-node itself keeps the script as it is. Never a reason for an installation to fail.
 */
const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(__dirname);

const GUARD = `// Inserted by otx: CUDA libraries are downloaded only for those who ask, e.g. by --onnxruntime-node-install=cuda12.
if (
  !Object.keys(process.env).some((name) => /^(npm_config_)?onnxruntime_node_install/i.test(name)) &&
  !process.argv.some((word) => word.startsWith('--onnxruntime-node-install'))
)
  process.exit(0);
`;

/** Whether the project that is installed names onnxruntime-node itself. */
function projectUsesRuntime() {
  const project = process.env.npm_config_local_prefix || process.env.INIT_CWD;
  if (!project || !fs.existsSync(path.join(project, 'package.json'))) return false;
  const manifest = JSON.parse(fs.readFileSync(path.join(project, 'package.json'), 'utf8'));
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
  return kinds.some((kind) => manifest[kind] !== undefined && 'onnxruntime-node' in manifest[kind]);
}

function skipByDefault() {
  const isDependency = path.basename(path.dirname(root)) === 'node_modules';
  if (!isDependency || projectUsesRuntime()) return;
  const manifest = require.resolve('onnxruntime-node/package.json', { paths: [root] });
  const script = path.join(path.dirname(manifest), 'script', 'install.js');
  const code = fs.readFileSync(script, 'utf8');
  if (code.startsWith(GUARD)) return;
  // A new file in its place: some package managers link files to a store that other projects share.
  fs.writeFileSync(`${script}.new`, GUARD + code);
  fs.renameSync(`${script}.new`, script);
}

try {
  skipByDefault();
} catch {}
