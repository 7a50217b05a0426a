import { expect } from "chai";
import { loadAll } from "js-yaml";
import type { OverseerApp } from "../../../src/api/overseer-app.js";
import type { RawObject } from "../../../src/kube/object.js";
import { runCommand } from "../../../tools/run-command.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy } from "../../support/api-proxy.js";
import type { TestObject } from "../../support/kube.js";
import { OverseerUser, RunningCommand } from "../../support/overseer-cli.js";
import type { ProxiedWatch } from "../../support/proxied-watch.js";
import { configMap, deployment, World } from "../../support/world.js";

/** An Event about an object. */
function eventAbout(object: RawObject | undefined, reason: string): TestObject {
  const { apiVersion, kind, metadata } = object ?? {};
  const { name, namespace = "", uid } = metadata ?? {};
  return {
    ...{ apiVersion: "v1", kind: "Event", metadata: { name: `web.${reason.toLowerCase()}`, namespace } },
    ...{ involvedObject: { apiVersion, kind, name, namespace, uid }, reason, message: "from a test", type: "Normal" },
    ...{ source: { component: "test" }, lastTimestamp: new Date().toISOString(), count: 1 },
  };
}

describe("overseer, to look at a cluster", function () {
  this.timeout(180_000);
  let world: World;
  let admin: OverseerUser;

  before(async () => {
    world = await World.create("cli-look");
    admin = new OverseerUser(world);
    await world.repository("shop", {
      "web/web.yaml": deployment("web"),
      "web/settings.yaml": configMap("settings", { color: "blue" }),
      "bad/bad.yaml": deployment("bad").replace("replicas: 1", "replicas: two"),
    });
    await world.app("web", "shop", "web");
    await world.app("bad", "shop", "bad");
    await world.synced("web");
    await world.untilCondition("bad", "Ready", "False", "ApplyRefused");
  });
  after(async () => {
    admin?.expectNoCanary(world.canaries);
    await world?.remove();
  });

  it("lists objects with the columns of kubectl, of all namespaces, by label and by name", async () => {
    const { controlPlane, namespace } = world;
    const kubectl = (...args: string[]): Promise<string> =>
      runCommand(controlPlane.kubectlPath, ["--kubeconfig", controlPlane.kubeconfigPath, "-n", namespace, ...args]);
    const plain = (text: string): string => text.replaceAll(/\d+[ms]\S*/g, "AGE").replaceAll(/ +/g, " ");
    expect(plain(await admin.prints(["get", "apps"]))).to.equal(plain(await kubectl("get", "overseerapps")));
    expect(plain(await admin.prints(["get", "changes", "-o", "wide"]))).to.equal(
      plain(await kubectl("get", "changes", "-o", "wide")),
    );
    expect(await admin.prints(["get", "apps,repositories", "--no-headers"])).to.match(
      /^app\/bad .*^app\/web .*\n\nrepository\/shop /ms,
    );
    expect(await admin.prints(["get", "apps", "-A"])).to.match(new RegExp(`^${namespace} +web +True`, "m"));
    expect(await admin.prints(["get", "app", "web", "-o", "name"])).to.equal("overseerapp.gitops.overseer.io/web\n");
    const web = JSON.parse(await admin.prints(["get", "app/web", "-o", "json"])) as OverseerApp;
    expect(web.metadata).to.include({ name: "web", namespace }).and.not.have.property("managedFields");
    const list = JSON.parse(await admin.prints(["get", "apps", "-o", "json"])) as {
      kind: string;
      items: OverseerApp[];
    };
    expect([list.kind, list.items.map(({ kind, metadata }) => `${kind}/${metadata.name}`)]).to.deep.equal([
      "List",
      ["OverseerApp/bad", "OverseerApp/web"],
    ]);
    const none = await admin.run(["get", "apps", "-l", "team=none"]);
    expect(none).to.deep.equal({ code: 0, stdout: "", stderr: `No resources found in namespace ${namespace}.\n` });
  });

  it("prints each state of an object with -w, until Ctrl+C", async () => {
    const watch = new RunningCommand(...admin.command(["get", "apps", "-w", "-l", "watched=yes"]));
    await world.kube.patch(world.appRef("web"), { metadata: { labels: { watched: "yes" } } });
    await watch.prints("web ");
    watch.interrupt();
    expect((await watch.ended()).code).to.equal(130);
  });

  it("goes on watching over outages and an expired position, and ends when it is forbidden", async () => {
    const proxy = await ApiProxy.start(world.controlPlane);
    try {
      const behind = ["--kubeconfig", await proxy.kubeconfig(), "-n", world.namespace];
      const start = (...args: string[]): RunningCommand => new RunningCommand([...args, ...behind]);
      const apps = start("get", "apps", "-w", "-o", "json");
      const seen = start("events", "web", "--watch");
      const label = (value: string): Promise<unknown> =>
        world.kube.patch(world.appRef("web"), { metadata: { labels: { stage: value } } });
      const event = (reason: string): Promise<unknown> => world.kube.apply(eventAbout(web, reason));
      const web = await world.kube.get(world.appRef("web"));
      const watches = (plural: string): ProxiedWatch[] =>
        [...proxy.watches].filter(({ path }) => path.endsWith(`/${plural}`));
      const open = (): Promise<unknown> =>
        waitUntil(
          { what: "both watch", timeoutMs: 60_000 },
          () => watches("overseerapps").length === 1 && watches("events").length === 1,
        );
      await open();
      await apps.prints('"name": "bad"');
      await proxy.refuse();
      await Promise.all([apps, seen].map((command) => command.says("the watch is interrupted: ")));
      await label("away");
      await event("WhileAway");
      await proxy.listen();
      await apps.prints('"stage": "away"');
      await seen.prints("WhileAway");
      expect(apps.stderr).to.match(/; retrying in \d+s, Ctrl\+C ends it\nthe watch continues\n$/);
      await open();
      // Lists are needed; what has not changed is not printed again.
      let lists = 0;
      const expired = { kind: "Status", code: 410, reason: "Expired", message: "too old" };
      const relist = new Promise<void>((done) => {
        proxy.rule = ({ watch, path }) => {
          if (!watch && /\/(overseerapps|events)$/.test(path) && ++lists === 2) done();
          return undefined;
        };
      });
      await label("old");
      await apps.prints('"stage": "old"');
      for (const watch of proxy.watches) watch.inject({ type: "ERROR", object: expired });
      await relist;
      await open();
      await label("new");
      await event("AfterExpiry");
      await apps.prints('"stage": "new"');
      await seen.prints("AfterExpiry");
      expect(apps.stdout.match(/"stage": "(away|old|new)"/g)).to.deep.equal(
        ["away", "old", "new"].map((value) => `"stage": "${value}"`),
      );
      proxy.rule = ({ watch }) => (watch ? { kind: "answer", status: 403, reason: "Forbidden" } : undefined);
      for (const watch of proxy.watches) watch.end();
      for (const command of [apps, seen]) {
        const { code, stderr } = await command.ended();
        expect(code).to.equal(4);
        expect(stderr).to.match(/\noverseer: no: Forbidden\n$/);
      }
    } finally {
      await proxy.stop();
    }
  });

  it("describes an app with its conditions and Events, and a Change with its plan", async () => {
    const app = await admin.prints(["describe", "bad"]);
    expect(app).to.match(/^Name: +bad$/m);
    expect(app).to.match(/^ {2}Ready +False +ApplyRefused +\d+s +.*bad\/bad\.yaml/m);
    expect(app).to.match(/^Events:\n {2}LAST SEEN .*\n(.*\n)* .*ApplyRefused +OverseerApp\/bad/m);
    const change = await admin.prints(["describe", "change", "web-1"]);
    expect(change).to.match(/^Plan:\n {2}\+ create ConfigMap \S+\/settings {2}web\/settings\.yaml:1$/m);
    expect(await admin.prints(["describe", "repository/shop"])).to.include(`${world.git.url}/shop.git`);
  });

  it("shows the live objects of an app and what controllers made of them", async () => {
    const tree = await admin.prints(["tree", "web"]);
    expect(tree).to.match(/^├─ConfigMap settings +Healthy +/m);
    expect(tree).to.match(
      /^└─Deployment web +Healthy .*\n {2}└─ReplicaSet web-\w+ +Healthy .*\n {4}└─Pod web-\w+-\w+ +Healthy /m,
    );
    const { objects } = JSON.parse(await admin.prints(["tree", "web", "-o", "json"])) as {
      objects: { kind: string; children: object[] }[];
    };
    expect(objects.map(({ kind, children }) => [kind, children.length])).to.deep.equal([
      ["ConfigMap", 0],
      ["Deployment", 1],
    ]);
  });

  it("traces an object to its app, Change, file, commit and author", async () => {
    const trace = await admin.prints(["trace", "configmap/settings"]);
    expect(trace)
      .to.match(/^Change: +web-1 \(create\)$/m)
      .and.match(/^File: +web\/settings\.yaml:1$/m);
    expect(trace)
      .to.match(/^Author: +\S+/m)
      .and.match(/^Message: +first$/m);
    const pod = (await world.kube.list("v1", "Pod", world.namespace))[0]?.metadata.name ?? "";
    const refused = await admin.run(["trace", `pod/${pod}`]);
    expect([refused.code, refused.stderr]).to.deep.equal([1, refused.stderr]);
    expect(refused.stderr).to.match(/trace its owner: overseer trace replicaset\/web-\w+/);
    expect((await admin.run(["trace", "configmap/setings"])).stderr).to.include('did you mean "settings"?');
    expect((await admin.run(["trace", "configmapz/a"])).stderr).to.include("did you mean");
  });

  it("finds the pods whose logs are wanted, and passes on why one cannot be read", async () => {
    // The kubelet is simulated, and has no logs.
    const logs = await admin.run(["logs", "web"]);
    expect([logs.code, logs.stdout]).to.deep.equal([1, ""]);
    expect(logs.stderr).to.not.equal("");
    expect((await admin.run(["logs", "web", "--object", "deployment/other"])).stderr).to.match(
      /has no pods of deployment\/other: see "overseer tree web"/,
    );
  });

  it("exports manifests that can be applied again, without status", async () => {
    const exported = await admin.prints(["export", "web"]);
    expect(loadAll(exported).map((one) => (one as { kind: string }).kind)).to.deep.equal([
      "GitRepository",
      "OverseerApp",
    ]);
    expect(exported).to.not.match(/status:|uid:|managedFields|finalizers|reconcile-at/);
    const { controlPlane } = world;
    const args = ["--kubeconfig", controlPlane.kubeconfigPath, "apply", "--server-side", "--dry-run=server", "-f", "-"];
    expect(await runCommand(controlPlane.kubectlPath, args, { input: exported })).to.include(
      "overseerapp.gitops.overseer.io/web serverside-applied",
    );
  });

  it("completes commands, flags, kinds and the names of objects, silently when it cannot", async () => {
    const complete = async (...words: string[]): Promise<string> =>
      admin.prints(["__complete", ...words], { env: { OVERSEER_REQUEST_TIMEOUT: "60s" } });
    expect(await complete("tr")).to.match(/^tree\t.*\ntrace\t.*\n:4\n$/);
    expect(await complete("get", "app", "")).to.match(/^bad\t.*\nweb\t.*\n:4\n$/);
    expect(await complete("plan", "w")).to.match(/^web-1\n:4\n$/);
    expect(await complete("get", "apps", "-o", "w")).to.equal("wide\n:4\n");
    const broken = await admin.run(["__complete", "why", ""], { env: { KUBECONFIG: "/nonexistent" } });
    expect(broken).to.deep.equal({ code: 0, stdout: ":4\n", stderr: "" });
  });

  it("says what is wrong, where, and what to do, with the exit code of the documentation", async () => {
    const cases: readonly (readonly [args: readonly string[], code: number, message: string])[] = [
      [["get", "app", "wbe"], 4, `there is no OverseerApp "wbe" in namespace ${world.namespace}: did you mean "web"?`],
      [["get", "appz"], 2, 'there is no kind "appz": did you mean "app"?'],
      [["gett", "apps"], 2, "Did you mean get?"],
      [["get", "apps", "--contxt", "x"], 2, "Did you mean --context?"],
      [["get", "apps", "--context", "local"], 3, 'has no context "local"'],
      [["get", "apps", "--as", "eve"], 4, 'User "eve" cannot list resource "overseerapps"'],
      [["get", "apps", "--token", "none"], 3, "with the token of --token"],
      [["get", "apps", "--kubeconfig", "/nonexistent/config"], 3, "the kubeconfig /nonexistent/config cannot be read"],
    ];
    for (const [args, code, message] of cases) {
      const outcome = await admin.run(args);
      expect(outcome.stderr, args.join(" ")).to.include(message);
      expect([outcome.code, outcome.stdout], args.join(" ")).to.deep.equal([code, ""]);
    }
    const noAnswer = await admin.run(["get", "apps", "--request-timeout", "0.001s"]);
    expect([noAnswer.code, noAnswer.stderr]).to.deep.equal([3, noAnswer.stderr]);
    expect(noAnswer.stderr).to.include("within 1ms: check the network, or raise --request-timeout");
  });
});
