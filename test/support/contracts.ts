import { expect } from "chai";
import { ABNORMAL_TRUE, type Condition, type ConditionType, MAX_MESSAGE } from "../../src/api/conditions.js";
import type { RawObject } from "../../src/kube/object.js";

/** A custom resource of ours, as far as its status contract goes. */
export type ContractObject = RawObject & {
  readonly status?: { readonly observedGeneration?: number; readonly conditions?: readonly Condition[] };
};

/**
 * What every resource of ours promises whoever reads it, by hand or with a tool that knows kstatus: it is never Ready for an
 * older generation, Unknown only while it is being worked on, and conditions about trouble are there only while they hold.
 */
export function expectStatusContract(object: ContractObject): void {
  const name = `${object.kind} ${object.metadata.namespace}/${object.metadata.name}`;
  const { status, metadata } = object;
  if (status?.observedGeneration === -1) return;
  const conditions = status?.conditions ?? [];
  const of = (type: string): Condition | undefined => conditions.find((condition) => condition.type === type);
  expect(of("Ready"), `${name} has a Ready condition`).to.not.equal(undefined);
  if (of("Ready")?.status === "True") {
    expect(of("Reconciling"), `${name}: Ready and Reconciling`).to.equal(undefined);
    expect(of("Stalled"), `${name}: Ready and Stalled`).to.equal(undefined);
  }
  if (of("Ready")?.status === "Unknown")
    expect(of("Reconciling")?.status, `${name}: Unknown only with Reconciling`).to.equal("True");
  expect(of("Stalled") && of("Reconciling"), `${name}: Stalled and Reconciling exclude each other`).to.equal(undefined);
  expect(status?.observedGeneration ?? -1, `${name}: observedGeneration`).to.be.at.most(metadata.generation ?? 0);
  for (const condition of conditions) {
    const where = `${name} ${condition.type}`;
    expect(condition.reason, where).to.match(/^[A-Z][A-Za-z]+$/);
    expect(condition.message.length, where).to.be.at.most(MAX_MESSAGE);
    expect(condition.observedGeneration, where).to.equal(status?.observedGeneration);
    if (ABNORMAL_TRUE.has(condition.type as ConditionType)) expect(condition.status, where).to.equal("True");
  }
}

/** Fails if a secret value is anywhere in what people and programs get to see. */
export function expectNoCanary(canaries: readonly string[], places: Readonly<Record<string, string>>): void {
  for (const canary of canaries) {
    for (const form of [canary, Buffer.from(canary).toString("base64").replace(/=+$/, "")]) {
      for (const [place, text] of Object.entries(places))
        expect(text.includes(form), `a secret value is in ${place}`).to.equal(false);
    }
  }
}
