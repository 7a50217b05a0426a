import { expect } from "chai";
import { KubeStatusError } from "../../../src/kube/errors.js";
import type { RawObject } from "../../../src/kube/object.js";
import type { TestObject } from "../../support/kube.js";
import { applies, at, edits, type ManagedFieldsCase, patches, THIEF, type Trial } from "./case.js";
import { document, settings, workload } from "./documents.js";

const secret = (name: string): string => document("v1", "Secret", name, "stringData: { a: one }\ndata: { b: dHdv }");

/** The object as its owner would apply it: marks and all, with other fields. */
function asOwner({ before, ref, kube, manager }: Trial, fields: Record<string, unknown>): Promise<RawObject> {
  const { name, namespace, labels, annotations } = before.metadata;
  const { apiVersion, kind } = ref;
  return kube.apply(
    { apiVersion, kind, metadata: { name, namespace: namespace ?? "", labels, annotations }, ...fields },
    manager,
  );
}

/** Changes an object, then writes its backup over it: the old entries come back, the new value stays. */
async function restoreOver(trial: Trial, change: Record<string, unknown>): Promise<void> {
  const { kube, ref, before } = trial;
  const changed = await kube.patch(ref, change, { manager: THIEF });
  const { resourceVersion: _, ...metadata } = changed.metadata;
  await kube.replace(ref, { ...changed, metadata: { ...metadata, managedFields: before.metadata.managedFields } });
}

/** Deletes an object, makes it anew with other data, and patches the managed fields of the old one in. */
async function restoreAnew(trial: Trial, fields: Record<string, unknown>): Promise<void> {
  const { kube, ref, before } = trial;
  const { name, namespace, labels, annotations, managedFields } = before.metadata;
  await kube.delete(ref);
  const metadata = { name, namespace: namespace ?? "", labels, annotations };
  await kube.create({ ...(before as unknown as TestObject), metadata, ...fields });
  await kube.patch(ref, [{ op: "replace", path: "/metadata/managedFields", value: managedFields }], { type: "json" });
}

const twoOf = (field: string): string =>
  field === "env" ? ", env: [{ name: HOST, value: web }, { name: URL, value: http://$(HOST)/ }]" : "";
const inits =
  ", initContainers: [{ name: first, image: registry.example/a:1 }, { name: second, image: registry.example/b:1 }]";

/** Swaps the two items of a list. */
function swaps(path: string, ...steps: readonly (string | number)[]): (trial: Trial) => Promise<unknown> {
  return ({ kube, ref, before }) => {
    const items = at(before, ...steps) as unknown[];
    return kube.patch(ref, [{ op: "replace", path, value: [...items].reverse() }], { manager: THIEF, type: "json" });
  };
}

const robot = ", serviceAccountName: robot";

/** Somebody else sets the alias: refused without force, since we own both names. */
async function takesAlias({ kube, ref }: Trial, alias: string): Promise<void> {
  const { apiVersion, kind, name, namespace } = ref;
  const object = {
    apiVersion,
    kind,
    metadata: { name, namespace: namespace ?? "" },
    spec: { template: { spec: { [alias]: "thief" } } },
  };
  const refusal = await kube.apply(object, THIEF, { force: "false" }).catch((error: unknown) => error);
  expect(refusal).to.be.instanceOf(KubeStatusError).and.to.have.property("statusCode", 409);
  await kube.apply(object, THIEF);
}

const podSpec = (object: RawObject): unknown => at(object, "spec", "template", "spec");

/** Holes: values that change while our entry stays, and what Git leaves to others. */
export const CASES_A: readonly ManagedFieldsCase[] = [
  {
    row: "A1",
    title: "a Secret whose value another server-side apply sets by stringData, without force, is healed",
    documents: secret,
    disturb: applies({ stringData: { a: "two" } }, false),
    expect: "healed",
    frozen: true,
    hidden: true,
  },
  {
    row: "A5",
    title: "a ConfigMap that drifted and got its old managedFields back by a PUT is healed",
    documents: (name) => settings(name),
    disturb: (trial) => restoreOver(trial, { data: { a: "drift" } }),
    expect: "healed",
    frozen: true,
    hidden: true,
  },
  {
    row: "A5",
    title:
      "a Deployment whose label drifted and that got its old managedFields back is healed, though its generation is the same",
    documents: (name) => workload(name),
    disturb: (trial) => restoreOver(trial, { metadata: { labels: { tier: "front" } } }),
    expect: "healed",
    frozen: true,
    hidden: true,
  },
  {
    row: "A6",
    title: "a ConfigMap that was made anew with another value and the old managedFields is healed",
    documents: (name) => settings(name),
    disturb: (trial) => restoreAnew(trial, { data: { a: "drift", b: "two" } }),
    expect: "healed",
    frozen: true,
    hidden: true,
  },
  {
    row: "A7",
    title: "a ConfigMap that somebody applies under our manager name with other values is healed",
    documents: (name) => settings(name),
    disturb: (trial) => asOwner(trial, { data: { a: "drift", b: "two" } }),
    expect: "healed",
    frozen: true,
    hidden: true,
  },
  {
    row: "A8",
    title: "environment variables are put back into their order",
    documents: (name) => workload(name, twoOf("env")),
    disturb: swaps("/spec/template/spec/containers/0/env", "spec", "template", "spec", "containers", 0, "env"),
    expect: "healed",
    frozen: true,
    hidden: true,
  },
  {
    row: "A8",
    title: "init containers are put back into their order",
    documents: (name) => workload(name, "", inits),
    disturb: swaps("/spec/template/spec/initContainers", "spec", "template", "spec", "initContainers"),
    expect: "healed",
    frozen: true,
    hidden: true,
  },
  {
    row: "A9",
    title: "serviceAccount set by another apply is taken back",
    documents: (name) => workload(name, "", robot),
    disturb: (trial) => takesAlias(trial, "serviceAccount"),
    expect: "healed",
  },
  {
    row: "A9",
    title: "serviceAccountName set by another apply is taken back, where Git sets serviceAccount",
    documents: (name) => workload(name, "", ", serviceAccount: robot"),
    disturb: (trial) => takesAlias(trial, "serviceAccountName"),
    expect: "healed",
  },
  {
    row: "A11",
    title: "fields that an apply under our name left out come back",
    documents: (name) => settings(name),
    disturb: (trial) => asOwner(trial, { data: { a: "one" } }),
    expect: "healed",
  },
  {
    row: "A11",
    title: "an object comes back as ours when an apply under our name left out our labels, too",
    documents: (name) => settings(name),
    disturb: ({ kube, ref, manager }) =>
      kube.apply(
        {
          apiVersion: ref.apiVersion,
          kind: ref.kind,
          metadata: { name: ref.name, namespace: ref.namespace ?? "" },
          data: { a: "one" },
        },
        manager,
      ),
    expect: "healed",
  },
  {
    row: "A12",
    title: "a key that somebody adds is looked at once and stays",
    documents: (name) => settings(name),
    disturb: patches({ data: { foreign: "kept" } }),
    expect: "one verification",
    after: (_, live) => expect(at(live, "data", "foreign")).to.equal("kept"),
  },
  {
    row: "A12",
    title: "a sidecar and hostNetwork that somebody adds are looked at once and stay",
    documents: (name) => workload(name),
    disturb: edits(
      { op: "add", path: "/spec/template/spec/hostNetwork", value: true },
      {
        op: "add",
        path: "/spec/template/spec/containers/-",
        value: { name: "side", image: "registry.example/side:1" },
      },
    ),
    expect: "one verification",
    after: (_, live) => expect(at(podSpec(live), "containers", 1, "name")).to.equal("side"),
  },
];
