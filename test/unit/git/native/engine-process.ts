import { systemClock } from "../../../../src/base/clock.js";
import { killAt } from "../../../../src/base/failpoint.js";
import { silentLogger } from "../../../../src/base/logger.js";
import type { GitLimits } from "../../../../src/git/limits.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { gitRemote } from "../../../../src/git/remote.js";

/** What an engine does in a process of its own, given as JSON in the first argument. */
export interface EngineJob {
  readonly cacheDir: string;
  readonly url: string;
  /** Fetched one after the other and read whole; what was before the last two is given up each time. */
  readonly commits: readonly string[];
  readonly killAt?: string;
  readonly limits?: Partial<GitLimits>;
}

/** Does the job; returns the number of files read. Errors that a fetch mends are met by fetching again, as a poll would. */
async function work(job: EngineJob): Promise<number> {
  // An hour ahead: nothing counts as fetched just now, so that all that is not named is dropped.
  const clock = { ...systemClock, now: () => Date.now() + 3_600_000 };
  const { cacheDir, url, commits, limits = {} } = job;
  const failpoint = job.killAt === undefined ? {} : { failpoint: killAt(job.killAt) };
  const engine = new NativeGitEngine({ cacheDir, clock, limits, logger: silentLogger, ...failpoint });
  const remote = gitRemote(url);
  let files = 0;
  for (const [index, commit] of commits.entries()) {
    for (let attempt = 0; ; attempt++) {
      try {
        await engine.fetch(remote, { commit, ref: "refs/heads/main" }, new AbortController().signal);
        const snapshot = await engine.open(remote, commit);
        if (snapshot === undefined) throw new Error("another process has dropped it");
        const root = await snapshot.treeAt("");
        const list = await snapshot.listFiles(root?.id ?? "", { maxFiles: 10_000, maxDepth: 50 });
        await Promise.all(list.map(({ blob }) => snapshot.readBlob(blob)));
        files += list.length;
        break;
      } catch (error) {
        if (attempt === 20) throw error;
      }
    }
    await engine.retain(remote, commits.slice(Math.max(0, index - 1), index + 1));
  }
  await engine.close();
  return files;
}

console.log(await work(JSON.parse(process.argv[2] ?? "") as EngineJob));
