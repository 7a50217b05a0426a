import { expect } from "chai";
import { healthReasons } from "../../../../../src/destinations/kubernetes/health/health-reasons.js";
import type { KubeRequest } from "../../../../../src/kube/client/kube-client.js";
import { KubeStatusError } from "../../../../../src/kube/errors.js";
import type { HealthLookup, LiveObject, ObjectHealth } from "../../../../../src/plan/live.js";

const NOW = Date.parse("2026-01-01T12:00:00Z");

function live(kind: string, lookup: HealthLookup, health: Partial<ObjectHealth> = {}): LiveObject {
  const id = { group: "apps", version: "v1", kind, namespace: "shop", name: "web" };
  return { id, key: `${kind}/web`, uid: "u-web", health: { status: "Progressing", lookup, ...health } } as never;
}

const PODS = { pods: "app=web" };
const pull = { containerStatuses: [{ name: "web", state: { waiting: { reason: "ErrImagePull" } } }] };
const pod = (name: string, owner: object, labels: object = {}, status: object = pull): object => ({
  metadata: { name, uid: `u-${name}`, labels, ownerReferences: [{ controller: true, ...owner }] },
  status,
});
const event = (reason: string, message: string, lastTimestamp = "2026-01-01T11:59:00Z"): object => ({
  metadata: { name: message },
  reason,
  message,
  lastTimestamp,
});

/** An API server that has these objects by plural, and refuses to list the others. */
function server(objects: Record<string, readonly object[]>) {
  const asked: string[] = [];
  const request = async ({ path, query }: KubeRequest) => {
    const plural = path.split("/").at(-1) ?? "";
    asked.push(`${plural} ${query?.labelSelector ?? query?.fieldSelector ?? ""}`.trim());
    if (!objects[plural]) throw new KubeStatusError(403, { reason: "Forbidden", message: "no" }, path);
    return { body: { items: objects[plural] } };
  };
  const reasons = async (...of: LiveObject[]): Promise<Record<string, string>> =>
    Object.fromEntries(await healthReasons({ client: { request }, clock: { now: () => NOW } } as never, of));
  return { asked, reasons };
}

describe("Reasons why objects are not healthy", () => {
  it("come only from a Deployment's own pods, with one list", async () => {
    const { asked, reasons } = server({
      pods: [
        pod("web-a1-x", { kind: "ReplicaSet", name: "web-a1", uid: "r" }, { "pod-template-hash": "a1" }),
        pod("api-b2-x", { kind: "ReplicaSet", name: "api-b2", uid: "s" }, { "pod-template-hash": "b2" }),
        pod("aaa", { kind: "StatefulSet", name: "web", uid: "t" }),
      ],
    });
    const expected = { "Deployment/web": "container web: ErrImagePull (pod web-a1-x)" };
    expect(await reasons(live("Deployment", PODS))).to.deep.equal(expected);
    expect(asked).to.deep.equal(["pods app=web"]);
  });

  it("come from the pods that other workloads own by UID", async () => {
    const pods = [pod("web-0", { kind: "StatefulSet", uid: "u-web" }), pod("aaa", { kind: "Job", uid: "u-other" })];
    for (const kind of ["StatefulSet", "DaemonSet", "ReplicaSet", "Job"])
      expect(await server({ pods }).reasons(live(kind, PODS))).to.deep.equal({
        [`${kind}/web`]: "container web: ErrImagePull (pod web-0)",
      });
  });

  it("come from recent Events if no pod can be created, with a stable text", async () => {
    const refused = (name: string): string => `Error creating: pods "${name}" is forbidden: exceeded quota: q`;
    const events = [
      event("FailedCreate", refused("web-bcdfg"), "2026-01-01T11:59:30Z"),
      event("FailedCreate", refused("web-xxxxx"), "2026-01-01T11:59:00Z"),
      event("BackOff", "something else", "2026-01-01T11:59:59Z"),
    ];
    const { asked, reasons } = server({ pods: [], events });
    const expected = { "DaemonSet/web": "FailedCreate: exceeded quota: q" };
    expect(await reasons(live("DaemonSet", PODS))).to.deep.equal(expected);
    expect(asked).to.deep.equal(["pods app=web", "events involvedObject.uid=u-web,type=Warning"]);
    const old = [event("FailedCreate", refused("web-bcdfg"), "2026-01-01T11:00:00Z")];
    expect(await server({ pods: [], events: old }).reasons(live("Job", PODS))).to.deep.equal({});
  });

  it("are the Events of a pod that does not start", async () => {
    const status = { containerStatuses: [{ name: "web", state: { waiting: { reason: "ContainerCreating" } } }] };
    const pods = [pod("web-0", { uid: "u-web" }, {}, status)];
    const events = [event("FailedMount", 'MountVolume.SetUp failed for volume "c" : configmap "c" not found')];
    expect(await server({ pods, events }).reasons(live("StatefulSet", PODS))).to.deep.equal({
      "StatefulSet/web": 'FailedMount: MountVolume.SetUp failed for volume "c" : configmap "c" not found (pod web-0)',
    });
    expect(await server({ pods }).reasons(live("StatefulSet", PODS)), "no right to read Events").to.deep.equal({
      "StatefulSet/web": "container web: ContainerCreating (pod web-0)",
    });
  });

  it("are missing StorageClasses of claims, with one list for all claims", async () => {
    const claim = (storageClass: string): LiveObject =>
      ({ ...live(storageClass, { storageClass }, { status: "Healthy" }) }) as LiveObject;
    const { asked, reasons } = server({ storageclasses: [{ metadata: { name: "fast" } }] });
    expect(await reasons(claim("fast"), claim("slow"))).to.deep.equal({
      "slow/web": "StorageClass slow does not exist",
    });
    expect(asked).to.deep.equal(["storageclasses"]);
  });

  it("are omitted if they cannot be read", async () => {
    const objects = [live("Deployment", PODS), live("PersistentVolumeClaim", { storageClass: "slow" })];
    expect(await server({}).reasons(...objects)).to.deep.equal({});
  });
});
