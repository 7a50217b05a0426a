import { join } from "node:path";
import { repositoryRoot } from "../repository-root.js";
import type { CoreStage } from "./core.js";
import { DEMO_NAMESPACE, SHOP_NAMESPACE } from "./sample.js";
import type { Screen } from "./screen.js";
import type { DemoUi } from "./web-ui.js";

/** Prints the address of the web UI and commands for another terminal, while the demo keeps running. Of the Core, it shows the token file, not the token. */
export function lookAround(screen: Screen, stage: CoreStage, ui: DemoUi): void {
  const { cluster, repo, operator, operatorUrl, core } = stage;
  screen.title("\nOpen the web UI\n");
  screen.line(`  ${ui.link ?? `${ui.url}        # sign in with: kubectl create token NAME --namespace NAMESPACE`}`);
  screen.title("\nTry it in another terminal\n");
  screen.line(`  export KUBECONFIG=${cluster.kubeconfigPath}`);
  screen.line(`  alias kubectl=${cluster.kubectlPath}`);
  screen.line(`  alias overseer="node ${join(repositoryRoot(), "dist/overseer.js")} -n ${DEMO_NAMESPACE}"`);
  screen.line("  overseer get apps");
  if (ui.link !== undefined) {
    screen.line("  overseer why checkout");
    screen.line("  overseer plan cart                    # then: overseer approve cart --as alice");
  }
  screen.line("  kubectl get gitrepositories,overseerapps,changes -A");
  screen.line(`  kubectl -n ${SHOP_NAMESPACE} scale deployment/web --replicas=9   # reverted at once`);
  screen.line(`  git clone ${repo.url}        # pushed commits are applied within 10 s`);
  const [, token] = ui.link?.split("#token=") ?? [];
  const bearer = token === undefined ? "$TOKEN" : decodeURIComponent(token);
  screen.line(`  curl -s -H "authorization: Bearer ${bearer}" ${ui.url}/api/gitops/sync-status`);
  screen.line(`  curl ${operatorUrl}/metrics`);
  screen.line("\nOn the Core\n");
  screen.line(`  CORE=${core.url}; AUTH="authorization: Bearer $(cat ${core.tokenFile})"`);
  screen.line(`  curl -s -H "$AUTH" $CORE/api/apps`);
  screen.line(`  curl -s -H "$AUTH" $CORE/api/routes`);
  screen.line(`  curl -s -H "$AUTH" $CORE/api/jobs`);
  screen.line(`  curl -s -H "$AUTH" -H 'content-type: application/json' -d '{"name":"github","type":"simulated"}' \\`);
  screen.line(`    $CORE/api/sign-in-providers        # then the refused route is applied`);
  const logs = [operator, ...stage.processes.slice(1)].map(({ name, logFile }) => `\n  log of ${name}: ${logFile}`);
  screen.line(screen.style.dim(logs.join("")));
  screen.line("\nRunning. Press Ctrl-C to stop and remove everything.");
}
