import { type Environment, EnvironmentSpec } from "../../../../src/api/environment.js";
import { API_VERSION } from "../../../../src/api/group.js";

/** An Environment as the API server returns it, with all defaults. */
export function environment(name: string, spec: Readonly<Record<string, unknown>> = {}): Environment {
  const metadata = { name, uid: `uid-${name}`, resourceVersion: "1", generation: 1 } as Environment["metadata"];
  return { apiVersion: API_VERSION, kind: "Environment", metadata, spec: EnvironmentSpec.parse(spec) };
}
