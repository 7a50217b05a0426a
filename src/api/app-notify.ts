import { z } from "zod";
import { atomicList, objectName } from "./fields.js";
import { TOPICS } from "./notification-channel.js";

/** Which messages about an app are sent, and to which channels. */
export const AppNotify = z
  .object({
    channels: atomicList(
      objectName("Name of a NotificationChannel."),
      20,
      "Only NotificationChannels with these names report this app. Defaults to all channels that select it.",
    ).optional(),
    topics: atomicList(
      z.enum(TOPICS),
      TOPICS.length,
      "What to send about this app, in place of the topics of channels in its namespace; an empty list is nothing. Channels of other namespaces send only those of their topics that are listed here.",
    ).optional(),
  })
  .describe("Which messages about this app are sent, and to which channels that select it.");
