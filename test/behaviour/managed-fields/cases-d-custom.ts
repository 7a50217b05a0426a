import { expect } from "chai";
import { at, edits, type ManagedFieldsCase, patches, pokes } from "./case.js";
import { settings } from "./documents.js";
import { widget } from "./widgets.js";

/** A case in which a field of a Widget is changed. */
function field(title: string, spec: string, change: unknown): ManagedFieldsCase {
  return {
    row: "D14",
    title,
    documents: (name) => widget(name, spec),
    disturb: patches({ spec: change }),
    expect: "healed",
  };
}

const withStatus =
  (kind: string) =>
  (name: string): string =>
    `${widget(name, "{ solid: 1 }", kind)}status: { phase: fine }\n`;

/** Custom resources in every shape that a schema can give them. */
export const CASES_D_CUSTOM: readonly ManagedFieldsCase[] = [
  field("a member that was taken out of a set", "{ set: [a, b] }", { set: ["a"] }),
  field("the order of a set", "{ set: [a, b] }", { set: ["b", "a"] }),
  field("an item of a map-like list", "{ parts: [{ name: a, size: 1 }, { name: b, size: 2 }] }", {
    parts: [
      { name: "a", size: 1 },
      { name: "b", size: 9 },
    ],
  }),
  field("the order of a map-like list", "{ parts: [{ name: a, size: 1 }, { name: b, size: 2 }] }", {
    parts: [
      { name: "b", size: 2 },
      { name: "a", size: 1 },
    ],
  }),
  field("an atomic map", "{ atomicMap: { a: x } }", { atomicMap: { b: "y" } }),
  field("an atomic list", "{ list: [a] }", { list: ["a", "b"] }),
  field("an int-or-string", "{ port: web }", { port: 80 }),
  field("an unknown key", "{ unheard: { of: [1, 2] } }", { unheard: { of: [1] } }),
  field("an unknown key that is gone", "{ unheard: { of: [1, 2] } }", { unheard: null }),
  {
    row: "D14",
    title: "a member that somebody adds to a set stays",
    documents: (name) => widget(name, "{ set: [a] }"),
    disturb: patches({ spec: { set: ["a", "b"] } }),
    expect: "one verification",
    after: (_, live) => expect(at(live, "spec", "set")).to.deep.equal(["a", "b"]),
  },
  {
    row: "D14",
    title: "a finalizer of Git that was removed comes back",
    documents: (name) =>
      settings(name, "{ a: one }", ", finalizers: [fields.example.com/keep, fields.example.com/too]"),
    disturb: edits({ op: "remove", path: "/metadata/finalizers/0" }),
    expect: "healed",
    live: ({ metadata }) => [...(metadata.finalizers ?? [])].sort(),
  },
  {
    row: "D15",
    title: "a status in Git means nothing where a subresource holds it",
    documents: withStatus("Widget"),
    disturb: ({ kube, ref }) =>
      kube.patch(ref, { status: { phase: "busy" } }, { manager: "controller", subresource: "status" }),
    expect: "quiet",
    after: (_, live) => expect(at(live, "status", "phase")).to.equal("busy"),
  },
  {
    row: "D15",
    title: "a status in Git is a plain field where no subresource holds it",
    documents: withStatus("Gadget"),
    disturb: patches({ status: { phase: "busy" } }),
    expect: "healed",
    live: (object) => object.status,
  },
  {
    row: "C1",
    title: "a reconcile writes nothing",
    documents: (name) => widget(name, "{ set: [a], parts: [{ name: a }], list: [], free: { x: [{}] } }"),
    disturb: pokes,
    expect: "quiet",
  },
];
