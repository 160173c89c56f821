// The calls about all of one's data: taking it along, and ending the account.
import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import type { AccountExport, Page } from "@/api/types";
import { api, apiBlob } from "@/lib/api-client";

const POLL_MS = 1_500;

/** The copies of the last days, the newest first; asked for again while one is being made. */
export const exportsQuery = queryOptions({
  queryKey: keys.exports,
  queryFn: ({ signal }) => api<Page<AccountExport>>("/api/auth/account/export", { signal }).then((page) => page.items),
  refetchInterval: (query) => (query.state.data?.some(isBeingMade) ? POLL_MS : false),
});

export function isBeingMade({ status }: Pick<AccountExport, "status">): boolean {
  return status === "queued" || status === "running";
}

/** While one is being made, that is the answer. */
export function beginExport(): Promise<AccountExport> {
  return api("/api/auth/account/export", { method: "POST" });
}

/** The whole .zip. */
export function readExport(id: string): Promise<Blob> {
  return apiBlob(`/api/auth/account/export/${encodeURIComponent(id)}`);
}

/** Out at once; what is left of the data goes in the next moments. */
export function deleteAccount(): Promise<void> {
  return api("/api/auth/account", { method: "DELETE" });
}
