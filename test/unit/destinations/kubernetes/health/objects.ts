import { healthOf } from "../../../../../src/destinations/kubernetes/health/rules.js";
import { parseApiVersion } from "../../../../../src/manifest/object-id.js";

/** A condition of a status: `condition("Ready", "False", "Failed", "it broke")`. */
export function condition(type: string, status: string, reason?: string, message?: string): Record<string, string> {
  return { type, status, ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

/** Health of an object of a kind at generation 2, as one line: `Healthy`, `Progressing: 1 of 3 replicas are updated`. */
export function health(kind: string, status?: unknown, spec?: unknown, generation: number | undefined = 2): string {
  const [apiVersion = "", name = ""] = kind.split(" ");
  const object = {
    metadata: {
      name: "x",
      namespace: "shop",
      uid: "u",
      resourceVersion: "1",
      ...(generation === undefined ? {} : { generation }),
    },
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  };
  const found = healthOf(object, { ...parseApiVersion(apiVersion), kind: name });
  return found.message === undefined ? found.status : `${found.status}: ${found.message}`;
}
