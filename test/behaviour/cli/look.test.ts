import { expect } from "chai";
import type { OverseerApp } from "../../../src/api/overseer-app.js";
import { OverseerUser, RunningCommand } from "../../support/overseer-cli.js";
import { configMap, deployment, World } from "../../support/world.js";

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
    const { runCommand } = await import("../../../tools/run-command.js");
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

  it("describes an app with its conditions and Events, and a Change with its plan", async () => {
    const app = await admin.prints(["describe", "bad"]);
    expect(app).to.match(/^Name: +bad$/m);
    expect(app).to.match(/^ {2}Ready +False +ApplyRefused +\d+s +.*bad\/bad\.yaml/m);
    expect(app).to.match(/^Events:\n {2}LAST SEEN .*\n(.*\n)* .*ApplyRefused +OverseerApp\/bad/m);
    const change = await admin.prints(["describe", "change", "web-1"]);
    expect(change).to.match(/^Plan:\n {2}\+ create ConfigMap \S+\/settings {2}web\/settings\.yaml:1$/m);
    expect(await admin.prints(["describe", "repository/shop"])).to.include(`${world.git.url}/shop.git`);
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
