import { InvalidArgumentError, Option } from "commander";
import { duration } from "../flags.js";
import type { AddVerbs } from "../verb.js";
import type { LoginFlags } from "./login/login.js";

/** Adds the commands that sign in to a REST API. */
export const addSignIn: AddVerbs = (program, finish) => {
  program
    .command("login")
    .argument("<SERVER>", "URL of the REST API, such as https://gitops.example.com")
    .summary("sign in to a server, for use without a kubeconfig")
    .description(
      "Sign in to a REST API at its issuer of OpenID Connect: by a browser on this machine, or with a code by a browser elsewhere. Commands with --server then act as you. The credential is stored in a file that only you can read, and is renewed by itself.",
    )
    .addOption(new Option("--token <TOKEN>", "store this bearer token instead; - reads it from standard input"))
    .option("--device", "sign in with a code by a browser on another machine")
    .option("--no-browser", "print the URL, and open no browser")
    .option("--port <PORT>", "port on this machine that the issuer redirects to; defaults to any", port, 0)
    .option("--certificate-authority <FILE>", "certificates that the server is trusted by, in PEM")
    .addOption(
      new Option("--timeout <DURATION>", "how long to wait for the sign-in").argParser(duration).default(300_000, "5m"),
    )
    .addHelpText(
      "after",
      "\nExamples:\n  overseer login https://gitops.example.com\n  overseer login https://gitops.example.com --device\n  overseer login https://gitops.example.com --token -",
    )
    .action(async (server: string, flags: LoginFlags) => {
      const { login } = await import("./login/login.js");
      finish(await login(server, flags));
    });
  program
    .command("logout")
    .argument("[SERVER]", "the server; defaults to the only one")
    .summary("sign out of a server")
    .description("Sign out of a server: delete its credential, and revoke it at the issuer.")
    .addHelpText("after", "\nExamples:\n  overseer logout\n  overseer logout https://gitops.example.com")
    .action(async (server: string | undefined) => {
      const { logout } = await import("./login/login.js");
      finish(await logout(server));
    });
};

function port(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError("It must be a port.");
}
