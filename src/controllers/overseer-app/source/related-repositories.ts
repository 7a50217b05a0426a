/** Another repository that the content of an app's repository names, and that the app reads. */
export interface RelatedRepository {
  readonly url: string;
  readonly kind: "remote base" | "submodule";
  /** Where it is named, for messages. */
  readonly place: string;
}
