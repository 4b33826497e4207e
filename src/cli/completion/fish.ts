/** @file Completion for fish. */

import type { CommandLine, Flag, Operation } from './command-line.js';

export function fishScript({ operations, flags }: CommandLine): string {
  const names = operations.map(({ name }) => name).join(' ');
  const none = `not __fish_seen_subcommand_from ${names}`;
  return [
    '# fish completion of otx: otx completion fish | source',
    'complete -c otx -f',
    ...operations.map(({ name, description }) => line(none, ['-a', name], description)),
    ...flags.map((flag) => flagLine(none, flag)),
    ...operations.flatMap(linesOf),
  ].join('\n');
}

function linesOf({ name, flags, settings, words, takesPath }: Operation): string[] {
  const before = `__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from params`;
  const behind = `__fish_seen_subcommand_from ${name}; and __fish_seen_subcommand_from params`;
  return [
    ...flags.map((flag) => flagLine(before, flag)),
    ...(takesPath ? [line(before, ['-F'], '')] : []),
    ...(words.length > 0 ? [line(before, ['-a', words.join(' ')], '')] : []),
    ...(settings.length > 0 ? [line(before, ['-a', 'params'], 'settings follow')] : []),
    ...settings.map((setting) =>
      line(behind, ['-l', setting.name.slice(2), '-x', ...wordsOf(setting.values)], setting.description),
    ),
  ];
}

function flagLine(condition: string, { names, value, description }: Flag): string {
  const forms = names.flatMap((name) =>
    name.startsWith('--') ? ['-l', name.slice(2)] : ['-s', name.slice(1)],
  );
  if (value === 'none') return line(condition, forms, description);
  if (value === 'path') return line(condition, [...forms, '-r', '-F'], description);
  return line(condition, [...forms, '-x', ...wordsOf(value === 'text' ? [] : value)], description);
}

const wordsOf = (words: readonly string[]) => (words.length === 0 ? [] : ['-a', words.join(' ')]);

function line(condition: string, words: readonly string[], description: string): string {
  const described = description === '' ? [] : ['-d', description];
  return ['complete -c otx', '-n', ...[condition, ...words, ...described].map(quote)].join(' ');
}

const quote = (word: string) =>
  /^[\w-]+$/.test(word) ? word : `'${word.replace(/['\\]/g, (character) => `\\${character}`)}'`;
