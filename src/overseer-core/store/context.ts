import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.js";
import type { Database } from "./database.js";
import type { Revisions } from "./revisions.js";

/** Dependencies of every table. */
export interface StoreContext {
  readonly database: Database;
  readonly revisions: Revisions;
  readonly clock: Clock;
}

/** Columns of every resource. */
export interface BaseRow {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly revision: number;
}

/** Returns a new id. */
export function newId(): string {
  return randomUUID();
}

/** Returns the current time in the format of the tables. */
export function timestamp(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}

/** Returns the fields of `coreResource` from a row. */
export function base(row: BaseRow): { id: string; revision: number; createdAt: string; updatedAt: string } {
  return { id: row.id, revision: row.revision, createdAt: row.created_at, updatedAt: row.updated_at };
}
