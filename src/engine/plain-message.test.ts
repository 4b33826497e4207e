import { expect, test } from 'vitest';
import { plainMessage } from './plain-message.js';

test.each([
  [
    "Non-zero status code returned while running Expand node. Name:'e' Status Message: " +
      '/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, ' +
      'bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 4000000000000\n',
    "Non-zero status code returned while running Expand node. Name:'e' Status Message: Failed to allocate memory for " +
      'requested buffer of size 4000000000000',
  ],
  [
    '/onnxruntime_src/onnxruntime/core/graph/model.cc:180 onnxruntime::Model::Model(onnx::ModelProto&&, const PathString&, ' +
      'const onnxruntime::IOnnxRuntimeOpSchemaRegistryList*, const onnxruntime::logging::Logger&) Unsupported model IR version: 99',
    'Unsupported model IR version: 99',
  ],
  [
    'Exception during initialization: [ONNXRuntimeError] : 1 : FAIL : tensorprotoutils.cc:1469 ' +
      "ValidateEmbeddedTensorProtoDataSizeAndShape Initializer 'w': raw_data size (7 bytes) does not match",
    "Exception during initialization: Initializer 'w': raw_data size (7 bytes) does not match",
  ],
  ['tensor.cc:3 Failed to allocate', 'Failed to allocate'],
  ['/a/b/tensor.h:12: wrong type', ': wrong type'],
  ['Got invalid dimensions for input: input\n  at x', 'Got invalid dimensions for input: input'],
])('%s', (message, plain) => {
  expect(plainMessage(message)).toBe(plain);
});
