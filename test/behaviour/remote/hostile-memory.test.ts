// Runs alone: measures memory, and the attacks take both cores.
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { makeCertificates } from "../../support/certificates.js";
import type { GitRepo } from "../../support/git-server.js";
import { RemotePlane } from "../../support/remote-plane.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";
import { type Attack, HostileServer } from "./hostile-server.js";

const MIB = 1024 * 1024;
const HEAP_MIB = 256;
/** Limit of one remote cluster. */
const CLUSTER_MIB = 48;
/** What the operator may need more than before the attacks: the limit of the total, and garbage that is not collected yet. */
const MOST_MIB = 400;

describe("A remote API server that sends more than fits into memory", function () {
  this.timeout(180_000);
  let world: World;
  let remote: RemotePlane;
  let server: HostileServer;
  let ca: string;
  let repo: GitRepo;
  let atRest: number;
  before(async function () {
    const certificates = makeCertificates();
    if (!certificates) return this.skip();
    ca = Buffer.from(certificates.ca).toString("base64");
    server = await HostileServer.start(certificates.server);
    const flags = [`--max-remote-cluster-bytes=${CLUSTER_MIB * MIB}`];
    const nodeFlags = [`--max-old-space-size=${HEAP_MIB}`];
    world = await World.create("hostile-memory", { operator: { flags, nodeFlags } });
    remote = await RemotePlane.start(world);
    await remote.secret("neighbor", remote.kubeconfig());
    repo = await world.repository("web", { "x.yaml": configMap("web", { v: "1" }) });
    await remote.app("neighbor", "web", "neighbor");
    await world.synced("neighbor");
    atRest = await memoryMib("VmRSS");
  });
  after(async () => {
    await world?.remove();
    await remote?.stop();
    await server?.stop();
  });

  /** Memory of the operator: `VmHWM` is the most that it ever had. */
  const memoryMib = async (what: "VmRSS" | "VmHWM"): Promise<number> => {
    const status = await readFile(`/proc/${world.operator.pid}/status`, "utf8");
    return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  };

  /** Points an app at an attack, and waits until its condition says so. */
  const attacked = async (attack: Attack, says: RegExp): Promise<LiveApp> => {
    const cluster = { "certificate-authority-data": ca };
    await remote.secret(attack, remote.kubeconfig({ server: server.url(attack), token: world.canary(), cluster }));
    await remote.app(attack, "web", attack);
    return world.kube.until<LiveApp>(
      world.appRef(attack),
      `says ${says}`,
      (object) => {
        const ready = condition(object, "Ready");
        return ready !== undefined && ready.status !== "True" && says.test(ready.message ?? "");
      },
      120_000,
    );
  };

  /** An app of another remote cluster of the same namespace takes a commit, and the memory stays flat. */
  const goesOn = async (v: string): Promise<void> => {
    const head = await repo.commit({ "x.yaml": configMap("web", { v }) }, v);
    await world.poll("web");
    await world.synced("neighbor", head);
    expect((await memoryMib("VmHWM")) - atRest, "MiB more than before").to.be.below(MOST_MIB);
  };

  const EXCESS =
    /kubeConfigSecretRef: its objects need more than 48 MiB of memory \(most of it for \/api\/v1\/configmaps\): .* or raise --max-remote-cluster-bytes/;
  for (const [attack, what] of [
    ["small", "a list of ever more small objects"],
    ["fat", "a list of objects with many managed fields"],
    ["grow", "events of ever more objects after a complete list"],
  ] as const)
    it(`closes the connection to a cluster with ${what}, and others go on`, async () => {
      const app = await attacked(attack, EXCESS);
      expect(condition(app, "Ready")?.reason).to.equal("ClusterTooLarge");
      await goesOn(attack);
    });

  for (const [attack, what, says] of [
    [
      "endless",
      "pages of a list without an end",
      /cannot be listed: the list of .*configmaps does not end after 1010 pages/,
    ],
    ["headers", "headers without an end", /cannot be listed: .*Headers Overflow/],
    ["gzip", "a compressed gigabyte", /cannot be listed: .*is not valid JSON/],
    ["foreign", "objects that no app has", /ConfigMap has not been listed yet/],
    ["drip", "an event that arrives byte by byte", /ConfigMap has not been listed yet/],
  ] as const)
    it(`keeps nothing of ${what}, and others go on`, async () => {
      await attacked(attack, says);
      await goesOn(attack);
    });
});
