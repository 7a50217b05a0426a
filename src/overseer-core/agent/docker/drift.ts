import type { CoreServiceState } from "../../../api/core/app.js";
import { type DeployedRecord, hasConfiguration } from "./deployed-record.js";
import { type Container, nameOf } from "./engine.js";
import { serviceStates } from "./service-states.js";

/** How the containers of an app differ from what was deployed. */
export interface ObservedProject {
  readonly services: readonly CoreServiceState[];
  /** One text per difference. */
  readonly drift: readonly string[];
  /** Whether a new deployment of the same version reverts a difference. */
  readonly revertible: boolean;
  /** Containers that were changed in place, which Compose does not notice. */
  readonly edited: readonly string[];
}

/**
 * Compares the containers of a project with what was deployed. `stopped`: ids of containers that a person stopped. `images`: current
 * ids of images by name. A tag that names another image is reported, but is no reason to deploy: that would run an image that was
 * never deployed.
 */
export function observeProject(
  record: DeployedRecord,
  containers: readonly Container[],
  stopped: ReadonlySet<string>,
  images: ReadonlyMap<string, string | undefined>,
): ObservedProject {
  const expected = record.services.map(({ name, containers: count }) => ({
    name,
    containers: count,
    completed: record.containers.some((one) => one.service === name && one.completed),
  }));
  const services = serviceStates(expected, containers, stopped).map((state) => {
    const image = record.containers.find(({ service }) => service === state.name)?.shownImage;
    return image === undefined ? state : { ...state, image };
  });
  const byId = new Map(containers.map((container) => [container.Id, container]));
  const drift: string[] = [];
  const edited: string[] = [];
  for (const { name, state, container } of services) {
    if (state === "missing") drift.push(`service ${name}: a container was removed`);
    if (state === "stopped") drift.push(`service ${name}: container ${container} was stopped`);
  }
  for (const { id, service, configuration, name } of record.containers) {
    const live = byId.get(id);
    if (live === undefined || hasConfiguration(live, configuration)) continue;
    edited.push(id);
    drift.push(`service ${service}: the configuration of container ${name} was changed`);
  }
  const known = new Set(record.containers.map(({ id }) => id));
  for (const container of containers.filter(({ Id }) => !known.has(Id))) {
    edited.push(container.Id);
    drift.push(`container ${nameOf(container)} was not created by the last deployment`);
  }
  const revertible = drift.length > 0;
  // Backup tools pause containers for a moment.
  for (const { name, state, container } of services) {
    if (state === "paused") drift.push(`service ${name}: container ${container} was paused`);
  }
  for (const { service, image, imageName } of record.containers) {
    const now = images.get(imageName);
    if (now === undefined || now === image) continue;
    drift.push(`service ${service}: ${imageName} is another image now; deploy the app to use it`);
  }
  return { services, drift: [...new Set(drift)], revertible, edited };
}
