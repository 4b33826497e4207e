import { Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { readableWords } from './words.js';

/** An operation with every kind of option. */
const operation = new Command('train')
  .argument('[template]')
  .option('--train-data-roots <folder>')
  .option('-o, --output <folder>')
  .addOption(new Option('--pretrained [start]').choices(['auto', 'imagenet', 'embedded', 'none']))
  .option('--no-pretrained')
  .option('--deterministic')
  .option('--no-deterministic')
  .option('--print-config')
  .option('--backbone <name...>')
  .addOption(new Option('--use-otx-adapter [switch]'));

const read = (line: string) => readableWords(line.split(' '), operation).join(' ');

test.each([
  ['T --train_data_roots a_b -o c_d', 'T --train-data-roots a_b -o c_d'],
  ['T --train_data_roots=a_b', 'T --train-data-roots=a_b'],
  // What follows a flag that takes a value is that value, whatever it looks like.
  ['T -o --pretrained', 'T -o --pretrained'],
  ['T -o false', 'T -o false'],
  ['T --backbone otx mmseg', 'T --backbone otx mmseg'],
  ['T -- --train_data_roots', 'T -- --train_data_roots'],
])('%s', (typed, read_) => {
  expect(read(typed)).toBe(read_);
});

describe('booleans', () => {
  test.each(['True', 'TRUE', '1', 'yes', 'On'])('%s', (word) => {
    expect(read(`T --pretrained ${word} -o x`)).toBe(`T --pretrained=${word} -o x`);
    expect(read(`T --deterministic ${word} -o x`)).toBe('T --deterministic -o x');
    expect(read(`T --print-config=${word}`)).toBe('T --print-config');
    expect(read(`T --use-otx-adapter ${word}`)).toBe(`T --use-otx-adapter=${word}`);
  });

  test.each(['False', 'FALSE', '0', 'no', 'Off'])('%s', (word) => {
    expect(read(`T --pretrained ${word} -o x`)).toBe(`T --pretrained=${word} -o x`);
    expect(read(`T --deterministic ${word} -o x`)).toBe('T --no-deterministic -o x');
    expect(read(`T --print-config=${word}`)).toBe('T');
    expect(read(`--use-otx-adapter ${word} T`)).toBe(`--use-otx-adapter=${word} T`);
  });

  test('without a value are true, and leave the template alone', () => {
    expect(read('--use-otx-adapter Lite-HRNet-18')).toBe('--use-otx-adapter=true Lite-HRNet-18');
    expect(read('--pretrained Lite-HRNet-18')).toBe('--pretrained=true Lite-HRNet-18');
    expect(read('--pretrained Embedded Lite-HRNet-18')).toBe('--pretrained=Embedded Lite-HRNet-18');
    expect(read('T --use-otx-adapter -o x')).toBe('T --use-otx-adapter=true -o x');
  });

  test('with another value are refused under their name', () => {
    expect(() => read('T --deterministic=maybe')).toThrow(/^--deterministic is "maybe"; allowed is true/);
    expect(() => read('T --no-pretrained=true')).toThrow(/^--no-pretrained is "true"; it takes no value/);
    // Commander's parser of the option refuses this one.
    expect(read('T --use-otx-adapter maybe')).toBe('T --use-otx-adapter=maybe');
  });
});

test('a setting among the options is told its place, if the operation has it', () => {
  for (const typed of ['T --num_iters 3', 'T --num-iters=3']) {
    expect(() => read(typed)).toThrow(/behind the word params: params --learning_parameters\.num_iters …$/);
  }
  expect(readableWords(['--num_iters', '3'], new Command('predict'))).toEqual(['--num-iters', '3']);
});

test('a flag of OTX that is not here says what to do instead', () => {
  for (const typed of ['T --rdzv-endpoint x', 'T --rdzv_endpoint=x']) {
    expect(() => read(typed)).toThrow(/^--rdzv-endpoint of OTX is not here: .*MPI/);
  }
  expect(() => read('T --train-ann-files x')).toThrow(expect.objectContaining({ code: 'usage' }));
  // As a value it is a word like any other.
  expect(read('T -o --workspace')).toBe('T -o --workspace');
});
