// The calls about keys for programs.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { ApiKey, CreatedApiKey, Page, Scope } from "@/api/types";
import { api } from "@/lib/api-client";
import { query } from "@/lib/query-string";

export const apiKeysQuery = infiniteQueryOptions({
  queryKey: keys.apiKeys,
  initialPageParam: null as string | null,
  queryFn: ({ pageParam, signal }) =>
    api<Page<ApiKey>>(`/api/auth/api-keys${query({ limit: 50, cursor: pageParam })}`, { signal }),
  getNextPageParam: (last) => last.nextCursor ?? null,
});

/** The only answer that ever holds the key itself. */
export function createApiKey(wanted: { name: string; scopes: Scope[]; expiresAt?: string }): Promise<CreatedApiKey> {
  return api("/api/auth/api-keys", { method: "POST", body: wanted });
}

export function deleteApiKey(id: string): Promise<void> {
  return api(`/api/auth/api-keys/${encodeURIComponent(id)}`, { method: "DELETE" });
}
