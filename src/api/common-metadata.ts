import { z } from "zod";

const texts = (max: number, description: string) =>
  z.record(z.string(), z.string().max(max)).meta({ maxProperties: 50 }).optional().describe(description);

/** Labels and annotations that every document of a source gets. */
export const CommonMetadata = z
  .object({
    labels: texts(63, "Labels, at metadata.labels of every document; not of pod templates."),
    annotations: texts(4096, "Annotations, at metadata.annotations of every document; not of pod templates."),
  })
  .describe(
    "Labels and annotations that every document gets, after patches and variables. They replace those of the same key. Only with destination.kubernetes.",
  );
export type CommonMetadata = z.infer<typeof CommonMetadata>;
