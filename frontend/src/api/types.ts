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

export type Generation = Schemas["Generation"];

/** What lists hold: a generation without its text. */
export type GenerationSummary = Omit<Generation, "result">;

/** The document has a page of each kind of thing; they differ in their items only. */
export type Page<T> = Omit<Schemas["Page_Generation"], "items"> & { items: T[] };

/** The other answer to a sign-in, by the contract. The document does not know it while the server never gives it. */
export interface MfaRequired {
  mfaRequired: true;
  mfaToken: string;
}

export type OwnSession = Schemas["OwnSession"];

export type Scope = "generations:read" | "generations:write" | "rooms:read" | "rooms:write" | "profile:read";

export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: Scope[];
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
}

export type NewApiKey = ApiKey & { key: string };

/** An account as an administrator sees it. */
export interface Account {
  id: string;
  email: string;
  name: string;
  role: "user" | "admin";
  disabled: boolean;
  emailVerified: boolean;
  mfaEnabled: boolean;
  createdAt: string;
  lastUsedAt: string | null;
}

/** Somebody in the audit log; without a name when the account is erased. */
export interface AuditPerson {
  id: string;
  name: string | null;
  email: string | null;
}

/** A copy of all that is kept of the user. */
export interface AccountExport {
  id: string;
  status: "queued" | "running" | "ready" | "failed";
  /** 0 to 100. */
  progress: number;
  bytes: number | null;
  createdAt: string;
  completedAt: string | null;
  expiresAt: string | null;
}

/** A line of the audit log. */
export interface AuditEntry {
  id: string;
  at: string;
  action: string;
  /** Null for an operator's command, and for whoever could not say who they are. */
  actor: AuditPerson | null;
  subject: AuditPerson | null;
  ip: string | null;
  userAgent: string | null;
  detail: Record<string, unknown>;
  traceId: string | null;
}

/** A linked way in. */
export interface Identity {
  provider: "google" | "github";
  email: string | null;
  createdAt: string;
}

export interface Identities {
  items: Identity[];
  hasPassword: boolean;
}

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
