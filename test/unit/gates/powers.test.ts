import { expect } from "chai";
import { powerOf } from "../../../src/gates/powers.js";

const RBAC = "rbac.authorization.k8s.io";
const ADMISSION = "admissionregistration.k8s.io";
const OURS = { apiGroups: ["gitops.overseer.io"], resources: ["overseerapps"] };

describe("documents that say who may change what", () => {
  const role = (rule: object): object => ({ rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }, rule] });
  const binding = (name: string): object => ({ roleRef: { kind: "ClusterRole", name } });
  const policy = (...apiGroups: string[]): object => ({
    spec: { matchConstraints: { resourceRules: [{ apiGroups, resources: ["*"] }] } },
  });
  const cases: readonly (readonly [what: string, power: string | undefined, ...of: Parameters<typeof powerOf>])[] = [
    ["an Environment", "says who may change what", "gitops.overseer.io", "Environment", {}],
    ["an app", undefined, "gitops.overseer.io", "OverseerApp", {}],
    [
      "a role with approve",
      "grants approve of gitops.overseer.io",
      ...([RBAC, "Role", role({ ...OURS, verbs: ["get", "approve"] })] as const),
    ],
    [
      "a role with everything",
      "grants * of gitops.overseer.io",
      ...([RBAC, "ClusterRole", role({ apiGroups: ["*"], resources: ["*"], verbs: ["*"] })] as const),
    ],
    ["a role that reads apps", undefined, RBAC, "ClusterRole", role({ ...OURS, verbs: ["get", "list", "update"] })],
    [
      "a role with everything of another group",
      undefined,
      ...([RBAC, "ClusterRole", role({ apiGroups: ["apps"], resources: ["*"], verbs: ["*"] })] as const),
    ],
    ["a binding to cluster-admin", "grants cluster-admin", RBAC, "ClusterRoleBinding", binding("cluster-admin")],
    ["a binding to a role of the chart", "grants my-approve", RBAC, "RoleBinding", binding("my-approve")],
    ["a binding to edit", undefined, RBAC, "RoleBinding", binding("edit")],
    ["a binding without a role", undefined, RBAC, "RoleBinding", {}],
    [
      "a policy for our kinds",
      "admits or changes decisions",
      ...([ADMISSION, "ValidatingAdmissionPolicy", policy("gitops.overseer.io")] as const),
    ],
    ["a policy for all kinds, which can only deny", undefined, ADMISSION, "ValidatingAdmissionPolicy", policy("*")],
    [
      "a policy that changes all kinds",
      "admits or changes decisions",
      ...([ADMISSION, "MutatingAdmissionPolicy", policy("*")] as const),
    ],
    [
      "a webhook that changes our kinds",
      "admits or changes decisions",
      ADMISSION,
      "MutatingWebhookConfiguration",
      { webhooks: [{ rules: [OURS] }] },
    ],
    ["a webhook for pods", undefined, ADMISSION, "MutatingWebhookConfiguration", { webhooks: [{ rules: [{}] }] }],
    ["rubbish", undefined, RBAC, "Role", { rules: "x" }],
    ["nothing", undefined, ADMISSION, "MutatingAdmissionPolicy", undefined],
  ];
  for (const [what, power, ...of] of cases)
    it(`are told from others: ${what}`, () => {
      expect(powerOf(...of)).to.equal(power);
    });
});
