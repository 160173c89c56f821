// The wire, typed by hand from the contract. Not the place for view types. Fields that a server may leave out are optional.

export type Kind = "ui" | "api" | "cli" | "code";
export type GenerationStatus = "queued" | "running" | "completed" | "failed" | "cancelled";

export interface User {
  id: string;
  email: string;
  name: string;
  avatarUrl?: string | null;
  role: "user" | "admin";
  emailVerified?: boolean;
  createdAt?: string;
}

export interface Session {
  user: User;
  accessToken: string;
  tokenType: "Bearer";
  /** Seconds until the access token ends. */
  expiresIn: number;
}

export interface MfaRequired {
  mfaRequired: true;
  mfaToken: string;
}

export interface FieldError {
  field: string;
  message: string;
}

/** RFC 9457. `code` is the stable word to decide by. */
export interface Problem {
  type?: string;
  title?: string;
  status: number;
  detail?: string;
  code?: string;
  traceId?: string;
  errors?: FieldError[];
}

export interface Page<T> {
  items: T[];
  nextCursor?: string | null;
}

export interface ArtifactFileInfo {
  path: string;
  language?: string | null;
  bytes?: number;
  status?: "complete" | "truncated" | "invalid";
}

export interface GenerationMetadata {
  provider?: string | null;
  model?: string | null;
  promptVersion?: string | null;
  usage?: { inputTokens?: number; outputTokens?: number } | null;
  costUsd?: number | null;
  durationMs?: number | null;
  firstTokenMs?: number | null;
  cached?: boolean;
  attempts?: number;
  files?: ArtifactFileInfo[];
  validation?: { ok: boolean; issues?: unknown[] } | null;
}

export interface GenerationError {
  code: string;
  message: string;
}

/** What lists hold: a generation without its text. */
export interface GenerationSummary {
  id: string;
  type: Kind;
  title?: string | null;
  prompt: string;
  language?: string | null;
  status: GenerationStatus;
  progress?: number;
  error?: GenerationError | null;
  model?: string | null;
  parentId?: string | null;
  roomId?: string | null;
  starred?: boolean;
  metadata?: GenerationMetadata | null;
  createdAt: string;
  completedAt?: string | null;
}

export interface Generation extends GenerationSummary {
  /** The model's text, byte for byte; so far, while it runs. */
  result?: string | null;
}

export interface Room {
  id: string;
  name: string;
}

export interface ModelInfo {
  id: string;
  provider?: string;
}

export interface ModelList {
  items: ModelInfo[];
  demo?: boolean;
}

export type ProgressStatus = "queued" | "running" | "streaming" | "validating" | "repairing";

export interface ProgressEvent {
  generationId: string;
  attempt: number;
  seq: number;
  progress?: number;
  status?: ProgressStatus;
  delta?: string;
}

export interface CompleteEvent {
  generationId: string;
  attempt: number;
  seq: number;
  result: string;
  metadata?: GenerationMetadata | null;
}

export interface FailedEvent {
  generationId: string;
  attempt: number;
  seq: number;
  error?: GenerationError | null;
}

export interface CancelledEvent {
  generationId: string;
  attempt: number;
  seq: number;
}

export interface StartedEvent {
  generationId: string;
  type: Kind;
  prompt: string;
  userId?: string;
  roomId?: string | null;
}

/** The one shape the reducer folds, whatever brought it here. */
export type GenerationEvent =
  | ({ kind: "progress" } & ProgressEvent)
  | ({ kind: "complete" } & CompleteEvent)
  | ({ kind: "failed" } & FailedEvent)
  | ({ kind: "cancelled" } & CancelledEvent);
