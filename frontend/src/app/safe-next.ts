// Where to go after signing in: only ever a path of this UI, whatever a link says. Pure.

/** Pages that are no place to go on. */
const WAYS_IN = ["/sign-in", "/register", "/forgot-password", "/reset-password", "/verify-email", "/oauth/"];

export function safeNext(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return "/";
  return WAYS_IN.some((way) => next.startsWith(way)) ? "/" : next;
}
