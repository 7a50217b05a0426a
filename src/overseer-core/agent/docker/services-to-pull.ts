import type { Mapping } from "../../operations/compose.js";
import { RunError } from "../runner.js";
import { serviceImages } from "./compose-model.js";
import type { DockerEngine } from "./engine.js";
import type { Mask } from "./mask.js";

/** Returns the services of a resolved document whose images are to be pulled. Throws RunError if one has none, or must not be pulled. */
export async function servicesToPull(
  engine: DockerEngine,
  model: Mapping,
  mask: Mask,
  signal: AbortSignal,
): Promise<string[]> {
  const pulled: string[] = [];
  for (const { service, image, pull } of serviceImages(model)) {
    if (image === "")
      throw new RunError(`service ${service} has no image: set one, since a node does not build images`);
    const present = pull !== "always" && (await engine.imageId(image, signal)) !== undefined;
    if (present) continue;
    if (pull === "never") {
      throw new RunError(
        mask(`service ${service}: image ${image} is not on the node, and pull_policy is never: load it, or pull it`),
      );
    }
    pulled.push(service);
  }
  return pulled;
}
