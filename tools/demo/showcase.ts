import type { GitChanges } from "../git-repository.js";

/** A Deployment whose pods fit on no node of the demo. */
const CHECKOUT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
spec:
  replicas: 3
  progressDeadlineSeconds: 5
  selector: { matchLabels: { app: checkout } }
  template:
    metadata: { labels: { app: checkout } }
    spec:
      nodeSelector: { disk: nvme }
      containers:
        - name: checkout
          image: ghcr.io/example/checkout:2.4.0
`;

const SEARCH = `apiVersion: v1
kind: ConfigMap
metadata:
  name: search
data:
  LOG_LEVEL: info
  SHARDS: "3"
`;

/** The configuration of the cart. */
function cart(version: string, timeout: number): string {
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: cart
data:
  image: ghcr.io/example/cart:${version}
  cart.toml: |
    [server]
    port = 8080
    timeout = ${timeout}

    [log]
    level = "info"
`;
}

const OLD_CART = `apiVersion: v1
kind: ConfigMap
metadata:
  name: cart-sessions
  annotations: { gitops.overseer.io/prune: confirm }
data:
  note: Sessions of the old cart. Its deletion needs an approval.
`;

/** Apps for the web UI: `checkout` will be degraded, `search` will have drift, `cart` will wait for an approval. */
export const SHOWCASE: GitChanges = {
  "showcase/checkout/deployment.yaml": CHECKOUT,
  "showcase/search/config.yaml": SEARCH,
  "showcase/cart/config.yaml": cart("1.8.2", 30),
  "showcase/cart/old.yaml": OLD_CART,
};

/** The commit that deletes an object of the cart, and so waits. */
export const SHOWCASE_SECOND: GitChanges = {
  "showcase/cart/config.yaml": cart("1.9.0", 60),
  "showcase/cart/old.yaml": null,
};
