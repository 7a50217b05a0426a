import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import type { PromotionPullRequest } from "../../../src/api/promotion.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { GiteaServer, type GiteaUser } from "../../support/gitea.js";
import type { TestRef } from "../../support/kube.js";
import { type LiveApp, type LiveRepository, World } from "../../support/world.js";

const IMAGE = "registry.example.com/shop/web";
const POD = `apiVersion: v1
kind: PodTemplate
metadata: { name: web }
template: { spec: { containers: [{ name: web, image: web }] } }
`;
/** The kustomization of an Environment, with comments and a format of its own. */
const overlay = (tag: string): string =>
  `# who to ask: team shop\nresources: [ ../base ]\nimages:\n    - name: web # of the base\n      newName: ${IMAGE}\n      newTag: '${tag}'   # see the runbook\n`;

interface Pull {
  readonly number: number;
  readonly state: string;
  readonly merged: boolean;
  readonly title: string;
  readonly body: string;
  readonly html_url: string;
  readonly head: { readonly ref: string };
}

describe("Pull requests of promotions, at Gitea", function () {
  this.timeout(180_000);
  let world: World;
  let gitea: GiteaServer;
  let ann: GiteaUser;
  let prod: string;
  const where = (): string => `/repos/${ann.name}/shop`;

  before(async function () {
    const server = await GiteaServer.start();
    if (server === undefined) return this.skip();
    gitea = server;
    world = await World.create("promotion-pulls", { withoutOperator: true });
    prod = `${world.namespace}-prod`;
    await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: prod } });
    await world.startOperator({ trustedNamespaces: [world.namespace, prod] });
    ann = await gitea.createUser("ann", () => world.canary());
    world.canaries.push(ann.token);
    await gitea.api(ann, "POST", "/user/repos", { name: "shop", auto_init: true, default_branch: "main" });
    await push({ "base/pod.yaml": POD, "base/kustomization.yaml": "resources: [pod.yaml]\n" });
    await push({ "staging/kustomization.yaml": overlay("1.8"), "prod/kustomization.yaml": overlay("1.8") });
    await useToken(["read:repository"]);
    const provider = { type: "Gitea", apiURL: `${gitea.url}/api/v1`, pullRequests: true };
    const url = `${gitea.url}/${ann.name}/shop.git`;
    const ref = { branch: "main" };
    await world.kube.apply({
      ...{ apiVersion: API_VERSION, kind: "GitRepository", metadata: { name: "shop", namespace: world.namespace } },
      spec: { url, ref, interval: "1h", secretRef: { name: "api" }, allowedNamespaces: ["*"], provider },
    });
    await govern("staging", { namespaces: [{ name: world.namespace }] });
    const promotion = { compare: "Images", pullRequests: true };
    await govern("prod", { namespaces: [{ name: prod }], promotesFrom: [environmentOf("staging")], promotion });
    await createApp(world.namespace, "staging");
    await createApp(prod, "prod");
  });
  after(async () => {
    for (const stage of ["staging", "prod"])
      await world?.kube.delete({ apiVersion: API_VERSION, kind: "Environment", name: environmentOf(stage) });
    if (prod !== undefined) await world?.kube.delete({ apiVersion: "v1", kind: "Namespace", name: prod });
    await world?.remove();
    await gitea?.stop();
  });

  const environmentOf = (stage: string): string => `${stage}-${world.namespace}`;
  const govern = (stage: string, spec: object): Promise<unknown> =>
    world.kube.apply({ apiVersion: API_VERSION, kind: "Environment", metadata: { name: environmentOf(stage) }, spec });
  const createApp = (namespace: string, path: string): Promise<unknown> =>
    world.kube.apply({
      ...{ apiVersion: API_VERSION, kind: "OverseerApp", metadata: { name: "web", namespace } },
      spec: {
        source: { repositoryRef: { name: "shop", namespace: world.namespace }, path },
        destination: { kubernetes: {} },
      },
    });
  const useToken = async (scopes: readonly string[]): Promise<void> => {
    const token = await gitea.createToken(ann, scopes);
    world.canaries.push(token);
    const metadata = { name: "api", namespace: world.namespace };
    await world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData: { token } });
  };
  const push = async (files: Readonly<Record<string, string>>): Promise<void> => {
    const operations: object[] = [];
    for (const [path, content] of Object.entries(files)) {
      const known = await gitea.request<{ sha: string }>(ann, "GET", `${where()}/contents/${path}`);
      const version = known.status === 200 ? { operation: "update", sha: known.body.sha } : { operation: "create" };
      operations.push({ path, content: Buffer.from(content).toString("base64"), ...version });
    }
    await gitea.api(ann, "POST", `${where()}/contents`, { branch: "main", message: "change", files: operations });
  };
  const pushAndPoll = async (files: Readonly<Record<string, string>>): Promise<void> => {
    await push(files);
    await world.poll("shop");
  };
  const contentAt = async (path: string, ref: string): Promise<string> => {
    const at = `${where()}/contents/${path}?ref=${encodeURIComponent(ref)}`;
    return Buffer.from((await gitea.api<{ content: string }>(ann, "GET", at)).content, "base64").toString();
  };
  const pulls = (): Promise<Pull[]> => gitea.api<Pull[]>(ann, "GET", `${where()}/pulls?state=all&limit=50`);
  const pull = (number: number): Promise<Pull> => gitea.api<Pull>(ann, "GET", `${where()}/pulls/${number}`);
  const app = (): TestRef => ({ ...world.appRef("web"), namespace: prod });
  const until = async (what: string, test: (one: PromotionPullRequest) => boolean): Promise<PromotionPullRequest> => {
    const isSo = ({ status }: LiveApp): boolean => {
      const known = status?.promotion?.pullRequest;
      return known !== undefined && test(known);
    };
    const { status } = await world.kube.until<LiveApp>(app(), what, isSo, 60_000);
    return status?.promotion?.pullRequest as PromotionPullRequest;
  };
  const imageIn = (namespace: string): Promise<unknown> =>
    world.kube.get({ apiVersion: "v1", kind: "PodTemplate", namespace, name: "web" }).then((live) => {
      const { template } = (live ?? {}) as { template?: { spec: { containers: { image: string }[] } } };
      return template?.spec.containers[0]?.image;
    });
  const untilImage = (namespace: string, tag: string): Promise<unknown> =>
    waitUntil({ what: `${namespace} runs ${tag}`, timeoutMs: 60_000 }, async () => {
      return (await imageIn(namespace)) === `${IMAGE}:${tag}`;
    });

  it("carry a tested tag, keep format and comments, and are updated until they are merged", async () => {
    await untilImage(prod, "1.8");
    await pushAndPoll({ "staging/kustomization.yaml": overlay("1.9") });
    const failed = await until("cannot be opened", ({ state }) => state === "Failed");
    expect(failed.message).to.contain(`Secret ${world.namespace}/api`).and.to.contain("write:repository");
    await useToken(["write:repository", "write:issue"]);
    const { number = 0, url } = await until("is open", ({ state }) => state === "Open");
    expect(await contentAt("prod/kustomization.yaml", (await pull(number)).head.ref)).to.equal(overlay("1.9"));
    expect(await imageIn(prod), "nothing is applied before the merge").to.equal(`${IMAGE}:1.8`);
    const events = await world.kube.list<RawObject & { reason?: string; note?: string }>(
      "events.k8s.io/v1",
      "Event",
      prod,
    );
    expect(events.filter(({ reason }) => reason === "PullRequestOpened").map(({ note }) => note)).to.deep.equal([
      `the pull request ${url} carries tested versions`,
    ]);

    await pushAndPoll({ "staging/kustomization.yaml": overlay("1.10"), "prod/notes.md": "others push too\n" });
    await waitUntil({ what: "it is updated", timeoutMs: 60_000 }, async () =>
      (await pull(number)).title.includes("1.10"),
    );
    const updated = await pull(number);
    expect(updated.body).to.contain(`${IMAGE}:1.8 -> ${IMAGE}:1.10`);
    expect(await contentAt("prod/kustomization.yaml", updated.head.ref)).to.equal(overlay("1.10"));
    await waitUntil({ what: "it is merged", timeoutMs: 60_000 }, async () => {
      const answer = await gitea.request(ann, "POST", `${where()}/pulls/${number}/merge`, { Do: "merge" });
      return answer.status === 200;
    });
    await world.poll("shop");
    await untilImage(prod, "1.10");
    await until("has ended", ({ state }) => state === "Merged");
    expect(await contentAt("prod/notes.md", "main"), "what others have pushed stays").to.equal("others push too\n");
    expect(await pulls()).to.have.length(1);
  });

  it("that a user closes are not opened again, and what is out of date is closed, but not with commits of others", async () => {
    await pushAndPoll({ "staging/kustomization.yaml": overlay("1.11") });
    const declined = await until("is open", ({ state }) => state === "Open");
    await gitea.api(ann, "PATCH", `${where()}/pulls/${declined.number}`, { state: "closed" });
    await world.operator.stop("SIGKILL");
    await world.operator.start();
    await until("is declined", ({ state }) => state === "Declined");
    await world.kube.patch(app(), { metadata: { annotations: { "gitops.overseer.io/reconcile-at": "1" } } });
    await pushAndPoll({ "staging/kustomization.yaml": overlay("1.12") });
    const third = await until("is open", ({ state, number }) => state === "Open" && number !== declined.number);
    expect((await pulls()).map(({ number, state }) => `${number} ${state}`)).to.have.members([
      ...["1 closed", `${declined.number} closed`, `${third.number} open`],
    ]);
    await pushAndPoll({ "prod/kustomization.yaml": overlay("1.12") });
    await waitUntil({ what: "it is closed", timeoutMs: 60_000 }, async () => {
      return (await pull(third.number ?? 0)).state === "closed";
    });
    expect((await pull(third.number ?? 0)).merged).to.equal(false);

    await pushAndPoll({ "staging/kustomization.yaml": overlay("1.13") });
    const fourth = await until("is open", ({ state, number }) => state === "Open" && number !== third.number);
    const { ref } = (await pull(fourth.number ?? 0)).head;
    const note = { branch: ref, message: "mine", content: Buffer.from("mine").toString("base64") };
    await gitea.api(ann, "POST", `${where()}/contents/prod/mine.md`, note);
    await pushAndPoll({ "staging/kustomization.yaml": overlay("1.14") });
    const kept = await until("is kept", ({ message }) => message !== undefined);
    expect(kept.message).to.contain("its branch has commits of others");
    expect(await contentAt("prod/mine.md", ref)).to.equal("mine");
    const repository = world.repositoryRef("shop");
    await world.kube.patch(repository, { spec: { provider: { pullRequests: false } } });
    await gitea.api(ann, "PATCH", `${where()}/pulls/${fourth.number}`, { state: "closed" });
    const refused = await until(
      "is not permitted",
      ({ message }) => message?.includes("spec.provider.pullRequests") === true,
    );
    expect(refused.message).to.contain(`GitRepository ${world.namespace}/shop`);
    expect((await world.kube.get<LiveRepository>(repository))?.status?.conditions).to.not.equal(undefined);
  });
});
