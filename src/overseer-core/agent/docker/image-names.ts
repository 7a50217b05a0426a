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

/** Returns what people see of an image: its name with the digest in its registry, or with its ID if it was never in one. */
export function shownImage(name: string, image: Image): string {
  if (name.includes("@")) return name;
  const digests = image.RepoDigests ?? [];
  const repository = splitImage(name).name;
  const own = digests.find((one) => one.startsWith(`${repository}@`)) ?? digests[0];
  const digest = own?.split("@")[1];
  return digest === undefined ? `${name} (ID ${image.Id})` : `${name}@${digest}`;
}
