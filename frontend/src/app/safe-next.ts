// Where to go after signing in: only ever a path of this UI, whatever a link says. Pure.

export function safeNext(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next)) return "/";
  return next.startsWith("/sign-in") || next.startsWith("/register") ? "/" : next;
}
