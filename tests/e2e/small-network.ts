/** @file A network so small that starting takes longer than training, for tests that are not about what is learned. */
import { info, node, onnxFile, tensor, weight } from '../graph/onnx-files.js';

/** The ONNX file of such a network: convolutions with norms, one of them depthwise, at a quarter of the size. */
export function smallNetwork(): Uint8Array {
  const norm = (name: string) =>
    ['weight', 'bias', 'running_mean', 'running_var'].map((key) => `${name}.${key}`);
  const weightsOf = (name: string) =>
    norm(name).map((key) => weight(key, [8], ...(/weight|var/.test(key) ? [0.5, 1.5] : [-0.2, 0.2])));
  return onnxFile({
    inputs: [info('image', ['n', 3, 'h', 'w'])],
    outputs: ['scores'],
    nodes: [
      node('Conv', ['image', 'stem'], ['c1'], { strides: [4, 4], pads: [1, 1, 1, 1] }),
      node('BatchNormalization', ['c1', ...norm('bn1')], ['n1']),
      node('Relu', ['n1'], ['r1']),
      node('Conv', ['r1', 'deep'], ['c2'], { group: 8, pads: [1, 1, 1, 1] }),
      node('BatchNormalization', ['c2', ...norm('bn2')], ['n2']),
      node('Conv', ['n2', 'head'], ['small']),
      node('Resize', ['small', '', 'scales'], ['scores'], { mode: 'linear' }),
    ],
    weights: [
      ...[weight('stem', [8, 3, 3, 3], -0.3, 0.3), weight('deep', [8, 1, 3, 3], -0.3, 0.3)],
      ...[...weightsOf('bn1'), ...weightsOf('bn2'), weight('head', [7, 8, 1, 1])],
      tensor('scales', [1, 1, 4, 4]),
    ],
    opset: 17,
  });
}
