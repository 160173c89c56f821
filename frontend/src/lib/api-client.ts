// Calls to the REST API: adds the access token, renews it once on 401, asks for a proof where one is wanted, and turns
// every failure into an ApiError. Knows no endpoint by itself; each feature's api/ folder does.
import type { Fault, FieldError } from "@/api/types";
import { accessToken, renewSession } from "./auth-session";
import { askForProof, heldProof, PROOF_WANTED } from "./step-up";
import { fieldSentence, waitWords } from "./words";

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
  /** A body that is sent as it is. */
  text?: string;
  signal?: AbortSignal | undefined;
  /** Lets a retry of the same act be recognised by the server. */
  idempotencyKey?: string;
  /** False for the calls that make a session: they carry no token and are never retried. */
  authenticated?: boolean;
  /** Lets the call outlive the page, for what must still be sent while it closes. */
  keepalive?: boolean;
}

export async function api<T>(path: string, options: CallOptions = {}): Promise<T> {
  const text = await apiText(path, options);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export async function apiText(path: string, options: CallOptions = {}): Promise<string> {
  return (await call(path, options)).text();
}

export async function apiBlob(path: string, options: CallOptions = {}): Promise<Blob> {
  return (await call(path, options)).blob();
}

/** A 401 that is about what was written, not about the token: to send it again would count as a second try. */
const WRONG_SECRETS: ReadonlySet<string> = new Set(["invalid_credentials", "invalid_code"]);

/** The answer as it came, whatever its status below 400. */
export async function call(path: string, options: CallOptions = {}): Promise<Response> {
  let response = await send(path, options);
  // A proof that is held may be over on the server: then it is asked for once more.
  for (const proofOf of [heldProof, askForProof]) {
    if (response.status !== 403 || (await codeOf(response)) !== PROOF_WANTED) break;
    const proof = await proofOf();
    if (proof !== undefined) response = await send(path, options, proof);
  }
  if (!response.ok) throw await toError(response);
  return response;
}

async function send(path: string, options: CallOptions, proof?: string): Promise<Response> {
  const authenticated = options.authenticated ?? true;
  const response = await sendOnce(path, options, authenticated, proof);
  if (response.status !== 401 || !authenticated || WRONG_SECRETS.has((await codeOf(response)) ?? "")) return response;
  return (await renewSession()) ? sendOnce(path, options, true, proof) : response;
}

async function sendOnce(
  path: string,
  options: CallOptions,
  authenticated: boolean,
  proof: string | undefined,
): Promise<Response> {
  const headers = new Headers({ Accept: "application/json" });
  if (proof !== undefined) headers.set("X-Step-Up", proof);
  if (options.body !== undefined) headers.set("Content-Type", "application/json");
  if (options.text !== undefined) headers.set("Content-Type", "text/plain; charset=utf-8");
  if (options.idempotencyKey) headers.set("Idempotency-Key", options.idempotencyKey);
  const token = authenticated ? accessToken() : undefined;
  if (token) headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(path, {
      method: options.method ?? "GET",
      headers,
      body: options.text ?? (options.body === undefined ? null : JSON.stringify(options.body)),
      signal: options.signal ?? null,
      credentials: "same-origin",
      keepalive: options.keepalive ?? false,
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError({ status: 0, code: "unreachable", detail: unreachableWords() });
  }
}

/** The problem's code, with the body left to be read. */
async function codeOf(response: Response): Promise<string | undefined> {
  try {
    return ((await response.clone().json()) as Fault).code;
  } catch {
    return undefined;
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

/** The user was asked to prove who they are, and closed the question. */
export function isUnproved(error: unknown): boolean {
  return error instanceof ApiError && error.code === PROOF_WANTED;
}

/** One sentence for the user about any failure. */
export function errorWords(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 429) return `Too many at once. Ready again in ${waitWords(error.retryAfter ?? 60)}.`;
    if (isUnproved(error)) return "Nothing was done: it was not confirmed that it is you.";
    if (error.status === 503 && error.retryAfter !== undefined) {
      return `${error.message} Ready again in ${waitWords(error.retryAfter)}.`;
    }
    if (error.fields.length > 0) return error.fields.map(fieldSentence).join(" ");
    return error.message;
  }
  return error instanceof Error ? error.message : "This part stopped working.";
}
