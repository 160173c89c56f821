// The names the app uses for what is on the wire. What REST sends is made from docs/openapi.json (generated.ts, by
// `cargo xtask generate`); the events of the socket are typed here, of the same parts. Not the place for view types.
import type { components } from "./generated";

type Schemas = components["schemas"];

export type Kind = Schemas["Kind"];
export type GenerationStatus = Schemas["Status"];
export type User = Schemas["User"];
export type Session = Schemas["Session"];
export type Problem = Schemas["Problem"];
export type FieldError = Schemas["FieldError"];
export type FileInfo = Schemas["FileInfo"];
export type Failure = Schemas["Failure"];
export type Issue = Schemas["Issue"];
export type Metadata = Schemas["Metadata"];
export type Room = Schemas["Room"];
export type Models = Schemas["Models"];
export type Providers = Schemas["Providers"];
export type MfaRequired = Schemas["MfaRequired"];
export type SteppedUp = Schemas["SteppedUpBody"];
export type SecondFactor = Schemas["Mfa"];
export type TotpEnrolment = Schemas["TotpEnrolment"];
export type RecoveryCodes = Schemas["RecoveryCodes"];
export type Identities = Schemas["Identities"];
export type Authorize = Schemas["Authorize"];
export type OwnSession = Schemas["OwnSession"];
export type Scope = Schemas["Scope"];
export type ApiKey = Schemas["ApiKey"];
export type CreatedApiKey = Schemas["CreatedApiKey"];
export type AccountExport = Schemas["AccountExport"];
export type Account = Schemas["Account"];
export type AuditPerson = Schemas["AuditPerson"];

export type Generation = Schemas["Generation"];

/** A line of the audit log. The document says no more of the detail than that it is an object. */
export type AuditEntry = Omit<Schemas["AuditEntry"], "detail"> & { detail: Readonly<Record<string, unknown>> };

/** What lists hold: a generation without its text. */
export type GenerationSummary = Omit<Generation, "result">;

/** The document has a page of each kind of thing; they differ in their items only. */
export type Page<T> = Omit<Schemas["Page_Generation"], "items"> & { items: T[] };

/** A fault as the UI holds it. A proxy's error page, or no answer at all, leaves little more than the status. */
export type Fault = Partial<Problem> & Pick<Problem, "status">;

export type ProgressStatus = "queued" | "running" | "streaming" | "validating" | "repairing";

/** Where an event stands in its generation. */
interface Position {
  generationId: string;
  attempt: number;
  seq: number;
}

export interface ProgressEvent extends Position {
  progress: number;
  status: ProgressStatus;
  delta?: string;
}

export interface CompleteEvent extends Position {
  result: string;
  metadata: Metadata;
}

export interface FailedEvent extends Position {
  error: Failure;
}

export interface CancelledEvent extends Position {}

export interface StartedEvent {
  generationId: string;
  type: Kind;
  prompt: string;
  userId: string;
  roomId: string | null;
}

/** The one shape the reducer folds, whatever brought it here. */
export type GenerationEvent =
  | ({ kind: "progress" } & ProgressEvent)
  | ({ kind: "complete" } & CompleteEvent)
  | ({ kind: "failed" } & FailedEvent)
  | ({ kind: "cancelled" } & CancelledEvent);
