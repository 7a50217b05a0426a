import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { waitUntil } from "../../tools/wait-until.js";
import { caseFile } from "../support/cases.js";
import { WebhookServer } from "../support/webhook-server.js";
import { condition, World } from "../support/world.js";

const POLICIES = "admissionregistration.k8s.io/v1";
const configuration = { apiVersion: POLICIES, kind: "ValidatingWebhookConfiguration" };

/** Every place where people or programs read is searched for all of them, plain and as base64, when the world is removed. */
describe("A value of a Secret", function () {
  this.timeout(180_000);
  let world: World;
  let webhooks: WebhookServer;
  const policies: string[] = [];
  const bindings: string[] = [];
  before(async () => {
    world = await World.create("hidden", { operator: { flags: ["--log-level=debug"] } });
    webhooks = await WebhookServer.start(world.controlPlane);
    const kubeconfig = await readFile(world.controlPlane.kubeconfigPath, "utf8");
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "remote", namespace: world.namespace },
      stringData: { value: kubeconfig },
    });
  });
  after(async () => {
    await world?.kube.delete({ ...configuration, name: `quoting.${world.namespace}` });
    for (const name of bindings)
      await world.kube.delete({ apiVersion: POLICIES, kind: "ValidatingAdmissionPolicyBinding", name });
    for (const name of policies)
      await world.kube.delete({ apiVersion: POLICIES, kind: "ValidatingAdmissionPolicy", name });
    await webhooks?.stop();
    await world?.remove();
  });

  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const secret = (name: string, rest: string): string =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n${rest}`;

  /** A policy that quotes the value of each Secret of this name. */
  const quotingPolicy = async (name: string, action: "Deny" | "Warn"): Promise<void> => {
    const policy = `${name}-${world.namespace}`;
    policies.push(policy);
    await world.kube.apply({
      apiVersion: POLICIES,
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: policy },
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: ["secrets"] },
          ],
        },
        validations: [
          {
            expression: `!object.metadata.name.startsWith('${name}')`,
            messageExpression: "'found ' + string(object.data.password)",
          },
        ],
      },
    });
    const bind = (binding: string, validationActions: string[], objectSelector?: object) =>
      world.kube.apply({
        apiVersion: POLICIES,
        kind: "ValidatingAdmissionPolicyBinding",
        metadata: { name: binding },
        spec: {
          policyName: policy,
          validationActions,
          matchResources: {
            namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": world.namespace } },
            ...(objectSelector && { objectSelector }),
          },
        },
      });
    bindings.push(policy, `probe-${policy}`);
    await bind(policy, [action]);
    // A warning cannot be awaited, so a second, later binding denies the probe alone: once it is enforced, both are.
    await bind(`probe-${policy}`, ["Deny"], { matchLabels: { probe: "yes" } });
    const probe = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: world.namespace, labels: { probe: "yes" } },
      data: { password: "eA==" },
    };
    await waitUntil({ what: `policy ${policy} is enforced`, timeoutMs: 30_000 }, () =>
      world.kube.apply(probe, "probe", { dryRun: "All" }).then(
        () => false,
        () => true,
      ),
    );
  };

  const message = async (app: string, reason: string): Promise<string> =>
    condition(await world.untilCondition(app, "Ready", "False", reason), "Ready")?.message ?? "";

  it("of the wrong shape is refused by place and position", async () => {
    const value = world.canary();
    const text = (await caseFile("secret-value-in-error/secret.yaml")).replace("hunter2topsecret", value);
    await world.repository("shapes", {
      "case.yaml": text,
      "list.yaml": secret("list", `data:\n- ${value}\n`),
      "number.yaml": secret("number", "data:\n  pin: 4711\n"),
      "plain.yaml": secret("plain", `data:\n  password: "${value}!"\n`),
      "docker.yaml": secret(
        "docker",
        `type: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: ${base64(value)}}\n`,
      ),
    });
    await world.app("shapes", "shapes", ".");
    const said = await message("shapes", "RenderFailed");
    expect(said).to.contain("case.yaml:5: Secret s1: entry 1 of data is an object");
    for (const place of ["list.yaml:5", "number.yaml:6", "docker.yaml:6"]) expect(said).to.contain(place);
  });

  it("that a policy quotes is not passed on: apply, warning, and a remote cluster", async () => {
    await quotingPolicy("denied", "Deny");
    await quotingPolicy("warned", "Warn");
    const value = world.canary();
    const other = world.canary();
    await world.repository("denied", { "s.yaml": secret("denied", `stringData:\n  password: ${value}\n`) });
    await world.repository("warned", { "s.yaml": secret("warned", `stringData:\n  password: ${other}\n`) });
    await world.app("denied", "denied", ".");
    await world.app("warned", "warned", ".");
    await world.app("distant", "denied", ".", {
      destination: { kubernetes: { kubeConfigSecretRef: { name: "remote" }, namespace: world.namespace } },
    });
    for (const app of ["denied", "distant"]) {
      expect(await message(app, "ApplyRefused")).to.contain(
        `ValidatingAdmissionPolicy 'denied-${world.namespace}' with binding 'denied-${world.namespace}' denied request; the message is not shown`,
      );
    }
    await world.synced("warned");
    await world.told("warned", "returned a warning; the message is not shown");
  });

  it("that a webhook quotes is not passed on: in a change, in drift, and when it is down", async () => {
    const { namespace } = world;
    const scope = { name: "quoting", namespace, apiGroup: "", version: "v1", resource: "secrets", validating: true };
    const value = world.canary();
    const text = (password: string): string =>
      secret("quoted", `stringData:\n  password: ${password}\n  other: same\n`);
    const repo = await world.repository("quoted", { "s.yaml": text(value) });
    await world.app("quoted", "quoted", ".");
    await world.synced("quoted");
    await webhooks.install(world.kube, scope, (object) => {
      if (object.metadata.name !== "quoted") return undefined;
      return {
        denied: `data is ${JSON.stringify(object.data)}, that is ${Buffer.from(String((object.data as Record<string, string>).password), "base64").toString()}`,
      };
    });
    const next = world.canary();
    await repo.commit({ "s.yaml": text(next) }, "next");
    await world.poll("quoted");
    expect(await message("quoted", "ApplyRefused")).to.match(
      /admission webhook "[\w.]+" denied the request; the message is not shown/,
    );
    // Drift of what was applied before cannot be healed either.
    webhooks.change("quoting", () => undefined);
    await world.kube.patch(world.object("v1", "Secret", "quoted"), { data: { other: base64("thief") } });
    await webhooks.stop();
    await world.poke("quoted");
    expect(await message("quoted", "ApplyRefused")).to.match(/failed calling webhook "[\w.]+"/);
    await world.kube.delete({ ...configuration, name: `quoting.${namespace}` });
    await world.poke("quoted");
    await world.synced("quoted", await repo.head());
  });

  it("that may not change, or of a type without its keys, is refused by field", async () => {
    const value = world.canary();
    const repo = await world.repository("fixed", {
      "s.yaml": secret("fixed", `immutable: true\nstringData:\n  password: ${value}\n`),
    });
    await world.app("fixed", "fixed", ".");
    await world.synced("fixed");
    const next = world.canary();
    await repo.commit({ "s.yaml": secret("fixed", `immutable: true\nstringData:\n  password: ${next}\n`) }, "next");
    await world.poll("fixed");
    expect(await message("fixed", "ApplyRefused")).to.contain(
      "data: field is immutable: delete the live object, give the new one another name, or permit the operator to re-create it (sync.recreate)",
    );
    await world.repository("tls", {
      "s.yaml": secret("tls", `type: kubernetes.io/tls\nstringData:\n  key: ${value}\n`),
    });
    await world.app("tls", "tls", ".");
    expect(await message("tls", "ApplyRefused"))
      .to.contain("data[tls.crt]: is missing; ")
      .and.contain("data[tls.key]: is missing");
  });
});
