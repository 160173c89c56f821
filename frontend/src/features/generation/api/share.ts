// The calls about links that show a generation to whoever has them.
import { queryOptions } from "@tanstack/react-query";
import { keys } from "@/api/keys";
import { api } from "@/lib/api-client";
import { fromShared, type SharedGeneration } from "../model/shared";

export function sharedQuery(token: string) {
  return queryOptions({
    queryKey: keys.shared(token),
    queryFn: async ({ signal }) => {
      const path = `/api/generate/shared/${encodeURIComponent(token)}`;
      return fromShared(await api<SharedGeneration>(path, { signal, authenticated: false }), token);
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The link; asked again it is the same, until it is ended. */
export function shareGeneration(id: string): Promise<{ token: string; url: string }> {
  return api(`/api/generate/history/${encodeURIComponent(id)}/share`, { method: "POST" });
}

export function unshareGeneration(id: string): Promise<void> {
  return api(`/api/generate/history/${encodeURIComponent(id)}/share`, { method: "DELETE" });
}
