/**
 * Global arguments of `docker compose` for one project. The document comes from standard input and no file is read: variables of a file
 * `.env` in the directory of the app would count, too.
 */
export function composeArgs(project: string, directory: string, input?: string): string[] {
  const files = input === undefined ? [] : ["--file", "-"];
  return [
    "--ansi=never",
    "--progress=plain",
    "-p",
    project,
    "--project-directory",
    directory,
    "--env-file=/dev/null",
    ...files,
  ];
}
