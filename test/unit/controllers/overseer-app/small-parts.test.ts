import { expect } from "chai";
import { CHANGE_PHASES, isFinal } from "../../../../src/api/change.js";
import type { HealthStatus } from "../../../../src/api/overseer-app.js";
import { AppMemory } from "../../../../src/controllers/overseer-app/app-memory.js";
import { changeConditions } from "../../../../src/controllers/overseer-app/changes/change-record.js";
import { Claims } from "../../../../src/controllers/overseer-app/ownership/claims.js";
import {
  formatKind,
  kindsOf,
  parseKind,
  uniqueKinds,
} from "../../../../src/controllers/overseer-app/source/resource-kinds.js";
import { appHealth } from "../../../../src/controllers/overseer-app/status/health.js";
import { document, live, observation } from "../../plan/support/objects.js";
import { inputs } from "../support/resources.js";

describe("appHealth", () => {
  const is = (name: string, status: HealthStatus, message?: string) =>
    live(`v1 Pod shop/${name}`, { health: message === undefined ? { status } : { status, message } });
  const sum = (...objects: readonly ReturnType<typeof is>[]) =>
    appHealth(
      objects.map(({ id }) => document(`v1 Pod shop/${id.name}`)),
      observation(...objects),
    );

  it("is Healthy when all objects are, with or without remarks, and when there are none", () => {
    expect(sum()).to.deep.equal({ status: "Healthy", objects: 0, healthy: 0, problems: [] });
    expect(sum(is("a", "Healthy"), is("b", "Healthy", "is paused"))).to.deep.equal({
      status: "Healthy",
      objects: 2,
      healthy: 2,
      problems: [],
    });
  });

  it("is that of the worst object: Degraded before Unknown before Progressing", () => {
    expect(sum(is("a", "Healthy"), is("b", "Progressing")).status).to.equal("Progressing");
    expect(sum(is("a", "Unknown"), is("b", "Progressing")).status).to.equal("Unknown");
    expect(sum(is("a", "Degraded"), is("b", "Unknown"), is("c", "Healthy")).status).to.equal("Degraded");
  });

  it("is Suspended when all that is not healthy was suspended by a user", () => {
    expect(sum(is("a", "Healthy"), is("b", "Suspended", "is paused"))).to.deep.include({
      status: "Suspended",
      healthy: 1,
      problems: [{ object: "Pod shop/b", message: "is paused" }],
    });
    expect(sum(is("a", "Progressing"), is("b", "Suspended")).status).to.equal("Progressing");
  });

  it("counts a missing object as Progressing", () => {
    expect(appHealth([document("v1 Pod shop/a")], observation())).to.deep.equal({
      status: "Progressing",
      objects: 1,
      healthy: 0,
      absent: ["Pod shop/a"],
      problems: [{ object: "Pod shop/a", message: "does not exist" }],
    });
  });

  it("ignores objects that are not desired", () => {
    expect(appHealth([], observation(is("left", "Degraded")))).to.include({ status: "Healthy", objects: 0 });
  });

  it("names the worst five objects, by severity and then by name", () => {
    const objects = [
      is("z", "Progressing", "p"),
      is("b", "Degraded", "d"),
      is("a", "Degraded", "d"),
      is("u", "Unknown"),
      is("y", "Progressing", "p"),
      is("x", "Progressing", "p"),
    ];
    const { problems } = sum(...objects);
    expect(problems.map(({ object }) => object)).to.deep.equal(
      ["a", "b", "u", "x", "y"].map((name) => `Pod shop/${name}`),
    );
    expect(sum(...[...objects].reverse()).problems).to.deep.equal(problems);
    expect(problems[2]?.message).to.equal("Unknown");
  });

  it("cuts long messages to the schema limit", () => {
    expect(sum(is("a", "Degraded", "x".repeat(5_000))).problems[0]?.message).to.have.length(1_024);
  });
});

describe("kinds of a status", () => {
  const kinds = [
    ["v1./ConfigMap", { version: "v1", group: "", kind: "ConfigMap" }],
    ["v1.apps/Deployment", { version: "v1", group: "apps", kind: "Deployment" }],
    ["v1beta1.a.b.example.com/Widget", { version: "v1beta1", group: "a.b.example.com", kind: "Widget" }],
  ] as const;
  for (const [text, kind] of kinds) {
    it(`are formatted as ${text}, and parsed again`, () => {
      expect(formatKind(kind)).to.equal(text);
      expect(parseKind(text)).to.deep.equal(kind);
    });
  }

  for (const text of [
    "",
    "ConfigMap",
    "v1/ConfigMap",
    "v1.apps",
    "v1.apps/",
    ".apps/Deployment",
    "v1.apps/Deployment/x",
  ]) {
    it(`are not parsed from ${JSON.stringify(text)}`, () => expect(parseKind(text)).to.equal(undefined));
  }

  it("are unique by group and kind, with the first version", () => {
    const documents = ["apps/v1 Deployment a/b", "v1 Secret a/b", "apps/v1beta1 Deployment a/c", "x.io/v1 Secret a/b"];
    expect(kindsOf(documents.map((text) => document(text))).map(formatKind)).to.deep.equal([
      "v1.apps/Deployment",
      "v1./Secret",
      "v1.x.io/Secret",
    ]);
    expect(uniqueKinds([])).to.deep.equal([]);
  });
});

describe("Claims", () => {
  it("name another app that claims an object, the first by name, never the given one", () => {
    const claims = new Claims();
    claims.set("shop/c", ["x"]);
    claims.set("shop/b", ["x", "y"]);
    claims.set("shop/a", ["y"]);
    expect(claims.claimant("x", "shop/a")).to.equal("shop/b");
    expect(claims.claimant("x", "shop/b")).to.equal("shop/c");
    expect(claims.claimant("y", "shop/a")).to.equal("shop/b");
    expect(claims.claimant("z", "shop/a")).to.equal(undefined);
  });

  it("are replaced by an app's newest, and removed with it", () => {
    const claims = new Claims();
    claims.set("shop/a", ["x"]);
    claims.set("shop/a", ["y"]);
    expect(claims.claimant("x", "shop/b")).to.equal(undefined);
    expect(claims.claimant("y", "shop/b")).to.equal("shop/a");
    claims.remove("shop/a");
    claims.remove("shop/a");
    expect(claims.claimant("y", "shop/b")).to.equal(undefined);
  });

  it("of one app stay when those of another are removed", () => {
    const claims = new Claims();
    claims.set("shop/a", ["x"]);
    claims.set("shop/b", ["x"]);
    claims.remove("shop/b");
    expect(claims.claimant("x", "shop/b")).to.equal("shop/a");
  });
});

describe("AppMemory", () => {
  it("keeps only the given renders", () => {
    const memory = new AppMemory();
    for (const key of ["a", "b", "c"])
      memory.renders.set(key, { inputs: inputs(key), documents: [], kinds: [], notes: [], notesOmitted: 0 });
    memory.keepRenders(["c", undefined, "a", "z"]);
    expect([...memory.renders.keys()]).to.deep.equal(["a", "c"]);
    memory.keepRenders([undefined]);
    expect(memory.renders.size).to.equal(0);
  });
});

describe("changeConditions", () => {
  const show = (status: Parameters<typeof changeConditions>[0]): string =>
    changeConditions(status)
      .map((condition) => `${condition.type}=${condition.status} ${condition.reason}`)
      .join(", ");

  for (const phase of CHANGE_PHASES) {
    const ends =
      phase === "Succeeded" || phase === "Planned"
        ? `Ready=True ${phase}`
        : `Ready=False ${phase}, Stalled=True ${phase}`;
    const open =
      phase === "Refused"
        ? "Ready=False Refused, Reconciling=True Retrying"
        : `Ready=Unknown ${phase}, Reconciling=True ${phase}`;
    const expected = isFinal(phase) ? ends : open;
    it(`of a Change that is ${phase} are ${expected}`, () => expect(show({ phase })).to.equal(expected));
  }

  it("of a new Change report planning", () => {
    expect(show({})).to.equal("Ready=Unknown Planning, Reconciling=True Planning");
  });

  it("have the failure as message, else what the Change waits for, else the plan", () => {
    const say = (status: Parameters<typeof changeConditions>[0]) => changeConditions(status)[0]?.message;
    const all = { summary: "+1 ~0 -0", waitingFor: "leave", message: "refused" };
    expect(say({ phase: "Planning", ...all })).to.equal("refused");
    expect(say({ phase: "Waiting", summary: all.summary, waitingFor: all.waitingFor })).to.equal("leave");
    expect(say({ phase: "Applying", summary: all.summary })).to.equal("+1 ~0 -0");
    expect(say({ phase: "Succeeded" })).to.equal("Succeeded");
  });
});
