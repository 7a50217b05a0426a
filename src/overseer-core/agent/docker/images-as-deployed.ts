import { RunError } from "../runner.js";
import type { ComposeInput } from "./compose-input.js";
import type { ServiceImage } from "./compose-model.js";
import type { DeployedContainer, DeployedRecord } from "./deployed-record.js";
import type { DockerEngine } from "./engine.js";
import { splitImage } from "./image-names.js";

/** The images of a deployment that starts what was deployed before. */
export interface ImagesAsDeployed {
  /** Images to run. They are pulled only if the node does not have them. */
  readonly images: readonly ServiceImage[];
  /** Services whose name of an image stands for another image now, with what was recorded of them. */
  readonly pinned: ReadonlyMap<string, DeployedContainer>;
}

/**
 * Returns the images with which a version was deployed according to `record`; without one, those of the document. What their names stand
 * for now does not matter: reverting drift must not start an image that was never deployed. Throws RunError if such an image is not on
 * the node and was not pulled from a registry.
 */
export async function imagesAsDeployed(
  engine: DockerEngine,
  images: readonly ServiceImage[],
  record: DeployedRecord | undefined,
  signal: AbortSignal,
): Promise<ImagesAsDeployed> {
  if (record === undefined) return { images, pinned: new Map() };
  const found: ServiceImage[] = [];
  const pinned = new Map<string, DeployedContainer>();
  for (const one of images) {
    const pull = one.pull === "never" ? "never" : "missing";
    const before = record.containers.find(({ service }) => service === one.service);
    if (before === undefined || (await engine.imageId(one.image, signal)) === before.image) {
      found.push({ ...one, pull });
      continue;
    }
    const present = (await engine.imageId(before.image, signal)) !== undefined;
    found.push({ ...one, pull, image: present ? before.image : pullable(one, before) });
    pinned.set(one.service, before);
  }
  return { images: found, pinned };
}

/** Returns the reference by which a registry has an image that was deployed. */
function pullable({ service, image }: ServiceImage, { image: id, shownImage = "" }: DeployedContainer): string {
  const [name = "", digest] = shownImage.split("@");
  if (digest !== undefined) return `${splitImage(name).name}@${digest}`;
  throw new RunError(
    `service ${service}: the image that was deployed as ${image} (ID ${id}) is no longer on the node, and was not pulled from a registry: load it, or deploy the app to use what ${image} is now`,
  );
}

/** Replaces the images of a document. */
export function withImages(input: ComposeInput, images: readonly ServiceImage[]): ComposeInput {
  const document = JSON.parse(input.json) as { services: Record<string, Record<string, unknown>> };
  for (const { service, image } of images) {
    const settings = document.services[service];
    // Compose reads a dollar sign as the start of a variable.
    if (settings !== undefined) settings.image = image.replaceAll("$", "$$$$");
  }
  return { ...input, json: JSON.stringify(document) };
}
