/** @file Completion for bash, from version 3.2 on and without the package bash-completion. */

import type { CommandLine, Flag, Operation } from './command-line.js';

export function bashScript({ operations, flags }: CommandLine): string {
  const cases = operations.flatMap(({ name, ...rest }) => casesOf(name, rest));
  return `# bash completion of otx: source <(otx completion bash)
_otx() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} operation= params= words= paths= word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -z $operation ]]; then
      if [[ $word != -* ]]; then operation=$word; fi
    elif [[ $word == params ]]; then
      params=params
    fi
  done
  case "$operation $params $prev" in
${indent(cases)}
    "  "*) words=${quote([...operations.map(({ name }) => name), ...namesOf(flags)])} ;;
  esac
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$words" -- "$cur")
  if [[ -n $paths && $cur != -* ]]; then
    compopt -o filenames 2>/dev/null
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
  fi
}
complete -F _otx otx`;
}

/** From the special to the general: values of flags and settings, then what may come anywhere. */
function casesOf(name: string, { flags, settings, words, takesPath }: Omit<Operation, 'name'>): string[] {
  const values = flags.flatMap(({ names, value }) => {
    if (value === 'none') return [];
    const patterns = names.map((flag) => `"${name}  ${flag}"`).join('|');
    return [
      `${patterns}) ${value === 'path' ? 'paths=1' : `words=${quote(value === 'text' ? [] : value)}`} ;;`,
    ];
  });
  const choices = settings.map(
    ({ name: setting, values }) => `"${name} params ${setting}") words=${quote(values)} ;;`,
  );
  const all = [...words, ...namesOf(flags), ...(settings.length > 0 ? ['params'] : [])];
  return [
    ...values,
    ...choices,
    `"${name} params "*) words=${quote(settings.map((setting) => setting.name))} ;;`,
    `"${name}  "*) words=${quote(all)}${takesPath ? ' paths=1' : ''} ;;`,
  ];
}

const namesOf = (flags: readonly Flag[]) => flags.flatMap(({ names }) => names);
const quote = (words: readonly string[]) => `'${words.join(' ')}'`;
const indent = (lines: readonly string[]) => lines.map((line) => `    ${line}`).join('\n');
