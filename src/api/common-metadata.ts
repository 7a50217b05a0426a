import { z } from "zod";

/** Optional map of labels or annotations, with values of at most `max` characters. */
export const metadataTexts = (max: number, description: string) =>
  z.record(z.string(), z.string().max(max)).meta({ maxProperties: 50 }).optional().describe(description);

/** Labels and annotations that every document of a source gets. */
export const CommonMetadata = z
  .object({
    labels: metadataTexts(63, "Labels, at metadata.labels of every document; not of pod templates."),
    annotations: metadataTexts(4096, "Annotations, at metadata.annotations of every document; not of pod templates."),
  })
  .describe(
    "Labels and annotations that every document gets, after patches and variables. They replace those of the same key. Only with destination.kubernetes.",
  );
export type CommonMetadata = z.infer<typeof CommonMetadata>;
