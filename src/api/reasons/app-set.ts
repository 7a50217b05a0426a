import type { ReasonText } from "./reason-text.js";

/** Reasons of OverseerAppSets. */
export const APP_SET_REASONS = {
  AppsUpToDate: { meaning: "The apps are as the template and the generators say." },
  DryRun: {
    meaning: "spec.dryRun is true: nothing is written. status.plan shows what would be written.",
    remedy: "Set spec.dryRun to false.",
  },
  SetSuspended: {
    meaning: "spec.suspend is true: no app of the set is written or deleted.",
    remedy: "Set spec.suspend to false.",
  },
  AppDeletions: {
    meaning:
      "More apps would be deleted than spec.pruneBudget permits, or an app requires a confirmation. Nothing is written until then.",
    remedy:
      "Confirm the deletions by the annotation gitops.overseer.io/confirm-deletions with the value in status.plan.hash, or restore what the generators read.",
  },
  NothingGenerated: {
    meaning: "A generator yields nothing, so that no app is deleted. Nothing is written until then.",
    remedy: "Restore the folder, file or label that the generator reads, or set spec.allowEmpty to true.",
  },
  GeneratorFailed: {
    meaning: "A generator cannot yield its parameters; the message has the cause. The apps stay as they are.",
    remedy: "Follow the message.",
  },
  InvalidTemplate: {
    meaning:
      "The template cannot be filled in; the message names the field and the parameter. The apps stay as they are.",
    remedy: "Correct the template, or the parameter.",
  },
  NameConflict: {
    meaning:
      "Two sets of parameters yield the same name, or an app of this name does not belong to the set. Nothing is written.",
    remedy: "Change spec.template.metadata.name, or rename the app.",
  },
  AppRefused: {
    meaning: "The API server rejects an app of the set; the message has its explanation. Nothing is written.",
    remedy: "Correct the template.",
  },
  AppForbidden: {
    meaning: "The ServiceAccount of the set may not write the apps; the message names the missing permission.",
    remedy: "Grant the permission.",
  },
  AppCreated: { meaning: "Event: an app was created." },
  AppDeleted: { meaning: "Event: an app that is not generated any more was deleted." },
  AppRestored: { meaning: "Event: fields of an app that others had changed were restored." },
  AppUpdated: { meaning: "Event: an app was updated." },
  DeletingApps: { meaning: "The set is being deleted and waits until its apps are gone." },
} as const satisfies Readonly<Record<string, ReasonText>>;
