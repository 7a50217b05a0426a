import { document, settings, workload } from "./documents.js";
import type { RowId } from "./rows.js";
import { widget } from "./widgets.js";

/** A document that must not be written. */
export interface RefusedCase {
  readonly row: RowId;
  readonly title: string;
  /** What is in Git before, and is applied; unless told, nothing. */
  readonly first?: (name: string) => string;
  readonly documents: (name: string) => string;
  /** What the app says. Begins with file and line. */
  readonly says: RegExp;
  readonly reason: string;
}

const review = (name: string): string =>
  document(
    "authorization.k8s.io/v1",
    "SubjectAccessReview",
    name,
    "spec: { user: x, nonResourceAttributes: { path: /, verb: get } }",
  );

/** Documents that the product refuses, with where they stand, before anything is written. */
export const REFUSED_CASES: readonly RefusedCase[] = [
  {
    row: "D3",
    title: "a variable that stands twice",
    documents: (name) => workload(name, ", env: [{ name: A, value: x }, { name: A, value: y }]"),
    says: /refused\.yaml:1: .*env lists name "A" twice/,
    reason: "RenderFailed",
  },
  {
    row: "D3",
    title: "a port that stands twice",
    documents: (name) =>
      workload(name, ", ports: [{ containerPort: 80, hostPort: 1 }, { containerPort: 80, hostPort: 2 }]"),
    says: /refused\.yaml:1: .*ports lists containerPort 80, protocol "TCP" twice/,
    reason: "RenderFailed",
  },
  {
    row: "D3",
    title: "a finalizer that stands twice",
    documents: (name) => settings(name, "{ a: x }", ", finalizers: [x.example.com/a, x.example.com/a]"),
    says: /refused\.yaml:1: .*finalizers lists "x.example.com\/a" twice/,
    reason: "RenderFailed",
  },
  {
    row: "D3",
    title: "a member of a set of a CR that stands twice, which the API server alone can know",
    documents: (name) => widget(name, "{ set: [a, a] }"),
    says: /refused\.yaml:4: Widget .*spec\.set: two entries have the same value a: remove one of them/,
    reason: "ApplyRefused",
  },
  {
    row: "D5",
    title: "an unknown field",
    documents: (name) => workload(name, ", imagePullPolice: Never"),
    says: /refused\.yaml:9: .*containers\[web\]\.imagePullPolice: unknown field/,
    reason: "ApplyRefused",
  },
  {
    row: "D5",
    title: "a number for a string",
    documents: (name) => settings(name, "{ a: 1 }"),
    says: /refused\.yaml:4: .*data\.a: 1 is a number; put it in quotes/,
    reason: "ApplyRefused",
  },
  {
    row: "D5",
    title: "null for a field of a CR that is not nullable",
    documents: (name) => widget(name, "{ solid: null, parts: [{ name: a, size: null }] }"),
    says: /refused\.yaml:4: .*(solid|size): is of type null/,
    reason: "ApplyRefused",
  },
  {
    row: "D12",
    title: "a change of an immutable ConfigMap",
    first: (name) => `${settings(name)}immutable: true\n`,
    documents: (name) => `${settings(name, "{ a: changed }")}immutable: true\n`,
    says: /refused\.yaml:[46]: .*immutable.*delete the live object/,
    reason: "ApplyRefused",
  },
  {
    row: "D12",
    title: "a change of the type of a Secret",
    first: (name) => document("v1", "Secret", name, "type: a.example.com/a\ndata: { a: b25l }"),
    documents: (name) => document("v1", "Secret", name, "type: a.example.com/b\ndata: { a: b25l }"),
    says: /refused\.yaml:[46]: .*immutable.*delete the live object/,
    reason: "ApplyRefused",
  },
  {
    row: "D12",
    title: "a change of a roleRef",
    first: (name) =>
      document(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        name,
        "roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: a }",
      ),
    documents: (name) =>
      document(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        name,
        "roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: b }",
      ),
    says: /refused\.yaml:4: .*cannot change roleRef.*delete the live object/,
    reason: "ApplyRefused",
  },
  {
    row: "D12",
    title: "a change of a selector",
    first: (name) => workload(name),
    documents: (name) => workload(name).replaceAll(`app: ${name}`, "app: other"),
    says: /refused\.yaml:[46]: .*immutable.*delete the live object/,
    reason: "ApplyRefused",
  },
  {
    row: "D16",
    title: "a review, which can be made but not kept",
    documents: review,
    says: /refused\.yaml:1: .*SubjectAccessReview cannot be managed from Git/,
    reason: "ApplyRefused",
  },
  {
    row: "D16",
    title: "a ComponentStatus, which can be read but not made",
    documents: (name) => document("v1", "ComponentStatus", name, "conditions: []"),
    says: /refused\.yaml:1: .*ComponentStatus cannot be managed from Git/,
    reason: "ApplyRefused",
  },
  {
    row: "D16",
    title: "a Binding",
    documents: (name) => document("v1", "Binding", name, "target: { kind: Node, name: x }"),
    says: /refused\.yaml:1: .*Binding cannot be managed from Git/,
    reason: "ApplyRefused",
  },
];
