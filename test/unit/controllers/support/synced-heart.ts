import { Heart } from "./heart.js";

/** The ConfigMap `a`, as a file, with its value. */
export function valueMap(v: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { v: "${v}" }\n`;
}

/** A running operator whose app `web` has applied the first commit: `a.yaml` with the value 1. */
export async function syncedHeart(): Promise<Heart> {
  const heart = new Heart();
  heart.start();
  heart.commit({ "a.yaml": valueMap("1") });
  heart.apply("web");
  await heart.settle(["web"]);
  return heart;
}
