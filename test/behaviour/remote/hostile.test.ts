import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { makeCertificates } from "../../support/certificates.js";
import type { GitRepo } from "../../support/git-server.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { type Attack, HostileServer } from "./hostile-server.js";

/** The operator may need so much more for all of them together than it did without. */
const MOST_MIB = 200;
/** As many objects as are kept cost what they do at an honest server. */
const MOST_OBJECTS_MIB = 400;

describe("A remote API server that means harm", function () {
  this.timeout(180_000);
  let world: World;
  let server: HostileServer;
  let ca: string;
  let repo: GitRepo;
  let atRest: number;
  before(async function () {
    const certificates = makeCertificates();
    if (!certificates) return this.skip();
    ca = certificates.ca;
    server = await HostileServer.start(certificates.server);
    world = await World.create("hostile");
    repo = await world.repository("web", { "x.yaml": configMap("web", { v: "1" }) });
    await world.app("good", "web", ".");
    await world.synced("good");
    atRest = await memoryMib("VmRSS");
  });
  after(async () => {
    await world?.remove();
    await server?.stop();
  });

  /** Memory of the operator: `VmHWM` is the most that it ever had. */
  const memoryMib = async (what: "VmRSS" | "VmHWM"): Promise<number> => {
    const status = await readFile(`/proc/${world.operator.pid}/status`, "utf8");
    return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  };
  const kubeconfig = (attack: Attack): string =>
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "there",
      contexts: [{ name: "there", context: { cluster: "there", user: "me" } }],
      clusters: [
        {
          name: "there",
          cluster: {
            server: server.url(attack),
            "certificate-authority-data": Buffer.from(ca).toString("base64"),
          },
        },
      ],
      users: [{ name: "me", user: { token: world.canary() } }],
    });

  /** Lets a server do that to an app of its own, and waits until this says so. */
  const attacked = async (attack: Attack, says: RegExp): Promise<void> => {
    const metadata = { name: attack, namespace: world.namespace };
    const stringData = { value: kubeconfig(attack) };
    await world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData });
    const destination = { kubernetes: { kubeConfigSecretRef: { name: attack } } };
    await world.app(attack, "web", ".", { destination });
    const app = await world.kube.until<LiveApp>(
      world.appRef(attack),
      `says ${says}`,
      (object) => says.test(condition(object, "Ready")?.message ?? ""),
      60_000,
    );
    expect(condition(app, "Ready")?.status).to.not.equal("True");
  };
  /** The good app takes another commit, and the operator has not needed more than that. */
  const goesOn = async (v: string, mostMib: number): Promise<void> => {
    const head = await repo.commit({ "x.yaml": configMap("web", { v }) }, v);
    await world.poll("web");
    await world.synced("good", head);
    expect((await memoryMib("VmHWM")) - atRest, "MiB more than before").to.be.below(mostMib);
  };

  for (const [attack, what, says] of [
    ["kinds", "a list of kinds without an end", /the response exceeds the size limit/],
    ["values", "an answer that is small until it is read", /the response has more than 1000000 JSON values/],
    ["line", "an event without an end", /cannot be listed: .*an event exceeds 8 MiB/],
    ["refusal", "a refusal without an end", /cannot be listed: .*needs list and watch/],
    ["pages", "a page of a list without an end", /cannot be listed: .*the response exceeds the size limit/],
  ] as const) {
    it(`harms nobody by ${what}: its app says so, and others go on`, async () => {
      await attacked(attack, says);
      await goesOn(attack, MOST_MIB);
    });
  }

  it("harms nobody when all of that goes on", async () => {
    const { sent } = server;
    await waitUntil({ what: "it has sent much more", timeoutMs: 60_000 }, () => server.sent > sent + 256 * 1024 * 1024);
    await goesOn("on", MOST_MIB);
  });

  it("harms nobody by ever more objects: its app says so, and others go on", async () => {
    await attacked("objects", /cannot be listed: .*has more than 100000 objects/);
    await goesOn("objects", MOST_OBJECTS_MIB);
  });
});
