// The calls of an administrator about the accounts of others.
import { infiniteQueryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { Account, Page } from "@/api/types";
import { api } from "@/lib/api-client";
import { query } from "@/lib/query-string";

export interface UserFilters {
  q?: string | undefined;
  role?: Account["role"] | undefined;
  disabled?: "true" | "false" | undefined;
}

export function usersQuery(filters: UserFilters) {
  return infiniteQueryOptions({
    queryKey: keys.usersBy(filters),
    initialPageParam: null as string | null,
    queryFn: ({ pageParam, signal }) =>
      api<Page<Account>>(`/api/auth/users${query({ ...filters, limit: 50, cursor: pageParam })}`, { signal }),
    getNextPageParam: (last) => last.nextCursor ?? null,
  });
}

export function changeUser(id: string, change: { role?: Account["role"]; disabled?: boolean }): Promise<Account> {
  return api(placeOf(id), { method: "PATCH", body: change });
}

/** Ends every session and socket of the account, at once. */
export function signOutUser(id: string): Promise<void> {
  return api(`${placeOf(id)}/sessions`, { method: "DELETE" });
}

export function deleteUser(id: string): Promise<void> {
  return api(placeOf(id), { method: "DELETE" });
}

function placeOf(id: string): string {
  return `/api/auth/users/${encodeURIComponent(id)}`;
}
