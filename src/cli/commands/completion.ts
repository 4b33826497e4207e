/** @file `otx completion`: the script that makes a shell complete operations, flags, templates, settings and paths. */

import { Argument, type Command } from 'commander';
import { COMPLETION_SCRIPTS, describeCommandLine, type Shell } from '../completion/index.js';
import type { Terminal } from '../terminal.js';

const HINT = `
Load it in the file that your shell reads at its start:
  bash        source <(otx completion bash)
  zsh         source <(otx completion zsh)        behind compinit
  fish        otx completion fish | source
  powershell  otx completion powershell | Out-String | Invoke-Expression
Where otx is started by npx, put "npx otx" in its place and before it: alias otx="npx otx"`;

export function addCompletion(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description(
      'print a script that makes a shell complete otx: operations, flags, templates, settings, paths',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(Object.keys(COMPLETION_SCRIPTS)))
    .addHelpText('after', HINT)
    .action((shell: Shell) => terminal.print(COMPLETION_SCRIPTS[shell](describeCommandLine(program))));
}
