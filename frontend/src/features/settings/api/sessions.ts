// The calls about one's own sign-ins.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { OwnSession, Page } from "@/api/types";
import { api } from "@/lib/api-client";
import { query } from "@/lib/query-string";

export const sessionsQuery = infiniteQueryOptions({
  queryKey: keys.sessions,
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) =>
    api<Page<OwnSession>>(`/api/auth/sessions${query({ limit: 50, cursor: pageParam })}`, { signal }),
  getNextPageParam: (last) => last.nextCursor ?? null,
});

export function endOneSession(id: string): Promise<void> {
  return api(`/api/auth/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
}

export function endOtherSessions(): Promise<void> {
  return api("/api/auth/sessions", { method: "DELETE" });
}
