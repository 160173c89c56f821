// Calls to the REST API: adds the access token, renews it once on 401, and turns every failure into an ApiError.
// Knows no endpoint by itself; each feature's api/ folder does.
import type { Fault, FieldError } from "@/api/types";
import { accessToken, renewSession } from "./auth-session";
import { fieldSentence } from "./words";

/** A call that did not succeed. `status` 0 means that no answer came at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly FieldError[];
  readonly traceId: string | undefined;
  /** Seconds to wait, when the server said so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Fault, retryAfter?: number) {
    super(problem.detail || problem.title || "The server refused this.");
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code ?? `http_${problem.status}`;
    this.fields = problem.errors ?? [];
    this.traceId = problem.traceId;
    this.retryAfter = retryAfter;
  }
}

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** Lets a retry of the same act be recognised by the server. */
  idempotencyKey?: string;
  /** False for the calls that make a session: they carry no token and are never retried. */
  authenticated?: boolean;
  /** Lets the call outlive the page, for what must still be sent while it closes. */
  keepalive?: boolean;
}

export async function api<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await call(path, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export async function apiText(path: string, options: CallOptions = {}): Promise<string> {
  return (await call(path, options)).text();
}

export async function apiBlob(path: string, options: CallOptions = {}): Promise<Blob> {
  return (await call(path, options)).blob();
}

async function call(path: string, options: CallOptions): Promise<Response> {
  const authenticated = options.authenticated ?? true;
  let response = await send(path, options, authenticated);
  if (response.status === 401 && authenticated && (await renewSession())) {
    response = await send(path, options, true);
  }
  if (!response.ok) throw await toError(response);
  return response;
}

async function send(path: string, options: CallOptions, authenticated: boolean): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (options.idempotencyKey) headers.set("Idempotency-Key", options.idempotencyKey);
  const token = authenticated ? accessToken() : undefined;
  if (token) headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(path, {
      method: options.method ?? "GET",
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
      credentials: "same-origin",
      keepalive: options.keepalive ?? false,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({ status: 0, code: "unreachable", detail: unreachableWords() });
  }
}

async function toError(response: Response): Promise<ApiError> {
  const retryAfter = Number(response.headers.get("Retry-After")) || undefined;
  try {
    const problem = (await response.json()) as Fault;
    return new ApiError({ ...problem, status: response.status }, retryAfter);
  } catch {
    return new ApiError({ status: response.status, title: `The server answered ${response.status}.` }, retryAfter);
  }
}

function unreachableWords(): string {
  return navigator.onLine ? "The server does not answer. Nothing is lost." : "You are offline. Nothing is lost.";
}

/** One sentence for the user about any failure. */
export function errorWords(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 429) return `Too many at once. Ready again in ${error.retryAfter ?? 60} s.`;
    if (error.fields.length > 0) return error.fields.map(fieldSentence).join(" ");
    return error.message;
  }
  return error instanceof Error ? error.message : "This part stopped working.";
}
