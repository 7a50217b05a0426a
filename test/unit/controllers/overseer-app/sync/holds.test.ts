import { expect } from "chai";
import { Holds } from "../../../../../src/controllers/overseer-app/sync/holds.js";
import type { Document } from "../../../../../src/manifest/document.js";
import { document } from "../../../plan/support/objects.js";
import { app, inputs } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

function withFields(text: string, fields: object): Document {
  const plain = document(text);
  return { ...plain, object: { ...plain.object, ...fields } };
}

const SERVICE = { namespace: "shop", name: "hook" };
const WEBHOOK = withFields("admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration hook", {
  webhooks: [{ name: "hook.example.com", clientConfig: { service: SERVICE } }],
});
const DOCUMENTS = [
  withFields("v1 Service shop/hook", { spec: { selector: { app: "hook" } } }),
  withFields("apps/v1 Deployment shop/hook", { spec: { template: { metadata: { labels: { app: "hook" } } } } }),
  WEBHOOK,
];
const CREATE = { verb: "Create", document: WEBHOOK, live: undefined } as const;

describe("Holds", () => {
  const made = () => {
    const test = testRun(app("shop/web", { spec: { health: { timeout: "60s" } } }));
    const holdOf = (key: string) =>
      new Holds(test.run, { inputs: inputs(key), documents: DOCUMENTS }).of(CREATE, () => false);
    return { ...test, holdOf };
  };

  it("waits for the server of a webhook until health.timeout has passed", () => {
    const { clock, holdOf } = made();
    expect(holdOf("a")?.leftMs).to.equal(60_000);
    clock.advance(59_000);
    expect(holdOf("a")).to.include({ leftMs: 1_000 }).and.to.have.property("message").that.contains("waits for");
    clock.advance(1_000);
    expect(holdOf("a")).to.equal(undefined);
  });

  it("gives other inputs the full health.timeout", () => {
    const { clock, holdOf } = made();
    for (const key of ["a", "b", "c"]) {
      expect(holdOf(key)?.leftMs, key).to.equal(60_000);
      clock.advance(3_600_000);
      expect(holdOf(key), key).to.equal(undefined);
    }
  });
});
