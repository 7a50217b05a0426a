import type { TestObject, TestRef } from "./kube.js";
import type { World } from "./world.js";

const NODE: TestRef = { apiVersion: "v1", kind: "Node", name: "kwok-node" };

/**
 * A Deployment and a Service named `name` that selects its pods, and is a name of this machine, where a server of the test answers.
 * No node takes the pods until `takeServed`.
 */
export function servedLocally(world: World, name: string): [TestObject, TestObject] {
  const labels = { app: name };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { [world.namespace]: "serves" },
          containers: [{ name: "web", image: "registry.example/web:1" }],
        },
      },
    },
  };
  const spec = { type: "ExternalName", externalName: "localhost", selector: labels };
  return [deployment, { apiVersion: "v1", kind: "Service", metadata: { name }, spec }];
}

/** Lets the node take the pods of `servedLocally`, so that their Deployment becomes healthy. */
export async function takeServed(world: World, takes = true): Promise<void> {
  await world.kube.patch(NODE, { metadata: { labels: { [world.namespace]: takes ? "serves" : null } } });
}
