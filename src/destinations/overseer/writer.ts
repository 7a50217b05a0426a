import { z } from "zod";
import type { FailpointHook } from "../../base/failpoint.js";
import { canonicalJson, type Json } from "../../base/hash.js";
import { keepAnnotations } from "../../manifest/keep-annotations.js";
import type { AppRef, LiveObject } from "../../plan/live.js";
import { appKey } from "../../plan/live.js";
import type { DeletePermit } from "../../plan/prune-guard.js";
import type { Outcome } from "../destination.js";
import type { CoreConnection } from "./client/core-connection.js";
import { type CoreError, isCoreError } from "./client/core-error.js";
import type { Desired } from "./desired-spec.js";
import type { CoreKind, Managed } from "./kinds/core-kind.js";
import {
  contentDigest,
  type OwnershipRecord,
  ownershipOf,
  withOwnership,
  withoutOwnership,
} from "./ownership-record.js";
import { type AppRecord, CORE_RECORDS } from "./state/core-records.js";
import { readingOf } from "./state/observed.js";

const DONE: Outcome = { ok: true, wrote: true, notes: [] };
const NOTHING: Outcome = { ok: true, wrote: false, notes: [] };

/** Attempts to deploy after a write. Between the two, an agent reports at most the start and the end of a job. */
const MAX_DEPLOY_TRIES = 3;

/** Identity for ownership records, and a hook for crash tests. */
export interface WriterIdentity {
  readonly instance: string;
  readonly digestKey: string;
  readonly failpoint: FailpointHook;
}

/** Writes to one Core. Each write is conditional on the known state, so that concurrent changes are not overwritten. */
export class CoreWriter {
  readonly #connection: CoreConnection;
  readonly #identity: WriterIdentity;

  constructor(connection: CoreConnection, identity: WriterIdentity) {
    this.#connection = connection;
    this.#identity = identity;
  }

  /** Creates or updates a resource and deploys it, as far as needed. `hash`: recorded hash of the document. */
  async apply(app: AppRef, desired: Desired, hash: string): Promise<Outcome> {
    return this.#guarded(async () => {
      const { rules, spec, document } = desired;
      const { state } = this.#connection.follower;
      const record = rules.find(state, document.id.name);
      const content = rules.desired(spec, document.id.name, state);
      const ownership: OwnershipRecord = {
        app: appKey(app),
        instance: this.#identity.instance,
        document: hash,
        content: contentDigest(content, this.#identity.digestKey),
        refs: { ...rules.references(spec) },
        keepAnnotations: [...keepAnnotations(document.object.metadata)],
        pruneDisabled: false,
        restart: (spec as { restart?: boolean }).restart === true,
        namespace: (spec as { namespace?: string }).namespace ?? "",
      };
      const same = record !== undefined && this.#isSame(rules, record, ownership);
      const now = same
        ? record
        : await this.#put(rules, document.id.name, content, record, ownership, rules.sent?.(spec));
      this.#identity.failpoint("core:after-app-write");
      const deployed = await this.#deploy(rules, now);
      this.#identity.failpoint("core:after-deploy");
      return same && !deployed ? NOTHING : DONE;
    });
  }

  /** Deletes a resource in the known state. For a node, only its configuration is reset. */
  async remove(app: AppRef, rules: CoreKind, permit: DeletePermit): Promise<Outcome> {
    return this.#guarded(async () => {
      const { live } = permit;
      const { client, follower } = this.#connection;
      const record = follower.state.byId(rules.change, live.uid) as Managed | undefined;
      if (record === undefined) return NOTHING;
      follower.notify(appKey(app));
      if (rules.alwaysThere) {
        const ownership = ownershipOf(record.metadata);
        if (ownership)
          await this.#send(rules, "PUT", record, { config: {}, metadata: withoutOwnership(record.metadata) });
        return DONE;
      }
      await this.#checkUnchanged(rules, record);
      try {
        await client.request({
          method: "DELETE",
          path: pathOf(rules, live.uid),
          ifMatch: live.resourceVersion || undefined,
        });
      } catch (error) {
        if (!isCoreError(error, "CORE_NOT_FOUND")) throw error;
      }
      follower.removed(rules.change, live.uid);
      return DONE;
    });
  }

  /** Transfers a resource to another app: only the ownership record changes. */
  async handOver(rules: CoreKind, live: LiveObject, to: AppRef): Promise<Outcome> {
    return this.#guarded(async () => {
      const record = this.#connection.follower.state.byId(rules.change, live.uid) as Managed | undefined;
      const ownership = record && ownershipOf(record.metadata);
      if (!record || !ownership) return NOTHING;
      await this.#put(rules, rules.nameOf(record), rules.content(record), record, { ...ownership, app: appKey(to) });
      return DONE;
    });
  }

  /** Removes the ownership record of a resource that outlives its app: nothing else changes. */
  async release(rules: CoreKind, live: LiveObject): Promise<Outcome> {
    return this.#guarded(async () => {
      const record = this.#connection.follower.state.byId(rules.change, live.uid) as Managed | undefined;
      if (!record || !ownershipOf(record.metadata)) return NOTHING;
      const metadata = withoutOwnership(record.metadata);
      await this.#send(rules, "PUT", record, rules.body(rules.content(record), rules.nameOf(record), metadata, true));
      return DONE;
    });
  }

  #isSame(rules: CoreKind, record: Managed, desired: OwnershipRecord): boolean {
    const { ownership, content } = readingOf(rules, record, this.#identity.digestKey);
    return (
      content === desired.content &&
      ownership?.app === desired.app &&
      ownership.instance === desired.instance &&
      ownership.document === desired.document
    );
  }

  async #put(
    rules: CoreKind,
    name: string,
    content: Json,
    record: Managed | undefined,
    ownership: OwnershipRecord,
    sent?: object,
  ): Promise<Managed> {
    const known = rules.body(content, name, withOwnership(record?.metadata ?? {}, ownership), record !== undefined);
    const body = sent === undefined ? known : { ...(known as object), ...sent };
    const after = await this.#send(rules, record === undefined ? "POST" : "PUT", record, body);
    if (ownershipOf(after.metadata) === undefined)
      throw new KeepsNoMetadataError(
        `the Core does not store the metadata of ${rules.kind} ${name}, which records its owner: use a Core that stores metadata`,
      );
    return after;
  }

  async #send(rules: CoreKind, method: "POST" | "PUT", record: Managed | undefined, body: unknown): Promise<Managed> {
    const { client, follower } = this.#connection;
    if (record) await this.#checkUnchanged(rules, record);
    const path = record === undefined ? rules.path : `${pathOf(rules, record.id)}${rules.alwaysThere ? "/config" : ""}`;
    const response = await client.request({
      method,
      path,
      body,
      ifMatch: record?.revision === undefined ? undefined : String(record.revision),
    });
    const read = z.object({ [rules.envelope]: CORE_RECORDS[rules.change] }).parse(response.body);
    const after = read[rules.envelope] as Managed;
    follower.wrote(rules.change, after);
    return after;
  }

  /** On a Core without ETags, reads the resource again, so that a recent change is not overwritten. */
  async #checkUnchanged(rules: CoreKind, record: Managed): Promise<void> {
    const { client, follower, reader } = this.#connection;
    if (reader.abilities.etags && record.revision !== undefined) return;
    const response = await client.request({ method: "GET", path: pathOf(rules, record.id) });
    const now = z.object({ [rules.envelope]: CORE_RECORDS[rules.change] }).parse(response.body)[
      rules.envelope
    ] as Managed;
    if (JSON.stringify(now) === JSON.stringify(record)) return;
    follower.refresh();
    throw new ChangedMeanwhileError(`${rules.kind} ${rules.nameOf(record)} was changed in the Core during the sync`);
  }

  /** Deploys the latest version of an app, unless that is in progress or done. Returns whether it did. */
  async #deploy(rules: CoreKind, record: Managed): Promise<boolean> {
    const { client, follower } = this.#connection;
    if (rules.pending(record, follower.state) === undefined) return false;
    let app = record as AppRecord;
    for (let tries = 1; ; tries++) {
      try {
        const response = await client.request({
          method: "POST",
          path: `${pathOf(rules, app.id)}/deploy`,
          body: {},
          ifMatch: app.revision === undefined ? undefined : String(app.revision),
        });
        follower.wrote("job", z.object({ job: CORE_RECORDS.job }).parse(response.body).job);
        return true;
      } catch (error) {
        if (!isCoreError(error, "CORE_CHANGED") || tries >= MAX_DEPLOY_TRIES) throw error;
        app = await this.#sameVersion(rules, app, error);
      }
    }
  }

  /** Reads the app again after an agent reported its status; throws `error` if more than the status changed. */
  async #sameVersion(rules: CoreKind, app: AppRecord, error: CoreError): Promise<AppRecord> {
    const { client, follower } = this.#connection;
    const response = await client.request({ method: "GET", path: pathOf(rules, app.id) });
    const { app: now } = z.object({ app: CORE_RECORDS.app }).parse(response.body);
    if (now.revision === app.revision || !isSameButStatus(now, app)) throw error;
    follower.wrote("app", now);
    return now;
  }

  /** Converts errors to outcomes. Marks the snapshot as outdated if the effect of a write is unknown. */
  async #guarded(work: () => Promise<Outcome>): Promise<Outcome> {
    const { follower } = this.#connection;
    try {
      return await work();
    } catch (error) {
      if (error instanceof ChangedMeanwhileError) return { ok: false, message: error.message, retryable: true };
      if (error instanceof KeepsNoMetadataError) return { ok: false, message: error.message, retryable: false };
      if (error instanceof z.ZodError) {
        follower.verification();
        return {
          ok: false,
          message: `the Core at ${this.#connection.access.url} sent a response that does not match its API`,
          retryable: true,
        };
      }
      if (!isCoreError(error)) throw error;
      if (error.uncertain) follower.verification();
      else follower.refresh();
      const { message, retryAfterMs } = error;
      return {
        ok: false,
        message,
        retryable: error.class === "retryable",
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      };
    }
  }
}

/** The resource changed before the write. */
class ChangedMeanwhileError extends Error {
  readonly code = "CORE_CHANGED_MEANWHILE";
}

/** The Core does not store metadata, and so no owner. */
class KeepsNoMetadataError extends Error {
  readonly code = "CORE_KEEPS_NO_METADATA";
}

/** Whether two states of an app differ only in what agents report. */
function isSameButStatus(a: AppRecord, b: AppRecord): boolean {
  const [left, right] = [a, b].map(({ status: _, revision: __, updatedAt: ___, ...rest }) =>
    canonicalJson(rest as Json),
  );
  return left === right;
}

function pathOf(rules: CoreKind, id: string): string {
  return `${rules.path}/${encodeURIComponent(id)}`;
}
