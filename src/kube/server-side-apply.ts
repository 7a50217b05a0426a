import type { KubeObject } from "../manifest/document.js";
import { type KubeClient, PARTIAL_OBJECT } from "./client/kube-client.js";
import type { RawObject } from "./object.js";
import { objectPath, type ResourceInfo } from "./resource.js";

/** A server-side apply. */
export interface ApplyRequest {
  readonly resource: ResourceInfo;
  readonly object: KubeObject;
  readonly manager: string;
  /** Take fields over from other managers. Without it a conflict is an error (409). */
  readonly force: boolean;
  /** Let the API server do everything but the write. */
  readonly dryRun?: boolean;
  readonly impersonate?: string | undefined;
  /** Ask for the metadata only: the answer is smaller. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
}

/** What an apply did. */
export interface ApplyResult {
  /** True when the object was not there before. */
  readonly created: boolean;
  readonly object: RawObject;
  readonly warnings: readonly string[];
}

/**
 * Sends a document by server-side apply, as JSON (in a YAML body the API server would read `y` as a boolean). Unknown
 * fields are errors. Applying an equal document writes nothing.
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
    ...(request.signal ? { signal: request.signal } : {}),
  });
  return { created: response.status === 201, object: response.body, warnings: response.warnings };
}
