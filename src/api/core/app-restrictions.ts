import { z } from "zod";

/** Top-level key of a Compose document with what its Policies deny it on a node. */
export const RESTRICTIONS_KEY = "x-overseer-policy";

/** What Policies deny an app on its node. They only take away from what the flags of the agent allow. */
export const AppRestrictions = z.strictObject({
  isolated: z
    .boolean()
    .default(false)
    .describe("Refuse what other apps can reach, except routes: shared networks, and ports that are open to the node."),
  hostAccess: z
    .strictObject({
      paths: z.array(z.string().startsWith("/")).max(1000).describe("Host paths that may be mounted."),
      dockerSocket: z.boolean().describe("Whether the Docker socket may be mounted."),
      externalVolumes: z
        .boolean()
        .optional()
        .describe("Whether volumes of other projects, and volumes that are not plain local ones, may be mounted."),
    })
    .optional()
    .describe("If unset, what the flags of the agent allow."),
});
export type AppRestrictions = z.infer<typeof AppRestrictions>;
