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
import type { Wanted } from "./wanted-spec.js";

const DONE: Outcome = { ok: true, wrote: true, notes: [] };
const NOTHING: Outcome = { ok: true, wrote: false, notes: [] };

/** An agent reports the start and the end of a job: more changes of the status do not come between a write and its deployment. */
const MAX_DEPLOY_TRIES = 3;

/** Whose marks a writer makes, and what ends it in tests. */
export interface WriterIdentity {
  readonly instance: string;
  readonly digestKey: string;
  readonly failpoint: FailpointHook;
}

/** Writes to one Core. Each write is bound to the state that was seen, so that nothing of anybody else's is overwritten. */
export class CoreWriter {
  readonly #connection: CoreConnection;
  readonly #identity: WriterIdentity;

  constructor(connection: CoreConnection, identity: WriterIdentity) {
    this.#connection = connection;
    this.#identity = identity;
  }

  /** Makes the resource what the document wants and deploys it, where that is left to do. `hash`: recorded hash of the document. */
  async apply(app: AppRef, wanted: Wanted, hash: string): Promise<Outcome> {
    return this.#guarded(async () => {
      const { rules, spec, document } = wanted;
      const { state } = this.#connection.follower;
      const seen = rules.find(state, document.id.name);
      const content = rules.wanted(spec, document.id.name, state);
      const ownership: OwnershipRecord = {
        app: appKey(app),
        instance: this.#identity.instance,
        document: hash,
        content: contentDigest(content, this.#identity.digestKey),
        refs: { ...rules.references(spec) },
        keepAnnotations: [...keepAnnotations(document.object.metadata)],
        pruneDisabled: false,
        namespace: (spec as { namespace?: string }).namespace ?? "",
      };
      const same = seen !== undefined && this.#isSame(rules, seen, ownership);
      const now = same ? seen : await this.#put(rules, document.id.name, content, seen, ownership);
      this.#identity.failpoint("core:after-app-write");
      const deployed = await this.#deploy(rules, now);
      this.#identity.failpoint("core:after-deploy");
      return same && !deployed ? NOTHING : DONE;
    });
  }

  /** Deletes a resource in the state that was seen; of a node, what we told it. */
  async remove(app: AppRef, rules: CoreKind, permit: DeletePermit): Promise<Outcome> {
    return this.#guarded(async () => {
      const { live } = permit;
      const { client, follower } = this.#connection;
      const seen = follower.state.byId(rules.change, live.uid) as Managed | undefined;
      if (seen === undefined) return NOTHING;
      follower.notify(appKey(app));
      if (rules.alwaysThere) {
        const ownership = ownershipOf(seen.metadata);
        if (ownership) await this.#send(rules, "PUT", seen, { config: {}, metadata: withoutOwnership(seen.metadata) });
        return DONE;
      }
      await this.#checkUnchanged(rules, seen);
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

  /** Makes a resource another app's: nothing but our mark changes. */
  async handOver(rules: CoreKind, live: LiveObject, to: AppRef): Promise<Outcome> {
    return this.#guarded(async () => {
      const seen = this.#connection.follower.state.byId(rules.change, live.uid) as Managed | undefined;
      const ownership = seen && ownershipOf(seen.metadata);
      if (!seen || !ownership) return NOTHING;
      await this.#put(rules, rules.nameOf(seen), rules.content(seen), seen, { ...ownership, app: appKey(to) });
      return DONE;
    });
  }

  #isSame(rules: CoreKind, seen: Managed, wanted: OwnershipRecord): boolean {
    const { ownership, content } = readingOf(rules, seen, this.#identity.digestKey);
    return (
      content === wanted.content &&
      ownership?.app === wanted.app &&
      ownership.instance === wanted.instance &&
      ownership.document === wanted.document
    );
  }

  async #put(
    rules: CoreKind,
    name: string,
    content: Json,
    seen: Managed | undefined,
    ownership: OwnershipRecord,
  ): Promise<Managed> {
    const body = rules.body(content, name, withOwnership(seen?.metadata ?? {}, ownership), seen !== undefined);
    const after = await this.#send(rules, seen === undefined ? "POST" : "PUT", seen, body);
    if (ownershipOf(after.metadata) === undefined)
      throw new KeepsNoMetadataError(
        `the Core does not keep metadata of ${rules.kind} ${name}, so nobody could tell whose it is: this Core cannot be used for it`,
      );
    return after;
  }

  async #send(rules: CoreKind, method: "POST" | "PUT", seen: Managed | undefined, body: unknown): Promise<Managed> {
    const { client, follower } = this.#connection;
    if (seen) await this.#checkUnchanged(rules, seen);
    const path = seen === undefined ? rules.path : `${pathOf(rules, seen.id)}${rules.alwaysThere ? "/config" : ""}`;
    const response = await client.request({
      method,
      path,
      body,
      ifMatch: seen?.revision === undefined ? undefined : String(seen.revision),
    });
    const read = z.object({ [rules.envelope]: CORE_RECORDS[rules.change] }).parse(response.body);
    const after = read[rules.envelope] as Managed;
    follower.wrote(rules.change, after);
    return after;
  }

  /** On a Core without ETags: looks once more, so that what somebody did a moment ago is not overwritten. */
  async #checkUnchanged(rules: CoreKind, seen: Managed): Promise<void> {
    const { client, follower, reader } = this.#connection;
    if (reader.abilities.etags && seen.revision !== undefined) return;
    const response = await client.request({ method: "GET", path: pathOf(rules, seen.id) });
    const now = z.object({ [rules.envelope]: CORE_RECORDS[rules.change] }).parse(response.body)[
      rules.envelope
    ] as Managed;
    if (JSON.stringify(now) === JSON.stringify(seen)) return;
    follower.refresh();
    throw new ChangedMeanwhileError(`${rules.kind} ${rules.nameOf(seen)} was changed in the Core meanwhile`);
  }

  /** Deploys the newest version of an app, unless that is under way or done. Returns whether it did. */
  async #deploy(rules: CoreKind, seen: Managed): Promise<boolean> {
    const { client, follower } = this.#connection;
    if (rules.pending(seen, follower.state) === undefined) return false;
    let app = seen as AppRecord;
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

  /** The app as it is now, after an agent reported its status; throws `error` if its content is another by now. */
  async #sameVersion(rules: CoreKind, app: AppRecord, error: CoreError): Promise<AppRecord> {
    const { client, follower } = this.#connection;
    const response = await client.request({ method: "GET", path: pathOf(rules, app.id) });
    const { app: now } = z.object({ app: CORE_RECORDS.app }).parse(response.body);
    if (now.revision === app.revision || !isSameButStatus(now, app)) throw error;
    follower.wrote("app", now);
    return now;
  }

  /** Turns what goes wrong into an outcome; after a fault of which nobody knows what it left, the Core is looked at again. */
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
          message: `the Core at ${this.#connection.access.url} gave an answer that is not what its API says`,
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

/** Somebody else was faster. */
class ChangedMeanwhileError extends Error {
  readonly code = "CORE_CHANGED_MEANWHILE";
}

/** A Core that forgets whose a resource is. */
class KeepsNoMetadataError extends Error {
  readonly code = "CORE_KEEPS_NO_METADATA";
}

/** Whether two states of an app differ in nothing but what agents report. */
function isSameButStatus(a: AppRecord, b: AppRecord): boolean {
  const [left, right] = [a, b].map(({ status: _, revision: __, updatedAt: ___, ...rest }) =>
    canonicalJson(rest as Json),
  );
  return left === right;
}

function pathOf(rules: CoreKind, id: string): string {
  return `${rules.path}/${encodeURIComponent(id)}`;
}
