import { z } from "zod";

/** Immutable ID of a resource. */
export const CoreId = z.string().min(1).max(64).describe("ID, assigned by the Core.");

/** Time of a creation or change. */
export const Timestamp = z.iso.datetime().describe("Time in UTC.");

/** Name of an app, node or policy: a DNS label that may also contain `.` and `_`. */
export const CoreName = z
  .string()
  .min(1)
  .max(63)
  .regex(/^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/, "expected lowercase letters, digits, and - . _ between them");

/** A host name, or `*.` and a host name for all its subdomains. */
export const HostName = z
  .string()
  .max(253)
  .regex(
    /^([*][.])?[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?([.][a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/,
    "expected a host name in lowercase, like cloud.example.com",
  );

/** Free-form metadata of a resource. */
export const Metadata = z
  .record(z.string().max(128), z.json())
  .describe("Free-form metadata. The tool that manages the resource records its ownership here.");
export type Metadata = z.infer<typeof Metadata>;

/** Fields of every resource of a Core. */
export const coreResource = {
  id: CoreId,
  revision: z
    .int()
    .min(1)
    .describe("Number of the last change of the resource in this Core. In quotes, the ETag of the resource."),
  createdAt: Timestamp,
  updatedAt: Timestamp,
};

/** Labels of a node, or those that a node must have. */
export const NodeLabels = z.record(z.string().max(128), z.string().max(256));
