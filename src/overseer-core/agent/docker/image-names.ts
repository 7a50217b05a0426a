/** An image as the engine describes it. */
export interface Image {
  readonly Id: string;
  /** Names with tags. */
  readonly RepoTags?: readonly string[] | null | undefined;
  /** Names with the digest in their registry. None if the image was not pulled. */
  readonly RepoDigests?: readonly string[] | null | undefined;
}

/** Splits the name of an image into its repository, and its tag or digest; `latest` if it has none. */
export function splitImage(image: string): { readonly name: string; readonly tag: string } {
  const [before = "", digest] = image.split("@");
  const colon = before.lastIndexOf(":");
  const isTag = colon > before.lastIndexOf("/");
  const name = isTag ? before.slice(0, colon) : before;
  return { name, tag: digest ?? (isTag ? before.slice(colon + 1) : "latest") };
}

/** Host of images whose names contain no registry. */
export const DOCKER_HUB = "docker.io";

/**
 * Splits the name of an image as Docker does into the host of its registry and the rest. The first part is a host if it contains a dot, a
 * colon or an uppercase letter, which the name of a repository cannot have, or is `localhost`.
 */
export function hostAndPath(image: string): { readonly host: string; readonly path: string } {
  const slash = image.indexOf("/");
  const first = image.slice(0, Math.max(slash, 0));
  const isHost = /[.:]|^localhost$/.test(first) || first !== first.toLowerCase();
  const host = !isHost || first === "index.docker.io" ? DOCKER_HUB : first;
  const path = isHost ? image.slice(slash + 1) : image;
  return { host, path: host === DOCKER_HUB && !path.includes("/") ? `library/${path}` : path };
}

/** Returns the full name of an image: `nginx` is `docker.io/library/nginx:latest`. */
export function fullImageName(image: string): string {
  const { name, tag } = splitImage(image);
  const { host, path } = hostAndPath(name);
  return `${host}/${path}${tag.includes(":") ? "@" : ":"}${tag}`;
}

/** Returns what people see of an image: its name with the digest in its registry, or with its ID if it was never in one. */
export function shownImage(name: string, image: Image): string {
  if (name.includes("@")) return name;
  const digests = image.RepoDigests ?? [];
  const repository = splitImage(name).name;
  const own = digests.find((one) => one.startsWith(`${repository}@`)) ?? digests[0];
  const digest = own?.split("@")[1];
  return digest === undefined ? `${name} (ID ${image.Id})` : `${name}@${digest}`;
}
