import { expect } from "chai";
import type { Document } from "../../../src/manifest/document.js";
import { judgedBy, serversOf } from "../../../src/manifest/servers.js";
import { document } from "../plan/support/objects.js";

const made = (text: string, fields: Record<string, unknown>): Document => {
  const bare = document(text);
  return { ...bare, object: { ...bare.object, ...fields } };
};
const rules = (resources: string[], apiGroups = ["example.com"]) => [
  { apiGroups, apiVersions: ["*"], operations: ["*"], resources },
];
const hook = (webhook: Record<string, unknown>, kind = "ValidatingWebhookConfiguration") =>
  made(`admissionregistration.k8s.io/v1 ${kind} hook`, { webhooks: [webhook] });
const service = { clientConfig: { service: { namespace: "op", name: "hook" } } };
const behind = made("v1 Service op/hook", { spec: { selector: { app: "op" } } });
const labels = { metadata: { labels: { app: "op", more: "x" } } };
const workload = made("apps/v1 Deployment op/op", { spec: { template: labels } });
const other = made("apps/v1 Deployment op/other", { spec: { template: { metadata: { labels: { app: "other" } } } } });
const elsewhere = made("apps/v1 Deployment shop/op", { spec: { template: labels } });
const pod = (() => {
  const bare = made("v1 Pod op/bare", {});
  return { ...bare, object: { ...bare.object, metadata: { ...bare.object.metadata, labels: { app: "op" } } } };
})();
const conversion = made("apiextensions.k8s.io/v1 CustomResourceDefinition widgets.example.com", {
  spec: { group: "example.com", names: { kind: "Widget", plural: "widgetry" } },
});

describe("serversOf", () => {
  const all = [behind, workload, other, elsewhere];
  const converting = [
    made("apiextensions.k8s.io/v1 CustomResourceDefinition widgets.example.com", {
      spec: {
        ...(conversion.object.spec as object),
        versions: [{ name: "v1", storage: true }, { name: "v2" }],
        conversion: { strategy: "Webhook", webhook: service },
      },
    }),
    ...all,
  ];
  const cases: readonly (readonly [string, Document, readonly Document[], readonly string[]])[] = [
    ["a webhook's Deployment, by the selector of its Service", hook(service), all, ["op"]],
    ["a Pod as well", hook(service), [...all, pod], ["op", "bare"]],
    ["a mutating one's", hook(service, "MutatingWebhookConfiguration"), all, ["op"]],
    ["none for a webhook that may fail", hook({ ...service, failurePolicy: "Ignore" }), all, []],
    ["none for a webhook by URL", hook({ clientConfig: { url: "https://example.com" } }), all, []],
    ["none where the Service is elsewhere", hook(service), [workload], []],
    ["none where the Service selects nothing", hook(service), [made("v1 Service op/hook", { spec: {} }), workload], []],
    [
      "an APIService's Deployment",
      made("apiregistration.k8s.io/v1 APIService v1.example.com", {
        spec: { service: { namespace: "op", name: "hook" } },
      }),
      all,
      ["op"],
    ],
    ["none for a local APIService", made("apiregistration.k8s.io/v1 APIService v1.", { spec: {} }), all, []],
    ["none for other kinds", made("v1 ConfigMap op/a", { webhooks: [service] }), all, []],
    [
      "those of the webhook that converts a custom resource",
      document("example.com/v2 Widget shop/w"),
      converting,
      ["op"],
    ],
    ["none for a custom resource at the stored version", document("example.com/v1 Widget shop/w"), converting, []],
    ["none for a custom resource of another definition", document("example.com/v2 Gadget shop/w"), converting, []],
    ["none without a conversion webhook", document("example.com/v2 Widget shop/w"), [conversion, ...all], []],
    ["none for a webhook without sense", hook({ clientConfig: 5, rules: "x" }), all, []],
  ];
  for (const [what, one, documents, expected] of cases)
    it(`are ${what}`, () => expect(serversOf(one, documents).map(({ id }) => id.name)).to.deep.equal(expected));
});

describe("judgedBy", () => {
  const widget = document("example.com/v1 Widget shop/w");
  const map = document("v1 ConfigMap shop/m");
  const cases: readonly (readonly [string, readonly Document[], readonly string[]])[] = [
    [
      "a custom resource, by the plural of its definition",
      [conversion, hook({ rules: rules(["widgetry"]) }), widget],
      ["w"],
    ],
    ["one whose definition is elsewhere, by the usual plural", [hook({ rules: rules(["widgets"]) }), widget], ["w"]],
    ["all of a group", [hook({ rules: rules(["*"], ["*"]) }), widget, map], ["w"]],
    ["none of another group", [hook({ rules: rules(["*"], ["other.com"]) }), widget], []],
    ["none of another resource", [conversion, hook({ rules: rules(["gadgets"]) }), widget], []],
    ["none of a built-in kind", [hook({ rules: rules(["configmaps"], [""]) }), map], []],
    ["none without webhooks", [conversion, widget], []],
  ];
  for (const [what, documents, expected] of cases)
    it(`has ${what}`, () =>
      expect([...judgedBy(documents).keys()].map((key) => key.split("/").at(-1))).to.deep.equal(expected));
});
