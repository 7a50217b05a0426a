import type { ManagedFieldsCase } from "./case.js";
import { CASES_D_CUSTOM } from "./cases-d-custom.js";
import { CASES_D_KINDS } from "./cases-d-kinds.js";
import { CASES_D_WORKLOADS } from "./cases-d-workloads.js";

/** Kinds and shapes in which drift is seen and put back. */
export const CASES_D: readonly ManagedFieldsCase[] = [...CASES_D_WORKLOADS, ...CASES_D_KINDS, ...CASES_D_CUSTOM];
