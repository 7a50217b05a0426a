import { expect } from "chai";
import { GitError, type GitErrorCode } from "../../../../src/git/errors.js";

/** The Git error of this code that `work` ends in. Fails when it ends well or in another one. */
export async function expectGitError(code: GitErrorCode, work: () => unknown): Promise<GitError> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    expect(`${error.code}: ${error.message}`).to.match(new RegExp(`^${code}: `));
    return error;
  }
  return expect.fail(`expected ${code}, got ${JSON.stringify(result)}`);
}
