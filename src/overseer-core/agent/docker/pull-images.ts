import { type LogLine, RunError } from "../runner.js";
import type { ServiceImage } from "./compose-model.js";
import type { DeployedContainer } from "./deployed-record.js";
import { type Container, type DockerEngine, serviceOf } from "./engine.js";
import { EngineError } from "./engine-connection.js";
import { failureText } from "./failure-text.js";
import { shownImage } from "./image-names.js";
import type { Mask } from "./mask.js";
import type { RegistryLogin } from "./pull-credentials.js";
import { PullProgress } from "./pull-progress.js";

/** Returns those images of services that are to be pulled. Throws RunError if a service has none, or must not be pulled. */
export async function imagesToPull(
  engine: DockerEngine,
  images: readonly ServiceImage[],
  mask: Mask,
  signal: AbortSignal,
): Promise<ServiceImage[]> {
  const pulled: ServiceImage[] = [];
  for (const one of images) {
    const { service, image, pull } = one;
    if (image === "")
      throw new RunError(`service ${service} has no image: set one, since a node does not build images`);
    const present = pull !== "always" && (await engine.imageId(image, signal)) !== undefined;
    if (present) continue;
    if (pull === "never") {
      throw new RunError(
        mask(`service ${service}: image ${image} is not on the node, and pull_policy is never: load it, or pull it`),
      );
    }
    pulled.push(one);
  }
  return pulled;
}

/** Returns the image of each service with its digest or ID, as recorded for `pinned` services, which have no name of their own. */
export async function imagesOf(
  engine: DockerEngine,
  containers: readonly Container[],
  pinned: ReadonlyMap<string, DeployedContainer>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const images = new Map<string, string>();
  for (const one of containers) {
    const recorded = pinned.get(serviceOf(one))?.shownImage;
    if (recorded !== undefined) {
      images.set(serviceOf(one), recorded);
      continue;
    }
    const image = (await engine.images.find(one.Image, signal)) ?? { Id: one.Image };
    images.set(serviceOf(one), shownImage(one.Config.Image, image));
  }
  return images;
}

/** Pulls an image with credentials of a secret of the Core. Throws RunError, with credentials replaced by `mask`. */
export async function pullWith(
  engine: DockerEngine,
  login: RegistryLogin,
  { image, platform }: ServiceImage,
  mask: Mask,
  log: LogLine,
  signal: AbortSignal,
): Promise<void> {
  const progress = new PullProgress((percent) => log(`[docker] pulling ${image}: ${percent} %`));
  try {
    await engine.images.pull(image, platform, login, (line) => progress.add(line), signal);
  } catch (error) {
    // The engine answers a refusal of the registry with 404 or 500.
    if (!(error instanceof EngineError)) throw error;
    progress.error = error.message;
  }
  if (progress.error !== undefined) throw new RunError(failureText("an image cannot be pulled", mask(progress.error)));
}
