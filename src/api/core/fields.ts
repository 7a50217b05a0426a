import { z } from "zod";

/** What names a resource of a Core for good. */
export const CoreId = z.string().min(1).max(64).describe("Id, given by the Core.");

/** When something was made or changed. */
export const Timestamp = z.iso.datetime().describe("Time in UTC.");

/** Name of an app, a node or a policy: what a host name takes as one label, and `.` and `_` inside. */
export const CoreName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/, "expected lower case letters, digits, and - . _ between them");

/** A host name, `*.` before it for all names below. */
export const HostName = z
  .string()
  .max(253)
  .regex(
    /^([*][.])?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/,
    "expected a host name in lower case, like cloud.example.com",
  );

/** Path that a route begins with. */
export const UrlPath = z
  .string()
  .max(1024)
  .regex(/^\/[^\s?#]*$/, "expected a path that begins with /");

/** Free fields that others keep on a resource. */
export const Metadata = z
  .record(z.string().max(128), z.json())
  .describe("Free fields. Who manages a resource writes its mark here.");
export type Metadata = z.infer<typeof Metadata>;

/** What every resource of a Core has. */
export const coreResource = {
  id: CoreId,
  revision: z.int().min(1).describe("Number of its last change in this Core. In quotes it is the resource's ETag."),
  createdAt: Timestamp,
  updatedAt: Timestamp,
};
