/** Where the containers of an app run: on a node with Docker Compose, or in pods of a cluster, which can read files of the repository. */
export type Runtime = "node" | "cluster";
