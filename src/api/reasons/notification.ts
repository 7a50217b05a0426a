import type { ReasonText } from "./reason-text.js";

/** Reasons of NotificationChannels. */
export const NOTIFICATION_REASONS = {
  Delivering: { meaning: "Messages are sent as they occur." },
  ChannelSuspended: { meaning: "spec.suspend is true: nothing is sent." },
  DeliveryFailed: {
    meaning:
      "The last message was not accepted; the text gives the status or error. It is sent again with increasing delays, for up to an hour.",
    remedy: "Correct the address or the credential, or restore the service.",
  },
  ChannelSecretMissing: {
    meaning: "The Secret of the channel or one of its keys does not exist.",
    remedy: "Create the Secret with the keys that the message names.",
  },
  ChannelSecretInvalid: {
    meaning: "A value in the Secret of the channel cannot be used, for example a url that is not a URL.",
    remedy: "Correct the value.",
  },
  ChannelUrlInvalid: {
    meaning: "The url in the spec of the channel is not a URL: nothing is sent.",
    remedy: "Correct the url.",
  },
  HostNotAllowed: {
    meaning:
      "The host of the channel has a private, loopback or link-local address, and is not in --notification-hosts of the operator.",
    remedy: "Use another host, or ask the administrator to allow this one.",
  },
  NamespacesNotAllowed: {
    meaning: "The channel names other namespaces, but is not in a trusted namespace of the operator.",
    remedy: "Remove spec.namespaces, or create the channel in a trusted namespace.",
  },
  MessageGivenUp: {
    meaning: "Event: a message was not accepted for an hour and is not sent any more.",
    remedy: "Correct the address or the credential of the channel.",
  },
} as const satisfies Readonly<Record<string, ReasonText>>;
