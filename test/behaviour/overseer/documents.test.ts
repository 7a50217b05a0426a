import { expect } from "chai";
import { load } from "js-yaml";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { condition, World } from "../../support/world.js";

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      { readonly volumes?: readonly unknown[]; readonly environment?: unknown; readonly command?: unknown }
    >
  >;
  readonly volumes?: Readonly<Record<string, unknown>>;
}

describe("Documents for an Overseer Core", function () {
  this.timeout(120_000);
  let world: World;
  let core: CoreBench;
  before(async () => {
    world = await World.create("core-docs");
    core = await CoreBench.start(world);
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });
  const composeOf = async (name: string): Promise<Compose> =>
    load((await core.appNamed(name))?.compose ?? "") as Compose;
  const refusal = async (name: string, files: Record<string, string>): Promise<string> => {
    await world.repository(name, files);
    await core.app(name, name, ".");
    const app = await world.untilCondition(name, "Stalled", "True");
    return condition(app, "Ready")?.message ?? "";
  };

  it("keep a bind with a default in one piece", async () => {
    const repo = await world.repository("bind", {
      "bind.yaml": appDocument("bind", { web: { image: "w:1", volumes: ["${DATA:-/srv/x}:/data", "named:/n"] } }),
    });
    await core.app("bind", "bind", ".");
    await world.synced("bind", await repo.head());
    const { services, volumes } = await composeOf("bind");
    expect(services.web?.volumes).to.deep.equal(["/srv/x:/data", "named:/n"]);
    expect(Object.keys(volumes ?? {})).to.deep.equal(["named"]);
  });

  it("with an unset variable are refused by its name, until the app sets it", async () => {
    const message = await refusal("unset", {
      "unset.yaml": appDocument("unset", { web: { image: "w:1", volumes: ["${UPLOAD_LOCATION}:/data"] } }),
    });
    expect(message).to.match(/unset\.yaml:1.*UPLOAD_LOCATION/);
    expect(message).not.to.match(/empty section/);
    await core.app("unset", "unset", ".", { source: { env: [{ name: "UPLOAD_LOCATION", value: "/srv/up" }] } });
    await world.synced("unset");
    expect((await composeOf("unset")).services.web?.volumes).to.deep.equal(["/srv/up:/data"]);
  });

  it("take $${SECRET:x} for text, and look up no secret for it", async () => {
    const repo = await world.repository("text", {
      "text.yaml": appDocument("text", { web: { image: "w:1", environment: { A: "$${SECRET:nope}" } } }),
    });
    await core.app("text", "text", ".");
    await world.synced("text", await repo.head());
    expect((await composeOf("text")).services.web?.environment).to.deep.equal({ A: "$${SECRET:nope}" });
  });

  it("are merged with those of an overlay, and a commit to the overlay alone is applied", async () => {
    const partial = (tag: number): string => appDocument("overlaid", { web: { image: `w:${tag}` } });
    const repo = await world.repository("overlaid", {
      "apps/a.yaml": appDocument("overlaid", { web: { image: "w:1", environment: { A: "1" } } }),
      "environments/prod/a.yaml": partial(2),
    });
    await core.app("overlaid", "overlaid", "apps", { source: { overlay: "environments/prod" } });
    await world.synced("overlaid", await repo.head());
    expect((await composeOf("overlaid")).services.web).to.deep.equal({ image: "w:2", environment: { A: "1" } });
    const head = await repo.commit({ "environments/prod/a.yaml": partial(3) }, "three");
    await world.poll("overlaid");
    await world.synced("overlaid", head);
    expect((await composeOf("overlaid")).services.web).to.include({ image: "w:3" });
  });

  it("keep names with an underscore that others refer to", async () => {
    const repo = await world.repository("plausible", {
      "plausible.yaml": appDocument("plausible", {
        plausible: { image: "p:1", ports: ["8000"], environment: ["DATABASE_URL=postgres://plausible_db:5432/p"] },
        plausible_db: { image: "postgres:17" },
      }),
    });
    await core.app("plausible", "plausible", ".");
    await world.synced("plausible", await repo.head());
    expect(Object.keys((await composeOf("plausible")).services)).to.deep.equal(["plausible", "plausible_db"]);
  });

  it("that change in comments and order alone change nothing, but the revision goes on", async () => {
    const yaml = (text: string): string =>
      `apiVersion: overseer.io/v1\nkind: App\nmetadata: { name: calm }\nspec:\n${text}`;
    const repo = await world.repository("calm", {
      "calm.yaml": yaml(
        "  targetNode: node-1\n  compose:\n    services:\n      a: { image: a:1 }\n      b: { image: b:1, user: '1' }\n",
      ),
    });
    await core.app("calm", "calm", ".");
    await world.synced("calm", await repo.head());
    const before = await core.appNamed("calm");
    const writes = core.proxy.requests.filter(({ method }) => method !== "GET").length;
    const head = await repo.commit(
      {
        "calm.yaml": yaml(
          "  # a comment\n  compose:\n    services:\n      b: { user: '1', image: b:1 }\n      a: { image: a:1 }\n  targetNode: node-1\n",
        ),
      },
      "order",
    );
    await world.poll("calm");
    await world.synced("calm", head);
    expect(await core.appNamed("calm")).to.deep.equal(before);
    expect(core.proxy.requests.filter(({ method }) => method !== "GET").length).to.equal(writes);
    expect(await world.changes("calm")).to.have.length(1);
  });

  it("for Kubernetes are refused with what to do", async () => {
    const message = await refusal("mixed", { "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n" });
    expect(message).to.match(/c\.yaml:1: ConfigMap.*goes to Kubernetes/);
  });

  it("that are invalid are all reported at once, with line, field and expected value", async () => {
    const message = await refusal("typo", {
      "a.yaml":
        "apiVersion: overseer.io/v1\nkind: App\nmetadata: { name: a }\nspec:\n  targetNod: node-1\n  compose:\n    services:\n      web: { image: w:1 }\n",
      "b.yaml": "apiVersion: overseer.io/v1\nkind: Node\nmetadata: { name: n1 }\nspec:\n  schedulable: perhaps\n",
    });
    expect(message).to.match(/a\.yaml:5.*spec\.targetNod.*targetNode/);
    expect(message).to.match(/b\.yaml:5.*spec\.schedulable/);
    expect(await core.appNamed("a")).to.equal(undefined);
  });

  it("never show what a secret reference stands for", async () => {
    await core.secret("pw");
    const repo = await world.repository("secret", {
      "secret.yaml": appDocument("secret", { web: { image: "w:1", environment: ["PW=${SECRET:pw}"] } }),
    });
    await core.app("secret", "secret", ".");
    await world.synced("secret", await repo.head());
    expect((await core.appNamed("secret"))?.compose).to.contain("${SECRET:pw}");
  });
});
