/** Shells that completion scripts exist for. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# bash completion of overseer
_overseer_complete() {
  local line out directive cur="\${COMP_WORDS[COMP_CWORD]}"
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  # bash splits words at = and :, which belong to them.
  if declare -F _get_comp_words_by_ref >/dev/null 2>&1; then
    local cword
    _get_comp_words_by_ref -n "=:" cur words cword 2>/dev/null
    words=("\${words[@]:1:cword}")
  fi
  out=$(overseer __complete "\${words[@]}" 2>/dev/null) || return
  directive="\${out##*:}"
  COMPREPLY=()
  while IFS= read -r line; do
    [[ "$line" == :* || -z "$line" ]] || COMPREPLY+=("\${line%%$'\\t'*}")
  done <<<"$out"
  if [[ "$directive" == 0 && \${#COMPREPLY[@]} -eq 0 ]]; then compopt -o default 2>/dev/null; fi
  if declare -F __ltrim_colon_completions >/dev/null 2>&1; then __ltrim_colon_completions "$cur"; fi
}
complete -F _overseer_complete overseer
`;

const ZSH = `#compdef overseer
_overseer() {
  local out directive line
  local -a candidates
  out=$(overseer __complete "\${(@)words[2,CURRENT]}" 2>/dev/null) || return
  directive=\${out##*:}
  while IFS= read -r line; do
    [[ $line == :* || -z $line ]] && continue
    line=\${line//:/\\\\:}
    candidates+=("\${line/$'\\t'/:}")
  done <<<"$out"
  if (( \${#candidates} )); then _describe 'overseer' candidates
  elif [[ $directive == 0 ]]; then _files
  fi
}
if [ "$funcstack[1]" = "_overseer" ]; then _overseer "$@"; else compdef _overseer overseer; fi
`;

const FISH = `# fish completion of overseer
function __overseer_complete
    set -l words (commandline -opc) (commandline -ct)
    overseer __complete $words[2..-1] 2>/dev/null | string match -v -r '^:'
end
complete -c overseer -f -a '(__overseer_complete)'
complete -c overseer -n '__fish_seen_subcommand_from render validate' -F
`;

const POWERSHELL = `# PowerShell completion of overseer
Register-ArgumentCompleter -Native -CommandName overseer -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '""' }
  overseer __complete @words 2>$null | Where-Object { $_ -and -not $_.StartsWith(':') } | ForEach-Object {
    $parts = $_ -split "\`t", 2
    $help = if ($parts.Count -gt 1) { $parts[1] } else { $parts[0] }
    [System.Management.Automation.CompletionResult]::new($parts[0], $parts[0], 'ParameterValue', $help)
  }
}
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };

/** Returns the completion script of a shell, which calls \`overseer __complete\`. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}
