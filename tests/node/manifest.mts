// Which fields may an app manifest hold, by Slack's own types and no others?
// Slack's type lets anything stand at the top beside what it names; here only what it names may.
import type { AppsManifestValidateArguments } from "@slack/web-api";

type Named<T> = { [Field in keyof T as string extends Field ? never : Field]: T[Field] };

export type Manifest = Named<AppsManifestValidateArguments["manifest"]>;
