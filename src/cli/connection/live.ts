import type { Approval } from "../../api/approval.js";
import type { Change } from "../../api/change.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import type { RawObject } from "../../kube/object.js";

/** An app as the API server returns it. */
export type LiveApp = OverseerApp & RawObject;
/** A Change as the API server returns it. */
export type LiveChange = Change & RawObject;
/** An Approval as the API server returns it. */
export type LiveApproval = Approval & RawObject;
