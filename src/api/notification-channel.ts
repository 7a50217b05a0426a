import { z } from "zod";
import { atomicList, duration, namespaceList, objectName, withRules } from "./fields.js";
import type { CustomResource } from "./meta.js";
import { PROVIDER_FIELDS, PROVIDER_NAMES } from "./notify-providers.js";
import { conditions, observedGeneration } from "./status-fields.js";

/** What a message can be about. */
export const TOPICS = [
  "Failed",
  "Degraded",
  "WaitingForApproval",
  "Drifted",
  "Contested",
  "BreakGlass",
  "Recovered",
  "Succeeded",
  "RolledBack",
] as const;
export type Topic = (typeof TOPICS)[number];

const DEFAULT_TOPICS: readonly Topic[] = ["WaitingForApproval", "Failed", "Degraded", "Recovered", "BreakGlass"];

/** Maximum number of problems that a channel remembers as reported. */
export const MAX_OPEN = 500;
/** Maximum number of finished Changes that a channel remembers as reported. */
export const MAX_HANDLED = 200;

const optionalFields = Object.fromEntries(
  Object.entries(PROVIDER_FIELDS).map(([name, schema]) => [name, schema.optional()]),
) as { readonly [N in keyof typeof PROVIDER_FIELDS]: z.ZodOptional<(typeof PROVIDER_FIELDS)[N]> };

/** Spec of a NotificationChannel. */
export const NotificationChannelSpec = withRules(
  z
    .object({
      ...optionalFields,
      topics: atomicList(
        z.enum(TOPICS),
        TOPICS.length,
        "What to send: Failed (a commit cannot be applied), Degraded (objects are not healthy), WaitingForApproval (a Change waits for a person), Drifted, Contested, BreakGlass, Recovered (a reported problem is over), Succeeded (a Change was applied), RolledBack. Defaults to WaitingForApproval, Failed, Degraded, Recovered and BreakGlass.",
      ).default([...DEFAULT_TOPICS]),
      apps: atomicList(
        objectName("Name of an OverseerApp."),
        200,
        "Names of the OverseerApps to report. Defaults to all.",
      ).optional(),
      environments: atomicList(
        objectName("Name of an Environment."),
        50,
        "Environments whose apps are reported. Defaults to apps of any or no Environment.",
      ).optional(),
      namespaces: namespaceList(
        "Namespaces whose apps are reported, or *. Only for channels in trusted namespaces of the operator; others report apps of their own namespace. Defaults to the namespace of the channel.",
      ).optional(),
      groupWait: duration(
        "How long to wait for further events before messages are sent, so that a short interruption is not reported and many apps with one cause make one message.",
        "30s",
        "1s",
        "15m",
      ),
      suspend: z.boolean().default(false).describe("Send nothing. Defaults to false."),
    })
    .describe("Where messages are sent, and which."),
  [
    {
      rule: `[${PROVIDER_NAMES.map((name) => `has(self.${name})`).join(", ")}].filter(is, is).size() == 1`,
      message: `exactly one of ${PROVIDER_NAMES.join(", ")} must be set`,
    },
  ],
);
export type NotificationChannelSpec = z.infer<typeof NotificationChannelSpec>;

/** A problem that was reported and is not over. */
export const OpenProblem = z
  .object({
    key: z.string().max(32).describe("Identifies the problem."),
    app: z.string().max(320).describe("Namespace and name of the OverseerApp."),
    topic: z.enum(TOPICS).describe("Topic of the message."),
    time: z.iso.datetime().describe("Time at which the problem began."),
    text: z.string().max(256).optional().describe("What was reported."),
  })
  .describe("A problem that was reported and is not over.");
export type OpenProblem = z.infer<typeof OpenProblem>;

/** Status of a NotificationChannel. It is written only after something was sent, or when the channel itself changes. */
export const NotificationChannelStatus = z
  .object({
    observedGeneration,
    conditions: conditions("Conditions of the channel: Ready, and Stalled while it is True."),
    lastSentTime: z.iso.datetime().optional().describe("Time of the last message that was accepted."),
    sent: z.int().min(0).optional().describe("Number of messages that were accepted."),
    lastHandledTest: z
      .string()
      .max(256)
      .optional()
      .describe("Value of the annotation gitops.overseer.io/notify-test that was last handled."),
    handledThrough: z.iso
      .datetime()
      .optional()
      .describe("Changes that ended before this time are not reported any more."),
    handled: atomicList(
      z.string().max(64),
      MAX_HANDLED,
      "Changes that ended later and were reported, each as a time and a digest.",
    ).optional(),
    open: atomicList(OpenProblem, MAX_OPEN, "Problems that were reported and are not over.").optional(),
  })
  .describe("State of the channel, and what it has reported, so that a restart repeats nothing.");
export type NotificationChannelStatus = z.infer<typeof NotificationChannelStatus>;

/** A channel that messages about apps are sent to. */
export type NotificationChannel = CustomResource<NotificationChannelSpec, NotificationChannelStatus>;
