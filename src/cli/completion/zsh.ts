/** @file Completion for zsh, to be sourced or put into a folder of `fpath` as `_otx`. */

import type { CommandLine, Operation } from './command-line.js';

type Described = readonly [word: string, description: string];

export function zshScript({ operations, flags }: CommandLine): string {
  const cases = operations.flatMap(casesOf);
  const first: Described[] = [
    ...operations.map(({ name, description }): Described => [name, description]),
    ...flags.flatMap(({ names, description }) => names.map((name): Described => [name, description])),
  ];
  return `#compdef otx
# zsh completion of otx: source <(otx completion zsh)
_otx() {
  local operation= params= paths= word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -z $operation ]]; then
      if [[ $word != -* ]]; then operation=$word; fi
    elif [[ $word == params ]]; then
      params=params
    fi
  done
  case "$operation $params \${words[CURRENT-1]}" in
${cases.map((line) => `    ${line}`).join('\n')}
    "  "*) found=(${list(first)}) ;;
  esac
  if (( \${#found} )); then _describe -t otx otx found; fi
  if [[ -n $paths && $PREFIX != -* ]]; then _files; fi
}
if [[ \${funcstack[1]} == _otx ]]; then _otx "$@"; else compdef _otx otx; fi`;
}

function casesOf({ name, flags, settings, words, takesPath }: Operation): string[] {
  const values = flags.flatMap(({ names, value }) => {
    if (value === 'none') return [];
    const patterns = names.map((flag) => `"${name}  ${flag}"`).join('|');
    const found = value === 'text' ? [] : value;
    return [`${patterns}) ${found === 'path' ? 'paths=1' : `found=(${plain(found)})`} ;;`];
  });
  const choices = settings.map(
    (setting) => `"${name} params ${setting.name}") found=(${plain(setting.values)}) ;;`,
  );
  const all: Described[] = [
    ...words.map((word): Described => [word, '']),
    ...flags.flatMap(({ names, description }) => names.map((flag): Described => [flag, description])),
    ...(settings.length > 0 ? [['params', 'settings follow'] as const] : []),
  ];
  const described = settings.map((setting): Described => [setting.name, setting.description]);
  return [
    ...values,
    ...choices,
    `"${name} params "*) found=(${list(described)}) ;;`,
    `"${name}  "*) found=(${list(all)})${takesPath ? ' paths=1' : ''} ;;`,
  ];
}

const plain = (words: readonly string[]) => list(words.map((word) => [word, '']));

/** Colons part a word from its description. */
function list(words: readonly Described[]): string {
  return words
    .map(([word, description]) => word.replaceAll(':', '\\:') + (description === '' ? '' : `:${description}`))
    .map((text) => `'${text.replaceAll("'", "'\\''")}'`)
    .join(' ');
}
