/** @file Completion for PowerShell, which completes paths by itself where a completer finds nothing. */

import type { CommandLine, Operation } from './command-line.js';

export function powershellScript({ operations, flags }: CommandLine): string {
  const first = [...operations.map(({ name }) => name), ...flags.flatMap(({ names }) => names)];
  return `# PowerShell completion of otx: otx completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName otx -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $table = @{
    '  ' = @(${list(first)})
${operations.flatMap(rowsOf).join('\n')}
  }
  $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $operation = @($before | Where-Object { $_ -notlike '-*' })[0]
  $params = if ($before -contains 'params') { 'params' } else { '' }
  $previous = if ($before.Count -gt 0) { $before[-1] } else { '' }
  $key = "$operation $params $previous"
  if (-not $table.ContainsKey($key)) { $key = "$operation $params " }
  $table[$key] | Where-Object { $_ -like "$wordToComplete*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}`;
}

/** Words by what stands before the cursor: operation, `params` or nothing, and the last word where it takes a value. */
function rowsOf({ name, flags, settings, words }: Operation): string[] {
  const values = flags.flatMap(({ names, value }) =>
    value === 'none'
      ? []
      : names.map((flag) => row(`${name}  ${flag}`, typeof value === 'string' ? [] : value)),
  );
  const choices = settings.map((setting) => row(`${name} params ${setting.name}`, setting.values));
  const all = [...words, ...flags.flatMap(({ names }) => names), ...(settings.length > 0 ? ['params'] : [])];
  const named = settings.map((setting) => setting.name);
  return [...values, ...choices, row(`${name} params `, named), row(`${name}  `, all)];
}

const row = (key: string, words: readonly string[]) => `    '${key}' = @(${list(words)})`;
const list = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ');
