export type { Change, GateState, PlannedAction, Refusal } from "../../../src/api/change.js";
export type { Condition } from "../../../src/api/conditions.js";
export type { OverseerApp } from "../../../src/api/overseer-app.js";
export type { AppDetail, AppList, AppRow, SyncState } from "../../../src/api/rest/apps.js";
export type { ChangeDetail, ChangeList, ChangeRow } from "../../../src/api/rest/changes.js";
export type { AppVerb } from "../../../src/api/rest/fields.js";
export type { AppEvents, AppObject, AppObjects } from "../../../src/api/rest/objects.js";
export type { RepositoryDetail, RepositoryList, RepositoryRow } from "../../../src/api/rest/repositories.js";
export type { Whoami } from "../../../src/api/rest/user.js";
