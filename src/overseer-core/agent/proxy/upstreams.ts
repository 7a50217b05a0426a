/** A container that a route can send requests to. */
export interface UpstreamContainer {
  /** Address from the node. */
  readonly address: string;
  /** Whether it runs and no health check says otherwise. */
  readonly ready: boolean;
}

/** Knows the containers of the services of a node. */
export interface Upstreams {
  /** Reads the containers. Returns a function that finds the running ones of a service. Throws if they cannot be read. */
  read(signal: AbortSignal): Promise<(app: string, service: string) => readonly UpstreamContainer[]>;
  /** Calls `changed` when containers may have changed. Returns a function that ends that. */
  listen(changed: () => void): () => void;
}
