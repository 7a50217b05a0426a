import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitRepository } from "../../api/git-repository.js";
import { API_VERSION } from "../../api/group.js";
import { systemClock } from "../../base/clock.js";
import { HostRules } from "../../base/host-rules.js";
import { silentLogger } from "../../base/logger.js";
import { readProxies } from "../../config/proxy.js";
import { RevisionIndex } from "../../controllers/git-repository/revision-index.js";
import { remoteBaseOpener } from "../../controllers/overseer-app/source/remote-bases.js";
import { chooseGitEngine, type GitRemote, gitRemote } from "../../git/index.js";
import type { OpenRemoteBase } from "../../render/remote-base.js";
import { originOf } from "./origin.js";

/** Stands for the repository of a work tree without an origin: bases are read anonymously. */
const WORK_TREE = "https://work-tree.invalid/repository";
const REPOSITORY = {
  apiVersion: API_VERSION,
  kind: "GitRepository",
  metadata: { name: "work-tree", namespace: "local" },
  spec: { url: WORK_TREE },
} as GitRepository;

/**
 * Runs `work` with what opens remote bases on the listed hosts, as the operator does: with its Git client, limits and verification, and on the
 * server of the origin of the work tree at `root` with the credential of Git for it. What is fetched is removed afterwards.
 */
export async function withRemoteBases<T>(
  hosts: readonly string[],
  root: string,
  work: (open: OpenRemoteBase) => Promise<T>,
): Promise<T> {
  const cacheDir = await mkdtemp(join(tmpdir(), "overseer-bases-"));
  const rules = new HostRules(hosts);
  const { PATH: path } = process.env;
  const { engine } = await chooseGitEngine({
    ...{ preference: "auto", cacheDir, logger: silentLogger, clock: systemClock },
    proxies: readProxies(process.env).rules,
    ...(path === undefined ? {} : { path }),
  });
  const tags = new Map<string, string>();
  const keyOf = (repository: string, tag: string): string => JSON.stringify([repository, tag]);
  const services = {
    engine,
    index: new RevisionIndex(),
    relatedRules: { allowedHosts: new HostRules(undefined), digestKey: "" },
    remoteBases: {
      hosts: rules,
      tags: {
        get: async (repository: string, tag: string) => tags.get(keyOf(repository, tag)),
        put: async (repository: string, tag: string, commit: string) => void tags.set(keyOf(repository, tag), commit),
      },
    },
  };
  const { signal } = new AbortController();
  try {
    const run = { services, signal };
    let origin: Promise<GitRemote> | undefined;
    return await work(async (base, place) => {
      // Only a base needs the credential: a helper may ask the keychain of the user.
      origin ??= originOf(root).then((found) => found ?? gitRemote(WORK_TREE));
      return remoteBaseOpener(run, REPOSITORY, await origin, { requireCommits: false })(base, place);
    });
  } finally {
    await engine.close();
    await rm(cacheDir, { recursive: true, force: true });
  }
}
