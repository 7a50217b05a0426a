import { z } from "zod";
import { atomicList } from "./fields.js";

/** Which user names, accounts and keys belong to one person. */
export const Identity = z
  .object({
    users: atomicList(
      z.string().min(1).max(512),
      10,
      "User names of the person in this cluster, as in kubectl auth whoami. If unset, the accounts are those of a program: it approves nothing, and a pull request that only programs have brought in has no known author.",
    ).optional(),
    accounts: atomicList(
      z
        .string()
        .min(3)
        .max(512)
        .regex(/^[^/\s]+[/].+$/),
      10,
      "Accounts of the person at Git hosts, as HOST/NAME or HOST/id:ID, for example github.com/alice or github.com/id:583231. Names can change owners; IDs cannot. Bitbucket Cloud has only IDs.",
    ).optional(),
    keys: atomicList(
      z
        .string()
        .min(8)
        .max(128)
        .regex(/^(SHA256:[A-Za-z0-9+/=]+|[0-9A-Fa-f]{40,64})$/),
      10,
      "Keys that the person signs commits with: SHA256 fingerprints of SSH keys, or fingerprints of OpenPGP keys. A signature counts if spec.verify of the GitRepository accepts the key.",
    ).optional(),
  })
  .describe("A person.");
export type Identity = z.infer<typeof Identity>;
