import { withClusterFlags, withTimeout } from "../flags.js";
import type { AddVerbs } from "../verb.js";
import type { NotifyTestFlags } from "./notify/test-channel.js";

/** Adds the commands about notifications. */
export const addNotify: AddVerbs = (program, finish) => {
  const notify = program
    .command("notify")
    .summary("test NotificationChannels")
    .description("Test NotificationChannels.")
    .addHelpText("after", "\nExamples:\n  overseer notify test team-chat -n team-shop");
  const test = notify
    .command("test")
    .argument("<CHANNEL>", "the NotificationChannel")
    .summary("send a test message, and wait for the result")
    .description(
      "Request that the operator sends a test message to a NotificationChannel, and print whether the receiver has accepted it, or why not. Needs the verb patch.",
    )
    .action(async (name: string, flags: NotifyTestFlags) => {
      const { testChannel } = await import("./notify/test-channel.js");
      finish(await testChannel(name, flags));
    });
  withClusterFlags(withTimeout(test, "30s"));
};
