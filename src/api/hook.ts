import { z } from "zod";
import { atomicList } from "./fields.js";

/** Phases in which hooks run. */
export const HOOK_PHASES = ["PreSync", "Sync", "PostSync", "SyncFail", "PreDelete", "PostDelete"] as const;
export type HookPhase = (typeof HOOK_PHASES)[number];

/** Maximum number of hook runs of one Change. */
export const MAX_HOOKS = 100;

/** One run of a hook. */
export const HookRun = z
  .object({
    phase: z.enum(HOOK_PHASES).describe("Phase in which the hook runs."),
    object: z.string().max(512).describe("The object of the hook, for example Job shop/migrate."),
    apiVersion: z.string().max(256).describe("apiVersion of the object."),
    state: z.enum(["Running", "Succeeded", "Failed"]).describe("State of the hook."),
    message: z.string().max(1024).optional().describe("Why the hook has failed."),
    startTime: z.iso.datetime().describe("Time at which the hook was started."),
    completionTime: z.iso.datetime().optional().describe("Time at which the hook ended."),
  })
  .describe("One run of a hook.");
export type HookRun = z.infer<typeof HookRun>;

/** Hooks of the deletion of an app, in its status. */
export const DeletionHooks = z
  .object({
    phases: atomicList(
      z.enum(["PreDelete", "PostDelete"]),
      2,
      "Phases of hooks that are still to be run when the app is deleted.",
    ),
    hooks: atomicList(HookRun, MAX_HOOKS, "Runs of hooks of the deletion.").optional(),
    attempt: z.int().min(0).optional().describe("How often failed hooks were run again."),
  })
  .describe("Hooks that run when the app is deleted.");
