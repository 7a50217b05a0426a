import { readRemoteKubeconfig } from "../../../../src/kube/client/remote-kubeconfig.js";
import { KubeStatusError, readStatus } from "../../../../src/kube/errors.js";
import { fieldFaults } from "../../../../src/kube/refusal-text/field-faults.js";
import { plainText } from "../../../../src/kube/refusal-text/plain-text.js";
import { withoutSecretValues } from "../../../../src/kube/refusal-text/secret-answer.js";
import { endsList, parseWatchEvent } from "../../../../src/kube/watch/watch-event.js";
import { compile, variablesOf } from "../../../../src/manifest/expressions/expression.js";
import { CANARY, type HostileReader } from "../reader.js";
import { deployment } from "./live-samples.js";

/** Readers of what API servers answer. */
export const SERVER: readonly HostileReader[] = [
  {
    name: "watch-events",
    samples: [
      JSON.stringify({ type: "MODIFIED", object: deployment }),
      JSON.stringify({
        type: "BOOKMARK",
        object: { metadata: { resourceVersion: "5", annotations: { "k8s.io/initial-events-end": "true" } } },
      }),
      JSON.stringify({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } }),
    ],
    words: ['"type":"ERROR"', '"object":null', '"metadata":{}'],
    read: (line: string) => {
      const event = parseWatchEvent(line, "/api/v1/pods", undefined);
      if (event.type !== "ERROR") endsList(event);
    },
  },
  {
    name: "refusals",
    samples: [
      {
        kind: "Status",
        code: 422,
        reason: "Invalid",
        message:
          'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
        details: {
          kind: "Deployment",
          name: "web",
          causes: [{ reason: "FieldValueInvalid", message: "Invalid value: -1: must be >= 0", field: "spec.replicas" }],
        },
      },
      {
        kind: "Status",
        code: 500,
        message:
          "failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): errors:\n  .spec.replica: field not declared in schema\n  .spec.ports[0].port: expected numeric (int or float), got string",
      },
      {
        kind: "Status",
        code: 400,
        message:
          'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
      },
    ],
    words: ["errors:\n  .", "[0]", '[name="a"]', "Invalid value: ", "<nil>", "map[string]"],
    read: (value: unknown) => {
      const status = readStatus(value);
      fieldFaults(status, deployment);
      plainText(status.message ?? "");
      return new KubeStatusError(422, status, "/apis/apps/v1/namespaces/shop/deployments/web");
    },
  },
  {
    name: "refusals-of-secrets",
    secret: true,
    samples: [
      `Secret "db" is invalid: data[password]: Invalid value: "${CANARY}": must be base64`,
      `admission webhook "x.example.com" denied the request: the password "${CANARY}" is weak`,
      `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 4: ${CANARY}`,
    ],
    words: ["Invalid value: ", "denied the request: ", "\n", '"'],
    read: (message: string) => {
      const status = withoutSecretValues(
        {
          kind: "Status",
          reason: "Invalid",
          message,
          details: { causes: [{ message, field: "data[password]", reason: "FieldValueInvalid" }] },
        } as never,
        422,
        { method: "PATCH", path: "/api/v1/namespaces/shop/secrets/db" } as never,
      );
      throw new KubeStatusError(422, status, "/api/v1/namespaces/shop/secrets/db");
    },
  },
  {
    name: "kubeconfig",
    secret: true,
    samples: [
      `apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {cluster: c, user: u}\nclusters:\n- name: c\n  cluster: {server: "https://10.0.0.1:6443"}\nusers:\n- name: u\n  user: {token: ${CANARY}}\n`,
    ],
    words: ["exec:", "insecure-skip-tls-verify: true", "tokenFile: /x", "certificate-authority: /x", "auth-provider:"],
    read: (text: string) => readRemoteKubeconfig(text, "Secret shop/cluster"),
  },
  {
    name: "health-expressions",
    samples: [
      "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')",
      "status.replicas == spec.replicas ? true : false",
      "[1,2].map(x, x * 2).size() > 1",
    ],
    words: [".map(x, ", ".filter(y, ", ".all(z, ", "matches('", "+ ", "status", "spec.template", "'a'*", "has("],
    read: (text: string) => compile(text).evaluate(variablesOf(deployment)),
  },
];
