import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import type { ChangeList } from "../../../src/api/rest/changes.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiClient } from "../../support/api-client.js";
import { expectNoCanary } from "../../support/contracts.js";
import type { GitRepo } from "../../support/git-server.js";
import { OidcIssuer } from "../../support/oidc-issuer.js";
import type { OperatorProcess } from "../../support/operator-process.js";
import { type Outcome, RunningCommand } from "../../support/overseer-cli.js";
import { ownPort } from "../../support/own-port.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import {
  APP_RULES,
  grantAccount,
  removeInstallation,
  startInstalledApi,
  startRestricted,
} from "../install/restricted-operator.js";

const RBAC = "rbac.authorization.k8s.io";
const ROLES = ["overseer-gitops-view", "overseer-gitops-sync", "overseer-gitops-approve", "edit"];

/** Somebody without a kubeconfig: an empty home, and the address of the REST API. */
class RemoteUser {
  readonly home: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #printed: string[] = [];
  readonly #started: RunningCommand[] = [];

  constructor(home: string, url: string, namespace: string) {
    this.home = home;
    this.#env = { HOME: home, OVERSEER_SERVER: url, OVERSEER_NAMESPACE: namespace };
  }

  start(args: readonly string[], input?: string): RunningCommand {
    const command = new RunningCommand(args, { env: this.#env, ...(input === undefined ? {} : { input }) });
    this.#started.push(command);
    return command;
  }

  async run(args: readonly string[], input?: string): Promise<Outcome> {
    const outcome = await this.start(args, input).ended();
    this.#printed.push(outcome.stdout, outcome.stderr);
    return outcome;
  }

  /** Runs a command that must succeed, and returns what it printed to stdout. */
  async prints(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input);
    expect(code, `overseer ${args.join(" ")}: ${stdout}${stderr}`).to.equal(0);
    return stdout;
  }

  /** Ends what a failed test has left. */
  async end(): Promise<void> {
    for (const command of this.#started) command.interrupt();
    await Promise.all(this.#started.map((command) => command.ended()));
  }

  expectNoCanary(canaries: readonly string[]): void {
    expectNoCanary(canaries, { "the output of a command": this.#printed.join("\n") });
  }

  get storeFile(): string {
    return join(this.home, ".config/overseer/logins.json");
  }
}

describe("overseer --server, without a kubeconfig", function () {
  this.timeout(240_000);
  this.bail(true);
  let world: World;
  let issuer: OidcIssuer;
  let api: OperatorProcess;
  let url: string;
  let repo: GitRepo;
  let dora: RemoteUser;
  const people: RemoteUser[] = [];

  const person = async (): Promise<RemoteUser> => {
    const home = await mkdtemp(join(tmpdir(), "overseer-home-"));
    const user = new RemoteUser(home, url, world.namespace);
    people.push(user);
    return user;
  };

  before(async () => {
    world = await World.create("cli-server", { withoutOperator: true });
    const impersonation = { enabled: true, serviceAccounts: true };
    await startRestricted(world, { "api.enabled": true, "api.impersonation": impersonation });
    issuer = await OidcIssuer.start(() => ["designers"], "http://localhost:18081/api/gitops/sign-in/callback");
    // It gets the same port when it is started again.
    api = await startInstalledApi(world, [
      `--api-address=127.0.0.1:${await ownPort()}`,
      ...["--public-url=http://localhost:18081", `--oidc-issuer=${issuer.url}`, `--oidc-client-id=${issuer.clientId}`],
      ...[`--oidc-cli-client-id=${issuer.cliClientId}`, "--oidc-scopes=openid groups", "--oidc-username-prefix=oidc:"],
    ]);
    url = await api.api();
    await grantAccount(world, "deployer", APP_RULES);
    for (const name of ROLES)
      await world.kube.apply({
        ...{ apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata: { name, namespace: world.namespace } },
        roleRef: { apiGroup: RBAC, kind: "ClusterRole", name },
        subjects: [{ kind: "Group", name: "designers", apiGroup: RBAC }],
      });
    const secret = {
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "token" } },
      stringData: { token: world.canary() },
    };
    repo = await world.repository("web", {
      "a.yaml": configMap("a", { v: "1" }),
      "secret.yaml": JSON.stringify(secret),
    });
    await world.app("web", "web", ".", { serviceAccountName: "deployer", sync: { mode: "Manual" } });
    await world.untilCondition("web", "Waiting", "True");
    dora = await person();
  });
  after(async () => {
    await Promise.all(people.map((user) => user.end()));
    await api?.remove();
    await issuer?.stop();
    await world?.remove();
    await removeInstallation(world);
    await Promise.all(people.map(({ home }) => rm(home, { recursive: true, force: true })));
  });

  it("says to sign in, and signs in by a browser on this machine", async () => {
    const before = await dora.run(["get", "apps"]);
    expect([before.code, before.stderr]).to.deep.equal([
      3,
      `overseer: not signed in to ${url}: run "overseer login ${url}"\n`,
    ]);
    const login = dora.start(["login", url, "--no-browser"]);
    const page = await waitUntil({ what: "the URL of the issuer", timeoutMs: 60_000 }, () => {
      const found = /http:\S+\/auth\?\S+/.exec(login.stderr)?.[0];
      if (found === undefined) throw new Error(login.stderr);
      return found;
    });
    const redirectUri = new URL(page).searchParams.get("redirect_uri") ?? "";
    expect(redirectUri).to.match(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    const back = await issuer.signIn(page, "dora", redirectUri);
    // Another page of the browser cannot end the sign-in with a code of its own.
    expect((await fetch(back.replace("/callback", "/favicon.ico"))).status).to.equal(404);
    expect((await fetch(back)).status).to.equal(200);
    const { code, stdout, stderr } = await login.ended();
    expect([code, stdout], stderr).to.deep.equal([0, `signed in to ${url} as oidc:dora\n`]);
    expect((await stat(dora.storeFile)).mode & 0o777).to.equal(0o600);
    expect((await stat(join(dora.storeFile, ".."))).mode & 0o777).to.equal(0o700);
  });

  it("renews the sign-in once, also for commands that run at the same time", async () => {
    const stored = await readFile(dora.storeFile, "utf8");
    const users = await Promise.all([1, 2, 3].map(() => dora.prints(["auth", "whoami", "-o", "json"])));
    expect(users.map((text) => (JSON.parse(text) as { username: string }).username)).to.deep.equal(
      Array(3).fill("oidc:dora"),
    );
    expect(JSON.parse(users[0] ?? "")).to.deep.include({ groups: ["designers"], server: url });
    const { logins } = JSON.parse(await readFile(dora.storeFile, "utf8"));
    const old = JSON.parse(stored).logins[url].oidc;
    expect(logins[url].oidc.expires - old.expires).to.be.greaterThan(60_000);
    expect(logins[url].oidc.refreshToken).to.be.a("string");
    expect((await stat(dora.storeFile)).mode & 0o777).to.equal(0o600);
    expect(await dora.prints(["auth", "can-i", "sync", "web"])).to.equal("yes\n");
    const no = await dora.run(["auth", "can-i", "break-glass", "web"]);
    expect([no.code, no.stdout]).to.deep.equal([
      1,
      `no: missing break-glass of overseerapps.gitops.overseer.io in namespace ${world.namespace}\n`,
    ]);
  });

  it("shows what kubectl shows", async () => {
    expect(await dora.prints(["get", "apps"])).to.match(/^NAME +SYNCED .*\nweb +False/);
    expect(JSON.parse(await dora.prints(["get", "app", "web", "-o", "json"])).spec.sync.mode).to.equal("Manual");
    expect(await dora.prints(["get", "apps,changes,repositories", "-o", "name"])).to.equal(
      "overseerapp.gitops.overseer.io/web\nchange.gitops.overseer.io/web-1\ngitrepository.gitops.overseer.io/web\n",
    );
    expect(await dora.prints(["describe", "change", "web-1"])).to.contain("create Secret");
    const why = await dora.run(["why", "web"]);
    expect([why.code, why.stdout]).to.satisfy(([code, text]: [number, string]) => code === 1 && /manual/.test(text));
    const plan = await dora.prints(["plan", "web"]);
    expect(plan).to.contain(`create ConfigMap ${world.namespace}/a`);
    const missing = await dora.run(["get", "app", "wep"]);
    expect([missing.code, missing.stderr]).to.deep.equal([
      4,
      `overseer: there is no OverseerApp "wep" in namespace ${world.namespace}: did you mean "web"?\n`,
    ]);
    expect((await dora.run(["diff", "web"])).code).to.equal(1);
    const elsewhere = await dora.run(["get", "apps", "-n", "kube-system"]);
    expect([elsewhere.code, elsewhere.stderr]).to.deep.equal([
      4,
      "overseer: you may not list overseerapps in namespace kube-system\n",
    ]);
  });

  it("approves by the plan that it has shown, syncs, waits, and shows the result", async () => {
    const synced = dora.start(["wait", "web", "--timeout", "2m"]);
    expect(await dora.prints(["sync", "web", "--timeout", "2m"])).to.match(/\/web-\S+ Succeeded \(\+2 ~0 -0\)\n$/);
    expect((await synced.ended()).stdout).to.equal(`${world.namespace}/web is synced\n`);
    const tree = await dora.prints(["tree", "web"]);
    expect(tree)
      .to.match(/├─ConfigMap a +Healthy/)
      .and.to.match(/└─Secret token +Healthy/);
    expect(await dora.prints(["events", "web"])).to.contain("OverseerApp/web");
    await repo.commit({ "a.yaml": configMap("a", { v: "2" }) }, "Raise v");
    expect(await dora.prints(["refresh", "web"])).to.contain(`OverseerApp ${world.namespace}/web refreshed`);
    expect((await dora.run(["wait", "web", "--timeout", "1s", "-q"])).code).to.equal(5);
    const rejected = await dora.prints(["reject", "web", "--comment", "not today", "-y"]);
    expect(rejected).to.match(/Reject .*: Counted\n$/);
    expect(await dora.prints(["history", "web"])).to.match(/Rejected .*oidc:dora \(rejected\)/);
    expect(await dora.prints(["withdraw", "change/web-2", "-y"])).to.contain("withdraws the decisions of oidc:dora");
    expect(await dora.prints(["sync", "web", "--timeout", "2m"])).to.match(/Succeeded \(\+0 ~1 -0\)\n$/);
    const pinned = await dora.prints(["pin", "web", "--timeout", "2m"]);
    expect(pinned).to.match(/Succeeded \(\+0 ~0 -0\)\n$/);
    await world.untilCondition("web", "Pinned", "True");
    expect(await dora.prints(["unpin", "web", "--timeout", "2m"])).to.match(/Succeeded \(\+0 ~0 -0\)\n$/);
    const app = world.object(API_VERSION, "OverseerApp", "web");
    await world.kube.until<LiveApp>(app, "is not pinned", (one) => condition(one, "Pinned") === undefined);
    expect(await dora.prints(["rollback", "web", "--timeout", "2m"])).to.match(/Succeeded \(\+0 ~1 -0\)\n$/);
  });

  it("goes on watching when the server was replaced", async () => {
    const apps = dora.start(["get", "apps", "-w", "--no-headers"]);
    const changes = dora.start(["get", "changes", "-w", "-o", "name"]);
    const seen = dora.start(["events", "web", "--watch"]);
    await apps.prints("web ");
    await changes.prints("/web-1");
    await seen.prints("OverseerApp/web");
    await api.stop("SIGKILL");
    for (const command of [apps, changes, seen]) await command.says(`the watch is interrupted: `);
    const rows = apps.stdout.length;
    await world.kube.patch(world.appRef("web"), { metadata: { labels: { stage: "away" } } });
    await api.start();
    for (const command of [apps, changes, seen]) await command.says("the watch continues");
    await waitUntil({ what: "printing what changed in between", timeoutMs: 60_000 }, () => apps.stdout.length > rows);
    const shown = seen.stdout.length;
    const synced = /\/(web-\S+) Succeeded/.exec(await dora.prints(["sync", "web", "--timeout", "2m"]))?.[1] ?? "none";
    await changes.prints(`/${synced}\n`);
    await waitUntil({ what: "printing the sync", timeoutMs: 60_000 }, () => /Synced/.test(seen.stdout.slice(shown)));
    for (const command of [apps, changes, seen]) {
      command.interrupt();
      expect((await command.ended()).code).to.equal(130);
    }
  });

  it("sets secrets, tests channels, and passes on why there are no logs", async () => {
    const value = world.canary();
    const set = await dora.prints(["secret", "set", "db", "password=-"], value);
    expect(set).to.equal(`Secret ${world.namespace}/db: password set\n`);
    expect(await dora.prints(["secret", "list"])).to.match(/^NAMESPACE +NAME +SET BY +AGE\n\S+ +db +oidc:dora +/);
    const stored = await world.kube.get(world.object("v1", "Secret", "db"));
    expect((stored as unknown as { data: object }).data).to.deep.equal({
      password: Buffer.from(value).toString("base64"),
    });
    const replace = await dora.run(["secret", "set", "db", "other=-", "--replace"], value);
    expect([replace.code, replace.stderr]).to.deep.equal([
      2,
      "overseer: --replace needs a kubeconfig: the REST API reads no keys of Secrets\n",
    ]);
    const channel = world.object(API_VERSION, "NotificationChannel", "chat");
    const { apiVersion, kind, name } = channel;
    const { namespace } = world;
    const spec = { slack: { secretRef: { name: "absent" } } };
    await world.kube.apply({ apiVersion, kind, metadata: { name, namespace }, spec });
    const tested = await dora.run(["notify", "test", "chat", "--timeout", "60s"]);
    expect([tested.code, tested.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 1 && /chat: the test message was not sent: /.test(text),
      tested.stderr,
    );
    expect((await dora.run(["notify", "test", "chatt"])).stderr).to.contain('did you mean "chat"?');
    const logs = await dora.run(["logs", "web"]);
    expect([logs.code, logs.stderr]).to.deep.equal([
      1,
      `overseer: ${world.namespace}/web has no pods: see "overseer tree web"\n`,
    ]);
  });

  it("suspends and resumes apps, and follows the limits of the API", async () => {
    await dora.prints(["suspend", "web", "--reason", "migration"]);
    expect(await dora.prints(["get", "app", "web", "-o", "yaml"])).to.contain("by oidc:dora: migration");
    expect(await dora.prints(["resume", "web"])).to.equal(`${world.namespace}/web resumed\n`);
    const frozen = await dora.run(["freeze", "prod", "--reason", "launch"]);
    expect([frozen.code, frozen.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 4 && /there is no Environment "prod"/.test(text),
    );
    const trace = await dora.run(["trace", "configmap/a"]);
    expect([trace.code, trace.stderr]).to.deep.equal([
      2,
      "overseer: this command needs the cluster itself, which --server does not give: omit --server, unset OVERSEER_SERVER, and use a kubeconfig\n",
    ]);
    const both = await dora.run(["get", "apps", "--context", "prod"]);
    expect([both.code, both.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes("cannot be combined with --context"),
    );
    const stranger = await dora.run(["get", "apps", "--server", issuer.url]);
    expect([stranger.code, stranger.stderr]).to.deep.equal([
      3,
      `overseer: not signed in to ${issuer.url}: run "overseer login ${issuer.url}"\n`,
    ]);
    const plain = await dora.run(["login", "http://gitops.example.com"]);
    expect([plain.code, plain.stderr]).to.satisfy(
      ([code, text]: [number, string]) => code === 2 && text.includes("would get your credentials unencrypted"),
    );
  });

  it("signs in by a code, or with a token, and refuses what the server does not accept", async () => {
    const emil = await person();
    const login = emil.start(["login", url, "--device"]);
    const page = await waitUntil({ what: "the URL with the code", timeoutMs: 60_000 }, () => {
      const found = /Or open (\S+)/.exec(login.stderr)?.[1];
      if (found === undefined) throw new Error(login.stderr);
      return found;
    });
    await issuer.confirmDevice(page, "emil");
    const done = await login.ended();
    expect([done.code, done.stdout], done.stderr).to.deep.equal([0, `signed in to ${url} as oidc:emil\n`]);
    const robot = await person();
    const refused = await robot.run(["login", url, "--token", "-"], "a.b.c\n");
    expect([refused.code, refused.stdout]).to.deep.equal([3, ""]);
    expect(refused.stderr).to.contain("the server refuses the token");
    const token = world.controlPlane.tokens.alice ?? "";
    expect(await robot.prints(["login", url, "--token", "-"], token)).to.equal(`signed in to ${url} as alice\n`);
    expect(await robot.prints(["auth", "whoami", "-o", "name"])).to.equal("alice\n");
    expect(await robot.prints(["logout"])).to.equal(`signed out of ${url}\n`);
    expect((await robot.run(["auth", "whoami"])).code).to.equal(3);
    expect(await readFile(robot.storeFile, "utf8")).to.not.contain(token);
  });

  it("revokes the sign-in at the issuer when the user signs out, and records who did what", async () => {
    const { logins } = JSON.parse(await readFile(dora.storeFile, "utf8"));
    const { refreshToken, idToken } = logins[url].oidc;
    expect(await dora.prints(["logout", url])).to.equal(`signed out of ${url}\n`);
    const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
    body.set("client_id", issuer.cliClientId);
    expect((await fetch(`${issuer.url}/token`, { method: "POST", body })).status).to.equal(400);
    expect((await dora.run(["get", "apps"])).code).to.equal(3);
    const changes = await new ApiClient(url, idToken).get<ChangeList>("/changes?state=all");
    expect(changes.items.map(({ requester }) => requester).filter((name) => name === "oidc:dora").length).to.be.above(
      2,
    );
    dora.expectNoCanary([...world.canaries, refreshToken, idToken]);
    expect(await api.log()).to.not.contain(refreshToken);
  });
});
