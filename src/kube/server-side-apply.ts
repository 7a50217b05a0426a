import type { KubeObject } from "../manifest/document.js";
import { type KubeClient, PARTIAL_OBJECT } from "./client/kube-client.js";
import type { RawObject } from "./object.js";
import { objectPath, type ResourceInfo } from "./resource.js";

/** A server-side apply. */
export interface ApplyRequest {
  readonly resource: ResourceInfo;
  readonly object: KubeObject;
  readonly manager: string;
  /** Take ownership of conflicting fields. If false, a conflict is an error (409). */
  readonly force: boolean;
  /** Validate without persisting. */
  readonly dryRun?: boolean;
  readonly impersonate?: string | undefined;
  /** See `KubeRequest`. */
  readonly confidential?: boolean | undefined;
  /** Return only the metadata, for a smaller response. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
}

/** Result of an apply. */
export interface ApplyResult {
  /** True if the object did not exist before. */
  readonly created: boolean;
  readonly object: RawObject;
  readonly warnings: readonly string[];
}

/**
 * Applies a document by server-side apply, sent as JSON (in YAML the API server would read `y` as a boolean). Unknown fields are
 * errors. Applying an equal document writes nothing.
 */
export async function applyObject(client: KubeClient, request: ApplyRequest): Promise<ApplyResult> {
  const { resource, object } = request;
  const response = await client.request<RawObject>({
    method: "PATCH",
    path: objectPath(resource, object.metadata.namespace ?? "", object.metadata.name),
    query: {
      fieldManager: request.manager,
      force: request.force ? "true" : undefined,
      dryRun: request.dryRun ? "All" : undefined,
      fieldValidation: "Strict",
    },
    body: object,
    contentType: "application/apply-patch+yaml",
    ...(request.metadataOnly ? { accept: PARTIAL_OBJECT } : {}),
    impersonate: request.impersonate,
    confidential: request.confidential,
    ...(request.signal ? { signal: request.signal } : {}),
  });
  return { created: response.status === 201, object: response.body, warnings: response.warnings };
}
