import { execFile } from "node:child_process";

/** Author and first line of a commit in the Git repository of the current directory; undefined if it is not there. */
export function localCommit(
  id: string,
): Promise<{ readonly author: string; readonly message: string; readonly time: string } | undefined> {
  const args = ["log", "-1", "--no-show-signature", "--format=%an <%ae>%x00%s%x00%cI", id, "--"];
  return new Promise((done) => {
    execFile("git", args, { timeout: 5000 }, (error, stdout) => {
      const [author, message, time] = stdout.trim().split("\0");
      done(
        error || author === undefined || message === undefined || time === undefined
          ? undefined
          : { author, message, time },
      );
    });
  });
}
