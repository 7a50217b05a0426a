// Runs alone: measures memory, and the attacks take both cores.
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { makeCertificates } from "../../support/certificates.js";
import type { GitRepo } from "../../support/git-server.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { type Attack, HostileServer } from "./hostile-server.js";

/** What lives in its heap has room in this; an operator that keeps what is sent to it ends for want of memory. */
const HEAP_MIB = 256;
/** With garbage that is not collected yet, the operator may need so much more than it did without the attacks. */
const MOST_MIB = 400;

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
    world = await World.create("hostile", { operator: { nodeFlags: [`--max-old-space-size=${HEAP_MIB}`] } });
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
      120_000,
    );
    expect(condition(app, "Ready")?.status).to.not.equal("True");
  };
  /** The good app takes another commit, and the operator has not needed more than that. */
  const goesOn = async (v: string): Promise<void> => {
    const head = await repo.commit({ "x.yaml": configMap("web", { v }) }, v);
    await world.poll("web");
    await world.synced("good", head);
    expect((await memoryMib("VmHWM")) - atRest, "MiB more than before").to.be.below(MOST_MIB);
  };

  const ATTACKS = [
    ["kinds", "a list of kinds without an end", /the response exceeds the size limit/],
    ["values", "an answer that is small until it is read", /the response has more than 1000000 JSON values/],
    ["line", "an event without an end", /cannot be listed: .*an event exceeds 8 MiB/],
    ["refusal", "a refusal without an end", /cannot be listed: .*needs list and watch/],
    ["pages", "a page of a list without an end", /cannot be listed: .*the response exceeds the size limit/],
  ] as const;
  for (const [attack, what, says] of ATTACKS) {
    it(`harms nobody by ${what}: its app says so, and others go on`, async () => {
      await attacked(attack, says);
      await goesOn(attack);
    });
  }

  it("harms nobody when all of that goes on", async () => {
    const { sent } = server;
    await waitUntil({ what: "it has sent much more", timeoutMs: 60_000 }, () => server.sent > sent + 256 * 1024 * 1024);
    await goesOn("on");
  });

  it("harms nobody by ever more objects: its app says so, and others go on", async () => {
    server.end(ATTACKS.map(([attack]) => attack));
    await world.operator.stop();
    await world.operator.start();
    await world.poke("good");
    atRest = await memoryMib("VmRSS");
    await attacked("objects", /cannot be listed: .*has more than 100000 objects/);
    await goesOn("objects");
  });
});
