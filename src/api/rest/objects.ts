import { z } from "zod";
import { HEALTH } from "../overseer-app.js";
import { Time } from "./fields.js";

/** A live object of an app, or a pod below one. */
export const AppObject = z
  .object({
    apiVersion: z.string(),
    kind: z.string(),
    namespace: z.string().optional(),
    name: z.string(),
    uid: z.string(),
    parent: z.string().optional().describe("uid of the object of the app that a pod belongs to."),
    health: z.enum(HEALTH),
    message: z.string().optional().describe("Why the object is not healthy."),
    created: Time.optional(),
    containers: z.array(z.string()).optional().describe("Containers of a pod, the first ones first."),
    initContainers: z
      .array(z.string())
      .optional()
      .describe("Init containers of a pod, in the order in which they run."),
    restarts: z.int().optional().describe("Number of restarts of the containers of a pod."),
  })
  .describe("A live object of an app, or a pod below one.");
export type AppObject = z.infer<typeof AppObject>;

/** The live objects of an app. */
export const AppObjects = z
  .object({
    items: z.array(AppObject).describe("The objects, the worst health first, and their pods."),
    omitted: z.literal(true).optional().describe("There are more objects than the response may have."),
    hidden: z.array(z.string()).optional().describe("Kinds that the user may not list."),
    unavailable: z.string().optional().describe("Why the objects cannot be read."),
  })
  .describe("The live objects of an app, as the user may read them.");
export type AppObjects = z.infer<typeof AppObjects>;

/** An Event about an app, one of its Changes, or one of its objects. */
export const AppEvent = z
  .object({
    type: z.string().describe("Normal or Warning."),
    reason: z.string(),
    note: z.string(),
    object: z.string().describe("The object, for example Deployment shop/web."),
    count: z.int().describe("How often it happened."),
    time: Time.describe("Time at which it last happened."),
  })
  .describe("An Event about an app, one of its Changes, or one of its objects.");
export type AppEvent = z.infer<typeof AppEvent>;

/** The Events about an app, the newest first. */
export const AppEvents = z
  .object({
    items: z.array(AppEvent),
    hidden: z.array(z.string()).optional().describe("Namespaces whose Events the user may not list."),
  })
  .describe("The Events about an app, the newest first.");
export type AppEvents = z.infer<typeof AppEvents>;
