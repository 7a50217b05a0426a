import { expect } from "chai";
import type { Approval } from "../../../src/api/approval.js";
import type { Change } from "../../../src/api/change.js";
import { API_VERSION } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { GiteaServer, type GiteaUser } from "../../support/gitea.js";
import { Signers, type SigningKey } from "../../support/signing.js";
import { type KubectlUser, kubectlUser, untilPrints } from "../../support/user-kubectl.js";
import { condition, configMap, World } from "../../support/world.js";
import { APP_RULES, grantAccount, removeInstallation, startRestricted } from "../install/restricted-operator.js";

type LiveChange = Change & RawObject;
const REPO = "/repos/ann/apps";

describe("forbidAuthor", function () {
  this.timeout(180_000);
  let world: World;
  let signers: Signers;
  /** In the cluster: alice is ann at the host, robert is bob. */
  let alice: KubectlUser;
  let robert: KubectlUser;
  let carol: KubectlUser;
  let ssh: SigningKey;
  let openpgp: SigningKey;

  before(async () => {
    signers = await Signers.create();
    ssh = await signers.ssh("alice@example.com");
    openpgp = await signers.openpgp("robert@example.com");
    world = await World.create("authors", { withoutOperator: true });
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
    const users = ["alice", "robert", "carol"].map((name) => kubectlUser(world, name, ["overseer-gitops-approve"]));
    [alice, robert, carol] = (await Promise.all(users)) as [KubectlUser, KubectlUser, KubectlUser];
  });
  after(async () => {
    await world?.kube.delete({ apiVersion: API_VERSION, kind: "Environment", name: world.namespace });
    await world?.remove();
    await removeInstallation(world);
    await signers?.remove();
  });

  const govern = (...accounts: readonly (readonly string[])[]): Promise<unknown> =>
    world.kube.apply({
      ...{ apiVersion: API_VERSION, kind: "Environment", metadata: { name: world.namespace } },
      spec: {
        namespaces: [{ name: world.namespace }],
        gates: { approval: { forbidAuthor: true } },
        identities: [
          { users: ["alice"], accounts: accounts[0], keys: [ssh.fingerprint] },
          { users: ["robert"], accounts: accounts[1], keys: [openpgp.fingerprint] },
          { users: ["carol"] },
        ],
      },
    });
  const release = (): Promise<unknown> =>
    world.kube.delete({ apiVersion: API_VERSION, kind: "Environment", name: world.namespace });
  const waitsFor = (name: string, text: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", name),
      `waits for ${text}`,
      ({ status }) => status?.phase === "Waiting" && status.waitingFor?.includes(text) === true,
    );
  const succeeded = (name: string): Promise<LiveChange> =>
    world.kube.until<LiveChange>(
      world.object(API_VERSION, "Change", name),
      "Succeeded",
      ({ status }) => status?.phase === "Succeeded",
    );
  const approve = async (user: KubectlUser, { metadata, spec, status }: LiveChange): Promise<void> => {
    await untilPrints(user, " created", ["create", "-f", "-"], {
      ...{ apiVersion: API_VERSION, kind: "Approval", metadata: { name: `${metadata.name}-${user.name}` } },
      spec: {
        ...{ app: spec.app, change: { name: metadata.name, uid: metadata.uid }, planHash: status?.planHash },
        ...{ decision: "Approve", approver: user.name },
      },
    });
  };
  /** Approves as a user whose approval does not count, and returns why. */
  const refusal = async (user: KubectlUser, change: LiveChange): Promise<string | undefined> => {
    await approve(user, change);
    const live = await world.kube.until<Approval & RawObject>(
      world.object(API_VERSION, "Approval", `${change.metadata.name}-${user.name}`),
      "does not count",
      (object) => condition(object, "Ready")?.reason === "NotEligible",
    );
    return condition(live, "Ready")?.message;
  };

  it("does not count the approvals of who has signed a commit, by SSH and by OpenPGP", async () => {
    const stringData = { "ssh.pub": ssh.publicKey, "openpgp.asc": openpgp.publicKey };
    const metadata = { name: "keys", namespace: world.namespace };
    await world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData });
    const repo = await world.git.createRepository("signed");
    const commit = (key: SigningKey, a: string): Promise<string> =>
      signers.commit(repo, key, { "c.yaml": configMap("signed", { a }) }, a);
    await commit(ssh, "1");
    await world.kube.apply({
      ...{ apiVersion: API_VERSION, kind: "GitRepository", metadata: { name: "signed", namespace: world.namespace } },
      spec: {
        url: repo.url,
        ref: { branch: "main" },
        interval: "1h",
        verify: { mode: "HEAD", secretRef: { name: "keys" } },
      },
    });
    await world.app("signed", "signed", ".", { serviceAccountName: "deployer" });
    await world.synced("signed");
    await govern();
    await commit(ssh, "2");
    await world.poll("signed");
    const second = await waitsFor("signed-2", "not by authors: alice has signed commit");
    expect(await refusal(alice, second)).to.match(/forbidAuthor: alice has signed commit \w+$/);
    await approve(robert, second);
    await succeeded("signed-2");
    await commit(openpgp, "3");
    await world.poll("signed");
    const third = await waitsFor("signed-3", "not by authors: robert has signed commit");
    expect(await refusal(robert, third)).to.match(/forbidAuthor: robert has signed commit \w+$/);
    await approve(alice, third);
    await succeeded("signed-3");
    await release();
  });

  describe("with a real Gitea", () => {
    let gitea: GiteaServer;
    let ann: GiteaUser;
    let bob: GiteaUser;

    before(async function () {
      const server = await GiteaServer.start();
      if (server === undefined) return this.skip();
      gitea = server;
      [ann, bob] = [await gitea.createUser("ann"), await gitea.createUser("bob")];
      await gitea.api(ann, "POST", "/user/repos", { name: "apps", auto_init: true, default_branch: "main" });
      await gitea.api(ann, "PUT", `${REPO}/collaborators/bob`, { permission: "write" });
    });
    after(() => gitea?.stop());

    /** Writes a file of main, or of a new branch. */
    const write = async (user: GiteaUser, a: string, branch?: string): Promise<void> => {
      const at = `${REPO}/contents/web/c.yaml`;
      const { status, body } = await gitea.request<{ sha?: string }>(user, "GET", `${at}?ref=main`);
      const content = Buffer.from(configMap("web", { a })).toString("base64");
      await gitea.api(user, status === 200 ? "PUT" : "POST", at, {
        ...{ content, branch: "main", message: a, author: { name: "carol", email: "carol@example.com" } },
        ...(branch === undefined ? {} : { new_branch: branch }),
        ...(status === 200 ? { sha: body.sha } : {}),
      });
    };
    const idOf = async (user: GiteaUser): Promise<number> => (await gitea.api<{ id: number }>(user, "GET", "/user")).id;

    it("does not count approvals of the author and the merger of a pull request", async () => {
      const token = await gitea.createToken(ann, ["read:repository"]);
      world.canaries.push(token);
      await world.kube.apply({
        ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "api", namespace: world.namespace } },
        stringData: { token },
      });
      await write(ann, "1");
      await world.kube.apply({
        ...{ apiVersion: API_VERSION, kind: "GitRepository", metadata: { name: "apps", namespace: world.namespace } },
        spec: {
          ...{ url: `${gitea.url}/ann/apps.git`, ref: { branch: "main" }, interval: "1h" },
          provider: { type: "Gitea", secretRef: { name: "api" } },
        },
      });
      await world.app("web", "apps", "web", { serviceAccountName: "deployer" });
      await world.synced("web");
      const host = new URL(gitea.url).host;
      await govern([`${host}/id:${await idOf(ann)}`], [`${host}/bob`]);
      await write(ann, "2", "change");
      const { number } = await gitea.api<{ number: number }>(ann, "POST", `${REPO}/pulls`, {
        ...{ head: "change", base: "main", title: "2" },
      });
      await gitea.api(bob, "POST", `${REPO}/pulls/${number}/merge`, { Do: "merge" });
      await world.poll("apps");
      const waiting = await waitsFor("web-2", `not by authors: alice is the author of pull request ${number}`);
      expect(await refusal(alice, waiting)).to.contain(`alice is the author of pull request ${number}`);
      expect(await refusal(robert, waiting)).to.contain(`robert has merged pull request ${number}`);
      expect((await world.kube.get(world.configMap("web")))?.data).to.deep.equal({ a: "1" });
      await approve(carol, waiting);
      await succeeded("web-2");
    });

    it("counts no approval for a push, of which the host does not tell the author", async () => {
      await write(ann, "3");
      await world.poll("apps");
      const waiting = await waitsFor(
        "web-3",
        "no approval counts, since gates.approval.forbidAuthor needs the authors",
      );
      expect(await refusal(carol, waiting)).to.contain("did not come by a pull request");
      expect((await world.kube.get(world.configMap("web")))?.data).to.deep.equal({ a: "2" });
    });
  });
});
