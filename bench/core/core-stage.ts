import type { OverseerApp } from "../../src/api/overseer-app.js";
import type { OperatorProcess } from "../../test/support/operator-process.js";
import type { GitRepo } from "../../tools/git-repository.js";
import { type GitServer, startGitServer } from "../../tools/git-server.js";
import { waitUntil } from "../../tools/wait-until.js";
import { MERGE } from "../api.js";
import { APPS_NAMESPACE, customPath, type Environment, isReady, type LiveApp } from "../environment.js";
import type { CoreProcesses } from "./core-processes.js";
import { coreRepositoryFiles, FOLDER } from "./core-workload.js";

/** Name of the repository, of its GitRepository and of the one OverseerApp that takes all apps to the Core. */
export const FLEET = "core-fleet";
const SECRET = `/api/v1/namespaces/${APPS_NAMESPACE}/secrets`;
const LOOK_EVERY_MS = 100;
const TIMEOUT_MS = 600_000;

/** What the measurements of one Core need: the servers of the bench, and a repository of its own. */
export class CoreStage {
  readonly environment: Environment;
  readonly repo: GitRepo;
  readonly #git: GitServer;

  private constructor(environment: Environment, git: GitServer, repo: GitRepo) {
    this.environment = environment;
    this.#git = git;
    this.repo = repo;
  }

  static async create(environment: Environment): Promise<CoreStage> {
    const git = await startGitServer();
    const repo = await git.createRepository(FLEET);
    await repo.commit(coreRepositoryFiles(environment.scale.coreApps), "The fleet");
    return new CoreStage(environment, git, repo);
  }

  /** Writes the Secret with the token of a Core. */
  async giveToken({ token }: CoreProcesses): Promise<void> {
    const { api } = this.environment;
    const data = { token: Buffer.from(token).toString("base64") };
    await api.call({
      method: "PATCH",
      path: `${SECRET}/core?fieldManager=bench`,
      contentType: "application/apply-patch+yaml",
      body: { apiVersion: "v1", kind: "Secret", metadata: { name: "core", namespace: APPS_NAMESPACE }, data },
    });
  }

  /** Makes the GitRepository and the one OverseerApp. */
  async createApp({ url }: CoreProcesses): Promise<void> {
    await this.environment.createRepository(FLEET, this.repo.url);
    await this.environment.createApp(FLEET, FOLDER, {
      repository: FLEET,
      destination: { overseer: { url, secretRef: { name: "core" } } },
    });
  }

  /** Waits until the app is Ready with what the repository has now; gives up when the operator says that it cannot. */
  async untilReady(operator: OperatorProcess): Promise<OverseerApp> {
    const head = await this.repo.head();
    const path = `${customPath("overseerapps")}/${FLEET}`;
    let app: LiveApp | undefined;
    await waitUntil({ what: `${FLEET} is Ready`, timeoutMs: TIMEOUT_MS, intervalMs: LOOK_EVERY_MS }, async () => {
      if (!operator.running) throw new Error("the operator has ended");
      app = await this.environment.api.call<LiveApp>({ method: "GET", path });
      return isReady(app) && app.status?.applied?.commit === head;
    });
    if (app === undefined) throw new Error(`there is no app ${FLEET}`);
    return app;
  }

  /** Removes the custom resources, while no operator runs: what is in the Core stays. */
  async clear(): Promise<void> {
    const { api } = this.environment;
    const path = `${customPath("overseerapps")}/${FLEET}`;
    await api.call({ method: "PATCH", path, contentType: MERGE, body: { metadata: { finalizers: null } } });
    await this.environment.clearApps();
  }

  async close(): Promise<void> {
    await this.#git.stop();
  }
}
